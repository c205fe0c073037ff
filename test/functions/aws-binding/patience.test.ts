import { expect, it } from 'vitest'
import { BACK_AFTER, STOP_AFTER } from '../../../effects/queue/sqs-consumer.ts'
import {
  EARLY,
  FAR,
  HANDOVER,
  HINT,
  HTTP_SECONDS,
  PATIENT,
  PROMPT,
  RECONCILE_SECONDS,
} from '../../../functions/aws-binding/patience.ts'

const SECOND = 1000
/** The longest pause between two tries of a far side: what it may ask for (effects/http/retrying.ts). */
const LONGEST_PAUSE = 8 * SECOND
const left = (RECONCILE_SECONDS - STOP_AFTER) * SECOND

it('an act that begins as time is up ends before Lambda ends the function, whatever its far side does', () => {
  expect(FAR.tries * FAR.deadline + (FAR.tries - 1) * LONGEST_PAUSE).toBeLessThan(left)
  expect(PATIENT.maxAttempts * PATIENT.requestHandler.requestTimeout).toBeLessThan(left)
})

it('a wake comes back only when nobody can still work on it, and a step is taken over only after that', () => {
  expect(BACK_AFTER).toBeGreaterThan(RECONCILE_SECONDS)
  expect(HANDOVER).toBeGreaterThan(BACK_AFTER * SECOND)
})

it('the chain never ends reconcile: its group would wait for the wake’s return', () => {
  expect(EARLY.queue).toBe(0)
})

it('people hear an answer in time though what they wait for is away, and a wake alone never keeps it back', () => {
  const answered = HTTP_SECONDS * SECOND - EARLY.http
  const { maxAttempts, requestHandler } = PROMPT
  // A transaction of DynamoDB may take a second.
  expect(requestHandler.requestTimeout).toBeGreaterThanOrEqual(SECOND)
  expect(maxAttempts * requestHandler.requestTimeout + 100).toBeLessThan(answered)
  expect(HINT.maxAttempts * HINT.requestHandler.requestTimeout).toBeLessThan(SECOND)
})
