import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { emptyLane, finished } from '../../../core/lane.ts'
import { type RunKey, runName } from '../../../core/names.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { LaneRow, RunRow } from '../../../core/rows.ts'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { durableHandler } from '../../../effects/workflow/durable-context.ts'
import { openLambdaWorkflow } from '../../../effects/workflow/lambda-workflow.ts'
import type { Ledger, WorkflowContext } from '../../../flows/ports.ts'
import example from '../../../signalbox.config.ts'
import type { DurableFunction } from '../../effects/workflow/durable-function.ts'
import { openLambdaStandIn } from '../../effects/workflow/lambda-stand-in.ts'
import { openAnswering } from './answering.ts'
import { type DynamoDb, openDynamoDb } from './dynamodb.ts'
import { type Moto, openMoto } from './moto.ts'

const LANE = 'train/support-chats'
const policy = parsePolicy(example)
const clock = { now: () => Date.now() }
const first: RunKey = { lane: LANE, generation: 1, attempt: 1 }
const desired: LaneRow['desired'] = {
  kind: 'train',
  dataset: 'support-chats',
  version: 'a'.repeat(64),
  bucket: 'acme-datasets',
  key: 'support-chats/2026-11-23/manifest.json',
  objects: 1,
  bytes: 2,
  requester: null,
}

let dynamo: DynamoDb
let moto: Moto
let lambda: Awaited<ReturnType<typeof openLambdaStandIn>>
let carrying: DurableFunction
let ledger: Ledger
/** What an operator's shell has, and what the durable SDK in this process finds. */
let environment: Record<string, string>

beforeAll(async () => {
  ;[dynamo, moto, lambda] = await Promise.all([openDynamoDb(), openMoto(), openLambdaStandIn()])
  const { port } = (await dynamo.client().config.endpoint?.()) ?? {}
  environment = {
    ...lambda.environment,
    AWS_ENDPOINT_URL: moto.at.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
    // The flag says the region: this one must not count.
    AWS_REGION: 'us-west-2',
  }
  Object.assign(process.env, environment)
  ledger = openDynamoLedger({ client: dynamo.client(), table: 'signalbox-ledger', clock })
  carrying = lambda.serve({ name: 'signalbox-carry-out', alias: 'live', clock, handler: durableHandler(carryOut) })
}, 300_000)
afterAll(async () => {
  for (const name of Object.keys(environment)) delete process.env[name]
  for (const { close } of [lambda, moto, dynamo]) await close()
})

/** Rests until it is rung, then ends as cancelled: what of a run an operator's command can be seen by. */
const carryOut = async (context: WorkflowContext, key: RunKey): Promise<void> => {
  const id = runName(policy, key)
  await context.sleep('rest', 3600, async (bell) => {
    const revision = (await ledger.read('run', id))?.revision ?? 0
    const value = { ...key, id, bell, ...RESTING }
    return (await ledger.commit([{ put: 'run', id, revision, value }])).ok
  })
  await context.step('end', async () => {
    const stored = await ledger.read('lane', LANE)
    if (stored === null || desired === null) throw new Error('there is no lane')
    const outcome = { kind: 'cancelled' as const, reason: null, detail: 'a person said so' }
    const value = finished(stored.value, key, outcome, desired)
    return (await ledger.commit([{ put: 'lane', id: LANE, revision: stored.revision, value }])).ok
  })
}
const RESTING: Omit<RunRow, keyof RunKey | 'id' | 'bell'> = {
  startedAt: 1,
  endedAt: null,
  stage: 'resting',
  answer: null,
  hold: null,
  steps: [],
  ending: null,
  back: [],
  outcome: null,
  cost: 12.5,
}

/** One command in a process of its own, as an operator's shell starts it; it must end by itself. */
const signalbox = async (...argv: string[]) => {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', USER: 'ops', ...environment }
  const child = spawn(process.execPath, ['cli/signalbox.mjs', ...argv, '--aws', 'eu-central-1'], { env })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, out, err }
}
const lane = async (): Promise<LaneRow | undefined> => (await ledger.read('lane', LANE))?.value

it('where nothing is deployed, every command says so and ends with 3', async () => {
  for (const argv of [['plans'], ['trace', LANE], ['freeze', '--until', '4h']]) {
    const { code, err, out } = await signalbox(...argv)
    expect([code, out]).toEqual([3, ''])
    expect(err).toMatch(/^signalbox: there is no such installation in eu-central-1 \(.*ResourceNotFound.*deploy it\n$/)
  }
  expect(await signalbox('cancel', LANE)).toMatchObject({ code: 3, err: expect.stringMatching(/ParameterNotFound/) })
})

it('plans and trace show what the installation does', async () => {
  await deploy()
  expect(await signalbox('plans')).toMatchObject({ code: 0, out: 'no plan yet\n', err: '' })
  await begin()
  const { code, out } = await signalbox('plans')
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/PLAN +LANE .*\n.*-g1a1 +train\/support-chats +resting +\$12\.50/),
  ])
  const traced = await signalbox('trace', LANE)
  expect(traced).toMatchObject({ code: 0, err: '' })
  expect(traced.out).toMatch(
    /^train\/support-chats · wanted · .*generation 1, attempt 1\n.* note +an upload asks for it/,
  )
  expect(await signalbox('trace', 'train/lunch')).toMatchObject({ code: 1, err: expect.stringContaining(LANE) })
  const { lanes } = JSON.parse((await signalbox('plans', '--json')).out) as { lanes: LaneRow[] }
  expect(lanes).toMatchObject([{ lane: LANE, state: 'wanted' }])
})

