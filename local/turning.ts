import { nextDue, tick } from '../flows/tick.ts'
import { watch } from '../flows/watch.ts'
import { CATALOGUES } from '../functions/door.ts'
import { meterDoor, resyncDoor } from './doors.ts'
import type { HouseOptions, Parts } from './parts.ts'
import type { Stores } from './stores.ts'

/** How often resync and the meter run, in (virtual) milliseconds: what objects say themselves is counted to the second all the same. */
const RESYNC_EVERY = 5 * 60_000
/** What is due and could not be served is looked at again with the next minute. */
const MINUTE = 60_000

/** What time does to the house: `advance` does everything that is due, and answers when the next thing is (ms), or null. */
export const turning = async (
  { ports, queue, cluster, bus }: Omit<Parts, 'claimed'>,
  { stores, clock, onError = () => undefined }: HouseOptions,
  /** `changed`: something visible may have; `woken`: a lane was woken by the cluster. */
  { changed, woken }: { changed: () => void; woken: () => void },
): Promise<{ advance(): Promise<number | null>; stop(): Promise<void> }> => {
  let heard = false
  const watching = await watch(ports, {
    ...CATALOGUES,
    onError: (error) => onError('watch', error),
    onHeard: () => {
      heard = true
      woken()
    },
  })
  const tellIfWritten = whenWritten(stores, changed)
  let resyncAt = clock.now() + RESYNC_EVERY
  /** What changed wakes, and what was woken changes something: until all of it rests. Answers when the watch wakes next. */
  const settle = async (): Promise<number | null> => {
    for (;;) {
      heard = false
      const next = await watching.turn()
      await queue.idle()
      if (!heard) return next
    }
  }
  /** When the ledger wants to be looked at again: what is past and was not served waits for the next minute. */
  const ledgerDue = async (now: number): Promise<number | null> => {
    const at = await nextDue(ports).catch(() => now)
    return at === null || at > now ? at : (Math.floor(now / MINUTE) + 1) * MINUTE
  }
  const turn = async (now: number): Promise<(number | null)[]> => {
    if (resyncAt <= now) {
      resyncAt = now + RESYNC_EVERY
      await resyncDoor(ports)().catch((error: unknown) => onError('resync', error))
      await meterDoor(ports)().catch((error: unknown) => onError('meter', error))
    }
    await bus.advance(now)
    await tick(ports, CATALOGUES).catch((error: unknown) => onError('tick', error))
    await settle()
    await cluster.advance(now)
    await settle()
    // Asked again: what each of them did may have given the others something to do at once.
    return [await cluster.advance(now), await bus.advance(now), await ledgerDue(now), resyncAt]
  }

  const advance = async (): Promise<number | null> => {
    for (;;) {
      const now = clock.now()
      const due = [...(await turn(now)), await settle()]
      tellIfWritten()
      const next = Math.min(...due.filter((at) => at !== null))
      if (next > now) return next
    }
  }
  return { advance, stop: watching.stop }
}

/** Calls `tell` only when a store was written since the last call. */
const whenWritten = ({ ledger, world }: Stores, tell: () => void): (() => void) => {
  const counters = [ledger, world].map((database) => database.prepare('SELECT total_changes() AS n'))
  let last = ''
  return () => {
    const now = counters.map((counter) => String(counter.get()?.['n'])).join(' ')
    if (now !== last) tell()
    last = now
  }
}
