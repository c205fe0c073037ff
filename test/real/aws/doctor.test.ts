import { CreateTableCommand } from '@aws-sdk/client-dynamodb'
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { CreateQueueCommand, DeleteQueueCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { outsideFindings, scopesOf } from '../../../cli/commands/doctor-outside.ts'
import { type AwsPlace, awsFindings } from '../../../effects/aws/checks.ts'
import { eksFindings } from '../../../effects/aws/eks-checks.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import { clear, furnish, ownPolicy } from '../real-town.ts'
import { type Mlflow, openMlflowServer } from '../registry/mlflow.ts'
import { type Answering, openAnswering, type Said } from './answering.ts'
import { type DynamoDb, openDynamoDb } from './dynamodb.ts'
import { type Moto, openMoto } from './moto.ts'

let dynamo: DynamoDb
let moto: Moto
let mlflow: Mlflow
let eks: Answering
let slack: Answering
beforeAll(async () => {
  dynamo = await openDynamoDb()
  moto = await openMoto()
  mlflow = await openMlflowServer()
  // moto's EKS knows no `accessConfig`, access entry or association, and nobody else speaks for Slack: these two answer what their documents say.
  eks = await openAnswering('eks stand-in')
  slack = await openAnswering('slack stand-in')
  const { port } = (await dynamo.client().config.endpoint?.()) ?? {}
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: moto.at.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
    AWS_ENDPOINT_URL_EKS: eks.url,
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'b',
  })
  // As long as the first build of what it needs takes, whoever is at it.
}, 900_000)
afterAll(async () => {
  for (const name of ['', '_DYNAMODB', '_EKS'].map((service) => `AWS_ENDPOINT_URL${service}`)) delete process.env[name]
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name]
  for (const { close } of [slack, eks, mlflow, moto, dynamo]) await close()
})

/** Slack's answer of an app that is installed with these scopes. */
const installed = (scopes: string) => () => ({
  body: { ok: true, team: 'acme' },
  headers: { 'x-oauth-scopes': scopes },
})

const look = async (more: Partial<AwsPlace> = {}) => {
  const place = { region: 'eu-central-1', installation: 'signalbox' }
  const namespaces = { training: 'ml-training', serving: 'ml-serving' }
  const findings = [
    ...(await awsFindings({
      ...place,
      datasetBuckets: ['sets'],
      timeUrl: mlflow.url,
      slackUrl: `${slack.url}/`,
      ...more,
    })),
    ...(await eksFindings({ ...place, cluster: 'ml-prod', namespaces, doors: ['reconcile'] })),
  ]
  return Object.fromEntries(findings.map(({ check, ok, detail }) => [check, ok ? 'ok' : detail]))
}

