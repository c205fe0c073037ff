import { Duration } from 'aws-cdk-lib'
import type { EventInvokeConfigOptions } from 'aws-cdk-lib/aws-lambda'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import type { Trigger } from '../../functions/door.ts'

/** How often Lambda tries again what it took, and how old it may become; both always said, so that no default decides. */
const TRIES: Record<Trigger['kind'], { retryAttempts: number; maxEventAge: Duration }> = {
  // Called and answered at once: this only keeps what somebody sends by hand without waiting.
  http: { retryAttempts: 0, maxEventAge: Duration.minutes(1) },
  // An event says where to look, so an old one does no harm.
  bus: { retryAttempts: 2, maxEventAge: Duration.hours(6) },
  topic: { retryAttempts: 2, maxEventAge: Duration.hours(6) },
  // The next one comes anyway.
  schedule: { retryAttempts: 0, maxEventAge: Duration.minutes(1) },
  // SQS gives a wake back and counts: this is of what somebody sends by hand.
  queue: { retryAttempts: 0, maxEventAge: Duration.minutes(1) },
}

/** Whether what failed says anything that is worth keeping: a tick or a wake says nothing that the next does not. */
export const keepsFailures = ({ kind }: Trigger): boolean => kind === 'bus' || kind === 'topic' || kind === 'http'

/** How a function that is called asynchronously is tried, and where what failed goes: with its error and its answer. */
export const triesOf = (trigger: Trigger, failures: IQueue): EventInvokeConfigOptions => ({
  ...TRIES[trigger.kind],
  ...(keepsFailures(trigger) ? { onFailure: new SqsDestination(failures) } : {}),
})
