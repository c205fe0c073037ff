import { endOf } from '../core/money/evidence.ts'
import type { InstanceRow } from '../core/money/instance.ts'
import { type KnownPools, knownPools } from '../core/money/known-pools.ts'
import { bookedId } from '../core/money/lines.ts'
import { foldLook, type Looking, type Priced } from '../core/money/looks.ts'
import { derive, type Metered, openSince, pricedBy, withoutClosed } from '../core/money/metered.ts'
import { observedIn } from '../core/money/observed.ts'
import type { MeterRow } from '../core/money/rows.ts'
import type { Policy } from '../core/policy.ts'
import { type RowKind, type Rows, SELF } from '../core/rows.ts'
import type { Key, Stored, Write } from './ledger-port.ts'
import { lookAround, poolsOf } from './meter-look.ts'
import type { WorkPorts } from './ports.ts'
import { everyRow, readKeys, readRow, readRows } from './rows.ts'

type MeterPorts = Pick<WorkPorts, 'ledger' | 'cluster' | 'policies' | 'clock'>

/** Rows of one commit, beside the meter's own. */
const TOGETHER = 90
/** And their bytes: a transaction of DynamoDB holds 4 MB, and the meter's own row is in it. */
const HEAVY = 2_000_000

/** What a look of the meter came to. */
export interface MeteredLook {
  /** False: somebody else has looked meanwhile, and nothing more was written. */
  won: boolean
  /** Instances that are billed now. */
  instances: number
  /** Rows that were written. */
  written: number
}

/** What the meter knew before it looked: whoever looked before has written it all. */
interface Known {
  policy: Policy
  ledger: string
  rows: Map<string, Stored<'instance'>>
  meter: Stored<'meter'> | null
}

/**
 * One look of the meter: which instances there are, and whose pods are on them, then all that follows for their days (UTC). Nothing is
 * added to what stands: every row is derived anew and put, so that a look may be repeated, missed or cut off anywhere, and two at once do no
 * harm: one of them wins. Where nothing is there and nothing was, nothing is written. Rejects, and has closed nothing, where the cluster does not answer.
 */
export const meter = async (ports: MeterPorts, prices?: Priced): Promise<MeteredLook> => {
  // Before the cluster is asked: what is written is of looks before this one.
  const known = await knownBefore(ports)
  const last = known.meter?.value ?? null
  const now = Math.max(ports.clock.now(), last?.at ?? 0)
  const before = new Map([...known.rows].map(([id, { value }]) => [id, value]))
  const knew = last?.pools ?? {}
  const asked = { ...known, rows: [...before.values()], pools: knew, others: last?.others ?? null, now }
  const look = await lookAround(ports, asked)
  const looking: Looking & Priced = {
    now,
    last: last?.at ?? null,
    lastOthers: last?.others ?? null,
    others: look.others,
    since: openSince(last?.at ?? null, now),
    ...(prices ?? pricedBy({ pools: { ...knew, ...known.policy.pools } })),
  }
  const observed = observedIn(look, known)
  const changed = foldLook(before, observed, looking)
  const rows = [...new Map([...before, ...changed]).values()]
  const there = new Set(observed.map(({ id }) => id))
  const found = derive(rows, { last: last?.at ?? null, now, known: before, changed, there })
  const writes = [
    ...(await lineWrites(ports, found)),
    ...(await dayWrites(ports, found)),
    // Last: whoever is cut off before derives the others anew.
    ...instanceWrites(known, { changed, settled: found.settled, last: looking.last, now }),
  ]
  const instances = rows.filter((row) => endOf(row) === null).length
  const pools = knownPools(knew, known.policy, { there: new Set([...look.there, ...poolsOf(rows)]), now })
  const state = stateAfter(last, { now, others: look.others, found, pools })
  const isQuiet = writes.length === 0 && rows.length === 0 && isAsBefore(last, state)
  return { won: isQuiet || (await commitAll(ports, known, { writes, state })), instances, written: writes.length }
}

/** Whether there is nothing to say but that somebody looked. */
const isAsBefore = (last: MeterRow | null, { pools }: MeterRow): boolean =>
  last?.rates.length === 0 && JSON.stringify(last.pools) === JSON.stringify(pools)

