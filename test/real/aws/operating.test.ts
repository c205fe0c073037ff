import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { holderIn } from '../../../core/marker.ts'
import { label } from '../../../core/names.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { SELF } from '../../../core/rows.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { claim, markerOf } from '../../../flows/claim.ts'
import type { Ledger } from '../../../flows/ledger-port.ts'
import { ourNamespaces } from '../../../flows/namespaces.ts'
import { readRow } from '../../../flows/rows.ts'
import { unique } from '../../../functions/unique.ts'
import { keepGoing } from '../../../local/drive.ts'
import { type LocalHouse, openHouse } from '../../../local/house.ts'
import { memoryLedger } from '../../../local/ledger/memory-ledger.ts'
import { fixedPolicies } from '../../../local/policies/file-policies.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { fixedSecrets } from '../../../local/secrets/local-secrets.ts'
import { openStores, type Stores } from '../../../local/stores.ts'
import { furnish, idleJob, ownConfig } from '../real-town.ts'
import { type DynamoDb, openDynamoDb } from './dynamodb.ts'
import { type Moto, openMoto } from './moto.ts'

const LANE = 'pipeline/support-chats'
/** Of the example, with namespaces of its own on the rig. */
const inForce = { ...ownConfig('operated'), installation: 'signalbox' }
const policy = parsePolicy(inForce)
const clock = { now: () => Date.now() }

let dynamo: DynamoDb
let moto: Moto
let stores: Stores
let ledger: Ledger
let house: LocalHouse
let stop: () => Promise<void> = async () => undefined
let queueUrl = ''
/** What an operator's shell has. */
let environment: Record<string, string>

beforeAll(async () => {
  ;[dynamo, moto] = await Promise.all([openDynamoDb(), openMoto()])
  const { port } = (await dynamo.client().config.endpoint?.()) ?? {}
  environment = {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL: moto.at.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
    // The flag says the region: this one must not count.
    AWS_REGION: 'us-west-2',
  }
  ledger = openDynamoLedger({ client: dynamo.client(), table: 'signalbox-ledger', clock })
  stores = openStores(null)
}, 900_000)
afterAll(async () => {
  await stop()
  await house?.close()
  stores.close()
  for (const { close } of [moto, dynamo]) await close()
})

/** One command in a process of its own, as an operator's shell starts it; it must end by itself. */
const signalbox = async (argv: string[], more: Record<string, string> = {}) => {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', USER: 'ops', ...environment, ...more }
  const child = spawn(process.execPath, ['cli/signalbox.mjs', ...argv, '--aws', 'eu-central-1'], { env })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, out, err }
}
const lane = async () => (await readRow(ledger, 'lane', LANE))?.value

it('where nothing is deployed, every command says so and ends with 3', async () => {
  for (const argv of [
    ['plans'],
    ['budgets'],
    ['trace', LANE],
    ['cancel', LANE],
    ['freeze', '--until', '4h'],
    ['why', LANE],
    ['adopt', '--kubeconfig', inject('kubeconfig')],
  ]) {
    const { code, err, out } = await signalbox(argv)
    expect([code, out], argv[0]).toEqual([3, ''])
    expect(err).toMatch(/^signalbox: there is no such installation in eu-central-1 \(.*NotFound.*deploy it\n$/)
  }
}, 480_000)

it('plans, trace and why show what the installation does', async () => {
  await deploy()
  expect(await signalbox(['plans'])).toMatchObject({ code: 0, out: expect.stringMatching(/^no plan yet/), err: '' })
  await begin()
  const { code, out } = await signalbox(['plans'])
  expect([code, out]).toEqual([0, expect.stringMatching(/PLAN +LANE .*\n.*-g1a1 +pipeline\/support-chats/)])
  const traced = await signalbox(['trace', LANE])
  expect(traced).toMatchObject({ code: 0, err: '' })
  expect(traced.out).toMatch(/^pipeline\/support-chats · .*generation 1, attempt 1\n/)
  expect(await signalbox(['trace', 'pipeline/lunch'])).toMatchObject({ code: 1, err: expect.stringContaining(LANE) })
  expect(await signalbox(['why', LANE])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^pipeline\/support-chats: waits for ana or ben to answer \S+-g1a1 before /),
  })
  const { budgets } = JSON.parse((await signalbox(['budgets', '--json'])).out)
  expect(budgets).toMatchObject([{ budget: 'ml-monthly', dollars: 20_000, spent: 0, held: 0, left: 20_000 }])
}, 480_000)

it('cancel and retry are letters that wake the lane, answered once they are folded', async () => {
  const cancelled = await signalbox(['cancel', LANE, '--by', 'ana'])
  expect(cancelled).toMatchObject({ code: 0, err: expect.stringContaining('generation 1, attempt 1') })
  expect((await lane())?.outcome).toMatchObject({ kind: 'cancelled' })
  const receive = new ReceiveMessageCommand({ QueueUrl: queueUrl, MessageSystemAttributeNames: ['All'] })
  const { Messages = [] } = await new SQSClient(moto.at).send(receive)
  expect(Messages[0]?.Attributes).toMatchObject({ MessageGroupId: LANE })
  const retried = await signalbox(['retry', LANE, '--by', 'ana', '--json'])
  expect(JSON.parse(retried.out)).toMatchObject({ ok: true })
  expect(await lane()).toMatchObject({ generation: 1, attempt: 2 })
  expect((await signalbox(['trace', LANE])).out).toMatch(/ana says cancel[\s\S]*ana says retry/)
}, 480_000)

