import { HTTP_SECONDS, RECONCILE_SECONDS } from '../../functions/aws-binding/patience.ts'
import type { Trigger } from '../../functions/door.ts'

/** Seconds that one call of a door may last, and its MB. */
export interface Size {
  seconds: number
  memory: number
}

/** Left between the end of a slow tick and the next, so that they do not do the same work twice. Seconds. */
const MARGIN = 30
/** What Lambda allows at most. Seconds. */
const LONGEST = 900

/** Size of a door, by what wakes it. */
export const sizeOf = (trigger: Trigger): Size => {
  switch (trigger.kind) {
    case 'http':
      return { seconds: HTTP_SECONDS, memory: 512 }
    case 'bus':
    case 'topic':
      // It reads the policy and writes a letter.
      return { seconds: 30, memory: 512 }
    case 'schedule':
      return { seconds: secondsOfTick(trigger.every), memory: 512 }
    case 'queue':
      // A manifest names up to 100,000 objects, which are asked about one by one.
      return { seconds: RECONCILE_SECONDS, memory: 1024 }
  }
}

/** Minutes between two ticks: `5m` is 5. */
export const minutesOf = (every: string): number => Number.parseInt(every, 10)

/** Nearly all of the period: resync looks at thousands of models. A watch of every minute goes on until the next begins. */
const secondsOfTick = (every: string): number => Math.min(LONGEST, Math.max(60, minutesOf(every) * 60 - MARGIN))
