import { Stack, type StackProps } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { PolicyFacts } from '../policy.ts'
import type { Settings } from '../settings.ts'
import { type Watched, watchedOf } from '../watched.ts'
import type { ControlStack } from './control.ts'
import type { StateStack } from './state.ts'

export interface WatchingProps extends StackProps {
  settings: Settings
  policy: PolicyFacts
  state: StateStack
  control: ControlStack
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
    const watched = watchedOf(props, settings.schedules === 'on')
    for (const one of watched) this.alarm(one, policy).addAlarmAction(new SnsAction(topic))
    // An account's dashboards are known by name in all regions.
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: `${policy.installation}-${this.region}` })
    dashboard.addWidgets(new TextWidget({ markdown: TITLE, width: 24, height: 2 }))
    for (const row of rowsOf(watched, 3))
      dashboard.addWidgets(
        ...row.map(({ id: title, metric }) => new GraphWidget({ title, left: [metric], width: 8, height: 5 })),
      )
  }

  private alarm(
    { id, metric, from, says, runbook, periods = 1, silent }: Watched,
    { installation }: PolicyFacts,
  ): Alarm {
    return new Alarm(this, id, {
      alarmName: `${installation}-${id}`,
      alarmDescription: `${says} What to do: docs/runbook.md#${runbook}`,
      metric,
      threshold: from,
      comparisonOperator: silent
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: silent ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
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
const rowsOf = <T>(values: T[], width: number): T[][] =>
  values.length === 0 ? [] : [values.slice(0, width), ...rowsOf(values.slice(width), width)]
