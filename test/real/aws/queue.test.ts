import { setImmediate } from 'node:timers/promises'
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import { afterEach, describe, expect, it } from 'vitest'
import { type SqsConsumerOptions, sqsConsumer } from '../../../effects/queue/sqs-consumer.ts'
import { openSqsQueue } from '../../../effects/queue/sqs-queue.ts'
import { queueContract } from '../../ports/queue.contract.ts'
import { openMapping, openSqs, type SqsOptions } from './sqs.ts'

const SECONDS = 1000

/** Our queue and consumer on the real client, with SQS and Lambda's mapping stood in for. */
const openTown = async (work: SqsConsumerOptions['work'], options: SqsOptions = {}) => {
  const sqs = await openSqs(options)
  const [sender, consumer] = [sqs.client(), sqs.client()]
  const queue = openSqsQueue({ client: sender, url: sqs.url })
  const problems: string[] = []
  let working = 0
  const timeUps = new Set<() => void>()
  const handler = sqsConsumer({
    client: consumer,
    url: sqs.url,
    queue,
    work: async (group, timeUp) => {
      working += 1
      try {
        return await work(group, timeUp)
      } finally {
        working -= 1
      }
    },
    onProblem: (what) => problems.push(what),
    pause: (_, signal) =>
      new Promise((resolve, reject) => {
        timeUps.add(() => resolve(null))
        signal.addEventListener('abort', reject)
      }),
  })
  const mapping = openMapping(sqs, handler)
  const until = async (isSo: () => boolean): Promise<void> => {
    do await setImmediate()
    while (!isSo())
  }
  return {
    queue,
    sqs,
    mapping,
    problems,
    timeIsUp: () => {
      for (const up of timeUps) up()
    },
    pass: async (ms: number): Promise<void> => {
      sqs.pass(ms)
      // Whatever is in hand is being worked on, and nothing else can be had.
      await until(() => !sqs.hasWork() && mapping.inHand() === working)
    },
    settle: () => until(() => !sqs.hasWork() && mapping.inHand() === 0),
    close: async (): Promise<void> => {
      await mapping.close()
      sender.destroy()
      consumer.destroy()
    },
  }
}

queueContract('SQS', openTown)

const towns: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const town of towns.splice(0)) await town.close()
})

describe('a wake on SQS', () => {
  const open = async (work: SqsConsumerOptions['work'], options?: SqsOptions) => {
    const town = await openTown(work, options)
    towns.push(town)
    return town
  }
  /** Work that fails as often as told; the groups that it was called for. */
  const failing = (times: number) => {
    const begun: string[] = []
    const work = async (group: string): Promise<void> => {
      begun.push(group)
      if (begun.length <= times) throw new Error('it dies')
    }
    return { begun, work }
  }

  it('comes back 75 s after its consumer died, not six limits of the function later, and its group waits so long', async () => {
    const { begun, work } = failing(1)
    const town = await open(work)
    await town.queue.wake('a', '1')
    await town.settle()
    await town.queue.wake('a', '2')
    await town.pass(74 * SECONDS)
    expect(begun).toEqual(['a'])
    await town.pass(1 * SECONDS)
    await town.settle()
    expect(begun).toEqual(['a', 'a', 'a'])
    expect(town.problems).toEqual([])
  })

  it('that kills whoever works on it goes to the queue of the dead after five times, and its group goes on', async () => {
    const { begun, work } = failing(5)
    const town = await open(work)
    await town.queue.wake('a', '1')
    await town.queue.wake('a', '2')
    for (let tries = 0; tries < 6; tries++) await town.pass(75 * SECONDS)
    await town.settle()
    expect([begun.length, town.sqs.dead]).toEqual([6, ['a']])
  })

  it('whose work has no more time wakes its group again, behind what waits already', async () => {
    const begun: string[] = []
    const town = await open(async (group, timeUp) => {
      begun.push(group)
      if (begun.length === 1) await new Promise((resolve) => timeUp.addEventListener('abort', resolve))
    })
    await town.queue.wake('a', '1')
    await town.pass(0)
    await town.queue.wake('a', '2')
    town.timeIsUp()
    await town.settle()
    expect(begun).toEqual(['a', 'a', 'a'])
  })
})

describe('the stand-in of SQS', () => {
  const open = async () => {
    const sqs = await openSqs()
    const client = sqs.client()
    towns.push({
      close: async () => {
        client.destroy()
        await sqs.close()
      },
    })
    const QueueUrl = sqs.url
    const send = (MessageGroupId: string, id: string, more: object = {}) =>
      client.send(
        new SendMessageCommand({ QueueUrl, MessageBody: id, MessageGroupId, MessageDeduplicationId: id, ...more }),
      )
    const receive = async (MaxNumberOfMessages = 1) =>
      (await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages }))).Messages ?? []
    const remove = (ReceiptHandle = '') => client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    const hide = (ReceiptHandle = '', VisibilityTimeout = 75) =>
      client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }))
    return { sqs, send, receive, remove, hide }
  }
  const bodies = (messages: { Body?: string | undefined }[]) => messages.map(({ Body }) => Body)

  it('locks a group while one of it is in flight, hands out the others, and goes on in order', async () => {
    const { sqs, send, receive, remove } = await open()
    for (const id of ['1', '2']) await send('a', id)
    await send('b', '3')
    const [first] = await receive()
    expect(bodies([...(first ? [first] : []), ...(await receive()), ...(await receive())])).toEqual(['1', '3'])
    sqs.pass(360 * SECONDS)
    const again = await receive()
    expect(bodies(again)).toEqual(['1'])
    await remove(again[0]?.ReceiptHandle)
    expect(bodies(await receive(10))).toEqual(['2', '3'])
  })

  it('refuses a delete, and another time to hide, that come too late', async () => {
    const { sqs, send, receive, remove, hide } = await open()
    await send('a', '1')
    const [first] = await receive()
    await hide(first?.ReceiptHandle, 75)
    sqs.pass(75 * SECONDS)
    await expect(remove(first?.ReceiptHandle)).rejects.toThrow('The receipt handle has expired')
    await expect(hide(first?.ReceiptHandle)).rejects.toThrow('The receipt handle has expired')
    const [again] = await receive()
    expect(again?.Attributes?.ApproximateReceiveCount).toBe('2')
    await expect(remove(first?.ReceiptHandle)).rejects.toThrow('The receipt handle has expired')
    // Hidden anew for the queue's own time: what was changed is forgotten.
    sqs.pass(359 * SECONDS)
    await remove(again?.ReceiptHandle)
    expect(await receive()).toEqual([])
  })

  it('takes a repeat with success, under the first one’s id, and drops it', async () => {
    const { send, receive } = await open()
    const [first, repeat, other] = [await send('a', '1'), await send('a', '1'), await send('b', '1')]
    expect(repeat.MessageId).toBe(first.MessageId)
    expect(other.MessageId).not.toBe(first.MessageId)
    expect(await receive(10)).toHaveLength(2)
  })

  it.each([['a'.repeat(129)], ['a b'], ['ä'], ['']])('refuses what has not SQS’s syntax: %j', async (no) => {
    const { send } = await open()
    await expect(send(no, '1')).rejects.toThrow('MessageGroupId')
    await expect(send('a', no)).rejects.toThrow('MessageDeduplicationId')
    await expect(send('a', '1', { DelaySeconds: 5 })).rejects.toThrow('DelaySeconds')
  })
})
