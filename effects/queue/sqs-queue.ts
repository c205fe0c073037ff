import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { sha256Hex } from '../../core/digest.ts'
import type { Queue } from '../../flows/ports.ts'
import { asking } from '../aws/errors.ts'

/** What SQS takes as a group or an id. */
const LEGAL = /^[\x21-\x7e]{1,128}$/
/** Characters of a deduplication id. */
const LONGEST_ID = 128

export interface SqsQueueOptions {
  client: Pick<SQSClient, 'send'>
  /** Of a FIFO queue with `DeduplicationScope: messageGroup` and `FifoThroughputLimit: perMessageGroupId`. */
  url: string
}

/** The work queue as an SQS FIFO queue: its groups are ours, and its five minutes of knowing an id. */
export const openSqsQueue = ({ client, url }: SqsQueueOptions): Queue => ({
  wake: async (group, id) => {
    checkLegal('group', group)
    checkLegal('id', id)
    const message = new SendMessageCommand({
      QueueUrl: url,
      MessageGroupId: group,
      MessageDeduplicationId: knownBy(group, id),
      // For whoever finds it in the queue of the dead, where SQS keeps the group alone.
      MessageBody: id,
    })
    await asking(`waking ${group}`, () => (client as SQSClient).send(message))
  },
})

const checkLegal = (what: 'group' | 'id', given: string): void => {
  if (LEGAL.test(given)) return
  const shown = JSON.stringify(given.slice(0, 200))
  throw new RangeError(`the ${what} of a wake has 1 to 128 ASCII letters, digits and punctuation, no spaces: ${shown}`)
}

/** It names the group too: where the scope is the whole queue, by a slip, equal ids of two groups are still two. */
const knownBy = (group: string, id: string): string => {
  const both = `${group}#${id}`
  return both.length <= LONGEST_ID ? both : sha256Hex(both)
}
