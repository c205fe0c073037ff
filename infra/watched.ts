import { Duration } from 'aws-cdk-lib'
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch'
import { RECONCILE_SECONDS } from '../functions/aws-binding/patience.ts'
import type { Trigger } from '../functions/door.ts'
import { minutesOf, sizeOf } from './constructs/sizes.ts'
import { type DoorFacts, doors } from './doors.ts'
import { functionName } from './naming.ts'
import type { PolicyFacts } from './policy.ts'
import { type ControlStack, SIDE_BY_SIDE } from './stacks/control.ts'
import type { StateStack } from './stacks/state.ts'
import { TOLD } from './told.ts'

/** What is wrong when a number is over its bound, and where it says what to do. */
export interface Watched {
  id: string
  metric: IMetric
  /** Alarms from this on. */
  from: number
  /** Alarms below it, and also when nothing is heard at all. */
  silent?: true
  says: string
  /** Section of docs/runbook.md. */
  runbook: string
  periods?: number
}

interface Parts {
  policy: PolicyFacts
  state: StateStack
  control: ControlStack
}

const FIVE = Duration.minutes(5)

/** Every number that somebody should hear of; `ticking`: whether the schedules run. */
export const watchedOf = (parts: Parts, ticking: boolean): Watched[] => [
  ...ofQueues(parts),
  ...ofLedger(parts),
  ...ofDoors(parts.policy),
  ...doors.flatMap((door) => ofFunction(door, parts.policy)),
  ...ofWebhooks(parts.control),
  // What does not tick yet is not missed.
  ...(ticking ? [ofSilence(parts.policy)] : []),
]

/** SQS looks through so many messages for groups that are free: beyond them lanes are not heard. */
const LOOKED_THROUGH = 120_000

const ofQueues = ({ state: { failures, dead, wakes } }: Parts): Watched[] => [
  {
    id: 'failed-work',
    metric: failures.metricApproximateNumberOfMessagesVisible({ period: FIVE, statistic: 'max' }),
    from: 1,
    says: 'Something failed on every try and lies in the failure queue.',
    runbook: 'failed-work',
  },
  {
    id: 'dead-wakes',
    metric: dead.metricApproximateNumberOfMessagesVisible({ period: FIVE, statistic: 'max' }),
    from: 1,
    says: 'A lane has killed whoever reconciled it, five times.',
    runbook: 'dead-wakes',
  },
  {
    id: 'wakes-late',
    metric: wakes.metricApproximateAgeOfOldestMessage({ period: FIVE, statistic: 'max' }),
    from: 6 * RECONCILE_SECONDS + 60,
    says: 'A wake has waited for longer than any consumer may take.',
    runbook: 'wakes-late',
  },
  {
    id: 'reconcile-full',
    metric: wakes.metric('ApproximateNumberOfGroupsWithInflightMessages', { period: FIVE, statistic: 'min' }),
    from: SIDE_BY_SIDE,
    periods: 3,
    says: 'As many lanes as may be are reconciled all the time: the others wait.',
    runbook: 'wakes-late',
  },
  {
    id: 'wakes-many',
    metric: wakes.metricApproximateNumberOfMessagesVisible({ period: FIVE, statistic: 'max' }),
    from: LOOKED_THROUGH / 2,
    says: 'So many wakes wait that SQS soon does not look through all of them.',
    runbook: 'wakes-late',
  },
]

const ofLedger = ({ policy, state: { table } }: Parts): Watched[] => {
  const metric = (metricName: string): Metric =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: table.tableName },
      statistic: 'sum',
      period: FIVE,
    })
  return [
    ...(['Read', 'Write'] as const).map((what) => ({
      id: `ledger-${what.toLowerCase()}s-throttled`,
      metric: metric(`${what}ThrottleEvents`),
      from: 50,
      says: `DynamoDB throttles ${what.toLowerCase()}s: everything takes longer, nothing is lost.`,
      runbook: 'ledger-throttled',
    })),
    {
      id: 'ledger-conflicts',
      metric: metric('TransactionConflict'),
      from: 1000,
      says: 'Commits meet on one item again and again: they are tried again, and take longer.',
      runbook: 'ledger-throttled',
    },
    {
      id: 'ledger-away',
      metric: ours(policy, { metricName: 'LedgerAway' }),
      from: 5,
      says: 'Lanes could not be reconciled: the ledger did not answer.',
      runbook: 'ledger-away',
    },
  ]
}

