import type {
  BatchGetItemCommandInput,
  DynamoDBClient,
  QueryCommandInput,
  TransactWriteItem,
} from '@aws-sdk/client-dynamodb'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'

type Input = Partial<
  Omit<QueryCommandInput, 'RequestItems'> &
    BatchGetItemCommandInput & { TransactItems: TransactWriteItem[]; ClientRequestToken: string }
>

export const named = (name: string, more: object = {}) => Object.assign(new Error(name), { name, ...more })
export const cancelled = (...codes: string[]) =>
  named('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) })

/** A ledger on a client that gives these answers in turn, and empty ones ever after; what it was sent, and the pauses between. */
export const against = (...answers: (Error | object)[]) => {
  const sent: Input[] = []
  const names: string[] = []
  const pauses: number[] = []
  const client = {
    send: async (command: { input: Input; constructor: { name: string } }) => {
      // What is sent again must be the same bytes: a copy as it was then.
      sent.push(structuredClone(command.input))
      names.push(command.constructor.name)
      const answer = answers.shift() ?? {}
      if (answer instanceof Error) throw answer
      return answer
    },
  } as unknown as DynamoDBClient
  const ledger = openDynamoLedger({
    client,
    table: 't',
    clock: { now: () => 1_700_000_000_000 },
    random: () => 0.5,
    pause: async (ms) => pauses.push(ms),
  })
  return { ledger, sent, names, pauses }
}

/** An action in a line: what it does, where, and on which condition. */
export const lineOf = (item: TransactWriteItem): string => {
  const [does, action] = Object.entries(item)[0] as [
    string,
    NonNullable<TransactWriteItem['Update'] & TransactWriteItem['Put']>,
  ]
  const { pk, sk } = action.Key ?? action.Item ?? {}
  const values = Object.entries(action.ExpressionAttributeValues ?? {})
  const said = (text: string) => values.reduce((all, [name, { N, S }]) => all.replaceAll(name, N ?? S ?? ''), text)
  const condition = action.ConditionExpression === undefined ? '' : ` if ${said(action.ConditionExpression)}`
  return `${does} ${pk?.S} ${sk?.S}${condition}`
}
