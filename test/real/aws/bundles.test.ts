import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import type { Ledger } from '../../../flows/ports.ts'
import { signMlflow, signSlack } from '../../../functions/signatures.ts'
import { buildAll } from '../../../scripts/build.ts'
import { samplesOf } from '../../events/samples.ts'
import { openProxy } from '../proxy.ts'
import { openMlflowServer } from '../registry/mlflow.ts'
import { openDynamoDb } from './dynamodb.ts'
import { openMoto } from './moto.ts'

const SECRETS = {
  'mlflow-webhook': 'planted-hook',
  'slack-signing': 'planted-sign',
  'slack-bot-token': 'planted-bot',
  'mlflow-token': 'none',
}
const dist = mkdtempSync(join(tmpdir(), 'signalbox-dist-'))
const closing: (() => unknown)[] = [() => rmSync(dist, { recursive: true, force: true })]
let environment: Record<string, string>
let ledger: Ledger
/** Paths of what Lambda's API was asked, with the names of executions. */
const lambda: string[] = []

beforeAll(async () => {
  await buildAll({ out: dist, config: 'signalbox.config.ts' })
  const [dynamo, moto, mlflow] = [await openDynamoDb(), await openMoto(), await openMlflowServer()]
  // Lambda's API as far as doors ask it: a stand-in of ours.
  const api = createServer((request, response) => {
    lambda.push(
      `${request.method} ${request.url?.split('?')[0]} ${request.headers['x-amz-durable-execution-name'] ?? ''}`,
    )
    const body = request.url?.includes('/checkpoint')
      ? { CheckpointToken: 'next', NewExecutionState: { Operations: [] } }
      : {}
    request
      .resume()
      .on('end', () => response.writeHead(request.url?.includes('/invocations') ? 202 : 200).end(JSON.stringify(body)))
  })
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  const config = loadKubeconfig({ file: inject('kubeconfig') })
  const certificates = join(dirname(inject('kubeconfig')), 'certs')
  const cert = readFileSync(join(certificates, 'apiserver.crt'))
  // An EKS token is checked by AWS alone: the proxy puts the rig's own in its place.
  const proxy = await openProxy(config.getCurrentCluster()?.server ?? '', () => null, {
    headers: { authorization: `Bearer ${config.getCurrentUser()?.token}` },
    tls: { cert, key: readFileSync(join(certificates, 'apiserver.key')) },
  })
  const client = dynamo.client()
  const table = await dynamo.table()
  ledger = openDynamoLedger({ client, table, clock: { now: () => Date.now() } })
  const at = (port: number): string => `http://127.0.0.1:${port}`
  environment = {
    PATH: process.env['PATH'] ?? '',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL: moto.at.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: (await client.config.endpoint?.().then(({ port }) => at(port ?? 0))) ?? '',
    AWS_ENDPOINT_URL_LAMBDA: at((api.address() as AddressInfo).port),
    SIGNALBOX_INSTALLATION: 'signalbox',
    SIGNALBOX_TABLE: table,
    SIGNALBOX_BUS: 'signalbox',
    SIGNALBOX_POLICY_PARAMETER: '/signalbox/policy',
    SIGNALBOX_SECRETS: 'signalbox',
    SIGNALBOX_WORKFLOW_ARN: 'arn:aws:lambda:eu-central-1:111122223333:function:signalbox-carry-out:live',
    SIGNALBOX_MLFLOW_URL: mlflow.url,
    SIGNALBOX_CLUSTER_NAME: 'rig',
    SIGNALBOX_CLUSTER_ENDPOINT: proxy.url,
    SIGNALBOX_CLUSTER_CA: cert.toString('base64'),
  }
  const s3 = new S3Client({ ...moto.at, forcePathStyle: true })
  for (const Bucket of ['assets', 'acme-datasets', 'acme-results'])
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
    )
  const { default: policy } = await import('../../../signalbox.config.ts')
  await s3.send(new PutObjectCommand({ Bucket: 'assets', Key: 'policy.json', Body: JSON.stringify(policy) }))
  const key = 'support-chats/2026-11-23/manifest.json'
  const manifest = JSON.stringify({ version: 1, objects: [{ key: 'support-chats/2026-11-23/a.jsonl', size: 2 }] })
  await s3.send(new PutObjectCommand({ Bucket: 'acme-datasets', Key: key, Body: manifest }))
  await s3.send(new PutObjectCommand({ Bucket: 'acme-datasets', Key: 'support-chats/2026-11-23/a.jsonl', Body: '{}' }))
  await new SSMClient(moto.at).send(
    new PutParameterCommand({ Name: '/signalbox/policy', Type: 'String', Value: 's3://assets/policy.json' }),
  )
  await new EventBridgeClient(moto.at).send(new CreateEventBusCommand({ Name: 'signalbox' }))
  for (const [name, SecretString] of Object.entries(SECRETS))
    await new SecretsManagerClient(moto.at).send(new CreateSecretCommand({ Name: `signalbox/${name}`, SecretString }))
  closing.push(
    mlflow.close,
    moto.close,
    dynamo.close,
    proxy.close,
    () => api.closeAllConnections(),
    () => api.close(),
  )
}, 300_000)
afterAll(async () => {
  for (const close of closing) await close()
})

/** Calls a door's bundle in a fresh process with these events; checks that nothing secret was said. */
const call = async (
  door: string,
  events: unknown[],
  more: Record<string, string> = {},
): Promise<Record<string, never>[]> => {
  const child = spawn(process.execPath, ['test/real/aws/invoke.mjs', join(dist, door, 'index.cjs')], {
    env: { ...environment, ...more },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk))
  child.stdin.end(JSON.stringify(events))
  await new Promise((resolve) => child.once('close', resolve))
  for (const secret of ['planted-hook', 'planted-sign', 'planted-bot']) expect(said).not.toContain(secret)
  const answers = /#ANSWERS(.*)/.exec(said)?.[1]
  if (answers === undefined) throw new Error(said)
  return JSON.parse(answers) as Record<string, never>[]
}

