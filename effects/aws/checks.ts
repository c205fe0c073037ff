import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DescribeEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { GetBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3'
import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs'
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { defaultProvider } from '@aws-sdk/credential-provider-node'
import type { Objects } from '../../flows/ports.ts'
import { byBot } from '../chat/slack-chat.ts'
import { openS3Objects } from '../objects/s3-objects.ts'
import { type ManagedSecrets, openSecretsManager } from '../secrets/secrets-manager.ts'

/** One thing that was looked at; when it is not well, `detail` says what to do. */
export interface Finding {
  check: string
  ok: boolean
  detail: string
}

export interface AwsPlace {
  region: string
  installation: string
  datasetBuckets: readonly string[]
  /** Whether the policy names alerts that mean drift; left out: it does not. */
  alerts?: boolean
  /** Whether the policy names budgets or monitors of AWS; left out: it does not. */
  notices?: boolean
  /** Scopes that the policy asks of Slack's token beyond SCOPES. */
  scopes?: readonly string[]
  /** Where the time is asked and Slack is; those of AWS and Slack unless told. */
  timeUrl?: string
  slackUrl?: string
}

const SECRETS = ['mlflow-webhook', 'mlflow-token', 'slack-signing', 'slack-bot-token']
/** Of what tells of alerts, where anybody waits for some. */
const OF_ALERTS = 'alert-webhook'
/** Without these no card is posted, or found again. */
const SCOPES = ['chat:write', 'channels:history']
/** Slack refuses a request that was signed further away than this, AWS a little more. Seconds. */
const SKEW = 240

/** The installation's secrets, as the doors read them. */
export const secretsIn = ({
  region,
  installation: prefix,
}: Pick<AwsPlace, 'region' | 'installation'>): ManagedSecrets =>
  openSecretsManager({ client: new SecretsManagerClient({ region }), prefix, clock: { now: () => Date.now() } })

/** What lies in buckets, read by who asks. */
export const objectsIn = (region: string): Objects => openS3Objects(new S3Client({ region }))

/** Looks, and turns what goes wrong into a finding with its fix. */
export const finding = async (check: string, fix: string, look: () => Promise<string>): Promise<Finding> => {
  try {
    return { check, ok: true, detail: await look() }
  } catch (error) {
    const said =
      error instanceof Error ? `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}` : String(error)
    return { check, ok: false, detail: `${said.slice(0, 200)}: ${fix}` }
  }
}

/** Throws what is said, unless it holds. */
export const expectThat = (holds: boolean, said: string): void => {
  if (!holds) throw new Error(said)
}

/** What the deployed parts need, looked at with the credentials of who asks. Reads only. */
export const awsFindings = async (place: AwsPlace): Promise<Finding[]> => {
  const secrets = new SecretsManagerClient({ region: place.region })
  const read = async (name: string): Promise<string> =>
    (await secrets.send(new GetSecretValueCommand({ SecretId: `${place.installation}/${name}` }))).SecretString ?? ''
  const credentials = await finding('credentials', 'log in, e.g. `aws sso login`, or set AWS_PROFILE', async () => {
    const { accessKeyId } = await defaultProvider()()
    return `of key ${accessKeyId.slice(0, 4)}…`
  })
  // Without them all else would fail by the same, each with a cure that is none.
  if (!credentials.ok) return [credentials]
  const others = await Promise.all([
    ...stackFindings(place),
    ...(place.notices === true ? [topicFinding(place)] : []),
    ...place.datasetBuckets.map((bucket) => bucketFinding(place, bucket)),
    ...[...SECRETS, ...(place.alerts === true ? [OF_ALERTS] : [])].map((name) =>
      finding(`secret ${name}`, `put its value in: docs/deploy.md, step 6`, async () => {
        const describe = new DescribeSecretCommand({ SecretId: `${place.installation}/${name}` })
        const { VersionIdsToStages = {} } = await secrets.send(describe)
        // The stack makes each with a random value: a second version is somebody's.
        expectThat(Object.keys(VersionIdsToStages).length > 1, 'it still holds what the deployment made up')
        expectThat((await read(name)).trim() !== '', 'it is empty')
        return 'has a value of yours'
      }),
    ),
    finding('slack', 'install the app of docs/deploy.md, step 5, and put its bot token into the secret', () =>
      slackAnswer(place, () => read('slack-bot-token')),
    ),
    clockFinding(place),
  ])
  return [credentials, ...others]
}

const stackFindings = ({ region, installation }: AwsPlace): Promise<Finding>[] => [
  finding('table', 'deploy the state stack: `npm run deploy`', async () => {
    const describe = new DescribeTableCommand({ TableName: `${installation}-ledger` })
    const { Table } = await new DynamoDBClient({ region }).send(describe)
    const keys = (Table?.KeySchema ?? []).map(({ AttributeName }) => AttributeName).join()
    expectThat(Table?.TableStatus === 'ACTIVE' && keys === 'pk,sk', `it is ${Table?.TableStatus} with the key ${keys}`)
    return `${installation}-ledger is active`
  }),
  finding('queue', 'deploy the state stack: `npm run deploy`', () => queueAnswer(region, `${installation}-wakes.fifo`)),
  finding('bus', 'deploy the state stack: `npm run deploy`', async () => {
    await new EventBridgeClient({ region }).send(new DescribeEventBusCommand({ Name: installation }))
    return `${installation} is there`
  }),
  finding('policy in force', 'deploy the control stack: `npm run deploy`', async () => {
    const get = new GetParameterCommand({ Name: `/${installation}/policy` })
    return (await new SSMClient({ region }).send(get)).Parameter?.Value ?? ''
  }),
]

/** SQS takes one of the two without the other in silence, and then equal ids of two lanes are one. */
const queueAnswer = async (region: string, QueueName: string): Promise<string> => {
  const client = new SQSClient({ region })
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }))
  const { Attributes = {} } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))
  const { DeduplicationScope: scope, FifoThroughputLimit: limit, RedrivePolicy: dead } = Attributes
  expectThat(
    scope === 'messageGroup' && limit === 'perMessageGroupId',
    `ids are known by ${scope ?? 'queue'}, throughput is limited ${limit ?? 'perQueue'}`,
  )
  expectThat(dead !== undefined, 'it has no queue of the dead')
  return `${QueueName} keeps lanes apart`
}