it('each part of a deployment that is missing is a finding with its fix, and well once it is there', async () => {
  expect(await look()).toMatchObject({
    credentials: 'ok',
    clock: 'ok',
    table: expect.stringMatching(/ResourceNotFoundException.*deploy the state stack/),
    bus: expect.stringContaining('deploy the state stack'),
    queue: expect.stringContaining('deploy the state stack'),
    cluster: expect.stringMatching(/^ResourceNotFoundException: .*`cluster` of the policy must name an active one/),
    'policy in force': expect.stringContaining('deploy the control stack'),
    'bucket sets': expect.stringContaining('turn on Amazon EventBridge'),
    'secret slack-signing': expect.stringContaining('docs/deploy.md, step 6'),
    slack: expect.stringContaining('docs/deploy.md, step 5'),
  })
  await dynamo.client().send(
    new CreateTableCommand({
      TableName: 'signalbox-ledger',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  )
  await new EventBridgeClient(moto.at).send(new CreateEventBusCommand({ Name: 'signalbox' }))
  await makeQueue({})
  expect((await look())['queue']).toMatch(/^ids are known by queue, throughput is limited perQueue/)
  await makeQueue({ DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' })
  await new SSMClient(moto.at).send(
    new PutParameterCommand({ Name: '/signalbox/policy', Type: 'String', Value: 's3://a/b' }),
  )
  const s3 = new S3Client({ ...moto.at, forcePathStyle: true })
  const where = { CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' as const } }
  await s3.send(new CreateBucketCommand({ Bucket: 'sets', ...where }))
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'sets',
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    }),
  )
  const names = ['mlflow-webhook', 'mlflow-token', 'slack-signing', 'slack-bot-token']
  const secrets = new SecretsManagerClient(moto.at)
  for (const name of names)
    await secrets.send(new CreateSecretCommand({ Name: `signalbox/${name}`, SecretString: 'made-up' }))
  expect((await look())['secret slack-signing']).toMatch(/what the deployment made up: .*step 6/)
  for (const name of names)
    await secrets.send(new PutSecretValueCommand({ SecretId: `signalbox/${name}`, SecretString: 'x' }))
  eks.answer = saying(cluster('ACTIVE', 'API'))
  const bare = await look()
  expect(Object.keys(bare).filter((check) => bare[check] !== 'ok')).toEqual(expect.arrayContaining(Object.keys(INSIDE)))
  for (const [check, said] of Object.entries(INSIDE)) expect(bare[check]).toMatch(said)
  eks.answer = saying(cluster('ACTIVE', 'API'), WELL)
  // moto never gives the EventBridge switch of a bucket back, so that finding stays what it was.
  slack.answer = installed('chat:write,channels:history')
  const { 'bucket sets': _bucket, ...rest } = await look()
  expect(rest).toEqual(Object.fromEntries(Object.keys(rest).map((check) => [check, 'ok'])))
  // Each thing is asked for by the address that EKS's reference gives it: else it would have said that there is no such thing.
  expect(Object.keys(rest)).toEqual(expect.arrayContaining(Object.keys(INSIDE)))
})

/** What a cluster lacks beside which nothing was deployed. */
const INSIDE = {
  'pod identity agent': /^the cluster has no add-on eks-pod-identity-agent: .*create-addon/,
  'access entry of reconcile': /^the cluster does not know its role: .*npm run deploy/,
  'role of ml-training/signalbox-training': /^no role is associated with it/,
  'role of ml-serving/signalbox-serving': /^no role is associated with it/,
  'role of ml-serving/signalbox-gate': /^no role is associated with it/,
}

const ROLE = 'arn:aws:iam::111122223333:role/signalbox'
/** What is in the cluster once all is deployed, by the path at which EKS says it. */
const WELL: Record<string, unknown> = {
  '/addons/eks-pod-identity-agent': { addon: { status: 'ACTIVE', addonVersion: 'v1.3.10-eksbuild.3' } },
  [`/access-entries/${encodeURIComponent(`${ROLE}-reconcile-eu-central-1`)}`]: {
    accessEntry: { kubernetesGroups: ['signalbox:signalbox:reconcile'], type: 'STANDARD' },
  },
  ...Object.fromEntries(
    ['training/signalbox-training', 'serving/signalbox-serving', 'serving/signalbox-gate'].flatMap((account) => {
      const [namespace, serviceAccount] = `ml-${account}`.split('/')
      const roleArn = `${ROLE}-${serviceAccount?.replace('signalbox-', '')}-pods-eu-central-1`
      const associationId = `a-${serviceAccount}`
      const all = '/pod-identity-associations'
      return [
        [`${all}?namespace=${namespace}&serviceAccount=${serviceAccount}`, { associations: [{ associationId }] }],
        [`${all}/${associationId}`, { association: { associationId, roleArn, disableSessionTags: false } }],
      ]
    }),
  ),
}

/** EKS with this cluster, and in it what is given by path; a list of nothing is a list. */
const saying =
  (described: object, inside: Record<string, unknown> = {}) =>
  (path: string): Said | null => {
    const at = path.replace('/clusters/ml-prod', '')
    if (at === '') return { body: { cluster: described } }
    const body = inside[at] ?? (at.includes('?') ? { associations: [] } : undefined)
    return body === undefined ? null : { body }
  }

/** The work queue, made anew, with its queue of the dead. */
const makeQueue = async (more: Record<string, string>): Promise<void> => {
  const sqs = new SQSClient(moto.at)
  const make = (QueueName: string, Attributes: Record<string, string>) =>
    sqs.send(new CreateQueueCommand({ QueueName, Attributes: { FifoQueue: 'true', ...Attributes } }))
  const { QueueUrl: old } = await sqs
    .send(new GetQueueUrlCommand({ QueueName: 'signalbox-wakes.fifo' }))
    .catch(() => ({ QueueUrl: undefined }))
  if (old !== undefined) await sqs.send(new DeleteQueueCommand({ QueueUrl: old }))
  await make('signalbox-dead-wakes.fifo', {})
  const deadLetterTargetArn = 'arn:aws:sqs:eu-central-1:123456789012:signalbox-dead-wakes.fifo'
  await make('signalbox-wakes.fifo', {
    ...more,
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 }),
  })
}

const cluster = (status: string, authenticationMode?: string) => ({
  arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/ml-prod',
  name: 'ml-prod',
  version: '1.36',
  status,
  ...(authenticationMode === undefined ? {} : { accessConfig: { authenticationMode } }),
})

