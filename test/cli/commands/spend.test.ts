import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findRunning } from '../../../cli/client.ts'
import { openRunning, type Running } from '../running.ts'

const LANE = 'pipeline/support-chats'
const HOUR = 3_600_000
let product: Running

beforeEach(async () => {
  product = await openRunning()
})
afterEach(() => product.close())

const trained = async (): Promise<void> => {
  await product.cli('emit', 'dataset-uploaded/base')
  await product.town.answered(LANE)
  await product.town.settled(LANE)
  await product.town.advance(HOUR)
}

describe('spend', () => {
  it('says what nodes have cost, beside the budget, by lane and by who had nothing of them', async () => {
    await trained()
    const { out } = await product.cli('spend')
    const [first, , head, ...lines] = out.split('\n')
    expect(first).toMatch(/^nodes cost \$28\.90 in 2026-11 \(0 % of \$20,000\.00\), \$0\.00 an hour now, about \$/)
    expect(head).toMatch(/^LANE +DOLLARS +NODE HOURS +DOLLARS AN HOUR NOW +HOURS WITHOUT PRICE$/)
    expect(lines.map((line) => line.split(/ {2,}/)[0]).sort()).toEqual([
      'idle after the last pod',
      'idle beside pods',
      'idle until the first pod',
      LANE,
    ])
  })

  it('by pool, by day and line by line: each with its price and where that is from', async () => {
    await trained()
    expect((await product.cli('spend', '--by', 'pool', '--csv')).out).toBe(
      'pool,dollars,node_hours,dollars_an_hour_now,hours_without_price\ngpu-train,28.90,0.53,0.00,0.00',
    )
    expect((await product.cli('spend', '--by', 'day', '--csv')).out).toContain('\n2026-11-23,28.90,')
    const [, line = ''] = (await product.cli('spend', '--by', 'node', '--csv')).out.split('\n')
    expect(line).toMatch(
      /^2026-11-23,gpu-train-\w{5},i-0[0-9a-f]{16},gpu-train,p5\.48xlarge,on-demand,0\.5250,55\.04,28\.8960,AWS price list,2026-11-01$/,
    )
  })

  it('as JSON, and the same over HTTP', async () => {
    await trained()
    const { spend, budget } = (await product.json('spend')) as { spend: { dollars: number }; budget: object }
    expect(budget).toEqual({ name: 'ml-monthly', dollars: 20_000 })
    expect(spend.dollars).toBeCloseTo(28.896, 3)
    const client = findRunning(product.data)
    expect((await client.get('/api/spend?month=2026-11'))['spend']).toEqual(spend)
    expect((await client.get('/api/spend?day=2026-11-23'))['lines']).toMatchObject([{ day: '2026-11-23', gpus: 8 }])
    await expect(client.get('/api/spend?month=11')).rejects.toThrow('month is one such as 2026-11')
  })

  it('of another month, and nothing of one that nobody has seen', async () => {
    await trained()
    expect((await product.cli('spend', '--month', '2026-10')).out).toContain('nothing was spent on nodes')
    expect(await product.cli('spend', '--month', 'october')).toMatchObject({ code: 2 })
    expect(await product.cli('spend', '--by', 'moon')).toMatchObject({ code: 2 })
  })
})
