import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Trouble } from '../../effects/workflow/lambda-stand-in.ts'

const named = (name: string, more: object = {}) => Object.assign(new Error(name), { name, ...more })

/** Throttles, transactions that meet, and answers that are lost after the commit happened; all of them seeded. */
export const troubledDynamo = (
  client: DynamoDBClient,
  random: () => number,
  counts: Record<string, number>,
): DynamoDBClient => {
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const isCommit = (context as { commandName?: string }).commandName === 'TransactWriteItemsCommand'
      const dice = random()
      if (dice < 0.05) {
        count('throttled')
        throw named('ThrottlingException', { $retryable: { throttling: true }, $metadata: { httpStatusCode: 400 } })
      }
      if (isCommit && dice < 0.12) {
        count('conflicted')
        throw named('TransactionCanceledException', { CancellationReasons: [{ Code: 'TransactionConflict' }] })
      }
      const answer = await next(args)
      if (isCommit && dice > 0.95) {
        count('lost')
        throw named('TimeoutError', { code: 'ETIMEDOUT' })
      }
      return answer
    },
    { step: 'finalizeRequest', name: 'trouble', priority: 'low' },
  )
  return client
}

/** Throttles and lost answers of Lambda, for starts, bells and checkpoints alike; seeded. */
export const lambdaTroubles =
  (random: () => number): (() => Trouble) =>
  () => {
    const dice = random()
    return dice < 0.06 ? 'throttled' : dice > 0.94 ? 'lost' : null
  }
