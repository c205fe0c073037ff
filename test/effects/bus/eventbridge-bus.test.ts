import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { expect, it } from 'vitest'
import { openEventBridge } from '../../../effects/bus/eventbridge-bus.ts'
import { NotAllowed, Refused, Unavailable } from '../../../flows/ports.ts'

/** Refuses each entry as often as `refusals` says of its number. */
const against = (refusals: Record<number, { times: number; code: string }>) => {
  const sent: number[][] = []
  const client = {
    send: async ({ input }: PutEventsCommand) => {
      const numbers = (input.Entries ?? []).map(({ Detail = '' }) => (JSON.parse(Detail) as { n: number }).n)
      sent.push(numbers)
      return {
        Entries: numbers.map((n) => {
          const refusal = refusals[n]
          if (refusal === undefined || refusal.times-- <= 0) return { EventId: String(n) }
          return { ErrorCode: refusal.code, ErrorMessage: 'no' }
        }),
      }
    },
  } as unknown as EventBridgeClient
  return { bus: openEventBridge({ client, bus: 'b', pause: async () => undefined }), sent }
}
const events = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ source: 'signalbox', detailType: 'Plan Finished', detail: { n } }))

it('sends ten at a time, and only those again that were not taken', async () => {
  const { bus, sent } = against({
    3: { times: 2, code: 'ThrottlingException' },
    11: { times: 1, code: 'InternalFailure' },
  })
  await bus.publish(events(12))
  expect(sent).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [10, 11], [3], [11], [3]])
})

it('sends eight requests at once, and no more of thousands once the bus takes nothing', async () => {
  let [now, most, all] = [0, 0, 0]
  const client = {
    send: async ({ input }: PutEventsCommand) => {
      all += 1
      most = Math.max(most, ++now)
      await new Promise((resolve) => setImmediate(resolve))
      now -= 1
      if (all > 100) throw Object.assign(new Error('503'), { $metadata: { httpStatusCode: 503 }, $retryable: {} })
      return { Entries: input.Entries?.map(() => ({ EventId: 'e' })) }
    },
  } as unknown as EventBridgeClient
  const failed = openEventBridge({ client, bus: 'b', pause: async () => undefined }).publish(events(5000))
  await expect(failed).rejects.toThrow(Unavailable)
  expect([most, all <= 108]).toEqual([8, true])
})

it('is unavailable when an entry is never taken, and says which and why', async () => {
  const stuck = against({ 0: { times: 99, code: 'ThrottlingException' } })
  await expect(stuck.bus.publish(events(1))).rejects.toThrow(
    new Unavailable('b did not take 1 events: Plan Finished: ThrottlingException: no'),
  )
})

it.each(['MalformedDetail', 'InvalidArgument'])(
  '%s is refused for good, in its words, and holds up no other',
  async (code) => {
    const { bus, sent } = against({ 0: { times: 99, code }, 1: { times: 1, code: 'ThrottlingException' } })
    await expect(bus.publish(events(11))).rejects.toThrow(new Refused(`EventBridge refuses Plan Finished: ${code}: no`))
    expect(sent).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [10], [1]])
  },
)

it.each(['NotAuthorizedForSourceException', 'NotAuthorizedForDetailTypeException', 'AccessDeniedException'])(
  '%s of an entry is not allowed now',
  async (code) => {
    const { bus, sent } = against({ 0: { times: 99, code } })
    const failed = bus.publish(events(1))
    await expect(failed).rejects.toBeInstanceOf(NotAllowed)
    await expect(failed).rejects.toThrow(`b does not take Plan Finished: ${code}: no: see the role`)
    expect(sent).toHaveLength(1)
  },
)

it('a role that may not put events is not allowed now, in AWS’s words', async () => {
  const message = 'User: arn:aws:sts::1:role/x is not authorized to perform: events:PutEvents'
  const send = () => Promise.reject(Object.assign(new Error(message), { name: 'AccessDeniedException' }))
  const bus = openEventBridge({ client: { send } as unknown as EventBridgeClient, bus: 'b' })
  await expect(bus.publish(events(1))).rejects.toThrow(
    new NotAllowed(`publishing to b: AccessDeniedException: ${message}`),
  )
})
