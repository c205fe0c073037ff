import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { asking, isNamed } from '../aws/errors.ts'

/** A table, and how one waits for it. */
export interface Access {
  client: DynamoDBClient
  table: string
  /** Between 0 and 1. */
  random(): number
  /** Waits before another try. Milliseconds. */
  pause(milliseconds: number): Promise<unknown>
}

/** Tries of what is met by others or is too much for the table now: about 4 s in all. */
export const TRIES = 12

/** Before another try: 25 ms at first, 400 ms at most, spread so that those who met do not meet again. */
export const pauseBefore = (attempt: number, random: () => number): number =>
  Math.min(25 * 2 ** (attempt - 1), 400) * (0.5 + random())

/** The table had no capacity for it: nothing was read or written. The SDK has tried again already, all too soon. */
export const isThrottle = (error: unknown): boolean =>
  isNamed(error, 'ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded')

/** A read, tried again while it is throttled. Throws as the ports say. */
export const reading = async <T>({ pause, random }: Access, what: string, read: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      if (!isThrottle(error) || attempt === TRIES) return asking(what, () => Promise.reject(error))
    }
    await pause(pauseBefore(attempt, random))
  }
}
