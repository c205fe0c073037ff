import { expect, it } from 'vitest'
import { openSqsQueue } from '../../../effects/queue/sqs-queue.ts'
import { NotAllowed, Unavailable } from '../../../flows/ports.ts'

const URL = 'https://sqs.eu-central-1.amazonaws.com/111122223333/wakes.fifo'

const against = (error?: Error) => {
  const sent: Record<string, string>[] = []
  const send = async ({ input }: { input: Record<string, string> }) => {
    sent.push(input)
    if (error !== undefined) throw error
    return {}
  }
  return { queue: openSqsQueue({ client: { send } as never, url: URL }), sent }
}
const named = (name: string, httpStatusCode = 400) =>
  Object.assign(new Error('no'), { name, $metadata: { httpStatusCode } })

it('a wake is a message of its group, known by group and id', async () => {
  const { queue, sent } = against()
  await queue.wake('pipeline/support-chats', '00001764331200000.ab12')
  expect(sent).toEqual([
    {
      QueueUrl: URL,
      MessageGroupId: 'pipeline/support-chats',
      MessageDeduplicationId: 'pipeline/support-chats#00001764331200000.ab12',
      MessageBody: '00001764331200000.ab12',
    },
  ])
})

it('an id that is too long with its group is known by a digest, another one for another group or id', async () => {
  const { queue, sent } = against()
  const [long, other] = ['a'.repeat(128), `${'a'.repeat(127)}b`]
  for (const [group, id] of [
    [long, long],
    [other, long],
    [long, other],
    [long, long],
  ] as const)
    await queue.wake(group, id)
  const ids = sent.map(({ MessageDeduplicationId = '' }) => MessageDeduplicationId)
  expect(ids.every((id) => /^[0-9a-f]{64}$/.test(id))).toBe(true)
  expect([new Set(ids).size, ids[3]]).toEqual([3, ids[0]])
})

it('an id is kept as it is while it fits', async () => {
  const { queue, sent } = against()
  await queue.wake('g', 'x'.repeat(126))
  await queue.wake('g', 'x'.repeat(127))
  expect(sent.map(({ MessageDeduplicationId = '' }) => MessageDeduplicationId.length)).toEqual([128, 64])
})

it.each(['', 'a b', 'ä', 'a\n', 'x'.repeat(129)])(
  'what SQS does not take is refused before it is sent: %j',
  async (no) => {
    const { queue, sent } = against()
    await expect(queue.wake(no, 'id')).rejects.toThrow(RangeError)
    await expect(queue.wake('group', no)).rejects.toThrow(RangeError)
    expect(sent).toEqual([])
  },
)

it('what SQS does not answer is unavailable, and a right that is missing is not allowed', async () => {
  await expect(against(named('TimeoutError')).queue.wake('g', '1')).rejects.toThrow(Unavailable)
  await expect(against(named('QueueDoesNotExist')).queue.wake('g', '1')).rejects.toThrow(Unavailable)
  await expect(against(named('AccessDenied', 403)).queue.wake('g', '1')).rejects.toThrow(NotAllowed)
})
