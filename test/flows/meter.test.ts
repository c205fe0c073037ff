import { describe, expect, it } from 'vitest'
import { IDLE } from '../../core/money/lines.ts'
import { SELF } from '../../core/rows.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import { meter } from '../../flows/meter.ts'
import { Unavailable } from '../../flows/ports.ts'
import { everyRow, readRow, valuesOf } from '../../flows/rows.ts'
import { fixedPolicies } from '../../local/policies/file-policies.ts'
import { type Account, openAccount } from '../money/bill.ts'
import { BEGIN, clusterOf, LEDGER, openLedgerOf, POLICY } from '../money/metering.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const accountOf = (seed = 7): Account =>
  openAccount({ seed, from: BEGIN, days: 4, installation: POLICY.installation, ledger: LEDGER })

/** A meter on an account, at a time that the test sets. */
const metering = async (account: Account, ledger: Ledger, policy = POLICY) => {
  let [time, isAway] = [BEGIN, false]
  const cluster = clusterOf(() => {
    if (isAway) throw new Unavailable('the API server does not answer')
    return account.objectsAt(time)
  })
  const ports = { ledger, cluster, policies: fixedPolicies(policy), clock: { now: () => time } }
  return {
    ports,
    at: (to: number) => {
      time = to
      return meter(ports)
    },
    setAway: (away: boolean) => {
      isAway = away
    },
  }
}
const booksOf = async (ledger: Ledger) => ({
  days: valuesOf(await everyRow(ledger, 'day')),
  instances: valuesOf(await everyRow(ledger, 'instance')),
  lines: (
    await Promise.all(['2026-10-01', '2026-10-02', '2026-10-03'].map((day) => everyRow(ledger, 'booked', `${day}#`)))
  )
    .flat()
    .map(({ value }) => value),
  meter: (await readRow(ledger, 'meter', SELF))?.value,
})
const byPayer = ({ days }: Awaited<ReturnType<typeof booksOf>>): Record<string, number> => {
  const sums: Record<string, number> = {}
  for (const { payer, dollars } of days.flatMap(({ cells }) => cells)) sums[payer] = (sums[payer] ?? 0) + dollars
  return sums
}
const sumOf = (sums: Record<string, number> = {}): number => Object.values(sums).reduce((sum, one) => sum + one, 0)
const idleOf = (sums: Record<string, number> = {}): number =>
  sumOf(Object.fromEntries(Object.entries(sums).filter(([payer]) => Object.values<string>(IDLE).includes(payer))))
const totalOf = ({ days }: Awaited<ReturnType<typeof booksOf>>): number =>
  days.flatMap(({ cells }) => cells).reduce((sum, { dollars }) => sum + dollars, 0)