it('the topic of what AWS counts: not there, leading nowhere, leading to a door', async () => {
  const said = async () => (await look({ installation: 'told', notices: true }))['topic of budgets']
  expect(await said()).toMatch(/^ResourceNotFound.*deploy the money stack/)
  await new EventBridgeClient(moto.at).send(new CreateEventBusCommand({ Name: 'told' }))
  expect(await said()).toMatch(/^NotFound.*deploy the money stack/)
  const sns = new SNSClient(moto.at)
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'told-budgets' }))
  expect(await said()).toMatch(/^no function is subscribed to told-budgets.*deploy the money stack/)
  const Endpoint = 'arn:aws:lambda:eu-central-1:123456789012:function:told-budget-notice'
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'lambda', Endpoint }))
  expect(await said()).toBe('ok')
})

it.each([
  ['ACTIVE', 'API', 'ok'],
  ['ACTIVE', 'API_AND_CONFIG_MAP', 'ok'],
  ['ACTIVE', 'CONFIG_MAP', /^ml-prod authenticates by CONFIG_MAP alone: .*authenticationMode=API_AND_CONFIG_MAP/],
  ['ACTIVE', undefined, /^ml-prod authenticates by CONFIG_MAP alone/],
  ['UPDATING', 'API', /^ml-prod is UPDATING/],
])('a cluster that is %s with the authentication mode %s', async (status, mode, said) => {
  eks.answer = saying(cluster(status, mode))
  expect((await look())['cluster']).toEqual(said === 'ok' ? 'ok' : expect.stringMatching(said))
  expect(eks.asked).toContain('GET /clusters/ml-prod')
})

it('Slack’s token: refused, without a scope that every installation needs, without one that the policy asks for', async () => {
  const said = async (scopes: string[] = []) => (await look({ scopes }))['slack']
  slack.answer = () => ({ body: { ok: false, error: 'invalid_auth' } })
  expect(await said()).toMatch(/^Slack says invalid_auth: .*step 5/)
  slack.answer = installed('chat:write')
  expect(await said()).toMatch(/^the token lacks channels:history: .*step 5/)
  slack.answer = installed('chat:write, channels:history')
  expect(await said()).toBe('ok')
  const people = { id: 'T0SIGNAL/U0ANA', name: 'ana' }
  const group = { id: 'T0SIGNAL/S0GROUP', name: 'ml-leads' }
  const scopes = (approvers: (typeof people)[]) => scopesOf({ approvals: { approvers } } as never)
  expect(await said(scopes([people]))).toBe('ok')
  expect(await said(scopes([people, group]))).toMatch(/^the token lacks usergroups:read/)
  slack.answer = installed('chat:write,channels:history,usergroups:read')
  expect(await said(scopes([people, group]))).toBe('ok')
})

it('the webhook of a real MLflow: none, disabled, twice, and one that is right', async () => {
  const policy = ownPolicy('doctor')
  const webhook = 'http://127.0.0.1:9/webhooks/mlflow'
  const said = async () => {
    const [version, hook] = await outsideFindings({ mlflow: mlflow.url, webhook }, policy)
    expect(version).toMatchObject({ ok: true, detail: '3.17.2' })
    return `${hook?.ok} ${hook?.detail}`
  }
  const make = async (): Promise<string> => {
    const events = ['CREATED', 'DELETED'].map((action) => ({ entity: 'MODEL_VERSION_ALIAS', action }))
    const made = await mlflow.call('POST', 'webhooks', { name: 'signalbox', url: webhook, events })
    return (made as { webhook: { webhook_id: string } }).webhook.webhook_id
  }
  expect(await said()).toMatch(/^false no webhook goes to .*step 7/)
  const id = await make()
  expect(await said()).toMatch(/^true sends 2 kinds of events/)
  await mlflow.call('PATCH', `webhooks/${id}`, { status: 'DISABLED' })
  expect(await said()).toMatch(/^false the webhook is DISABLED/)
  await make()
  expect(await said()).toMatch(/^false 2 webhooks go to/)
})

it('the rights of each door on a real cluster, before and after bootstrap', async () => {
  const policy = ownPolicy(`doctor-${process.pid}`)
  const kubeconfig = inject('kubeconfig')
  const findings = async () =>
    (await outsideFindings({ kubeconfig }, policy)).filter(({ check }) => check.startsWith('rights of'))
  for (const { ok, detail } of await findings()) expect(`${ok} ${detail}`).toMatch(/^false it may not .*bootstrap/)
  const requests = await openRequests(loadKubeconfig({ file: kubeconfig }))
  await furnish(requests, policy)
  for (const { ok, detail } of await findings()) expect(`${ok} ${detail}`).toBe('true has each right that it declares')
  await clear(requests, policy)
  await requests.close()
})