it('cancel is written and rings the run; retry starts the next execution', async () => {
  expect(await signalbox('retry', LANE)).toMatchObject({ code: 1, out: expect.stringContaining('cancel it first') })
  const cancelled = await signalbox('cancel', LANE, '--by', 'ana')
  expect(cancelled).toMatchObject({ code: 0, err: '', out: expect.stringContaining('stops at its next safe point') })
  expect((await lane())?.cancelled).toMatchObject({ by: 'ana', generation: 1, attempt: 1 })
  expect(lambda.counts['Callback']).toBe(1)
  await carrying.advance(Date.now())
  expect((await lane())?.state).toBe('cancelled')
  const retried = await signalbox('retry', LANE, '--by', 'ana', '--json')
  expect(JSON.parse(retried.out)).toEqual({ ok: true, detail: 'attempt 2 of generation 1 has started' })
  expect(carrying.list('live').map(({ DurableExecutionName, Status }) => [DurableExecutionName, Status])).toEqual([
    [runName(policy, first), 'SUCCEEDED'],
    [runName(policy, { ...first, attempt: 2 }), 'RUNNING'],
  ])
  expect((await signalbox('trace', LANE)).out).toMatch(/ana says cancel\n.*ana says retry/)
})

it('freeze counts from now and thaw rings who rests', async () => {
  await carrying.advance(Date.now())
  const from = Date.now()
  expect(await signalbox('freeze', '--until', '4h')).toMatchObject({ code: 0, err: '' })
  const { until, by } = (await ledger.read('freeze', '*'))?.value ?? { until: 0, by: '' }
  expect([until - from >= 4 * 3_600_000, until <= Date.now() + 4 * 3_600_000, by.length > 0]).toEqual([
    true,
    true,
    true,
  ])
  const rung = lambda.counts['Callback'] ?? 0
  expect(await signalbox('thaw', '--by', 'ana')).toMatchObject({ code: 0, out: 'thawed\n' })
  expect(await ledger.read('freeze', '*')).toBeNull()
  expect(lambda.counts['Callback']).toBe(rung + 1)
  expect(await signalbox('thaw')).toMatchObject({ code: 1, out: '* is not frozen\n' })
})

it('what Lambda refuses after the ledger took it is said as that', async () => {
  await carrying.advance(Date.now())
  expect(await lane()).toMatchObject({ state: 'cancelled', attempt: 2 })
  const none = await openAnswering('lambda stand-in')
  environment['AWS_ENDPOINT_URL_LAMBDA'] = none.url
  const { code, err } = await signalbox('retry', LANE)
  await none.close()
  expect([code, err]).toEqual([
    3,
    expect.stringMatching(/the ledger has it, and reconcile starts it .*; but there is no/),
  ])
  expect(none.asked).toEqual(['POST /2015-03-31/functions/signalbox-carry-out%3Alive/invocations'])
  expect(await lane()).toMatchObject({ state: 'wanted', attempt: 3 })
})

/** What CDK makes of an installation, as far as its operators touch it. */
const deploy = async (): Promise<void> => {
  await dynamo.table('signalbox-ledger')
  const [s3, ssm] = [new S3Client({ ...moto.at, forcePathStyle: true }), new SSMClient(moto.at)]
  const where = { CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' as const } }
  await s3.send(new CreateBucketCommand({ Bucket: 'assets', ...where }))
  await s3.send(new PutObjectCommand({ Bucket: 'assets', Key: 'policy.json', Body: JSON.stringify(example) }))
  const Value = 's3://assets/policy.json'
  await ssm.send(new PutParameterCommand({ Name: '/signalbox/policy', Type: 'String', Value }))
  for (const client of [s3, ssm]) client.destroy()
}

/** A lane that wants something, and its run that rests. */
const begin = async (): Promise<void> => {
  const since = Date.now()
  const value: LaneRow = { ...emptyLane(LANE), generation: 1, attempt: 1, desired, state: 'wanted', since }
  const moment = { at: since, ...first, kind: 'note' as const, text: 'an upload asks for it' }
  await ledger.commit([{ put: 'lane', id: LANE, revision: 0, value }, { moment }])
  const client = new LambdaClient(lambda.at)
  await openLambdaWorkflow({ client, functionArn: 'signalbox-carry-out:live' }).start(runName(policy, first), first)
  client.destroy()
  await carrying.advance(Date.now())
}
