import { createHash } from 'node:crypto'
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEventBridge } from '../../../effects/bus/eventbridge-bus.ts'
import { openS3Objects } from '../../../effects/objects/s3-objects.ts'
import { openParameterPolicies } from '../../../effects/policies/parameter-policies.ts'
import { openSecretsManager } from '../../../effects/secrets/secrets-manager.ts'
import { pinOf } from '../../../flows/pins.ts'
import config from '../../example.ts'
import { busContract } from '../../ports/bus.contract.ts'
import { objectsContract } from '../../ports/objects.contract.ts'
import { type Moto, openMoto } from './moto.ts'

let moto: Moto
beforeAll(async () => {
  moto = await openMoto()
}, 900_000)
afterAll(() => moto.close())

const s3 = () => new S3Client({ ...moto.at, forcePathStyle: true })
const reset = () => fetch(`${moto.at.endpoint}/moto-api/reset`, { method: 'POST' })

objectsContract('S3', async () => {
  const client = s3()
  await client.send(new CreateBucketCommand({ Bucket: 'bucket-a', ...WHERE }))
  return {
    objects: openS3Objects(client),
    put: async (Bucket, Key, Body) => void (await client.send(new PutObjectCommand({ Bucket, Key, Body }))),
    close: async () => {
      client.destroy()
      await reset()
    },
  }
})
const WHERE = { CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' as const } }

it('S3 pins an object by its version, and a folder by all that it says of each: equal bytes written again are something else', async () => {
  const client = s3()
  const objects = openS3Objects(client)
  const put = (Bucket: string, Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: 'weights' }))
  for (const Bucket of ['pins-kept', 'pins-plain']) await client.send(new CreateBucketCommand({ Bucket, ...WHERE }))
  await client.send(
    new PutBucketVersioningCommand({ Bucket: 'pins-kept', VersioningConfiguration: { Status: 'Enabled' } }),
  )
  const { VersionId } = await put('pins-kept', 'r/one')
  expect(await pinOf(objects, 's3://pins-kept/r/one')).toBe(`version:${VersionId}`)
  for (const Bucket of ['pins-kept', 'pins-plain']) for (const key of ['a', 'b']) await put(Bucket, `r/adapter/${key}`)
  const [kept, plain] = ['s3://pins-kept/r/adapter', 's3://pins-plain/r/adapter']
  const before = [await pinOf(objects, kept), await pinOf(objects, plain)]
  expect([await pinOf(objects, kept), await pinOf(objects, plain)]).toEqual(before)
  await put('pins-kept', 'r/adapter/b')
  expect(await pinOf(objects, kept)).not.toBe(before[0])
  await put('pins-plain', 'r/adapter/c')
  expect(await pinOf(objects, plain)).not.toBe(before[1])
  expect(await pinOf(objects, 's3://pins-plain/r/none')).toBeNull()
  client.destroy()
})

it('S3 reads the version that was asked for, and many keys page by page', async () => {
  const client = s3()
  const objects = openS3Objects(client)
  const Bucket = 'versioned'
  await client.send(new CreateBucketCommand({ Bucket, ...WHERE }))
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  const first = await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'one', ChecksumAlgorithm: 'SHA256' }))
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'three' }))
  expect(await objects.head(Bucket, 'k', first.VersionId)).toMatchObject({
    size: 3,
    versionId: first.VersionId,
    sha256: createHash('sha256').update('one').digest('hex'),
  })
  expect(Buffer.from((await objects.read(Bucket, 'k', 10))?.bytes ?? []).toString()).toBe('three')
  for (let from = 0; from < 1100; from += 100)
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        client.send(new PutObjectCommand({ Bucket, Key: `p/${String(from + n).padStart(5, '0')}`, Body: 'x' })),
      ),
    )
  const first1000 = await objects.list(Bucket, 'p/')
  expect([first1000.length, first1000.at(-1)?.key]).toEqual([1000, 'p/00999'])
  expect((await objects.list(Bucket, 'p/', 'p/00999')).map(({ key }) => key).at(-1)).toBe('p/01099')
  client.destroy()
  await reset()
}, 60_000)

busContract('EventBridge', async (targets) => {
  const [events, queues] = [new EventBridgeClient(moto.at), new SQSClient(moto.at)]
  await events.send(new CreateEventBusCommand({ Name: 'signalbox' }))
  const polled = await Promise.all(
    targets.map(async ({ name, pattern, deliver }) => {
      const { QueueUrl } = await queues.send(
        new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: '0' } }),
      )
      const { Attributes } = await queues.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
      )
      const rule = { EventBusName: 'signalbox', Name: name }
      await events.send(new PutRuleCommand({ ...rule, EventPattern: JSON.stringify(pattern) }))
      const Targets = [{ Id: name, Arn: Attributes?.['QueueArn'] }]
      await events.send(new PutTargetsCommand({ EventBusName: 'signalbox', Rule: name, Targets }))
      return { QueueUrl, deliver }
    }),
  )
  /** A queue's consumer: a message goes once it was taken, else it comes again. */
  const pass = async (): Promise<void> => {
    for (const { QueueUrl, deliver } of polled)
      for (let n = 0; n < 10; n++) {
        const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
        for (const { Body = '', ReceiptHandle } of Messages)
          await deliver(JSON.parse(Body)).then(
            () => queues.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })),
            () => undefined,
          )
      }
  }
  return {
    bus: openEventBridge({ client: events, bus: 'signalbox' }),
    pass,
    close: async () => {
      events.destroy()
      queues.destroy()
      await reset()
    },
  }
})

it('a rotated secret and a new policy take force without a deploy', async () => {
  const clock = { at: 0, now: () => clock.at }
  const [secretsClient, ssm, objectsClient] = [new SecretsManagerClient(moto.at), new SSMClient(moto.at), s3()]
  const secrets = openSecretsManager({ client: secretsClient, prefix: 'signalbox', clock })
  await expect(secrets.get('slack-signing')).rejects.toThrow('ResourceNotFoundException')
  await secretsClient.send(new CreateSecretCommand({ Name: 'signalbox/slack-signing', SecretString: 'one' }))
  expect(await secrets.get('slack-signing')).toBe('one')
  await secretsClient.send(new PutSecretValueCommand({ SecretId: 'signalbox/slack-signing', SecretString: 'two' }))
  clock.at = 60_001
  expect(await secrets.get('slack-signing')).toBe('two')

  const put = async (Key: string, document: object): Promise<void> => {
    await objectsClient.send(new PutObjectCommand({ Bucket: 'assets', Key, Body: JSON.stringify(document) }))
    await ssm.send(
      new PutParameterCommand({
        Name: '/signalbox/policy',
        Type: 'String',
        Overwrite: true,
        Value: `s3://assets/${Key}`,
      }),
    )
  }
  await objectsClient.send(new CreateBucketCommand({ Bucket: 'assets', ...WHERE }))
  await put('one.json', config)
  const objects = openS3Objects(objectsClient)
  const policies = openParameterPolicies({ client: ssm, parameter: '/signalbox/policy', objects, clock })
  expect((await policies.load()).retries).toBe(2)
  await put('two.json', { ...config, retries: 4 })
  clock.at += 30_001
  expect((await policies.load()).retries).toBe(4)
  for (const client of [secretsClient, ssm, objectsClient]) client.destroy()
})
