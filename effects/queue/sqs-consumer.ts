import { setTimeout as sleep } from 'node:timers/promises'
import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { Queue } from '../../flows/ports.ts'
import { asking } from '../aws/errors.ts'

/** After so long the work is asked to end, and its group is woken again. Below the function's limit. Seconds. */
export const STOP_AFTER = 40
/** A wake whose consumer died comes back after so long. Above the function's limit, or two would work on a group. Seconds. */
export const BACK_AFTER = 75

/** What Lambda hands over of a message, as far as we look. */
export interface SqsRecord {
  messageId: string
  receiptHandle: string
  attributes: { MessageGroupId?: string; ApproximateReceiveCount: string }
}

export interface SqsConsumerOptions {
  client: Pick<SQSClient, 'send'>
  /** Of the queue that `queue` sends to. */
  url: string
  queue: Queue
  /** Works on a group until it rests. When `timeUp` aborts it ends as soon as it can; what it was at goes on in the next. */
  work: (group: string, timeUp: AbortSignal) => Promise<unknown>
  /** Told of what is only a pity: the wake comes back later, or the due row has to wake the group. */
  onProblem?: (what: string, error: unknown) => void
  /** Resolves after so many milliseconds, rejects when the signal aborts. */
  pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

/**
 * What Lambda calls with a wake, one at a time (batch size 1). First the wake's return is brought forward: SQS hides it for six
 * limits of the function, which throttling needs and a group whose consumer died does not. Answers nothing: a batch of one has no
 * parts. It ends only when the work has: what a frozen function still waits for would go on at any later time.
 */
export const sqsConsumer =
  (options: SqsConsumerOptions) =>
  async ({ Records }: { Records: SqsRecord[] }): Promise<void> => {
    const [record] = Records
    const group = record?.attributes.MessageGroupId
    if (record === undefined || group === undefined || Records.length > 1)
      throw new Error(`the mapping must be of a FIFO queue, with batches of 1: it gave ${Records.length} messages`)
    const [timeUp, done] = [new AbortController(), new AbortController()]
    const beside = [bringForward(options, record), stopInTime(options, record, { group, timeUp, done: done.signal })]
    try {
      await options.work(group, timeUp.signal)
    } finally {
      done.abort()
      await Promise.all(beside)
    }
  }

const bringForward = async (
  { client, url, onProblem }: SqsConsumerOptions,
  { receiptHandle }: SqsRecord,
): Promise<void> => {
  const change = new ChangeMessageVisibilityCommand({
    QueueUrl: url,
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: BACK_AFTER,
  })
  const changed = asking('bringing a wake forward', () => (client as SQSClient).send(change))
  await changed.catch((error: unknown) => onProblem?.('a wake comes back late if this dies', error))
}

/** The group's own wake waits behind the one at hand, and is new for each delivery of it. */
const stopInTime = async (
  { queue, onProblem, pause = (ms, signal) => sleep(ms, undefined, { signal }) }: SqsConsumerOptions,
  { messageId, attributes }: SqsRecord,
  { group, timeUp, done }: { group: string; timeUp: AbortController; done: AbortSignal },
): Promise<void> => {
  const isTime = await pause(STOP_AFTER * 1000, done).then(
    () => true,
    () => false,
  )
  if (!isTime) return
  timeUp.abort()
  const woken = queue.wake(group, `again.${messageId}.${attributes.ApproximateReceiveCount}`)
  await woken.catch((error: unknown) => onProblem?.(`${group} could not wake itself`, error))
}
