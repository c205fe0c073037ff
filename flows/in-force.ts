import { canonicalJson } from '../core/digest.ts'
import { type Names, namesIn, renamedFrom, whyNotRenamed } from '../core/lane/renamed.ts'
import { isOutdated } from '../core/lane/under.ts'
import { laterSince, type Since } from '../core/policy/begun-by.ts'
import { laterNamed, laterNames } from '../core/policy/renamed.ts'
import type { Policy } from '../core/policy.ts'
import { type IdentityRow, SELF } from '../core/rows.ts'
import { everyLane } from './lanes.ts'
import type { Ledger } from './ledger-port.ts'
import { type Policies, type Ports, Unavailable } from './ports.ts'
import { readRow } from './rows.ts'

/** A policy that renames what something of ours is found by, before any other was in force: the message says what to do. */
export class Renamed extends Unavailable {
  override name = 'Renamed'
}

/** So long a policy that was found not to do is not compared again. Milliseconds. */
const COUNTS = 30_000

interface Beside extends Pick<Ports, 'clock'> {
  ledger: Pick<Ledger, 'read' | 'lanes'> & Partial<Pick<Ledger, 'commit'>>
}

/**
 * The same policies, of which one that renames what something of ours stands or runs under is never in force: as with any that cannot
 * be used the last one stays, and where there is none everything rests, visibly (law 15). The ledger remembers the names; who may
 * not commit only compares. A budget that is renamed goes on under the name that it had first.
 */
export const inForce = (policies: Policies, { ledger, clock }: Beside): Policies => {
  let last: { read: Policy; since: Since | undefined; policy: Policy } | null = null
  /** Names that were compared, what came of it, and until when that counts. */
  let compared: (Compared & { names: string; until: number }) | null = null
  const comparing = async (read: Policy): Promise<Compared> => {
    const names = JSON.stringify([read.version, namesIn(read)])
    if (compared?.names === names && compared.until > clock.now()) return compared
    const found = await compare(ledger, read, clock.now())
    const counts = found.why === null && found.remembered ? Number.POSITIVE_INFINITY : clock.now()
    compared = { ...found, names, until: found.why === null ? counts : counts + COUNTS }
    return compared
  }
  const load = async (): Promise<Policy> => {
    const read = await policies.load()
    const { why, budget, since } = await comparing(read)
    if (why !== null && last === null) throw new Renamed(why)
    if (last === null || (why === null && (last.read !== read || last.since !== since)))
      last = { read, since, policy: withSince(withBudget(read, budget), since) }
    return last.policy
  }
  const problem = async (): Promise<string | null> => {
    await load()
    return compared?.why ?? (await policies.problem?.()) ?? null
  }
  const notBefore = async (published: number): Promise<Policy> => {
    await policies.notBefore?.(published)
    const policy = await load()
    if (isOutdated(policy, { policyAt: published }))
      throw new Unavailable(compared?.why ?? 'a newer policy is not in force yet')
    return policy
  }
  return { ...policies, load, notBefore, problem }
}

interface Compared {
  why: string | null
  /** Whether the ledger remembers these names: before it has an id, there is nothing to remember them by. */
  remembered: boolean
  /** What the budget is counted under; undefined: nobody has written that down. */
  budget: string | undefined
  /** Since when pipelines begin by what it says; undefined: nobody has written that down. */
  since: Since | undefined
}

const withSince = (policy: Policy, since: Since | undefined): Policy =>
  since === undefined || Object.keys(since).length === 0 ? policy : { ...policy, since }

/** Of a ledger that an earlier release has written nobody knows since when. */
const sinceIn = ({ names, since }: IdentityRow, policy: Policy, now: number): Since =>
  laterSince(since ?? {}, policy, since === undefined && names !== undefined ? 0 : now)

/** The policy for who reads a ledger that no product runs on. */
export const asCounted = async (ledger: Pick<Ledger, 'read'>, policy: Policy): Promise<Policy> =>
  withBudget(policy, (await readRow(ledger, 'identity', SELF))?.value.budget)

const withBudget = (policy: Policy, known: string | undefined): Policy =>
  known === undefined || known === policy.budget.name ? policy : { ...policy, budget: { ...policy.budget, known } }

/** Compares the names with those that the ledger remembers, which it changes where nothing is lost sight of. */
const compare = async (ledger: Beside['ledger'], policy: Policy, at: number): Promise<Compared> => {
  const now = namesIn(policy)
  for (;;) {
    const row = await readRow(ledger, 'identity', SELF)
    if (row === null) return { why: null, remembered: false, budget: undefined, since: undefined }
    // Of a ledger that an earlier release has written, what is in force when this one begins.
    const { names, budget = policy.budget.name, called = {} } = row.value
    const why = (await whyNot(ledger, { names, now })) ?? laterSaid(called, policy)
    const since = sinceIn(row.value, policy, at)
    const value = { ...row.value, names: now, budget, called: laterNames(called, policy), since }
    if (why !== null || canonicalJson(value) === canonicalJson(row.value))
      return { why, remembered: true, budget, since: why === null ? since : row.value.since }
    const written = await ledger.commit?.([{ put: 'identity', id: SELF, revision: row.revision, value }])
    const isWritten = written !== undefined
    if (written?.ok !== false) return { why, remembered: isWritten, budget, since: isWritten ? since : row.value.since }
  }
}

const whyNot = async (ledger: Beside['ledger'], { names, now }: Record<'now', Names> & { names: Names | undefined }) =>
  names === undefined || renamedFrom(names, now).length === 0
    ? null
    : whyNotRenamed(names, now, await everyLane(ledger))

const laterSaid = (...given: Parameters<typeof laterNamed>): string | null =>
  laterNamed(...given)
    .map(({ path, why }) => `${path}: ${why}`)
    .join('; ') || null
