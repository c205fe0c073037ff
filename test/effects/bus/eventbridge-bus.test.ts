import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { expect, it } from 'vitest'
import { openEventBridge } from '../../../effects/bus/eventbridge-bus.ts'
import { Unavailable } from '../../../flows/ports.ts'

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
  expect(sent).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [3], [3], [10, 11], [11]])
})

it('is unavailable when an entry is never taken, and says what can never be', async () => {
  const stuck = against({ 0: { times: 99, code: 'ThrottlingException' } })
  await expect(stuck.bus.publish(events(1))).rejects.toThrow(
    new Unavailable('b did not take 1 events: ThrottlingException'),
  )
  const malformed = against({ 0: { times: 99, code: 'MalformedDetail' } })
  await expect(malformed.bus.publish(events(1))).rejects.toThrow(RangeError)
  expect(malformed.sent).toHaveLength(1)
})