/** What AWS counts is told by one topic, whose ARN is of the bus's account. A topic that leads nowhere, or whose key AWS's services may not use, is silent. */
const topicFinding = ({ region, installation }: AwsPlace): Promise<Finding> =>
  finding(
    'topic of budgets',
    'deploy the money stack: `money` in cdk.json, docs/deploy.md, “What AWS counts”',
    async () => {
      const { Arn = '' } = await new EventBridgeClient({ region }).send(
        new DescribeEventBusCommand({ Name: installation }),
      )
      const [arn, partition, , , account] = Arn.split(':')
      const TopicArn = [arn, partition, 'sns', region, account, `${installation}-budgets`].join(':')
      const client = new SNSClient({ region })
      const { Attributes = {} } = await client.send(new GetTopicAttributesCommand({ TopicArn }))
      const { Subscriptions = [] } = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn }))
      const { KmsMasterKeyId: key = '' } = Attributes
      const doors = Subscriptions.filter(
        ({ Protocol, SubscriptionArn = '' }) => Protocol === 'lambda' && SubscriptionArn.startsWith('arn:'),
      )
      expectThat(
        doors.length > 0,
        `no function is subscribed to ${installation}-budgets, so nobody hears what AWS counts`,
      )
      const needs = `; its key ${key} must let budgets.amazonaws.com and costalerts.amazonaws.com use it`
      return `${installation}-budgets leads to a door${key === '' ? '' : needs}`
    },
  )

const bucketFinding = ({ region }: AwsPlace, bucket: string): Promise<Finding> =>
  finding(`bucket ${bucket}`, 'turn on Amazon EventBridge in the bucket’s properties', async () => {
    const get = new GetBucketNotificationConfigurationCommand({ Bucket: bucket })
    const { EventBridgeConfiguration } = await new S3Client({ region }).send(get)
    expectThat(EventBridgeConfiguration !== undefined, 'it sends no events to EventBridge')
    return 'sends its events to EventBridge'
  })

const slackAnswer = async (place: AwsPlace, token: () => Promise<string>): Promise<string> => {
  const { slackUrl = 'https://slack.com/api/', scopes: more = [] } = place
  const answer = await fetch(`${slackUrl}auth.test`, {
    method: 'POST',
    redirect: 'error',
    headers: byBot((await token()).trim()),
    signal: AbortSignal.timeout(10_000),
  })
  const { ok, error, team } = (await answer.json()) as { ok: boolean; error?: string; team?: string }
  expectThat(ok, `Slack says ${error}`)
  const given = (answer.headers.get('x-oauth-scopes') ?? '').split(',').map((scope) => scope.trim())
  const missing = [...SCOPES, ...more].filter((scope) => !given.includes(scope))
  expectThat(missing.length === 0, `the token lacks ${missing.join(', ')}`)
  return `the app is installed in ${team}`
}

const clockFinding = (place: AwsPlace): Promise<Finding> =>
  finding('clock', 'let this machine set its clock by a time server', async () => {
    const timeUrl = place.timeUrl ?? `https://sts.${place.region}.amazonaws.com/`
    const answer = await fetch(timeUrl, { signal: AbortSignal.timeout(10_000) })
    const seconds = Math.round((Date.now() - Date.parse(answer.headers.get('date') ?? '')) / 1000)
    expectThat(Math.abs(seconds) <= SKEW, `it is ${seconds} s from ${new URL(timeUrl).host}'s`)
    return `within ${Math.abs(seconds) + 1} s`
  })
