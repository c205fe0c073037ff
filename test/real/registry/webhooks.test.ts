import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { type MlflowRegistry, openMlflow } from '../../../effects/registry/mlflow-registry.ts'
import { gatewayEvent } from '../../../events/gateway-budget.ts'
import { readRow } from '../../../flows/rows.ts'
import { resyncDoor } from '../../../local/doors.ts'
import { keepGoing } from '../../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../../local/house.ts'
import { fixedPolicies } from '../../../local/policies/file-policies.ts'
import { fixedSecrets } from '../../../local/secrets/local-secrets.ts'
import { openStores } from '../../../local/stores.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'
import { type Mlflow, openMlflowServer } from './mlflow.ts'

const SECRET = 'webhook-secret'
const { alias: _alias, ...rule } = example.services!['support-llama']!
const { on: _on, register: _register, ...scan } = piped()
const policy = parsePolicy({
  ...example,
  pipelines: { scan: { ...scan, on: { version: { model: 'scanned' } } } },
  services: {
    'by-alias': { ...rule, alias: 'champion' },
    'by-tag': { ...rule, tag: { key: 'signalbox.promote', value: 'production' } },
    'by-stage': { ...rule, stage: 'Production' },
  },
})
const EVENTS = [
  { entity: 'MODEL_VERSION_ALIAS', action: 'CREATED' },
  { entity: 'MODEL_VERSION_ALIAS', action: 'DELETED' },
  { entity: 'MODEL_VERSION_TAG', action: 'SET' },
  { entity: 'MODEL_VERSION_TAG', action: 'DELETED' },
  { entity: 'BUDGET_POLICY', action: 'EXCEEDED' },
]

let mlflow: Mlflow
let registry: MlflowRegistry
let house: LocalHouse
let stop: () => Promise<void>
let way: Way
beforeAll(async () => {
  mlflow = await openMlflowServer()
}, 300_000)
afterAll(() => mlflow.close())
beforeEach(async () => {
  registry = openMlflow({ url: mlflow.url })
  house = await openHouse({
    stores: openStores(null),
    policies: fixedPolicies(policy),
    secrets: fixedSecrets({
      'mlflow-webhook': SECRET,
      'alert-webhook': 'test-alerts',
      'slack-signing': 's',
      token: 't',
    }),
    clock: { now: () => Date.now() },
    registry,
  })
  stop = keepGoing(house, { speed: 1, onError: () => undefined })
  way = await openWay(house)
  await mlflow.call('POST', 'webhooks', { name: 'signalbox', url: way.url, secret: SECRET, events: EVENTS })
  for (const name of [...Object.keys(policy.services), 'scanned'])
    await mlflow.call('POST', 'registered-models/create', { name })
  // Which versions were there before is known.
  await resyncDoor(house.ports)()
})
afterEach(async () => {
  for (const name of [...Object.keys(policy.services), 'scanned'])
    await mlflow.call('DELETE', 'registered-models/delete', { name })
  const { webhooks } = (await mlflow.call('GET', 'webhooks', {})) as { webhooks: { webhook_id: string }[] }
  for (const { webhook_id } of webhooks) await mlflow.call('DELETE', `webhooks/${webhook_id}`, {})
  await way.close()
  await stop()
  await house.close()
  await registry.close()
})

/** The way from MLflow to our door: it notes what passes and can answer in the door's place. */
interface Way {
  url: string
  passed: { id: string; status: number; body: string }[]
  /** Statuses that the next deliveries get without reaching the door. */
  instead: number[]
  close(): Promise<void>
}

const openWay = async (to: LocalHouse): Promise<Way> => {
  const passed: Way['passed'] = []
  const instead: number[] = []
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const headers = request.headers as Record<string, string>
    const body = Buffer.concat(chunks)
    const status = instead.shift() ?? (await to.webhook('mlflow', { headers, body })).status
    passed.push({ id: headers['x-mlflow-delivery-id'] ?? '', status, body: body.toString() })
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/mlflow`,
    passed,
    instead,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const add = async (model: string): Promise<string> =>
  (await registry.register({ model, source: `s3://acme-results/models/${model}`, runId: null, tags: {} })).version
const point = (version: string): Promise<unknown> =>
  mlflow.call('POST', 'registered-models/alias', { name: 'by-alias', alias: 'champion', version })
const wanted = async (model: string): Promise<string | null> => {
  const desired = (await readRow(house.ports.ledger, 'lane', `service/${model}`))?.value.desired ?? null
  if (desired === null) return null
  return 'version' in desired ? String(desired.version) : desired.kind
}
const until = async (what: string, done: () => Promise<boolean>, seconds = 15): Promise<void> => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(20)) if (await done()) return
  throw new Error(`not in ${seconds} s: ${what}; passed ${JSON.stringify(way.passed)}`)
}

