import { type KubeObject, type ObjectRef, refOf } from '../core/kube.ts'
import type { Trouble } from '../core/lane/view.ts'
import { type Cluster, NotAllowed, type Ports, Refused, Unavailable } from './ports.ts'

/** Far sides that lanes wait for when they do not answer. The ledger is none of them: without it nothing is known at all. */
export const SIDES = ['cluster', 'registry', 'objects', 'metrics', 'chat', 'replies', 'bus', 'policies'] as const
export type Side = (typeof SIDES)[number]

const sideOf = new WeakMap<object, Side>()

/**
 * How far sides answered that were asked: whether they did at all, and how they last failed. `reads`: what was only looked at was answered. `alone`:
 * what failed was a write, or was about what others have brought, and looks were answered: something in the way of one object (a webhook), and no outage.
 */
export type Told = Map<string, { answered: boolean; trouble: Trouble | null; reads?: boolean; alone?: boolean }>
type ToldOf = NonNullable<ReturnType<Told['get']>>

/** What changes something there, of sides where that fails for one thing and not for another: what each call would look at to see whether looks are answered. */
const WRITES: Partial<Record<Side, Readonly<Record<string, (value: unknown) => ObjectRef>>>> = {
  cluster: {
    create: (object) => refOf(object as KubeObject),
    tryCreate: (object) => refOf(object as KubeObject),
    apply: (object) => refOf(object as KubeObject),
    patch: (ref) => ref as ObjectRef,
    delete: (ref) => ref as ObjectRef,
  },
}

/**
 * What others have brought to a cluster, and what is made of a kind by itself: a webhook of theirs may be away, or a right on it be missing, which tells
 * of nothing else there.
 */
const APART: ReadonlySet<unknown> = new Set(['Workload', 'Service'])
const isOfOthers = (side: Side, [what]: readonly unknown[]): boolean =>
  side === 'cluster' && (APART.has(what) || APART.has((what as Partial<ObjectRef> | undefined)?.kind))

type About = 'looks' | 'writes' | 'others'
const aboutOf = (side: Side, name: string, values: readonly unknown[]): About => {
  if (isOfOthers(side, values)) return 'others'
  return WRITES[side]?.[name] === undefined ? 'looks' : 'writes'
}

/** The same ports, whose errors remember which far side they are of, and what each answered is written into `told`. */
export const withSides = <P extends Partial<Ports>>(ports: P, told: Told = new Map()): P =>
  eachSide(ports, (side) => async (ask, name, { port, values }) => {
    const written = WRITES[side]?.[name]
    const of = aboutOf(side, name, values)
    try {
      const answer = await ask()
      told.set(side, answeredBy(told.get(side), of !== 'looks'))
      return answer
    } catch (error) {
      if (typeof error === 'object' && error !== null && !sideOf.has(error)) sideOf.set(error, side)
      const before = told.get(side)
      const reads = before?.reads === true || (await isLookedAt(port as Cluster, written?.(values[0]), error))
      told.set(side, toldBy(error, { answered: false, trouble: null, ...before, reads }, of))
      throw error
    }
  })

/** Whether a cluster that has not taken a write answers looks. What is found there is nobody's: an answer that was lost is the next look's. */
const isLookedAt = async (cluster: Cluster, ref: ObjectRef | undefined, error: unknown): Promise<boolean> => {
  if (ref === undefined || !(error instanceof Unavailable) || error instanceof NotAllowed) return false
  return cluster.get(ref).then(
    () => true,
    () => false,
  )
}

const answeredBy = (before: ToldOf | undefined, writes: boolean): ToldOf => ({
  trouble: null,
  ...before,
  answered: true,
  reads: before?.reads === true || !writes,
})

/** The port as it was given, and what it was called with. */
interface Called {
  port: object
  values: readonly unknown[]
}
type Asking = (ask: () => Promise<unknown>, name: string, called: Called) => Promise<unknown>

/** The same ports, whose far sides are asked as told: everything else is left as it is. */
const eachSide = <P extends Partial<Ports>>(ports: P, asking: (side: Side) => Asking): P => {
  const isSide = (name: string): name is Side => (SIDES as readonly string[]).includes(name)
  const named = Object.entries(ports).map(([name, port]) => [
    name,
    isSide(name) ? asked(port as object, asking(name)) : port,
  ])
  return Object.fromEntries(named) as P
}

const asked = (port: object, asking: Asking): object =>
  new Proxy(port, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      return (...values: unknown[]) =>
        asking(async () => (await member.apply(target, values)) as unknown, String(name), { port: target, values })
    },
  })

const toldBy = (error: unknown, before: ToldOf | undefined, of: About): ToldOf => {
  const trouble = troubleOf(error)
  const { answered = false, reads = false } = before ?? {}
  const mayBe = trouble?.kind === 'unavailable' ? of !== 'looks' : trouble?.kind === 'not-allowed' && of === 'others'
  const alone = reads && mayBe
  // What was not answered otherwise says more.
  if (alone && before?.trouble != null && before.alone !== true) return before
  return { answered: answered || trouble?.kind === 'refused', trouble, reads, alone }
}

/**
 * The same ports, each of which is asked no more once it has not answered so many times in a row: the rest is told what it
 * said last, at once. Who asks a thousand things of one side that is away is through after a few.
 */
export const givingUp = <P extends Partial<Ports>>(ports: P, most: number): P =>
  eachSide(ports, () => {
    let inARow = 0
    let last: unknown = null
    return async (ask) => {
      if (inARow >= most) throw last
      try {
        const answer = await ask()
        inARow = 0
        return answer
      } catch (error) {
        // Who says no answers.
        inARow = error instanceof Unavailable && !(error instanceof NotAllowed) ? inARow + 1 : 0
        last = error
        throw error
      }
    }
  })

/** How a far side failed, as data; null when the ledger itself is away. */
export const troubleOf = (error: unknown): Trouble | null => {
  const side = typeof error === 'object' && error !== null ? sideOf.get(error) : undefined
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof Refused) return { kind: 'refused', side: side ?? 'ours', said: text }
  if (!(error instanceof Unavailable)) return { kind: 'bug', side: side ?? 'ours', said: `${String(error)}` }
  if (side === undefined) return null
  const kind = error instanceof NotAllowed ? 'not-allowed' : 'unavailable'
  return { kind, side, said: text, retryAfter: error.retryAfter }
}
