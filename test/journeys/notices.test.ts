import { afterEach, expect, it } from 'vitest'
import { parsePolicy } from '../../core/policy.ts'
import { noticesOf } from '../../flows/notices.ts'
import { samplesOf } from '../events/samples.ts'
import example from '../example.ts'
import { between } from './away.ts'
import { HOUR, MINUTE, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const BUDGET = 'budget/ml-monthly'
const NOTICES = {
  aws: ['ml-platform GPUs'],
  anomalies: ['arn:aws:ce::111122223333:anomalymonitor/abcdef12-1234-4ea0-84cc-918a97d736ef'],
  mlflow: ['bp-7f31'],
}
const config = { ...example, budget: { ...example.budget, notices: NOTICES } }
const at = Date.UTC(2026, 10, 24, 9)
const open = async (more: object = {}) => {
  town = await openTown({ config, at, ...more })
}
const say = async (name: string, change: object = {}) => {
  const message = samplesOf('budget-crossed').find((one) => one.name === name)?.message as object
  const became = await town.house.notice({ ...message, ...change })
  await town.advance(MINUTE)
  return became
}
const cards = async () => (await town.house.cards()).map(({ card }) => card)
const anomaly = (name: string) => samplesOf('cost-anomaly').find((one) => one.name === name)?.event

it('a notice is told once, on the timeline of its budget, however often it comes', async () => {
  await open()
  expect(await say('actual')).toMatchObject({ kind: 'recorded' })
  // SNS delivers again, and AWS says it in another message: neither is news.
  await say('actual')
  await say('actual', { MessageId: 'another' })
  expect((await cards()).map(({ title }) => title)).toEqual(['Costs of ml-monthly: AWS Budgets'])
  expect((await timeline(town, BUDGET)).map(({ kind, data }) => [kind, data?.['became']])).toEqual([['event', 'told']])
  expect((await town.house.ports.ledger.counts())['ignored:notice-known']).toBe(2)
})

it('what cannot be so is said to be implausible, and a forecast to be one', async () => {
  await open()
  await say('implausible')
  await say('forecast')
  const [forecast, implausible] = await cards()
  expect(implausible?.lines).toContainEqual(expect.stringContaining('it is not plausible'))
  expect(forecast?.lines).toContain('it is a forecast, not spend')
})

it('one that no budget names is told once, whatever it says next', async () => {
  await open({ config: example })
  await say('actual')
  await say('daily')
  await say('forecast')
  expect((await cards()).map(({ title }) => title)).toEqual(['Costs: ml-platform GPUs is of no budget'])
  // Named now, the next one is of that budget.
  town.setPolicy(config)
  await say('forecast')
  expect((await cards())[0]?.title).toBe('Costs of ml-monthly: AWS Budgets')
  const shown = await noticesOf(town.house.ports.ledger, parsePolicy(config))
  expect(shown.map(({ budget }) => budget)).toEqual(['ml-monthly'])
})

it('an anomaly comes by EventBridge and by SNS and is one; as it grows its own card does', async () => {
  await open()
  expect(await town.house.deliver(anomaly('base'))).toMatchObject({
    contract: 'cost-anomaly',
    lane: BUDGET,
    kind: 'recorded',
  })
  await say('anomaly')
  expect(await town.house.deliver(anomaly('base'))).toMatchObject({ kind: 'ignored', reason: 'notice-known' })
  await town.advance(HOUR)
  await town.house.deliver(anomaly('grown'))
  await town.advance(MINUTE)
  const all = await cards()
  expect(all).toHaveLength(1)
  expect(all[0]?.lines[0]).toContain('$4,120.00')
  const [shown] = await noticesOf(town.house.ports.ledger, town.policy)
  expect(shown).toMatchObject({ budget: 'ml-monthly', amount: { value: 4120 }, own: { dollars: 0 } })
})

it('an event replayed from an archive tells nothing', async () => {
  await open()
  const replayed = samplesOf('budget-crossed').find(({ name }) => name === 'replayed')?.event
  expect(await town.house.deliver(replayed)).toMatchObject({ kind: 'ignored', reason: 'replayed' })
  await town.advance(HOUR)
  expect(await cards()).toEqual([])
})

it('of many names that no budget has a score is told, and then none', async () => {
  await open()
  const { event } = samplesOf('budget-crossed').find(({ name }) => name === 'base') as { event: { detail: object } }
  for (let n = 0; n < 30; n++)
    await town.house.deliver({ ...event, detail: { ...event.detail, name: `made up ${n}`, at: at + 365 * 24 * HOUR } })
  await town.advance(MINUTE)
  const shown = await noticesOf(town.house.ports.ledger, town.policy)
  expect([(await cards()).length, shown[0]?.at]).toEqual([20, at])
})

it('what is told while Slack is away is told once it answers', async () => {
  const outside = between()
  await open({ wrap: outside.wrap })
  outside.fails('chat', 'away')
  await say('actual')
  await town.advance(HOUR)
  expect(await cards()).toEqual([])
  outside.answers('chat')
  await town.advance(HOUR)
  expect(await cards()).toHaveLength(1)
})