it('a queue that does not answer keeps nobody from commanding: the tick finds the letter', async () => {
  const nowhere = { AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:9' }
  expect(await signalbox(['cancel', LANE, '--by', 'ana'], nowhere)).toMatchObject({ code: 0 })
  expect((await lane())?.outcome).toMatchObject({ kind: 'cancelled' })
}, 480_000)

it('freeze counts from now, and thaw ends it', async () => {
  const from = Date.now()
  expect(await signalbox(['freeze', '--until', '4h'])).toMatchObject({ code: 0, err: '' })
  const { until = 0, by = '' } = (await readRow(ledger, 'freeze', '*'))?.value ?? {}
  expect([until - from >= 4 * 3_600_000, until <= Date.now() + 4 * 3_600_000, by.length > 0]).toEqual([
    true,
    true,
    true,
  ])
  expect(await signalbox(['thaw', '--by', 'ana'])).toMatchObject({ code: 0, out: expect.stringMatching(/^thawed/) })
  expect(await readRow(ledger, 'freeze', '*')).toBeNull()
  expect(await signalbox(['thaw'])).toMatchObject({ code: 1, out: '* is not frozen\n' })
}, 480_000)

it('adopt takes the place of the ledger that the namespaces name, and goes on above what that one wrote', async () => {
  const config = loadKubeconfig({ file: inject('kubeconfig') })
  const [requests, cluster] = await Promise.all([openRequests(config), openKubernetesCluster(config)])
  const [namespace = ''] = ourNamespaces(policy)
  const other = memoryLedger()
  const theirs = { home: 'a folder', mint: () => 'aaaaaaaaaaaa' }
  try {
    await furnish(requests, policy)
    await claim({ ledger: other, cluster, policies: fixedPolicies(policy), clock }, theirs)
    const metadata = { name: 'served', namespace, annotations: { [label('fence-workload')]: '41' } }
    const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } }
    await cluster.create(service as KubeObject)
    const ours = { ledger, cluster, policies: fixedPolicies(policy), clock }
    const home = 'arn:aws:dynamodb:eu-central-1:000000000000:table/signalbox-ledger'
    await expect(claim(ours, { home, mint: unique })).rejects.toThrow('signalbox adopt --aws REGION --context NAME')
    const adopted = await signalbox(['adopt', '--kubeconfig', inject('kubeconfig'), '--json'])
    expect(adopted).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(adopted.out)).toMatchObject({ home: expect.stringMatching(/^arn:aws:dynamodb:.*ledger$/) })
    const self = (await readRow(ledger, 'identity', SELF))?.value
    expect(self).toMatchObject({ ledger: JSON.parse(adopted.out).ledger, fenceFrom: 41 })
    expect(holderIn(await markerOf({ cluster }, namespace))).toMatchObject({ ledger: self?.ledger })
    const job = idleJob({ name: 'nobody', namespace, labels: { [label('installation')]: 'signalbox' } })
    await cluster.create(job)
    const doctor = await signalbox(['doctor', '--kubeconfig', inject('kubeconfig'), '--json'])
    expect(JSON.parse(doctor.out).findings).toContainEqual({
      check: `Job ${job.metadata.name}`,
      ok: false,
      detail: expect.stringContaining(`kubectl -n ${namespace} delete job ${job.metadata.name}`),
    })
  } finally {
    await Promise.all([requests.close(), cluster.close()])
  }
}, 480_000)

it('adopt says which cluster is meant, before anything is asked', async () => {
  const { code, err } = await signalbox(['adopt'])
  expect([code, err]).toEqual([2, expect.stringContaining('--context NAME says which cluster')])
})

/** What CDK makes of an installation, as far as its operators touch it. */
const deploy = async (): Promise<void> => {
  await dynamo.table('signalbox-ledger')
  const [s3, ssm] = [new S3Client({ ...moto.at, forcePathStyle: true }), new SSMClient(moto.at)]
  const where = { CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' as const } }
  await s3.send(new CreateBucketCommand({ Bucket: 'assets', ...where }))
  await s3.send(new PutObjectCommand({ Bucket: 'assets', Key: 'policy.json', Body: JSON.stringify(inForce) }))
  const Value = 's3://assets/policy.json'
  await ssm.send(new PutParameterCommand({ Name: '/signalbox/policy', Type: 'String', Value }))
  const Attributes = { FifoQueue: 'true' }
  const made = await new SQSClient(moto.at).send(
    new CreateQueueCommand({ QueueName: 'signalbox-wakes.fifo', Attributes }),
  )
  queueUrl = made.QueueUrl ?? ''
  for (const client of [s3, ssm]) client.destroy()
}

/** A lane that asks, in a house on the same ledger whose tick finds what is due. */
const begin = async (): Promise<void> => {
  house = await openHouse({
    stores,
    clock,
    policies: fixedPolicies(policy),
    secrets: fixedSecrets({ 'mlflow-webhook': 'a', 'alert-webhook': 'test-alerts', 'slack-signing': 'b', token: 'c' }),
    wrap: (ports) => ({ ...ports, ledger }),
    onError: () => undefined,
  })
  stop = keepGoing(house, { speed: 1, onError: () => undefined })
  await uploadDataset(house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })
  await house.scanUploads()
  await expect.poll(async () => (await lane())?.run?.question?.state, { timeout: 180_000 }).toBe('open')
}
