import { AsyncLocalStorage } from 'node:async_hooks'
import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { openSlack } from '../../effects/chat/slack-chat.ts'
import { openDynamoLedger } from '../../effects/ledger/dynamo-ledger.ts'
import type { Metrics } from '../../flows/metrics-port.ts'
import type { Objects, Ports } from '../../flows/ports.ts'
import type { AwsResource } from '../../functions/rights.ts'

/** One thing that a door asked of AWS. */
export interface Asked {
  door: string
  action: string
  on: AwsResource
  /** Partition keys, of the table alone. */
  keys: string[]
}

/** What Amazon's own service asks of a role. */
const MEASURING: Record<keyof Metrics, string> = { query: 'aps:QueryMetrics', rules: 'aps:ListRules' }
const PARTS = { Put: 'PutItem', Update: 'UpdateItem', Delete: 'DeleteItem', ConditionCheck: 'ConditionCheckItem' }

/** What IAM is asked for a request to DynamoDB: of a transaction, each of its parts. */
export const itemsOf = ({
  constructor: { name },
  input,
}: {
  constructor: { name: string }
  input: object
}): { action: string; keys: string[] }[] => {
  const { TransactItems, RequestItems, ExpressionAttributeValues } = input as {
    TransactItems?: TransactWriteItem[]
    RequestItems?: Record<string, { Keys: { pk: { S: string } }[] }>
    ExpressionAttributeValues?: { ':pk': { S: string } }
  }
  if (RequestItems !== undefined)
    return [
      {
        action: 'BatchGetItem',
        keys: Object.values(RequestItems).flatMap(({ Keys }) => Keys.map(({ pk }) => pk.S)),
      },
    ]
  if (TransactItems === undefined)
    return [{ action: name.replace('Command', ''), keys: [ExpressionAttributeValues?.[':pk'].S ?? 'none'] }]
  return TransactItems.map((item) => {
    const [part, { Key, Item }] = Object.entries(item)[0] as unknown as [
      keyof typeof PARTS,
      { Key?: { pk: { S: string } }; Item?: { pk: { S: string } } },
    ]
    return { action: PARTS[part], keys: [(Key ?? Item)?.pk.S ?? 'none'] }
  })
}

/**
 * Ports that note what the effects of AWS would ask for each call, under the door that `as` names; calls of nobody are not noted.
 * Each call of the ledger is made on DynamoDB's effect too, whose client notes it and answers nothing.
 */
export const noting = ({ slackUrl }: { slackUrl: string }) => {
  const who = new AsyncLocalStorage<string>()
  const asked: Asked[] = []
  const note = (action: string, on: AwsResource, keys: string[] = []): void => {
    const door = who.getStore()
    if (door !== undefined) asked.push({ door, action, on, keys })
  }
  const client = {
    send: async (command: Parameters<typeof itemsOf>[0]) => {
      for (const { action, keys } of itemsOf(command)) note(`dynamodb:${action}`, 'table', keys)
      return {}
    },
  } as unknown as DynamoDBClient
  const wrap = (ports: Ports): Ports => {
    const shadow = openDynamoLedger({ client, table: 't', clock: ports.clock, random: () => 0 })
    const ledger = before(ports.ledger, async (name, values) => {
      await (shadow[name] as (...values: unknown[]) => Promise<unknown>)(...values)
    })
    const secret = async (name: 'slack-bot-token' | 'mlflow-token' | 'prometheus-token'): Promise<string> => {
      note('secretsmanager:GetSecretValue', `secret:${name}`)
      return 'xoxb-test'
    }
    return {
      ...ports,
      ledger,
      objects: notedObjects(ports.objects, note),
      queue: before(ports.queue, async () => note('sqs:SendMessage', 'queue')),
      bus: before(ports.bus, async () => note('events:PutEvents', 'bus')),
      registry: before(ports.registry, async () => void (await secret('mlflow-token'))),
      metrics: before(ports.metrics, async (name) => {
        await secret('prometheus-token')
        note(MEASURING[name as keyof Metrics], 'prometheus-workspace')
      }),
      chat: openSlack({ token: () => secret('slack-bot-token'), ledger, clock: ports.clock, url: slackUrl }),
      secrets: before(ports.secrets, async (_, [name]) =>
        note('secretsmanager:GetSecretValue', `secret:${name as 'slack-signing' | 'mlflow-webhook'}`),
      ),
      policies: before(ports.policies, async () => {
        note('ssm:GetParameter', 'policy-parameter')
        note('s3:GetObject', 'policy-documents')
      }),
    }
  }
  return { wrap, asked, note, as: <T>(door: string, work: () => T): T => who.run(door, work) }
}

/** Calls `hear` before each call of a port. */
const before = <P extends object>(port: P, hear: (name: keyof P & string, values: unknown[]) => Promise<void>): P =>
  new Proxy(port, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      return async (...values: unknown[]) => {
        await hear(name as keyof P & string, values)
        return member.apply(target, values) as unknown
      }
    },
  })

/** Listing is asked also of who reads what is not there: without it S3 says 403. */
const notedObjects = (objects: Objects, note: (action: string, on: AwsResource) => void): Objects =>
  new Proxy(objects, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      return async (...values: unknown[]) => {
        const of = values[0] === 'acme-results' ? 'results' : 'dataset'
        const list = () => note('s3:ListBucket', of === 'results' ? 'results-bucket' : 'dataset-buckets')
        if (name === 'list') list()
        else {
          const version = name === 'head' ? values[2] : values[3]
          note(version == null ? 's3:GetObject' : 's3:GetObjectVersion', `${of}-objects` as AwsResource)
        }
        const answer = (await member.apply(target, values)) as unknown
        if (answer === null) list()
        return answer
      }
    },
  })
