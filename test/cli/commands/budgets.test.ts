import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CLOCK_FILE, RUNNING_FILE } from '../../../local/main.ts'
import { openRunning, type Running } from '../running.ts'

const LANE = 'pipeline/support-chats'
let product: Running

beforeEach(async () => {
  product = await openRunning()
})
afterEach(() => product.close())

it('says what the budget has left, as a table and as JSON, and the same once the product has stopped', async () => {
  await product.cli('emit', 'dataset-uploaded/base')
  await product.town.answered(LANE)
  const { house } = product.town
  await product.town.until('its Job is there', async () => (await house.cluster.list('Job')).length === 1)
  const [, line, , foot] = (await product.cli('budgets')).out.split('\n')
  expect(line).toBe('ml-monthly  2026-11  $0.00  $223.83  $20,000.00  $19,776.17')
  const notCounted =
    'what services cost as they stand, once their rollouts are over, is not in it: `signalbox spend` says what nodes have cost'
  expect(foot).toBe(notCounted)
  await product.town.settled(LANE)
  const running = await product.json('budgets')
  expect(running).toEqual({
    notCounted,
    budgets: [
      {
        budget: 'ml-monthly',
        month: '2026-11',
        dollars: 20_000,
        spent: expect.any(Number),
        held: 0,
        left: expect.any(Number),
      },
    ],
  })
  const [{ spent, left }] = running['budgets'] as [{ spent: number; left: number }]
  expect(spent).toBeGreaterThan(0)
  expect(spent + left).toBeCloseTo(20_000, 2)
  rmSync(join(product.data, RUNNING_FILE))
  writeFileSync(join(product.data, CLOCK_FILE), String(house.clock.now()))
  expect(await product.json('budgets')).toEqual(running)
})
