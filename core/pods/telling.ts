import type { CoreV1Event } from '@kubernetes/client-node'

/** When an event was last told, milliseconds; 0: it does not say. */
export const toldAt = ({ lastTimestamp, eventTime, series, metadata }: CoreV1Event): number =>
  Math.max(
    0,
    ...[lastTimestamp, series?.lastObservedTime, eventTime, metadata?.creationTimestamp]
      .map((time) => new Date(time ?? Number.NaN).getTime())
      .filter((at) => !Number.isNaN(at)),
  )

/** When an event was told first, milliseconds; 0: it does not say. */
export const firstToldAt = ({ firstTimestamp, eventTime, metadata }: CoreV1Event): number =>
  [firstTimestamp, eventTime, metadata?.creationTimestamp]
    .map((time) => new Date(time ?? Number.NaN).getTime())
    .find((at) => !Number.isNaN(at)) ?? 0

/** What was told last of the object with this uid by one of these reasons; null: nothing, as far as events are kept. */
export const lastTold = (
  events: readonly CoreV1Event[],
  uid: string | undefined,
  reasons: ReadonlySet<string>,
): CoreV1Event | null =>
  events
    .filter(({ involvedObject, reason = '' }) => uid !== undefined && involvedObject.uid === uid && reasons.has(reason))
    .toSorted((a, b) => toldAt(b) - toldAt(a))[0] ?? null

/** Whether Karpenter has told it, as it says itself. */
export const isOfKarpenter = ({ source, reportingComponent }: CoreV1Event): boolean =>
  source?.component === 'karpenter' || reportingComponent === 'karpenter'

const [SOON, LATER, LATE] = [60_000, 900_000, 3_600_000]

/**
 * When what waits without changing itself is looked at again: in a minute, by when it is told why, and then after as long again as it has
 * waited, between a quarter of an hour and an hour: ten thousand that wait must leave room for others to be woken. Those who keep it
 * waiting tell so elsewhere, of which nobody is woken.
 */
export const nextLook = (since: number, now: number): number =>
  now + (now - since < SOON ? SOON : Math.min(LATE, Math.max(LATER, now - since)))

/** The next full hour of its age. */
export const nextHourOf = (since: number, now: number): number => since + (Math.floor((now - since) / LATE) + 1) * LATE