interface Looked {
  now: number
  others: boolean
  found: Metered
  pools: KnownPools
}

const stateAfter = (last: MeterRow | null, { now, others, found, pools }: Looked): MeterRow => ({
  ...last,
  at: now,
  since: last?.since ?? found.since,
  others: others ? now : (last?.others ?? null),
  rates: found.rates,
  pools,
})

const knownBefore = async (ports: MeterPorts): Promise<Known> => {
  const [policy, identity, meter, rows] = await Promise.all([
    ports.policies.load(),
    readRow(ports.ledger, 'identity', SELF),
    readRow(ports.ledger, 'meter', SELF),
    everyRow(ports.ledger, 'instance'),
  ])
  return { policy, ledger: identity?.value.ledger ?? '', meter, rows: new Map(rows.map((row) => [row.id, row])) }
}

interface Changed {
  changed: ReadonlyMap<string, InstanceRow>
  settled: readonly string[]
  last: number | null
  now: number
}

const instanceWrites = ({ rows }: Known, { changed, settled, last, now }: Changed): Write[] => {
  const goes = new Set(settled)
  const puts = [...changed].filter(([id]) => !goes.has(id))
  return [
    ...puts.map(([id, row]): Write => {
      return { put: 'instance', id, revision: rows.get(id)?.revision ?? 0, value: withoutClosed(row, last, now) }
    }),
    ...settled.flatMap((id): Write[] => {
      const revision = rows.get(id)?.revision
      return revision === undefined ? [] : [{ remove: 'instance', id, revision }]
    }),
  ]
}

/** Lines that say something else than what stands. */
const lineWrites = async ({ ledger }: MeterPorts, { lines }: Metered): Promise<Write[]> => {
  const keys = lines.map((one): Key<'booked'> => ({ kind: 'booked', id: bookedId(one) }))
  const standing = await readKeys(ledger, keys)
  return lines.flatMap(({ line }, index): Write[] => {
    const [id, row] = [keys[index]?.id ?? '', (standing[index] ?? null) as Stored<'booked'> | null]
    if (line === null) return row === null ? [] : [{ remove: 'booked', id, revision: row.revision }]
    return isSame(row, line) ? [] : [{ put: 'booked', id, revision: row?.revision ?? 0, value: line }]
  })
}

const dayWrites = async ({ ledger }: MeterPorts, { days }: Metered): Promise<Write[]> => {
  const standing = new Map(
    (
      await readRows(
        ledger,
        'day',
        days.map(({ day }) => day),
      )
    ).map((row) => [row.id, row]),
  )
  return days.flatMap((value): Write[] => {
    const row = standing.get(value.day) ?? null
    const isNothing = row === null && value.cells.length === 0
    return isNothing || isSame(row, value) ? [] : [{ put: 'day', id: value.day, revision: row?.revision ?? 0, value }]
  })
}

const isSame = <K extends RowKind>(row: Stored<K> | null, value: Rows[K]): boolean =>
  row !== null && JSON.stringify(row.value) === JSON.stringify(value)

/** Each commit checks that nobody has looked since; the last says that this look is written. */
const commitAll = async (
  { ledger }: MeterPorts,
  { meter: before }: Known,
  { writes, state }: { writes: readonly Write[]; state: MeterRow },
): Promise<boolean> => {
  const at = { id: SELF, revision: before?.revision ?? 0 }
  const commits = parted(writes)
  for (const some of commits.slice(0, -1)) {
    const { ok } = await ledger.commit([{ check: 'meter', ...at }, ...some])
    if (!ok) return false
  }
  return (await ledger.commit([...(commits.at(-1) ?? []), { put: 'meter', ...at, value: state }])).ok
}

/** In their order, as many together as one commit holds. */
const parted = (writes: readonly Write[]): Write[][] => {
  const parts: Write[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const write of writes) {
    const own = JSON.stringify(write).length
    const last = parts.at(-1)
    if (last === undefined || last.length === TOGETHER || bytes + own > HEAVY) {
      parts.push([write])
      bytes = own
    } else {
      last.push(write)
      bytes += own
    }
  }
  return parts
}
