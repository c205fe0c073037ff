import { setTimeout as sleep } from 'node:timers/promises'
import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge'
import { type Bus, type BusEvent, Unavailable } from '../../flows/ports.ts'
import { asking } from '../aws/errors.ts'

/** Entries of one request: EventBridge's limit. */
const ENTRIES = 10
/** Tries of what was not taken. */
const TRIES = 5

/** Another try cannot cure these. */
const FINAL: ReadonlySet<string> = new Set(['MalformedDetail', 'InvalidArgument', 'NotAuthorizedForSourceException'])

/**
 * A bus of EventBridge. An answer of 200 may still refuse entries: those alone are sent again. Throws `Unavailable` when
 * some are still not taken, and a `RangeError` with EventBridge's word when one never can be.
 */
export const openEventBridge = ({
  client,
  bus,
  pause = sleep,
}: {
  client: Pick<EventBridgeClient, 'send'>
  /** Name or ARN. */
  bus: string
  pause?: (milliseconds: number) => Promise<unknown>
}): Bus => {
  const send = async (entries: PutEventsRequestEntry[]): Promise<{ entry: PutEventsRequestEntry; code: string }[]> => {
    const put = new PutEventsCommand({ Entries: entries })
    const { Entries: answers = [] } = await asking(`publishing to ${bus}`, () =>
      (client as EventBridgeClient).send(put),
    )
    return entries.flatMap((entry, index) => {
      const code = answers[index]?.ErrorCode
      return code === undefined ? [] : [{ entry, code }]
    })
  }
  const publishAll = async (entries: PutEventsRequestEntry[]): Promise<void> => {
    let left = entries
    for (let attempt = 0; ; attempt++) {
      const refused = await send(left)
      if (refused.length === 0) return
      const final = refused.find(({ code }) => FINAL.has(code))
      if (final !== undefined)
        throw new RangeError(
          `EventBridge refuses ${final.entry.DetailType}: ${final.code}: see the role and the detail`,
        )
      if (attempt === TRIES - 1)
        throw new Unavailable(`${bus} did not take ${refused.length} events: ${refused[0]?.code}`)
      left = refused.map(({ entry }) => entry)
      await pause(100 * 2 ** attempt)
    }
  }
  return {
    publish: async (events) => {
      const entries = events.map((event) => entryOf(event, bus))
      for (let from = 0; from < entries.length; from += ENTRIES) await publishAll(entries.slice(from, from + ENTRIES))
    },
  }
}

const entryOf = ({ source, detailType, detail, resources }: BusEvent, bus: string): PutEventsRequestEntry => ({
  EventBusName: bus,
  Source: source,
  DetailType: detailType,
  Detail: JSON.stringify(detail),
  ...(resources === undefined ? {} : { Resources: resources }),
})
