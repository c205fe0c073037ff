import { Duration } from 'aws-cdk-lib'
import type { EventInvokeConfigOptions } from 'aws-cdk-lib/aws-lambda'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import type { Trigger } from '../../functions/door.ts'

/** What Lambda keeps an event for at most: an event says where to look, so an old one does no harm. */
const LONGEST = Duration.hours(6)

/** How often Lambda tries again what it took, and how old it may become; both always said, so that no default decides. */
const TRIES: Record<Trigger['kind'], { retryAttempts: number; maxEventAge: Duration }> = {
  // Called and answered at once: this only keeps what somebody sends by hand without waiting.
  http: { retryAttempts: 0, maxEventAge: Duration.minutes(1) },
  bus: { retryAttempts: 2, maxEventAge: LONGEST },
  // One lost tick is no news, as the next one comes anyway; three in a row are.
  schedule: { retryAttempts: 2, maxEventAge: Duration.minutes(10) },
  // Lambda's own numbers. AWS says that an execution which failed is not begun again, but not whether these bound it.
  workflow: { retryAttempts: 2, maxEventAge: LONGEST },
}

/** How a function that is called asynchronously is tried, and where what failed goes: with its error and its answer. */
export const triesOf = ({ kind }: Trigger, failures: IQueue): EventInvokeConfigOptions => ({
  ...TRIES[kind],
  onFailure: new SqsDestination(failures),
})