describe('the meter', () => {
  it('books what it has booked again, to the byte, when a look is repeated', async () => {
    const ledger = await openLedgerOf()
    const { at } = await metering(accountOf(), ledger)
    for (let hour = 1; hour <= 30; hour++) await at(BEGIN + hour * HOUR)
    const before = await booksOf(ledger)
    await at(BEGIN + 30 * HOUR)
    expect(await booksOf(ledger)).toEqual(before)
    expect(before.lines.length).toBeGreaterThan(5)
  })

  it('comes to the same books wherever a process dies in a look, once the next one has looked', async () => {
    const whole = await openLedgerOf()
    const cut = await openLedgerOf()
    let deadly = Number.POSITIVE_INFINITY
    let commits = 0
    const dying: Ledger = {
      ...cut,
      commit: async (writes) => {
        commits += 1
        if (commits % 3 === 0 && commits > deadly) throw new Unavailable('died')
        return cut.commit(writes)
      },
    }
    const [good, bad] = [await metering(accountOf(), whole), await metering(accountOf(), dying)]
    deadly = 0
    for (let minute = 10; minute <= 26 * 60; minute += 10) {
      await good.at(BEGIN + minute * MINUTE)
      await bad.at(BEGIN + minute * MINUTE).catch(() => undefined)
    }
    deadly = Number.POSITIVE_INFINITY
    await Promise.all([good, bad].map(({ at }) => at(BEGIN + 26 * HOUR)))
    const [right, is] = [await booksOf(whole), await booksOf(cut)]
    expect(Math.abs(totalOf(is) - totalOf(right)) / totalOf(right)).toBeLessThan(0.01)
  })

  it('lets one of two that look at once win, and the books are those of one', async () => {
    const ledger = await openLedgerOf()
    const account = accountOf()
    const { at, ports } = await metering(account, ledger)
    await at(BEGIN + 10 * HOUR)
    const [one, other] = await Promise.all([at(BEGIN + 11 * HOUR), meter(ports)])
    expect([one.won, other.won].filter(Boolean)).toHaveLength(1)
    const alone = await openLedgerOf()
    const single = await metering(account, alone)
    await single.at(BEGIN + 10 * HOUR)
    await single.at(BEGIN + 11 * HOUR)
    expect(await booksOf(ledger)).toEqual(await booksOf(alone))
  })

  it('closes nothing while the cluster does not answer, and loses nothing of an hour of that', async () => {
    const ledger = await openLedgerOf()
    const account = accountOf()
    const { at, setAway } = await metering(account, ledger)
    for (let minute = 1; minute <= 600; minute += 5) await at(BEGIN + minute * MINUTE)
    const before = await booksOf(ledger)
    setAway(true)
    await expect(at(BEGIN + 11 * HOUR)).rejects.toThrow('does not answer')
    expect(await booksOf(ledger)).toEqual(before)
    setAway(false)
    for (let minute = 661; minute <= 720; minute += 5) await at(BEGIN + minute * MINUTE)
    const steady = await openLedgerOf()
    const other = await metering(account, steady)
    for (let minute = 1; minute <= 716; minute += 5) await other.at(BEGIN + minute * MINUTE)
    expect(totalOf(await booksOf(ledger)) / totalOf(await booksOf(steady))).toBeCloseTo(1, 2)
  })

  it('does not take time back when its own clock goes back', async () => {
    const ledger = await openLedgerOf()
    const { at } = await metering(accountOf(), ledger)
    await at(BEGIN + 10 * HOUR)
    const before = (await booksOf(ledger)).meter?.at
    await at(BEGIN + 9 * HOUR)
    expect((await booksOf(ledger)).meter?.at).toBe(before)
  })

  it('keeps an instance only until its days are closed, and its lines for good', async () => {
    const ledger = await openLedgerOf()
    const account = accountOf()
    const { at } = await metering(account, ledger)
    for (let hour = 1; hour <= 96; hour++) await at(BEGIN + hour * HOUR)
    const { instances, lines } = await booksOf(ledger)
    expect(new Set(lines.map(({ instance }) => instance)).size).toBeGreaterThan(instances.length)
    const kept = new Set(instances.map(({ id }) => id))
    expect(lines.filter(({ day, instance }) => day === '2026-10-01' && !kept.has(instance)).length).toBeGreaterThan(0)
  })

  it('of one of two installations on a cluster books its own lanes, and the other’s are others’', async () => {
    const account = accountOf()
    const [mine, theirs] = [await openLedgerOf(), await openLedgerOf('ffffffffffff')]
    const other = {
      ...POLICY,
      installation: 'other',
      namespaces: { training: 'other-training', serving: 'other-serving' },
    }
    const first = await metering(account, mine)
    const second = await metering(account, theirs, other)
    for (let minute = 10; minute <= 24 * 60; minute += 10)
      for (const { at } of [first, second]) await at(BEGIN + minute * MINUTE)
    const [ours, others] = (await Promise.all([booksOf(mine), booksOf(theirs)])).map(byPayer)
    // Each knows the whole of the nodes, and both have a lane `pipeline/p0`.
    expect(Object.keys(others ?? {}).filter((payer) => !payer.startsWith('-'))).toEqual(['pipeline/p0'])
    expect(ours?.['pipeline/p0']).not.toBeCloseTo(others?.['pipeline/p0'] ?? 0, 0)
    expect(sumOf(ours)).toBeCloseTo(sumOf(others), 4)
    expect(others?.['-others']).toBeCloseTo(sumOf(ours) - idleOf(ours) - (others?.['pipeline/p0'] ?? 0), -1)
  })

  it('has lines that come to what their day says, each with its price, its source and its day', async () => {
    const ledger = await openLedgerOf()
    const { at } = await metering(accountOf(), ledger)
    for (let hour = 1; hour <= 50; hour++) await at(BEGIN + hour * HOUR)
    const { days, lines } = await booksOf(ledger)
    const of = (day: string): number =>
      lines
        .filter((line) => line.day === day)
        .flatMap(({ parts }) => parts)
        .reduce((sum, part) => sum + (part.dollars ?? 0), 0)
    const first = days.find(({ day }) => day === '2026-10-01')
    expect(of('2026-10-01')).toBeCloseTo(first?.cells.reduce((sum, { dollars }) => sum + dollars, 0) ?? 0, 3)
    expect(lines.flatMap(({ parts }) => parts).every(({ price }) => price?.source !== '' && price?.asOf !== '')).toBe(
      true,
    )
  })
})

it('very many and very long rows are written in as many commits as that takes, none too heavy', async () => {
  const ledger = await openLedgerOf()
  const heaviest: number[] = []
  const weighing: Ledger = {
    ...ledger,
    commit: async (writes) => {
      heaviest.push(JSON.stringify(writes).length)
      return ledger.commit(writes)
    },
  }
  const at = new Date(BEGIN).toISOString()
  const [nodes, pods] = [80, 450]
  const objects = {
    NodeClaim: Array.from({ length: nodes }, (_, n) => ({
      metadata: { name: `n${n}`, uid: `n${n}`, labels: { 'karpenter.sh/nodepool': 'gpu-train' } },
      status: {
        providerID: `aws:///a/i-${String(n).padStart(8, '0')}`,
        conditions: [{ type: 'Launched', status: 'True', lastTransitionTime: at }],
      },
    })),
    Pod: Array.from({ length: nodes * pods }, (_, n) => ({
      metadata: { name: `p${n}`, uid: `${n}`.padStart(36, '0'), namespace: 'research' },
      spec: {
        nodeName: `n${n % nodes}`,
        containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': '1' } } }],
      },
      status: { phase: 'Running', startTime: at },
    })),
  }
  const cluster = clusterOf(() => objects)
  await meter({ ledger: weighing, cluster, policies: fixedPolicies(POLICY), clock: { now: () => BEGIN + HOUR } })
  expect(heaviest.length).toBeGreaterThan(1)
  expect(Math.max(...heaviest)).toBeLessThan(3_900_000)
  expect(await everyRow(ledger, 'instance')).toHaveLength(nodes)
})
