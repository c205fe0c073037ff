import { type BatchGetItemCommandInput, CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { openDynoxide } from './dynoxide.ts'

/** DynamoDB as far as it can be had without AWS: dynoxide, in memory. It never says `TransactionConflict` and never throttles. */
export interface DynamoDb {
  /** A client that sends to it, with so many tries of a call, the SDK's 3 unless told; its credentials are anything. */
  client(maxAttempts?: number): DynamoDBClient
  /** A new table with the ledger's key, of this name or of one of its own; answers its name. */
  table(name?: string): Promise<string>
  close(): Promise<void>
}

/** Needs Rust 1.88 or later. The first start builds it, once, into the cache. */
export const openDynamoDb = async (log: (line: string) => void = console.log): Promise<DynamoDb> => {
  const { endpoint, close } = await openDynoxide(log)
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const client = (maxAttempts = 3) => new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts })
  const own = client()
  let tables = 0
  return {
    client,
    table: async (TableName = `ledger-${++tables}`) => {
      await own.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
        }),
      )
      return TableName
    },
    close: async () => {
      own.destroy()
      await close()
    },
  }
}

const named = (name: string, more: object = {}) => Object.assign(new Error(name), { name, ...more })

/**
 * What AWS does and dynoxide never: throttles (of a try, and of all tries of the SDK), transactions that meet in 3 of 10 commits,
 * batches that leave keys out, pages that end early, and answers that are lost after the commit happened. Seeded; counted by kind.
 */
export const troubledDynamo = (
  client: DynamoDBClient,
  random: () => number,
  counts: Record<string, number>,
): DynamoDBClient => {
  const happens = (what: string, often: number): boolean => {
    const does = random() < often
    if (does) counts[what] = (counts[what] ?? 0) + 1
    return does
  }
  const { middlewareStack: stack } = client
  stack.add((next, { commandName }) => async (args) => {
    if (happens('exhausted', 0.03)) throw named('ProvisionedThroughputExceededException')
    if (commandName === 'QueryCommand' && happens('cut', 0.3))
      return next({ ...args, input: { ...args.input, Limit: 1 + Math.floor(random() * 3) } })
    if (commandName !== 'BatchGetItemCommand') return next(args)
    const asked = Object.entries((args.input as BatchGetItemCommandInput).RequestItems ?? {})[0]
    const [table, { Keys = [], ...how }] = asked ?? ['', { Keys: [] }]
    if (Keys.length < 2 || !happens('partial', 0.3)) return next(args)
    const read = 1 + Math.floor(random() * (Keys.length - 1))
    const answer = await next({
      ...args,
      input: { RequestItems: { [table]: { ...how, Keys: Keys.slice(0, read) } } } as never,
    })
    Object.assign(answer.output, { UnprocessedKeys: { [table]: { ...how, Keys: Keys.slice(read) } } })
    return answer
  })
  stack.add(
    (next, { commandName }) =>
      async (args) => {
        const isCommit = commandName === 'TransactWriteItemsCommand'
        if (happens('throttled', 0.01)) throw named('ThrottlingException', { $retryable: { throttling: true } })
        for (const [what, Code] of [
          ['conflicted', 'TransactionConflict'],
          ['starved', 'ThrottlingError'],
        ] as const)
          if (isCommit && happens(what, what === 'conflicted' ? 0.3 : 0.1))
            throw named('TransactionCanceledException', { CancellationReasons: [{ Code: 'None' }, { Code }] })
        const answer = await next(args)
        if (isCommit && happens('lost', 0.05)) throw named('TimeoutError')
        return answer
      },
    { step: 'finalizeRequest', priority: 'low' },
  )
  return client
}
