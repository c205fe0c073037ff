import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { expect, inject } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { buildAll } from '../../../scripts/build.ts'
import { openSlackStandIn } from '../../effects/chat/slack-stand-in.ts'
import example from '../../example.ts'
import { openProxy } from '../proxy.ts'
import { clear, furnish } from '../real-town.ts'
import { openAnswering } from './answering.ts'
import { openDynamoDb } from './dynamodb.ts'
import { type Moto, openMoto } from './moto.ts'
import { openSqs } from './sqs.ts'

const clock = { now: () => Date.now() }
export const policy = parsePolicy(example)
const SECRETS = {
  'mlflow-webhook': 'planted-hook',
  'slack-signing': 'planted-sign',
  'slack-bot-token': 'xoxb-test',
  'mlflow-token': 'none',
}
/** What may stand in no log, card or timeline. */
export const PLANTED = ['planted-hook', 'planted-sign', 'xoxb-test']
export type Bundles = Awaited<ReturnType<typeof openBundles>>

type Answer = Record<string, never>

/** Calls a door's bundle in a fresh process with these events; checks that nothing secret was said. */
const callIn = async (env: Record<string, string>, bundle: string, events: unknown[]): Promise<Answer[]> => {
  const child = spawn(process.execPath, ['test/real/aws/invoke.mjs', bundle], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk))
  child.stdin.end(JSON.stringify(events))
  await new Promise((resolve) => child.once('close', resolve))
  for (const secret of PLANTED) expect(said).not.toContain(secret)
  const answers = /#ANSWERS(.*)/.exec(said)?.[1]
  if (answers === undefined) throw new Error(said)
  return JSON.parse(answers) as Answer[]
}

/** What CDK and people have put there before a door is first called. */
const furnishAws = async (moto: Moto): Promise<void> => {
  const s3 = new S3Client({ ...moto.at, forcePathStyle: true })
  for (const Bucket of ['assets', 'acme-datasets', 'acme-results'])
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
    )
  await s3.send(new PutObjectCommand({ Bucket: 'assets', Key: 'policy.json', Body: JSON.stringify(example) }))
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
}

/** Every door's bundle, built as it is deployed, and stand-ins of all that they ask; the rig is the cluster. */
export const openBundles = async () => {
  const dist = mkdtempSync(join(tmpdir(), 'signalbox-dist-'))
  await buildAll({ out: dist, config: 'signalbox.config.ts' })
  const [dynamo, moto, sqs] = await Promise.all([openDynamoDb(), openMoto(), openSqs()])
  const mlflow = await openAnswering('mlflow')
  const config = loadKubeconfig({ file: inject('kubeconfig') })
  const certificates = join(dirname(inject('kubeconfig')), 'certs')
  const cert = readFileSync(join(certificates, 'apiserver.crt'))
  const requests = await openRequests(config)
  await furnish(requests, policy)
  // An EKS token is checked by AWS alone: the proxy puts the rig's own in its place.
  const proxy = await openProxy(config.getCurrentCluster()?.server ?? '', () => null, {
    headers: { authorization: `Bearer ${config.getCurrentUser()?.token}` },
    tls: { cert, key: readFileSync(join(certificates, 'apiserver.key')) },
  })
  const client = dynamo.client()
  const table = await dynamo.table()
  const ledger = openDynamoLedger({ client, table, clock })
  const slack = await openSlackStandIn(ledger)
  const at = (port: number): string => `http://127.0.0.1:${port}`
  const environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL: moto.at.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: (await client.config.endpoint?.().then(({ port }) => at(port ?? 0))) ?? '',
    SIGNALBOX_INSTALLATION: 'signalbox',
    SIGNALBOX_TABLE: table,
    SIGNALBOX_HOME: `table ${table}`,
    SIGNALBOX_BUS: 'signalbox',
    SIGNALBOX_POLICY_PARAMETER: '/signalbox/policy',
    SIGNALBOX_SECRETS: 'signalbox',
    SIGNALBOX_QUEUE_URL: sqs.url,
    AWS_ENDPOINT_URL_SQS: new URL(sqs.url).origin,
    SLACK_STAND_IN: slack.url,
    SIGNALBOX_MLFLOW_URL: mlflow.url,
    SIGNALBOX_CLUSTER_NAME: 'rig',
    SIGNALBOX_CLUSTER_ENDPOINT: proxy.url,
    SIGNALBOX_CLUSTER_CA: cert.toString('base64'),
  }
  await furnishAws(moto)
  /** Calls a door in a fresh process with these events. */
  const call = (door: string, events: unknown[], more: Record<string, string> = {}): Promise<Answer[]> =>
    callIn({ ...environment, ...more }, join(dist, door, 'index.cjs'), events)
  const consumer = sqs.client()
  /** Calls `reconcile` with each wake there is, as Lambda's mapping does, until there is none. */
  const reconcileAll = async (): Promise<Answer[]> => {
    const answers: Answer[] = []
    for (;;) {
      const receive = new ReceiveMessageCommand({ QueueUrl: sqs.url, MessageSystemAttributeNames: ['All'] })
      const { Messages: [message] = [] } = await consumer.send(receive)
      if (message === undefined) return answers
      const { MessageId: messageId, ReceiptHandle: receiptHandle, Attributes: attributes } = message
      answers.push(...(await call('reconcile', [{ Records: [{ messageId, receiptHandle, attributes }] }])))
      await consumer.send(new DeleteMessageCommand({ QueueUrl: sqs.url, ReceiptHandle: receiptHandle }))
    }
  }
  return {
    call,
    reconcileAll,
    ledger,
    slack,
    sqs,
    close: async () => {
      consumer.destroy()
      await clear(requests, policy)
      for (const end of [mlflow, moto, dynamo, sqs, proxy, slack, requests]) await end.close()
      rmSync(dist, { recursive: true, force: true })
    },
  }
}
