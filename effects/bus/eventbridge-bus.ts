import { setTimeout as sleep } from 'node:timers/promises'
import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge'
import { type Bus, type BusEvent, NotAllowed, Refused, Unavailable } from '../../flows/ports.ts'
import { asking } from '../aws/errors.ts'

/** Entries of one request: EventBridge's limit. */
const ENTRIES = 10
/** Tries of what was not taken. */
const TRIES = 5
/** Requests at once: a delivery of thousands of alerts is through before its producer gives up waiting. */
const AT_ONCE = 8

/** Another try cannot cure these. */
const FINAL: ReadonlySet<string> = new Set(['MalformedDetail', 'InvalidArgument'])
/** An entry's words for a right that is missing. */
const NOT_NOW = /^(AccessDenied|NotAuthorizedFor)/

interface NotTaken {
  entry: PutEventsRequestEntry
  code: string
  message: string
}

/**
 * A bus of EventBridge. An answer of 200 may still refuse entries: those alone are sent again. Throws as the port says, after
 * everything else was sent: one entry that never can be taken holds up no other.
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
  const send = async (entries: PutEventsRequestEntry[]): Promise<NotTaken[]> => {
    const put = new PutEventsCommand({ Entries: entries })
    const { Entries: answers = [] } = await asking(`publishing to ${bus}`, () =>
      (client as EventBridgeClient).send(put),
    )
    return entries.flatMap((entry, index) => {
      const { ErrorCode: code, ErrorMessage: message = '' } = answers[index] ?? {}
      return code === undefined ? [] : [{ entry, code, message }]
    })
  }
  /** Those that never can be taken; throws while others are not. */
  const publishAll = async (entries: PutEventsRequestEntry[]): Promise<NotTaken[]> => {
    const final: NotTaken[] = []
    let left = entries
    for (let attempt = 0; left.length > 0; attempt++) {
      const notTaken = await send(left)
      final.push(...notTaken.filter(({ code }) => FINAL.has(code)))
      const again = notTaken.filter(({ code }) => !FINAL.has(code))
      const [first] = again
      if (first === undefined) break
      if (NOT_NOW.test(first.code)) throw new NotAllowed(`${bus} does not take ${said(first)}: see the role`)
      if (attempt === TRIES - 1) throw new Unavailable(`${bus} did not take ${again.length} events: ${said(first)}`)
      left = again.map(({ entry }) => entry)
      await pause(100 * 2 ** attempt)
    }
    return final
  }
  return {
    publish: async (events) => {
      const entries = events.map((event) => entryOf(event, bus))
      const count = Math.ceil(entries.length / ENTRIES)
      const batches = Array.from({ length: count }, (_, n) => entries.slice(n * ENTRIES, (n + 1) * ENTRIES)).values()
      const final: NotTaken[] = []
      const failed: unknown[] = []
      const some = async (): Promise<void> => {
        for (const batch of batches) {
          if (failed.length > 0) return
          await publishAll(batch).then(
            (refused) => final.push(...refused),
            (error: unknown) => failed.push(error),
          )
        }
      }
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, some))
      if (failed.length > 0) throw failed[0]
      if (final[0] !== undefined) throw new Refused(`EventBridge refuses ${said(final[0])}`)
    },
  }
}

/** `Plan Finished: MalformedDetail: Detail is malformed.` */
const said = ({ entry, code, message }: NotTaken): string =>
  [entry.DetailType, code, message].filter((part) => part !== '').join(': ')

const entryOf = ({ source, detailType, detail, resources }: BusEvent, bus: string): PutEventsRequestEntry => ({
  EventBusName: bus,
  Source: source,
  DetailType: detailType,
  Detail: JSON.stringify(detail),
  ...(resources === undefined ? {} : { Resources: resources }),
})
