import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CLOCK_FILE, RUNNING_FILE } from '../../../local/main.ts'
import example from '../../example.ts'
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
  // What is printed can be typed as it stands there; what is data says it as everywhere.
  expect(foot).toBe(notCounted.replace('`signalbox spend`', `\`npx signalbox spend --data ${product.data}\``))
  await product.town.settled(LANE)
  const running = await product.json('budgets')
  expect(running).toEqual({
    notCounted,
    notices: [],
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
  const config = join(product.data, 'plain.config.json')
  writeFileSync(config, JSON.stringify(example))
  expect(await product.json('budgets', '--config', config)).toEqual(running)
})

it('says of a ladder what nodes have cost, by which its rungs are crossed', async () => {
  const { town } = product
  town.setPolicy({ ...example, budget: { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.8, do: 'ask-always' }] } })
  const lines = async () => (await product.cli('budgets')).out.split('\n').slice(4)
  expect(await lines()).toEqual([
    'what nodes cost, by which rungs are crossed: nobody has looked at a node yet',
    expect.stringMatching(/^80 %, \$800\.00: ask-always is ahead/),
  ])
  await product.cli('emit', 'dataset-uploaded/base')
  await town.settled(LANE)
  expect((await lines())[0]).toMatch(/^what nodes cost, by which rungs are crossed: \$\d+\.\d\d of \$1,000\.00/)
  expect(await product.json('budgets')).toMatchObject({ budgets: [{ nodes: { spent: expect.any(Number) } }] })
})

it('says below it what others have told last, beside our own figure; `spend` does too, and the page', async () => {
  const before = (await product.cli('spend')).out
  expect(before).not.toContain('what others count')
  expect((await product.cli('emit', 'budget-crossed/actual')).out).toContain('recorded')
  await product.cli('emit', 'cost-anomaly/base')
  await product.town.advance(60_000)
  const { out } = await product.cli('budgets')
  const [, ...told] = out.split('what others count:')[1]?.split('\n') ?? []
  expect(told.sort()).toEqual([
    expect.stringMatching(
      /^2026-11-23 12:00 UTC, of no budget: AWS Budgets counts \$16,120.33 of ml-platform GPUs.*our meter has/,
    ),
    expect.stringMatching(
      /^2026-11-23 12:00 UTC, of no budget: Cost Anomaly Detection counts \$1,301.00 of gpu services/,
    ),
  ])
  expect((await product.cli('spend')).out.split('what others count:')[1]).toBe(out.split('what others count:')[1])
  const { notices } = await product.json('budgets')
  expect(notices).toContainEqual(
    expect.objectContaining({ of: 'aws-budget', plausible: true, amount: { value: 16_120.33, unit: 'USD' } }),
  )
  const { url } = JSON.parse(readFileSync(join(product.data, RUNNING_FILE), 'utf8'))
  const page = await fetch(url)
  expect(await page.text()).toContain('What others count')
  rmSync(join(product.data, RUNNING_FILE))
  expect((await product.json('budgets'))['notices']).toEqual(notices)
})