const http = (headers: Record<string, string>, body: string) => ({
  version: '2.0',
  rawPath: '/',
  headers,
  body: Buffer.from(body).toString('base64'),
  isBase64Encoded: true,
})

describe('each door through its bundle, in a fresh process, as Lambda calls it', () => {
  it.each(['dataset-uploaded', 'model-promoted'])('%s says of each sample what the sample says', async (door) => {
    const samples = samplesOf(door).filter(({ event }) => event !== undefined)
    const answers = await call(
      door,
      samples.map(({ event }) => event),
    )
    for (const [index, { expect: expected, name }] of samples.entries())
      if (expected === 'accepted') expect(answers[index]?.['kind'], name).toMatch(/^(intended|ignored|waiting)$/)
      else expect(answers[index], name).toMatchObject({ kind: 'refused', reason: expected.refused })
  })

  it('dataset-uploaded starts the workflow asynchronously, under the run’s name', async () => {
    const [lane] = await ledger.list('lane', { prefix: 'train/' })
    expect(lane?.value).toMatchObject({ state: 'wanted', generation: 1 })
    const start = lambda.find((asked) => asked.includes('/invocations'))
    expect(start).toMatch(/signalbox-carry-out%3Alive\/invocations train-support-chats-[0-9a-f]+-g1a1$/)
  })

  it('registry-webhook takes what is signed and fresh, says so, and refuses the rest with reasons', async () => {
    const samples = samplesOf('model-promoted').filter(({ request }) => request !== undefined)
    const signed = samples.map(({ request }, n) => {
      const body = request?.body ?? ''
      const given = { secret: 'planted-hook', body: Buffer.from(body), now: Date.now(), deliveryId: `d-${n}` }
      return http(signMlflow(given), body)
    })
    const answers = await call('registry-webhook', [
      ...signed,
      http(samples[0]?.request?.headers ?? {}, samples[0]?.request?.body ?? ''),
    ])
    const forged = answers.pop()
    expect(forged).toMatchObject({ statusCode: 401, body: expect.stringContaining('bad-signature') })
    for (const [index, { expect: expected }] of samples.entries())
      expect(answers[index]).toMatchObject({
        statusCode: 202,
        body: expect.stringContaining(expected === 'accepted' ? 'accepted' : expected.refused),
      })
  })

  it('slack-interaction refuses what is stale, forged, or asks for nothing that is open', async () => {
    const [sample] = samplesOf('approval-answered').filter(({ name }) => name.startsWith('approve'))
    const body = sample?.request?.body ?? ''
    const sign = (now: number, secret = 'planted-sign') =>
      http(signSlack({ secret, body: Buffer.from(body), now }), body)
    const [fresh, stale, forged] = await call('slack-interaction', [
      sign(Date.now()),
      sign(Date.now() - 400_000),
      sign(Date.now(), 'other'),
    ])
    expect(fresh).toMatchObject({ statusCode: 200, body: expect.stringContaining('refused') })
    expect(stale).toMatchObject({ statusCode: 401, body: expect.stringContaining('stale-signature') })
    expect(forged).toMatchObject({ statusCode: 401, body: expect.stringContaining('bad-signature') })
  })

  it('reconcile and watch look at everything and answer', async () => {
    const [healed] = await call('reconcile', [{}])
    expect(healed).toMatchObject({ buried: 0, deleted: 0 })
    expect(await call('watch', [{}])).toEqual([{ watched: false }])
  })

  it('carry-out checkpoints its steps, and fails as an execution when its lane is unknown', async () => {
    const run = { lane: 'train/unknown', generation: 1, attempt: 1 }
    const [answer] = await call('carry-out', [
      {
        DurableExecutionArn: `${environment['SIGNALBOX_WORKFLOW_ARN']}/durable-execution/x/1`,
        CheckpointToken: 'first',
        InitialExecutionState: {
          Operations: [
            {
              Id: 'x',
              Type: 'EXECUTION',
              Status: 'STARTED',
              StartTimestamp: Date.now(),
              ExecutionDetails: { InputPayload: JSON.stringify(run) },
            },
          ],
        },
      },
    ])
    expect(answer).toMatchObject({
      Status: 'FAILED',
      Error: { ErrorMessage: expect.stringContaining('train/unknown has no row') },
    })
    expect(lambda.filter((asked) => asked.includes('/checkpoint')).length).toBeGreaterThan(0)
  })

  it('says which setting is missing, and 503 to a webhook when the ledger cannot be asked', async () => {
    await expect(call('watch', [{}], { SIGNALBOX_TABLE: '' })).rejects.toThrow('SIGNALBOX_TABLE is not set')
    const body = '{}'
    const given = { secret: 'planted-hook', body: Buffer.from(body), now: Date.now(), deliveryId: 'd' }
    const [answer] = await call('registry-webhook', [http(signMlflow(given), body)], {
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9',
    })
    expect(answer).toMatchObject({ statusCode: 503 })
  })

  it.each(['registry-webhook', 'slack-interaction'])(
    '%s says 503 while people still wait, when what it asks takes its call and says nothing',
    async (door) => {
      const silent = createTcpServer()
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
      const began = Date.now()
      const [answer] = await call(door, [http({}, '{}')], { AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_DYNAMODB: url })
      expect(answer).toMatchObject({ statusCode: 503 })
      // The process's start is in it.
      expect(Date.now() - began).toBeLessThan(3000)
      silent.close()
    },
  )
})
