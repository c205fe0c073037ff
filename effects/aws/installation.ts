import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs'
import { SSMClient } from '@aws-sdk/client-ssm'
import type { Clock, Ports, Queue } from '../../flows/ports.ts'
import { openDynamoLedger } from '../ledger/dynamo-ledger.ts'
import { openS3Objects } from '../objects/s3-objects.ts'
import { openParameterPolicies } from '../policies/parameter-policies.ts'
import { openSqsQueue } from '../queue/sqs-queue.ts'
import { asking } from './errors.ts'

/** What a person needs to read a deployed installation and to ask something of its lanes. */
export interface Installation extends Pick<Ports, 'ledger' | 'policies' | 'queue' | 'clock'> {
  /** Where its ledger lies, as its doors say it. */
  home(): Promise<string>
  /** Gives the connections back: an open one keeps the process alive. */
  close(): void
}

/** A person waits, over any network: a dead connection is given up after seconds, not minutes. */
const PATIENCE = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const

/** The ports of the installation of this name in this region, with the credentials of who asks. Opening asks nothing. */
export const openInstallation = (
  { region, installation }: { region: string; installation: string },
  clock: Clock,
): Installation => {
  const options = { region, ...PATIENCE }
  const [dynamo, sqs] = [new DynamoDBClient(options), new SQSClient(options)]
  const [s3, ssm] = [new S3Client(options), new SSMClient(options)]
  const table = `${installation}-ledger`
  return {
    clock,
    ledger: openDynamoLedger({ client: dynamo, table, clock }),
    home: () =>
      asking(`looking for the table ${table}`, async () => {
        const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: table }))
        return Table?.TableArn ?? ''
      }),
    queue: queueNamed(sqs, `${installation}-wakes.fifo`),
    policies: openParameterPolicies({
      client: ssm,
      parameter: `/${installation}/policy`,
      objects: openS3Objects(s3),
      clock,
    }),
    close: () => {
      for (const client of [dynamo, sqs, s3, ssm]) client.destroy()
    },
  }
}

/** A queue whose address is asked for with the first wake: it has the account in it, which nobody here knows. */
const queueNamed = (client: SQSClient, name: string): Queue => {
  let asked: Promise<string> | null = null
  const address = (): Promise<string> =>
    asking(`looking for the queue ${name}`, async () => {
      const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName: name }))
      return QueueUrl
    })
  return {
    wake: async (group, id) => {
      asked ??= address()
      await openSqsQueue({ client, url: await asked }).wake(group, id)
    },
  }
}
