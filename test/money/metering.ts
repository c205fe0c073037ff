import { DatabaseSync } from 'node:sqlite'
import type { KubeObject } from '../../core/kube.ts'
import { OTHERS } from '../../core/money/instance.ts'
import { addCells, type Cell } from '../../core/money/lines.ts'
import type { Priced } from '../../core/money/looks.ts'
import { type Config, parsePolicy } from '../../core/policy.ts'
import { SELF } from '../../core/rows.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import { meter } from '../../flows/meter.ts'
import { type Cluster, type Selection, Unavailable } from '../../flows/ports.ts'
import { everyRow, valuesOf } from '../../flows/rows.ts'
import { openLedger } from '../../local/ledger/sqlite-ledger.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import example from '../example.ts'
import { type Account, openAccount } from './bill.ts'

export const BEGIN = Date.UTC(2026, 9, 1)
export const LEDGER = 'feedfacecafe'
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** What metering meets in a month. */
export interface Month {
  seed: number
  days: number
  /** Minutes between ticks. */
  every: number
}

/** A generator of its own, so that what is missed is not what happens. */
const drawn = (seed: number): (() => number) => {
  let state = (seed * 2654435761) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

/** Hours in which the API server does not answer, or nobody ticks. */
const outages = (random: () => number, days: number): [number, number][] =>
  Array.from({ length: Math.ceil(days / 4) }, () => {
    const from = BEGIN + random() * days * 24 * HOUR
    return [from, from + (0.2 + random() * 2.5) * HOUR]
  })

export const POLICY = parsePolicy({
  ...example,
  pools: {
    'gpu-train': poolOf('p5.48xlarge', 8, ['on-demand', 'spot']),
    'gpu-serve': poolOf('g6e.12xlarge', 4, ['on-demand', 'reserved']),
    'gpu-small': poolOf('g5.xlarge', 1, ['on-demand', 'spot']),
  },
  pipelines: {},
  services: {},
} as unknown as Config)

function poolOf(instanceType: string, gpusPerNode: number, capacityTypes: string[]) {
  return {
    instanceType,
    gpusPerNode,
    maxGpus: 800,
    capacityTypes,
    price: { perNodeHour: 1, source: 'replaced by quotes', date: '2026-10-01' },
  }
}

/** What the policy says: on demand the list's price, spot as it was quoted within ten minutes, and nothing beside a reservation. */
const quotes = (account: Account, now: () => number): Priced => ({
  priceOf: ({ instanceType, capacityType }) => {
    const at = Math.floor(now() / (10 * MINUTE)) * 10 * MINUTE
    if (capacityType === 'reserved') return { perHour: 0, source: 'paid by its reservation', asOf: '2026-10-01' }
    if (capacityType === 'spot')
      return {
        perHour: account.spotHour(instanceType, at),
        source: 'spot',
        asOf: new Date(at).toISOString().slice(0, 10),
      }
    return { perHour: account.onDemandHour(instanceType), source: 'list', asOf: '2026-10-01' }
  },
  gpusOf: (pool) => POLICY.pools[pool]?.gpusPerNode ?? null,
})

export const clusterOf = (objects: () => Record<string, object[]>): Cluster =>
  ({
    list: async (kind: string, { labels = {}, namespace }: Selection = {}) =>
      ((objects()[kind] ?? []) as KubeObject[]).filter(
        ({ metadata }) =>
          (namespace === undefined || metadata.namespace === namespace) &&
          Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
      ),
  }) as unknown as Cluster

/** Meters a month of an account: ticks are missed, repeated and unanswered, and our clock is off. */
export const meterMonth = async ({
  seed,
  days,
  every,
}: Month): Promise<{ account: Account; ledger: Ledger; until: number; looks: number }> => {
  const random = drawn(seed)
  const account = openAccount({ seed, from: BEGIN, days, installation: POLICY.installation, ledger: LEDGER })
  const ledger = await openLedgerOf()
  const away = outages(random, days)
  const skew = Math.round((random() - 0.5) * 4 * MINUTE)
  const until = BEGIN + days * 24 * HOUR
  let [time, looks] = [BEGIN, 0]
  const cluster = clusterOf(() => {
    if (away.some(([from, to]) => time >= from && time < to)) throw new Unavailable('the API server does not answer')
    return account.objectsAt(time)
  })
  const ports = { ledger, cluster, policies: fixedPolicies(POLICY), clock: { now: () => time + skew } }
  const prices = quotes(account, () => time)
  const look = async (): Promise<void> => {
    looks += 1
    await meter(ports, prices).catch((error: unknown) => {
      if (!(error instanceof Unavailable)) throw error
    })
  }
  for (let tick = BEGIN; tick <= until; tick += every * MINUTE) {
    time = Math.min(until, tick + Math.floor(random() * 20_000))
    const chance = random()
    if (chance < 0.05 && tick < until) continue
    await look()
    if (chance > 0.98) await look()
  }
  return { account, ledger, until, looks }
}

export const openLedgerOf = async (id = LEDGER): Promise<Ledger> => {
  const ledger = openLedger(new DatabaseSync(':memory:'))
  const identity = { ledger: id, at: BEGIN, fenceFrom: 0 }
  await ledger.commit([{ put: 'identity', id: SELF, revision: 0, value: identity }])
  return ledger
}

/** How far the ledger is from the bill, as parts of the bill: of everything, of each pool, and of what each lane's pods have cost. */
export const metersWithin = async (
  given: Month,
): Promise<{ all: number; pools: Record<string, number>; lanes: Record<string, number> }> => {
  const { account, ledger, until } = await meterMonth(given)
  const days = valuesOf(await everyRow(ledger, 'day'))
  const cells = addCells(days.flatMap((day) => day.cells))
  const sumOf = (fits: (cell: Cell) => boolean): number =>
    cells.filter(fits).reduce((sum, { dollars }) => sum + dollars, 0)
  const off = (is: number, should: number): number => Math.abs(is - should) / should
  const bill = account.billOf(until)
  const billed = Object.values(bill).reduce((sum, one) => sum + one, 0)
  const used = Object.entries(account.lanesOf(until))
  return {
    all: off(
      sumOf(() => true),
      billed,
    ),
    pools: Object.fromEntries(
      Object.entries(bill).map(([pool, sum]) => [
        pool,
        off(
          sumOf((cell) => cell.pool === pool),
          sum,
        ),
      ]),
    ),
    lanes: Object.fromEntries(
      used.map(([lane, sum]) => [
        lane,
        off(
          sumOf(({ payer }) => payer === (lane === '' ? OTHERS : lane)),
          sum,
        ),
      ]),
    ),
  }
}
