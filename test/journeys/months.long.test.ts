import { afterEach, describe, expect, it } from 'vitest'
import { centsOf, spentSum } from '../../core/lane/room.ts'
import { readRow } from '../../flows/rows.ts'
import { spendOf } from '../../flows/sums.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { HOUR, looseEnds, MINUTE, stepIs, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const NOON = Date.UTC(2026, 9, 31, 12)
const MIDNIGHT = Date.UTC(2026, 10, 1)
const long = {
  ...structuredClone(example),
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
  pipelines: { 'support-chats': piped({ train: { hours: { p50: 30, p95: 32 } } }) },
}

/** Cents booked in a month. */
const booked = async (at: number): Promise<number> =>
  (await readRow(town.house.ports.ledger, 'sum', spentSum('ml-monthly', at)))?.value.n ?? 0

/** Trains for thirty hours from the last noon of October on. */
const overTheEnd = async (): Promise<void> => {
  town = await openTown({ config: long, at: NOON })
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 30 * 60 } } } })
  await town.settled(TRAIN, 40)
}

describe('a run over a month’s end', () => {
  it('is booked in each month with its part, and this month’s budget has only that', async () => {
    await overTheEnd()
    const [past] = await town.past(TRAIN)
    const { ranFrom } = past?.run.steps.find(({ name }) => name === 'train') ?? {}
    const october = Math.round(((MIDNIGHT - (ranFrom ?? 0)) / HOUR) * 5504)
    expect(await booked(NOON)).toBe(october)
    expect(october).toBeGreaterThan(650_00)
    expect((await booked(NOON)) + (await booked(MIDNIGHT))).toBe(centsOf(past?.cost ?? 0))
    const now = town.house.clock.now()
    expect(await spendOf(town.house.ports, town.policy, now)).toMatchObject({
      month: '2026-11',
      spent: (centsOf(past?.cost ?? 0) - october) / 100,
      held: 0,
    })
  })

  it('holds nothing of the new month’s budget for what it has cost in the old one', async () => {
    town = await openTown({ config: long, at: NOON })
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 30 * 60 } } } })
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
    await town.advance(6 * HOUR)
    const whole = await town.held('budget/ml-monthly')
    await town.advance(6 * HOUR + MINUTE)
    const left = await town.held('budget/ml-monthly')
    expect((whole.sum - left.sum) / 5504).toBeGreaterThan(11.8)
    expect((whole.sum - left.sum) / 5504).toBeLessThan(12)
    await town.settled(TRAIN, 40)
    expect((await booked(NOON)) - (whole.sum - left.sum)).toBeLessThanOrEqual(1)
    expect(await town.held('budget/ml-monthly')).toEqual({ lanes: {}, sum: 0 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('is counted so again where a restore has torn the sums of both from it', async () => {
    await overTheEnd()
    const months = [NOON, MIDNIGHT]
    const before = await Promise.all(months.map(booked))
    const { ledger } = town.house.ports
    await ledger.commit(
      months.map((at) => ({ add: spentSum('ml-monthly', at), by: 4321, atMost: null, atLeast: null })),
    )
    await town.advance(HOUR + 10 * MINUTE)
    expect(await Promise.all(months.map(booked))).toEqual(before)
  })

  it('has its part of each month though it stood still over the end of it', async () => {
    town = await openTown({ config: long, at: NOON })
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 8 * 60 } } } })
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
    await town.advance(4 * HOUR)
    await suspended(true)
    await town.advance(20 * HOUR)
    await suspended(false)
    await town.settled(TRAIN, 40)
    const october = (await booked(NOON)) / 5504
    expect(october).toBeGreaterThan(3.8)
    expect(october).toBeLessThan(4)
    expect((await booked(MIDNIGHT)) / 5504).toBeGreaterThan(8)
  })
})

/** Somebody suspends the Job, or lets it go. */
const suspended = async (suspend: boolean): Promise<void> => {
  const [job] = await town.house.cluster.list('Job')
  const { name, namespace, uid = '' } = job?.metadata ?? { name: '' }
  await town.house.cluster.patch({ kind: 'Job', namespace: namespace ?? '', name }, uid, { spec: { suspend } })
}
