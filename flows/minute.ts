import type { Due } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { type Catalogues, sorted } from './served.ts'
import { roomBeside } from './tick.ts'
import { wakeOne } from './waking.ts'
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
export const watchUntil = async (
  ports: MinutePorts,
  { until, pause, onError, ...catalogues }: Minute & Catalogues,
): Promise<void> => {
  const falling = fallingDue(ports, catalogues, ports.clock.now())
  const watching = await watch(ports, { onError, ...catalogues }).catch((error: unknown) => {
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
 * a far side: beside those so many are woken here as the minute has room for. A newer release's take nobody that room.
 */
const fallingDue = (ports: MinutePorts, catalogues: Catalogues, began: number): ((now: number) => Promise<void>) => {
  const [woken, passed] = [new Set<string>(), new Set<string>()]
  let room: number | null = null
  return async (now) => {
    room ??= await roomBeside(ports, catalogues)
    const due = await ports.ledger.due(now, { after: began, limit: room + passed.size })
    const isNew = (one: Due): boolean => !woken.has(nameOf(one)) && !passed.has(nameOf(one))
    const fresh = due.filter(isNew)
    const { served } = await sorted(
      ports.ledger,
      catalogues,
      fresh.filter(({ side }) => side === null),
    )
    for (const one of fresh) (served.includes(one) ? woken : passed).add(nameOf(one))
    const groups = new Map(served.map((one) => [one.group, one]))
    await Promise.all([...groups.values()].map((one) => wakeOne(ports, one)))
  }
}

const nameOf = ({ group, by, at }: Due): string => JSON.stringify([group, by, at])
