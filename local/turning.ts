import { watch } from '../flows/watch.ts'
import { reconcileDoor } from './doors.ts'
import type { HouseOptions, Parts } from './parts.ts'
import type { Stores } from './stores.ts'

/** How often reconcile runs, in (virtual) milliseconds. */
const RECONCILE_EVERY = 5 * 60_000

/** What time does to the house: `advance` does everything that is due, and answers when the next thing is (ms), or null. */
export const turning = async (
  { ports, workflow, cluster, bus }: Parts,
  { stores, clock, onError = () => undefined }: HouseOptions,
  /** `changed`: something visible may have; `rung`: a bell woke somebody who now has something to do. */
  { changed, rung }: { changed: () => void; rung: () => void },
): Promise<{ advance(): Promise<number | null>; stop(): void }> => {
  const rings = new Set<Promise<void>>()
  const watching = await watch(ports, {
    onError: (error) => onError('watch', error),
    track: (ring) => {
      rings.add(ring)
      void ring.then(() => {
        rings.delete(ring)
        rung()
      })
    },
  })
  const tellIfWritten = whenWritten(stores, changed)
  let reconcileAt = clock.now() + RECONCILE_EVERY
  const turn = async (now: number): Promise<(number | null)[]> => {
    if (reconcileAt <= now) {
      reconcileAt = now + RECONCILE_EVERY
      await reconcileDoor(ports)().catch((error: unknown) => onError('reconcile', error))
    }
    await bus.advance(now)
    await workflow.advance(now)
    await cluster.advance(now)
    while (rings.size > 0) await Promise.all(rings)
    // Asked again: what each of them did may have given the others something to do at once.
    return [await workflow.advance(now), await cluster.advance(now), await bus.advance(now), reconcileAt]
  }
  const advance = async (): Promise<number | null> => {
    for (;;) {
      const now = clock.now()
      const due = await turn(now)
      tellIfWritten()
      const next = Math.min(...due.filter((at) => at !== null))
      if (next > now) return next
    }
  }
  return { advance, stop: () => watching.stop() }
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
