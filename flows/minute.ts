import type { Due } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { SERVED, wakeOne } from './waking.ts'
import { type Watching, watch } from './watch.ts'

type MinutePorts = Pick<WorkPorts, 'ledger' | 'cluster' | 'queue' | 'policies' | 'clock'>

/** How often a watch looks whether something has fallen due. Milliseconds. */
const SECOND = 1_000

export interface Minute {
  /** When it ends, milliseconds since the epoch. */
  until: number
  /** Waits so many milliseconds. */
  pause(ms: number): Promise<void>
  onError: (error: unknown) => void
}

/** A cluster that cannot be watched: the next minute tries again, and finds what changed meanwhile. */
const UNWATCHED: Watching = { turn: async () => null, stop: async () => undefined }

/** One watch until then; meanwhile wakes what falls due, to the second. What is held back at its end is woken at its end. */
export const watchUntil = async (ports: MinutePorts, { until, pause, onError }: Minute): Promise<void> => {
  const falling = fallingDue(ports, ports.clock.now())
  const watching = await watch(ports, { onError }).catch((error: unknown) => {
    onError(error)
    return UNWATCHED
  })
  for (let now = ports.clock.now(); now < until; now = ports.clock.now()) {
    const [next] = await Promise.all([watching.turn(), falling(now).catch(onError)])
    const second = Math.min(now + SECOND, until)
    await pause(Math.max(1, Math.min(next ?? second, second) - ports.clock.now()))
  }
  await watching.stop()
}

/**
 * Wakes what has fallen due since it began, each once. What was due before is the tick's, oldest first, and so is what waits for
 * a far side: where those are many nothing is woken here, since they come first.
 */
const fallingDue = (ports: MinutePorts, began: number): ((now: number) => Promise<void>) => {
  const woken = new Set<string>()
  const isNew = ({ group, by, at, side }: Due): boolean => {
    const key = JSON.stringify([group, by, at])
    if (at <= began || side !== null || woken.has(key)) return false
    woken.add(key)
    return true
  }
  return async (now) => {
    const due = (await ports.ledger.due(now, { limit: SERVED })).filter(isNew)
    const groups = new Map(due.map((one) => [one.group, one]))
    await Promise.all([...groups.values()].map((one) => wakeOne(ports, one)))
  }
}
