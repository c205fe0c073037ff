import { afterEach, beforeEach, expect, it } from 'vitest'
import { door } from '../../functions/registry-webhook.ts'
import { signMlflow } from '../../functions/signatures.ts'
import example from '../example.ts'
import { openTown, type Town } from '../journeys/town.ts'

let town: Town
let published: unknown[]
beforeEach(async () => {
  published = []
  const bus = { publish: async (events: readonly unknown[]) => void published.push(...events) }
  town = await openTown({ wrap: (ports) => ({ ...ports, bus }) })
})
afterEach(() => town.close())

const ALIAS_SET = {
  entity: 'model_version_alias',
  action: 'created',
  timestamp: '2026-11-23T12:00:00.000000+00:00',
  data: { name: 'support-llama', alias: 'champion', version: '7' },
}

const send = async (text: string, over: Record<string, string> = {}) => {
  const body = Buffer.from(text)
  const secret = (await town.house.secrets()).mlflow
  const headers = signMlflow({ secret, body, now: town.house.clock.now(), deliveryId: 'd-1' })
  return town.house.webhook('mlflow', { headers: { ...headers, ...over }, body })
}
const counts = () => town.house.ports.ledger.counts()

it('a well-signed delivery is put on our bus, under the delivery’s own id, and decides nothing itself', async () => {
  expect(await send(JSON.stringify(ALIAS_SET))).toEqual({ status: 202, body: { accepted: 'd-1' } })
  expect(published).toHaveLength(1)
  expect(JSON.stringify(published)).toContain('support-llama')
  expect(await town.house.ports.ledger.lanes()).toEqual([])
})

it('one that we do not act on is answered well, written down and counted: another answer would only be repeated', async () => {
  const other = { ...ALIAS_SET, entity: 'registered_model', data: { name: 'support-llama' } }
  expect(await send(JSON.stringify(other))).toMatchObject({ status: 202, body: { refused: 'not-this-event' } })
  expect(await counts()).toMatchObject({ 'refused:not-this-event': 1 })
  expect(published).toEqual([])
})

it('a delivery of another workspace wakes nobody, and the timeline says why; one of ours does', async () => {
  await town.close()
  town = await openTown({ config: { ...example, registry: { workspace: 'team-a' } } })
  const letters = async () => Object.keys(await counts()).filter((name) => name.startsWith('letter:'))
  await send(JSON.stringify({ ...ALIAS_SET, workspace: 'team-b' }))
  await town.advance(1_000)
  expect(await letters()).toEqual([])
  expect((await town.house.ports.ledger.moments(null)).map(({ text }) => text)).toEqual([
    'ignore: support-llama@champion is of the workspace team-b, and the policy’s registry.workspace is team-a',
  ])
  await send(JSON.stringify({ ...ALIAS_SET, workspace: 'team-a' }))
  await town.advance(1_000)
  expect(await letters()).toEqual(['letter:model-promoted'])
})

it.each([
  ['another signature', JSON.stringify(ALIAS_SET), { 'x-mlflow-signature': 'v1,AAAA' }, 401, 'bad-signature'],
  ['no JSON', '{', {}, 400, 'not-json'],
] as const)('%s is refused and nothing is published', async (_, body, headers, status, reason) => {
  expect(await send(body, headers)).toMatchObject({ status, body: { refused: reason } })
  expect(await counts()).toMatchObject({ [`refused:${reason}`]: 1 })
  expect(published).toEqual([])
})

it('a stranger writes nothing but a number, however often it knocks', async () => {
  for (let knock = 0; knock < 3; knock++) await send(JSON.stringify(ALIAS_SET), { 'x-mlflow-signature': 'v1,AAAA' })
  await town.house.webhook('slack', { headers: {}, body: Buffer.from('payload={}') })
  await town.house.webhook('slack', { headers: {}, body: Buffer.alloc(512 * 1024 + 1, 'x') })
  expect(await counts()).toEqual({ 'refused:bad-signature': 4, 'refused:too-large': 1 })
  expect(await town.house.ports.ledger.moments(null)).toEqual([])
})

it('the door touches the ledger, the bus and its secret, and no cluster', () => {
  expect([...door.ports].sort()).toEqual(['bus', 'clock', 'ledger', 'secrets'])
  expect(door.kubernetes).toEqual([])
})
