import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  BACK_AFTER,
  type SqsConsumerOptions,
  type SqsRecord,
  STOP_AFTER,
  sqsConsumer,
} from '../../../effects/queue/sqs-consumer.ts'
import { Unavailable } from '../../../flows/ports.ts'

const record = (group = 'pipeline/a', count = 1): SqsRecord => ({
  messageId: 'm-1',
  receiptHandle: 'handle',
  attributes: { MessageGroupId: group, ApproximateReceiveCount: String(count) },
})
/** Of a standard queue. */
const ungrouped: SqsRecord = { ...record(), attributes: { ApproximateReceiveCount: '1' } }

/** A consumer whose 40 s go by when the test says so; what it did, in order. */
const hired = ({ work, ...given }: Partial<SqsConsumerOptions> = {}, { refuses = false } = {}) => {
  const did: string[] = []
  const pauses = new Map<number, () => void>()
  const send = async ({ input }: { input: { ReceiptHandle: string; VisibilityTimeout: number } }) => {
    did.push(`hidden ${input.ReceiptHandle} ${input.VisibilityTimeout}`)
    if (refuses) throw Object.assign(new Error('no'), { name: 'MessageNotInflight' })
  }
  const handle = sqsConsumer({
    client: { send } as never,
    url: 'u',
    queue: { wake: async (group, id) => void did.push(`woke ${group} ${id}`) },
    work: async (group, timeUp) => {
      did.push(`works on ${group}`)
      await work?.(group, timeUp)
      did.push('ends')
    },
    onProblem: (what) => did.push(what),
    pause: (ms, signal) =>
      new Promise((resolve, reject) => {
        pauses.set(ms, () => resolve(null))
        signal.addEventListener('abort', reject)
      }),
    ...given,
  })
  const timeIsUp = async (): Promise<void> => {
    pauses.get(STOP_AFTER * 1000)?.()
    await setImmediate()
  }
  return { handle, did, timeIsUp }
}

describe('a wake', () => {
  it('is brought forward first, then worked on, and answered with nothing', async () => {
    const { handle, did } = hired()
    expect(await handle({ Records: [record()] })).toBeUndefined()
    expect(did).toEqual(['hidden handle 75', 'works on pipeline/a', 'ends'])
  })

  it('is worked on though it cannot be brought forward', async () => {
    const { handle, did } = hired({}, { refuses: true })
    await handle({ Records: [record()] })
    expect(did).toContain('ends')
    expect(did).toContain('a wake comes back late if this dies')
  })

  it('is waited for by the work alone: its group is not woken again when it ends in time', async () => {
    const { handle, did, timeIsUp } = hired()
    await handle({ Records: [record()] })
    await timeIsUp()
    expect(did.filter((what) => what.startsWith('woke'))).toEqual([])
  })

  it('fails when the work does, and comes back', async () => {
    const { handle } = hired({ work: () => Promise.reject(new TypeError('a bug')) })
    await expect(handle({ Records: [record()] })).rejects.toThrow('a bug')
  })
})

describe('work that takes too long', () => {
  it('is told so, wakes its group, and is waited for all the same', async () => {
    let told = false
    const released = Promise.withResolvers<void>()
    const { handle, did, timeIsUp } = hired({
      work: (_, timeUp) => {
        timeUp.addEventListener('abort', () => {
          told = true
        })
        return released.promise
      },
    })
    let over = false
    const handling = handle({ Records: [record('pipeline/a', 3)] }).then(() => {
      over = true
    })
    await timeIsUp()
    expect([told, over, did.at(-1)]).toEqual([true, false, 'woke pipeline/a again.m-1.3'])
    released.resolve()
    await handling
    expect(did.at(-1)).toBe('ends')
  })

  it('ends well though its group cannot be woken: the due row stands', async () => {
    const released = Promise.withResolvers<void>()
    const wake = () => Promise.reject(new Unavailable('no'))
    const { handle, did, timeIsUp } = hired({ queue: { wake }, work: () => released.promise })
    const handling = handle({ Records: [record()] })
    await timeIsUp()
    released.resolve()
    await handling
    expect(did).toContain('pipeline/a could not wake itself')
  })
})

it.each([[[]], [[record(), record()]], [[ungrouped]]])(
  'anything but one message of a group is a slip of the stack, and is not lost silently',
  async (Records) => {
    const { handle, did } = hired()
    await expect(handle({ Records })).rejects.toThrow('with batches of 1')
    expect(did).toEqual([])
  },
)

it('a function that may run for 60 s is told before, and its wake comes back after', () => {
  expect(STOP_AFTER).toBeLessThan(60)
  expect(BACK_AFTER).toBeGreaterThan(60)
})
