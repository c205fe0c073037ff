import { namesIn, renamedFrom, whyNotRenamed } from '../core/lane/renamed.ts'
import type { Policy } from '../core/policy.ts'
import { SELF } from '../core/rows.ts'
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
 * not commit only compares.
 */
export const inForce = (policies: Policies, { ledger, clock }: Beside): Policies => {
  let last: Policy | null = null
  /** Names that were compared, why they do not do, and until when that counts. */
  let compared: { names: string; why: string | null; until: number } | null = null
  const load = async (): Promise<Policy> => {
    const policy = await policies.load()
    const names = JSON.stringify(namesIn(policy))
    if (compared?.names !== names || compared.until <= clock.now()) {
      const { why, remembered } = await compare(ledger, policy)
      const until = why === null && remembered ? Number.POSITIVE_INFINITY : clock.now() + (why === null ? 0 : COUNTS)
      compared = { names, why, until }
    }
    if (compared.why === null) last = policy
    else if (last === null) throw new Renamed(compared.why)
    return last as Policy
  }
  const problem = async (): Promise<string | null> => {
    await load()
    return compared?.why ?? (await policies.problem?.()) ?? null
  }
  return { ...policies, load, problem }
}

interface Compared {
  why: string | null
  /** Whether the ledger remembers these names: before it has an id, there is nothing to remember them by. */
  remembered: boolean
}

/** Compares the names with those that the ledger remembers, which it changes where nothing is under the old ones. */
const compare = async (ledger: Beside['ledger'], policy: Policy): Promise<Compared> => {
  const now = namesIn(policy)
  for (;;) {
    const row = await readRow(ledger, 'identity', SELF)
    if (row === null) return { why: null, remembered: false }
    const { names } = row.value
    // Of a ledger that an earlier release has written, what is in force when this one begins.
    const why =
      names === undefined || renamedFrom(names, now).length === 0
        ? null
        : whyNotRenamed(names, now, await everyLane(ledger))
    if (why !== null || same(names, now)) return { why, remembered: true }
    const value = { ...row.value, names: now }
    const written = await ledger.commit?.([{ put: 'identity', id: SELF, revision: row.revision, value }])
    if (written?.ok !== false) return { why, remembered: written !== undefined }
  }
}

const same = (a: Record<string, string> | undefined, b: Record<string, string>): boolean =>
  a !== undefined && Object.keys(b).every((key) => a[key] === b[key])
