import { afterEach, beforeEach, expect, it } from 'vitest'
import { Unavailable } from '../../flows/ports.ts'
import { door } from '../../functions/budget-notice.ts'
import { signMlflow } from '../../functions/signatures.ts'
import { samplesOf } from '../events/samples.ts'
import { openTown, type Town } from '../journeys/town.ts'

let town: Town
let published: unknown[]
let away = false
beforeEach(async () => {
  published = []
  away = false
  const bus = {
    publish: async (events: readonly unknown[]) => {
      if (away) throw new Unavailable('EventBridge does not answer')
      published.push(...events)
    },
  }
  town = await openTown({ wrap: (ports) => ({ ...ports, bus }) })
})
afterEach(() => town.close())

const sample = (name: string) => samplesOf('budget-crossed').find((one) => one.name === name)
const record = (name: string) => ({ EventSource: 'aws:sns', Sns: sample(name)?.message })
const call = (event: unknown) => door.handler(town.house.ports)(event)

it('puts what SNS hands it on our bus, each by itself, and decides nothing there', async () => {
  expect(await call({ Records: [record('actual'), record('no-type'), record('anomaly')] })).toEqual({
    kind: 'published',
    accepted: 2,
    refused: 1,
  })
  expect(published).toMatchObject([
    { source: 'signalbox.budgets', detailType: 'Budget Crossed', detail: { of: 'aws-budget' } },
    { detail: { of: 'anomaly' } },
  ])
  expect(await town.house.ports.ledger.lanes()).toEqual([])
  expect(await town.house.ports.ledger.counts()).toEqual({ 'refused:bad-field': 1 })
})

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['no record', { Records: [] }],
  ['another source', { Records: [{ ...record('actual'), EventSource: 'aws:sqs' }] }],
  ['no message', { Records: [{ EventSource: 'aws:sns', Sns: {} }] }],
  [
    'JSON that is none',
    { Records: [{ EventSource: 'aws:sns', Sns: { ...(sample('actual')?.message as object), Message: '{' } }] },
  ],
  [
    'far too much',
    {
      Records: [
        {
          EventSource: 'aws:sns',
          Sns: { ...(sample('actual')?.message as object), Message: 'AWS Budgets '.repeat(9000) },
        },
      ],
    },
  ],
])('refuses %s with a reason, and keeps a line of it', async (_, event) => {
  expect(await call(event)).toMatchObject({ kind: 'refused', reason: expect.any(String) })
  expect(published).toEqual([])
  const [moment] = await town.house.ports.ledger.moments(null)
  expect(moment?.text.length).toBeLessThan(500)
})

it('a bus that takes nothing is told to SNS, which sends again', async () => {
  away = true
  await expect(call({ Records: [record('actual')] })).rejects.toThrow(Unavailable)
})

it('MLflow’s webhook about its gateway’s budget goes the same way, signed as its others; its test delivery nowhere', async () => {
  const { mlflow: secret } = await town.house.secrets()
  const send = (name: string) => {
    const body = Buffer.from(sample(name)?.request?.body ?? '')
    const headers = signMlflow({ secret, body, now: town.house.clock.now(), deliveryId: 'd-1' })
    return town.house.webhook('mlflow', { headers, body })
  }
  expect(await send('gateway')).toMatchObject({ status: 202, body: { accepted: 'd-1' } })
  expect(published).toMatchObject([{ detail: { of: 'gateway', name: 'bp-7f31' } }])
  expect(await send('gateway-test')).toMatchObject({ status: 202, body: { refused: 'test-payload' } })
  expect(published).toHaveLength(1)
})
