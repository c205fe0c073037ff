import { outboxOf, tellAll } from '../../flows/outbox.ts'
import type { Ports } from '../../flows/ports.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { CATALOGUES } from '../../functions/door.ts'
import type { Town } from '../journeys/town.ts'
import { calling } from './mortal.ts'

/** How long another may still be at a step after it was marked, as the local house has it. Milliseconds. */
const HANDOVER = 30_000

/** What two consumers have touched. */
export interface Doubled {
  wrap(ports: Ports): Ports
  /** Time goes on only once the second consumer rests as well: neither outlives T. */
  drive(town: Town): void
  /** Jobs that were made and versions that were registered, once for each time; and who has touched each. */
  made: string[]
  touchedBy: Map<string, Set<string>>
  /** Invocations of the second consumer. */
  seconds(): number
}

/**
 * Every wake starts two consumers of the group at once, each with its own name; `turn` is awaited before every call of a port,
 * so that whoever chooses its order interleaves them.
 */
export const doubled = (turn: (call: string) => Promise<unknown>): Doubled => {
  const made: string[] = []
  const touchedBy = new Map<string, Set<string>>()
  const touch = (who: string, what: string): void =>
    void touchedBy.set(what, (touchedBy.get(what) ?? new Set()).add(who))
  /** The same ports, in the hands of one of the two. */
  const inHandsOf = (who: string, ports: Ports): Ports => ({
    ...ports,
    cluster: changed(ports.cluster, 'create', (create) => async (object) => {
      touch(who, `Job ${object.metadata.name}`)
      const answer = await create(object)
      if (answer.kind === 'created') made.push(`Job ${object.metadata.name}`)
      return answer
    }),
    registry: changed(ports.registry, 'register', (register) => async (input) => {
      touch(who, `version of ${input.source}`)
      made.push(`version of ${input.source}`)
      return register(input)
    }),
  })
  const atWork = new Set<Promise<unknown>>()
  let seconds = 0
  const second = (ports: Ports, group: string): void => {
    const me = `second-${++seconds}`
    const outbox = outboxOf(group)
    const work =
      outbox === null
        ? reconcile(inHandsOf('second', ports), group, { ...CATALOGUES, me, handover: HANDOVER })
        : tellAll(ports, outbox)
    const working: Promise<unknown> = work.finally(() => atWork.delete(working))
    atWork.add(working)
  }
  const wrap = (ports: Ports): Ports => {
    const turning = Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [
        name,
        name === 'clock'
          ? port
          : calling(port as object, async (work, method) => {
              await turn(`${name}.${method}`)
              return work()
            }),
      ]),
    ) as unknown as Ports
    const all: Ports = {
      ...turning,
      queue: {
        wake: async (group, id) => {
          await turning.queue.wake(group, id)
          second(all, group)
        },
      },
    }
    return inHandsOf('first', all)
  }
  const drive = ({ house }: Town): void => {
    const { advance } = house
    house.advance = async () => {
      for (;;) {
        const next = await advance()
        if (atWork.size === 0) return next
        while (atWork.size > 0) await Promise.all(atWork)
      }
    }
  }
  return { wrap, drive, made, touchedBy, seconds: () => seconds }
}

/** The same port, with one method changed. */
const changed = <P extends object, M extends keyof P>(port: P, method: M, change: (member: P[M]) => P[M]): P =>
  new Proxy(port, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown
      const bound = typeof member === 'function' ? (member.bind(target) as unknown) : member
      return name === method ? change(bound as P[M]) : bound
    },
  })