/** A number that the doors tell, each installation its own. */
const ours = (
  { installation: service }: PolicyFacts,
  { metricName, statistic = 'sum', ...more }: { metricName: string; statistic?: string; reason?: string | undefined },
): Metric =>
  new Metric({
    namespace: 'Signalbox',
    metricName,
    dimensionsMap: { service, ...(more.reason === undefined ? {} : { reason: more.reason }) },
    statistic,
    period: FIVE,
  })

const ofDoors = (policy: PolicyFacts): Watched[] => [
  ...TOLD.map(({ metric, reason, highest, ...watched }) => ({
    ...watched,
    metric: ours(policy, { metricName: metric, reason, statistic: highest ? 'max' : 'sum' }),
  })),
  {
    id: 'tellings-refused',
    // It counts those of all time.
    metric: new MathExpression({
      expression: 'DIFF(refused)',
      usingMetrics: { refused: ours(policy, { metricName: 'TellingsRefused', statistic: 'max' }) },
      period: FIVE,
      label: 'TellingsRefused',
    }),
    from: 1,
    says: 'Slack, or the bus, will never take something that must be told.',
    runbook: 'tellings-refused',
  },
]

/** By the function's name: whoever imported it would keep it from being taken away. */
const ofLambda = (
  { installation }: PolicyFacts,
  door: string,
  { metricName, statistic = 'sum' }: { metricName: string; statistic?: string },
): Metric =>
  new Metric({
    namespace: 'AWS/Lambda',
    metricName,
    dimensionsMap: { FunctionName: functionName(installation, door) },
    statistic,
    period: FIVE,
  })

/** Three errors: within five minutes, or one after the other of what is called so seldom that five minutes never have three. */
const threeErrors = (trigger: Trigger): Pick<Watched, 'from' | 'periods'> => {
  const called = trigger.kind === 'schedule' ? FIVE.toMinutes() / minutesOf(trigger.every) : Number.POSITIVE_INFINITY
  return called >= 3 ? { from: 3 } : { from: 1, periods: Math.ceil(3 / called) }
}

const ofFunction = ({ name, trigger }: DoorFacts, policy: PolicyFacts): Watched[] => [
  {
    id: `${name}-errors`,
    metric: ofLambda(policy, name, { metricName: 'Errors' }),
    ...threeErrors(trigger),
    says: `The door ${name} fails.`,
    runbook: 'door-fails',
  },
  {
    id: `${name}-throttled`,
    metric: ofLambda(policy, name, { metricName: 'Throttles' }),
    from: 1,
    says: `The door ${name} is throttled: the account has no concurrency left.`,
    runbook: 'door-throttled',
  },
  // Those that only wait for others are told by who waits for them, and `watch` lasts its minute by intent.
  ...(name === 'watch' || trigger.kind === 'http' || trigger.kind === 'bus' || trigger.kind === 'topic'
    ? []
    : [
        {
          id: `${name}-slow`,
          metric: ofLambda(policy, name, { metricName: 'Duration', statistic: 'max' }),
          from: sizeOf(trigger).seconds * 1000 * (trigger.kind === 'queue' ? 0.75 : 0.9),
          says: `The door ${name} takes nearly as long as Lambda lets it.`,
          runbook: 'door-slow',
        },
      ]),
]

/** What API Gateway answers when a door cannot be called, and the doors' own 503: the functions' errors show neither. */
const ofWebhooks = ({ api }: ControlStack): Watched[] => [
  {
    id: 'webhooks-unanswered',
    metric: api.metricServerError({ period: FIVE, statistic: 'sum' }),
    from: 3,
    says: 'Slack and MLflow are answered with 5xx.',
    runbook: 'webhooks-unanswered',
  },
  {
    id: 'webhooks-refused',
    metric: api.metricClientError({ period: FIVE, statistic: 'sum' }),
    from: 300,
    says: 'Many requests are refused, or more come than the routes let through.',
    runbook: 'refused-signatures',
  },
]

/** Who waits is found by the tick alone. */
const ofSilence = (policy: PolicyFacts): Watched => ({
  id: 'tick-silent',
  metric: ofLambda(policy, 'tick', { metricName: 'Invocations' }),
  from: 1,
  silent: true,
  says: 'The minute’s tick does not run: who waits is woken by nobody.',
  runbook: 'due-late',
})
