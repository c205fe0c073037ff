import { Duration, Stack, type StackProps } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { WORKFLOW } from '../constructs/arns.ts'
import { doors } from '../doors.ts'
import type { PolicyFacts } from '../policy.ts'
import type { Settings } from '../settings.ts'
import type { ControlStack } from './control.ts'
import type { StateStack } from './state.ts'

export interface WatchingProps extends StackProps {
  settings: Settings
  policy: PolicyFacts
  state: StateStack
  control: ControlStack
}

/** What is wrong when a number is over its bound, and where it says what to do. */
interface Watched {
  id: string
  metric: IMetric
  /** Alarms from this on. */
  from: number
  says: string
  /** Section of docs/runbook.md. */
  runbook: string
  periods?: number
}

/** Numbers on one page, and an alarm for each that a person should act on, with its section of the runbook. */
export class WatchingStack extends Stack {
  constructor(scope: Construct, id: string, props: WatchingProps) {
    super(scope, id, props)
    const { settings, policy } = props
    const topic = new Topic(this, 'Alarms', {
      topicName: `${policy.installation}-alarms`,
      enforceSSL: true,
    })
    topic.addToResourcePolicy(publishing(topic, this.account))
    if (settings.alarms !== undefined)
      topic.addSubscription(
        new EmailSubscription(settings.alarms.email, {
          deadLetterQueue: Queue.fromQueueArn(this, 'Failures', props.state.failures.queueArn),
        }),
      )
    const watched = [
      ...queueAndLedger(props),
      ...own(),
      ...doors.flatMap((door) => ofFunction(door.name, props.control)),
      ...ofExecutions(props.control),
      ofWebhooks(props.control),
    ]
    for (const one of watched) this.alarm(one, policy).addAlarmAction(new SnsAction(topic))
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: policy.installation })
    dashboard.addWidgets(new TextWidget({ markdown: TITLE, width: 24, height: 2 }))
    for (const row of rowsOf(watched, 3))
      dashboard.addWidgets(
        ...row.map(({ id: title, metric }) => new GraphWidget({ title, left: [metric], width: 8, height: 5 })),
      )
  }

  private alarm({ id, metric, from, says, runbook, periods = 1 }: Watched, { installation }: PolicyFacts): Alarm {
    return new Alarm(this, id, {
      alarmName: `${installation}-${id}`,
      alarmDescription: `${says} What to do: docs/runbook.md#${runbook}`,
      metric,
      threshold: from,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
  }
}

/** CloudWatch publishes for this account's alarms, for no other account's. */
const publishing = (topic: Topic, account: string): PolicyStatement =>
  new PolicyStatement({
    actions: ['sns:Publish'],
    principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
    resources: [topic.topicArn],
    conditions: { StringEquals: { 'aws:SourceAccount': account } },
  })

const TITLE = '# Signalbox\nWhat each number means and what to do: docs/runbook.md'
const FIVE = Duration.minutes(5)

const queueAndLedger = ({ state }: WatchingProps): Watched[] => [
  {
    id: 'failed-work',
    metric: state.failures.metricApproximateNumberOfMessagesVisible({ period: FIVE, statistic: 'max' }),
    from: 1,
    says: 'Something failed on every try and lies in the failure queue.',
    runbook: 'failed-work',
  },
  {
    id: 'ledger-throttled',
    metric: new Metric({
      namespace: 'AWS/DynamoDB',
      metricName: 'ThrottledRequests',
      dimensionsMap: { TableName: state.table.tableName, Operation: 'TransactWriteItems' },
      statistic: 'sum',
      period: FIVE,
    }),
    from: 10,
    says: 'DynamoDB throttles commits: events take longer, none is lost.',
    runbook: 'ledger-throttled',
  },
]

const ours = (metricName: string, dimensionsMap: Record<string, string>, statistic = 'sum'): Metric =>
  new Metric({
    namespace: 'Signalbox',
    metricName,
    dimensionsMap: { service: 'signalbox', ...dimensionsMap },
    statistic,
    period: FIVE,
  })

const own = (): Watched[] => [
  {
    id: 'refused-signatures',
    metric: ours('Refused', { reason: 'bad-signature' }),
    from: 5,
    says: 'Requests come whose signature does not fit: a rotated secret, or somebody is trying.',
    runbook: 'refused-signatures',
  },
  {
    id: 'stale-signatures',
    metric: ours('Refused', { reason: 'stale-signature' }),
    from: 5,
    says: 'Requests come that were signed long ago: a clock is wrong, or somebody replays.',
    runbook: 'refused-signatures',
  },
  {
    id: 'healed',
    metric: ours('Healed', {}),
    from: 1,
    periods: 3,
    says: 'Reconcile finds something to mend again and again: events are being lost.',
    runbook: 'healed',
  },
  {
    id: 'waiting-long',
    metric: ours('OldestRunHours', {}, 'max'),
    from: 72,
    says: 'A run has been open for three days: an answer nobody gives, or a pool that never has room.',
    runbook: 'waiting-long',
  },
  {
    id: 'answers-expiring',
    metric: ours('AnswersExpiring', {}, 'max'),
    from: 1,
    says: 'A question expires within the hour and nobody has answered.',
    runbook: 'answers-expiring',
  },
]

const ofFunction = (door: string, control: ControlStack): Watched[] => [
  {
    id: `${door}-errors`,
    metric: control.functionOf(door).metricErrors({ period: FIVE }),
    from: 3,
    says: `The door ${door} fails.`,
    runbook: 'door-fails',
  },
  {
    id: `${door}-throttled`,
    metric: control.functionOf(door).metricThrottles({ period: FIVE }),
    from: 1,
    says: `The door ${door} is throttled: the account has no concurrency left.`,
    runbook: 'door-throttled',
  },
]

/** An execution that ends by itself writes its outcome first, a failed plan's too: these ended without one. */
const ofExecutions = (control: ControlStack): Watched[] =>
  [
    {
      id: 'executions-failed',
      metricName: 'DurableExecutionFailed',
      says: 'A run’s execution ended without an outcome.',
    },
    {
      id: 'executions-timed-out',
      metricName: 'DurableExecutionTimedOut',
      says: 'A run’s execution lasted longer than it may and was ended without an outcome.',
    },
  ].map(({ id, metricName, says }) => ({
    id,
    metric: control.functionOf(WORKFLOW.door).metric(metricName, { period: FIVE, statistic: 'sum' }),
    from: 1,
    says,
    runbook: 'executions-died',
  }))

/** What API Gateway answers when a door cannot be called, and the doors' own 503: the functions' errors show neither. */
const ofWebhooks = ({ api }: ControlStack): Watched => ({
  id: 'webhooks-unanswered',
  metric: api.metricServerError({ period: FIVE, statistic: 'sum' }),
  from: 3,
  says: 'Slack and MLflow are answered with 5xx.',
  runbook: 'webhooks-unanswered',
})

const rowsOf = <T>(values: T[], width: number): T[][] =>
  values.length === 0 ? [] : [values.slice(0, width), ...rowsOf(values.slice(width), width)]