describe('webhooks of a real MLflow', () => {
  it('an alias set, moved and deleted: the lane wants what the alias says', async () => {
    await add('by-alias')
    await add('by-alias')
    await point('1')
    await until('v1 is wanted', async () => (await wanted('by-alias')) === '1')
    await point('2')
    await until('v2 is wanted', async () => (await wanted('by-alias')) === '2')
    await mlflow.call('DELETE', 'registered-models/alias', { name: 'by-alias', alias: 'champion' })
    await until('nothing is wanted', async () => (await wanted('by-alias')) === 'none')
    expect(way.passed.map(({ status }) => status)).toEqual([202, 202, 202])
  })

  it('a budget of its gateway is told in the shape that we read; its own test delivery is refused by name', async () => {
    const { webhooks } = (await mlflow.call('GET', 'webhooks', {})) as { webhooks: { webhook_id: string }[] }
    const event = { entity: 'BUDGET_POLICY', action: 'EXCEEDED' }
    await mlflow.call('POST', `webhooks/${webhooks[0]?.webhook_id}/test`, { event })
    await until('it is here', async () => way.passed.length === 1)
    const [{ status, body } = { status: 0, body: '' }] = way.passed
    expect([status, (await house.ports.ledger.counts())['refused:test-payload']]).toEqual([202, 1])
    const told = JSON.parse(body) as { data: object }
    expect(gatewayEvent({ ...told, data: { ...told.data, budget_policy_id: 'bp-ours' } })).toMatchObject({
      ok: true,
      event: { detail: { of: 'gateway', name: 'bp-ours', amount: { unit: 'USD' }, threshold: { unit: 'USD' } } },
    })
  })

  it('a tag that the policy names promotes, and taken away it walks back', async () => {
    const tag = { name: 'by-tag', key: 'signalbox.promote' }
    await add('by-tag')
    await add('by-tag')
    await mlflow.call('POST', 'model-versions/set-tag', { ...tag, version: '1', value: 'production' })
    await until('v1 is wanted', async () => (await wanted('by-tag')) === '1')
    await mlflow.call('POST', 'model-versions/set-tag', { ...tag, version: '2', value: 'canary' })
    await mlflow.call('POST', 'model-versions/set-tag', { ...tag, version: '2', value: 'production' })
    await until('v2 is wanted', async () => (await wanted('by-tag')) === '2')
    await mlflow.call('DELETE', 'model-versions/delete-tag', { ...tag, version: '2' })
    await until('v1 is wanted again', async () => (await wanted('by-tag')) === '1')
  })

  it('a stage sends nothing: resync finds it, once', async () => {
    const version = await add('by-stage')
    await mlflow.call('POST', 'model-versions/transition-stage', {
      name: 'by-stage',
      version,
      stage: 'Production',
      archive_existing_versions: false,
    })
    expect(await resyncDoor(house.ports)()).toMatchObject({ letters: 1 })
    await until(`v${version} is wanted`, async () => (await wanted('by-stage')) === version)
    expect(way.passed).toEqual([])
    expect(await resyncDoor(house.ports)()).toMatchObject({ letters: 0 })
  })

  it('a new version begins a pipeline, once; a lost one is found, and one that is deleted begins nothing', async () => {
    const events = [{ entity: 'MODEL_VERSION', action: 'CREATED' }]
    await mlflow.call('POST', 'webhooks', { name: 'versions', url: way.url, secret: SECRET, events })
    const scanned = async () => {
      const desired = (await readRow(house.ports.ledger, 'lane', 'pipeline/scan'))?.value.desired
      return (desired as TrainDesired | null | undefined)?.weights?.version
    }
    await add('scanned')
    await until('v1 is scanned', async () => (await scanned()) === '1')
    expect(way.passed.map(({ status }) => status)).toEqual([202])
    way.instead.push(400)
    const second = await add('scanned')
    await until('it is lost', async () => way.passed.length === 2)
    expect(await resyncDoor(house.ports)()).toMatchObject({ letters: 1 })
    await until('v2 is scanned', async () => (await scanned()) === second)
    expect(await resyncDoor(house.ports)()).toMatchObject({ letters: 0 })
    await mlflow.call('DELETE', 'model-versions/delete', { name: 'scanned', version: second })
    await resyncDoor(house.ports)()
    const outcome = async () => (await readRow(house.ports.ledger, 'lane', 'pipeline/scan'))?.value.outcome?.kind
    await until('nothing begins', async () => (await outcome()) === 'superseded')
  })

  it('a delivery that we answer with 500 comes again, under the same id', async () => {
    await add('by-alias')
    way.instead.push(500, 503)
    await point('1')
    await until('v1 is wanted', async () => (await wanted('by-alias')) === '1')
    expect(way.passed.map(({ status }) => status)).toEqual([500, 503, 202])
    expect(new Set(way.passed.map(({ id }) => id)).size).toBe(1)
  })

  it('a lost delivery is found by resync', async () => {
    await add('by-alias')
    way.instead.push(400)
    await point('1')
    await until('it was lost', async () => way.passed.length === 1)
    expect(await wanted('by-alias')).toBeNull()
    expect(await resyncDoor(house.ports)()).toMatchObject({ letters: 1 })
    await until('v1 is wanted', async () => (await wanted('by-alias')) === '1')
  })

  it('its test delivery is refused by name and does nothing', async () => {
    const { webhooks } = (await mlflow.call('GET', 'webhooks', {})) as { webhooks: { webhook_id: string }[] }
    const [event] = EVENTS
    const answer = await mlflow.call('POST', `webhooks/${webhooks[0]?.webhook_id}/test`, { event })
    expect(answer).toMatchObject({ result: { success: true, response_status: 202 } })
    const [refusal] = await house.ports.ledger.moments(null, { limit: 1 })
    expect(refusal?.text).toContain('example_model')
  })
})

it('a server that is gone is unavailable, and says which request it was', async () => {
  const nobody = openMlflow({ url: 'http://127.0.0.1:9', tries: 1 })
  await expect(nobody.alias('m', 'champion')).rejects.toThrow(
    /MLflow registered-models\/alias: .*(ECONNREFUSED|bad port)/,
  )
  await nobody.close()
})
