import { NotAllowed, type Ports, Refused, Unavailable } from '../../flows/ports.ts'

/** Far sides of a lane, as `why` names them. */
export type Side = Exclude<keyof Ports, 'queue' | 'secrets' | 'clock'>

/** How a far side fails: it does not answer; it did it, and its answer is lost; it does not let us; it will never take it. */
export type How = 'away' | 'lost' | 'not-allowed' | 'refused'

/** One call of a port. */
export interface Call {
  side: string
  name: string
  values: unknown[]
  at: number
  failed: boolean
}

/** What stands between the product and its far sides. */
export interface Between {
  wrap(ports: Ports): Ports
  /** Every call since it was emptied. */
  calls: Call[]
  /** From now on this far side fails so: in every call, or in those of this name. */
  fails(side: Side, how: How, only?: { name?: string; said?: string; when?: (values: unknown[]) => boolean }): void
  answers(side: Side): void
  isAway(side: Side): boolean
  /** After so many more calls the process is dead: nothing that it still tries reaches anything, until it is revived. */
  dies(calls: number): void
  revive(): void
  isDead(): boolean
  /** Called after each call that was answered. */
  after: (call: Call, answer: unknown) => void
  /** Looks past what stands between: nothing fails, and nothing is counted. */
  past<T>(look: () => Promise<T>): Promise<T>
}

const METERED = /^(?:Node|NodeClaim|Pod)$/

/** Whether it is the meter's own: what it lists of nodes and of our pods, and its commits, which are of no lane. */
export const isMeters = ({ side, name, values }: Pick<Call, 'side' | 'name' | 'values'>): boolean => {
  const [first, where] = values as [unknown, { labels?: object }?]
  if (side === 'cluster') return name === 'list' && where?.labels !== undefined && METERED.test(String(first))
  const writes = name === 'commit' ? (first as { put?: string; check?: string }[]) : []
  return writes.some(({ put, check }) => put === 'meter' || check === 'meter')
}

const ERRORS = { away: Unavailable, lost: Unavailable, 'not-allowed': NotAllowed, refused: Refused }
const WORDS = { away: '503', lost: 'the answer was lost', 'not-allowed': '403', refused: '400' }

interface Fault {
  how: How
  said: string
  fails(name: string, values: unknown[]): boolean
}

/** Far sides that fail when a test says so. What a cluster tells a watch meanwhile is lost with it. */
export const between = (): Between => {
  const faults = new Map<string, Fault>()
  let looking = 0
  let left = Number.POSITIVE_INFINITY
  const ask = async (
    given: { side: string; name: string; values: unknown[]; now: number },
    work: () => unknown,
  ): Promise<unknown> => {
    if (looking > 0) return work()
    const { side, name, values, now } = given
    if (left-- <= 0) throw new Error('the process is dead')
    const found = faults.get(side)
    const fault = found?.fails(name, values) === true ? found : undefined
    const call: Call = { side, name, values, at: now, failed: fault !== undefined }
    it.calls.push(call)
    const answer = fault === undefined || fault.how === 'lost' ? await work() : undefined
    if (fault !== undefined) throw new ERRORS[fault.how](`${side} ${name}: ${fault.said}`)
    it.after(call, answer)
    return answer
  }
  const wrapped = (side: string, port: object, now: () => number): object =>
    new Proxy(port, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as unknown
        if (typeof member !== 'function') return member
        if (name === 'watch')
          return (where: object, onChange: (change: unknown) => void) =>
            member.call(target, where, (change: unknown) =>
              faults.has(side) ? undefined : onChange(change),
            ) as unknown
        return (...values: unknown[]) =>
          ask({ side, name: String(name), values, now: now() }, () => member.apply(target, values) as unknown)
      },
    })
  const it: Between = {
    calls: [],
    after: () => undefined,
    wrap: (ports) =>
      Object.fromEntries(
        Object.entries(ports).map(([side, port]) => [
          side,
          side === 'clock' || side === 'secrets' ? port : wrapped(side, port as object, () => ports.clock.now()),
        ]),
      ) as unknown as Ports,
    fails: (side, how, { name, said = WORDS[how], when = () => true } = {}) =>
      void faults.set(side, {
        how,
        said,
        fails: (called, values) => (name === undefined || name === called) && when(values),
      }),
    answers: (side) => void faults.delete(side),
    isAway: (side) => faults.has(side),
    dies: (calls) => {
      left = calls
    },
    revive: () => {
      left = Number.POSITIVE_INFINITY
    },
    isDead: () => left <= 0,
    past: async (look) => {
      looking++
      try {
        return await look()
      } finally {
        looking--
      }
    },
  }
  return it
}
