import { ArnFormat, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import { CfnBudget, CfnBudgetsAction } from 'aws-cdk-lib/aws-budgets'
import { CfnAnomalyMonitor, CfnAnomalySubscription } from 'aws-cdk-lib/aws-ce'
import { Effect, ManagedPolicy, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnPermission } from 'aws-cdk-lib/aws-lambda'
import { Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { anomalyMonitorName, awsBudgetName } from '../../core/policy/names-in-aws.ts'
import { functionName } from '../naming.ts'
import type { PolicyFacts } from '../policy.ts'
import type { Settings } from '../settings.ts'
import type { ControlStack } from './control.ts'
import type { StateStack } from './state.ts'

export interface MoneyProps extends StackProps {
  settings: Settings
  money: NonNullable<Settings['money']>
  policy: PolicyFacts
  control: ControlStack
  state: StateStack
}

/** The door that hears it all. */
const DOOR = 'budget-notice'

/**
 * What AWS counts beside our own meter: a budget of AWS Budgets, cost anomalies where they are wanted, and the topic by which both come to a
 * door, which has them told. And, where the policy wants it, the last resort: AWS itself keeps Karpenter from launching GPU nodes. All of it is
 * 8 to 12 hours late, and stops nothing that runs.
 */
export class MoneyStack extends Stack {
  private readonly topic: Topic

  constructor(scope: Construct, id: string, props: MoneyProps) {
    super(scope, id, props)
    // Its function is named, not imported: SNS takes a subscription only of a function that is there.
    this.addStackDependency(props.control)
    this.topic = this.topicOf(props)
    const budget = this.budgetOf(props)
    this.actionOf(props, budget)
    this.anomaliesOf(props)
    new CfnOutput(this, 'Notices', {
      description: 'Budgets and anomaly subscriptions of your own may publish here too: name them in `budget.notices`',
      value: this.topic.topicArn,
    })
  }

  /**
   * Nobody but two services of AWS publishes to it, for this account, and nothing but it calls the door. It has no key of its own: with one those
   * services would need a grant on that, and a notice that cannot be encrypted is lost in silence.
   */
  private topicOf({ policy, state }: MoneyProps): Topic {
    const topic = new Topic(this, 'Notices-topic', { topicName: `${policy.installation}-budgets`, enforceSSL: true })
    for (const [service, from] of [
      ['budgets', { ArnLike: { 'aws:SourceArn': this.budgetArn('*') } }],
      ['costalerts', {}],
    ] as const)
      topic.addToResourcePolicy(
        new PolicyStatement({
          actions: ['sns:Publish'],
          principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
          resources: [topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': this.account }, ...from },
        }),
      )
    const handler = this.formatArn({
      service: 'lambda',
      resource: 'function',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      resourceName: functionName(policy.installation, DOOR),
    })
    const may = new CfnPermission(this, 'Door-permission', {
      action: 'lambda:InvokeFunction',
      functionName: handler,
      principal: 'sns.amazonaws.com',
      sourceArn: topic.topicArn,
      sourceAccount: this.account,
    })
    const subscription = new Subscription(this, 'Door', {
      topic,
      protocol: SubscriptionProtocol.LAMBDA,
      endpoint: handler,
      deadLetterQueue: Queue.fromQueueArn(this, 'Failures', state.failures.queueArn),
    })
    subscription.node.addDependency(may)
    return topic
  }

  /** Budgets know no region. */
  private budgetArn(name: string): string {
    return this.formatArn({ service: 'budgets', region: '', resource: 'budget', resourceName: name })
  }

  /** Nodes of this cluster, of the types that pools have: what our meter counts too. A tag that is not activated counts nothing, in silence. */
  private budgetOf({ policy, money }: MoneyProps): CfnBudget {
    const told = (type: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notification: {
        notificationType: type,
        comparisonOperator: 'GREATER_THAN',
        threshold,
        thresholdType: 'PERCENTAGE',
      },
      subscribers: [{ subscriptionType: 'SNS', address: this.topic.topicArn }],
    })
    const notifications = [
      ...[...new Set(money.alerts)].sort(ascending).map((percent) => told('ACTUAL', percent)),
      ...[...new Set(money.forecasts)].sort(ascending).map((percent) => told('FORECASTED', percent)),
    ]
    return new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: awsBudgetName(policy, [this.region, ...notifications.map(({ notification }) => notification)]),
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: policy.budget.dollars, unit: 'USD' },
        metrics: ['UnblendedCost'],
        filterExpression: {
          and: [
            { tags: { key: CLUSTER_TAG, values: [policy.cluster], matchOptions: ['EQUALS'] } },
            { dimensions: { key: 'INSTANCE_TYPE', values: policy.instanceTypes, matchOptions: ['EQUALS'] } },
          ],
        },
      },
      notificationsWithSubscribers: notifications,
    })
  }

  /** Karpenter's role gets a policy that denies it to launch what pools have; other nodes it launches, and what runs goes on. */
  private actionOf({ policy, money }: MoneyProps, budget: CfnBudget): void {
    const { lastResort } = policy.budget
    const role = money.karpenterRole
    if (lastResort === undefined || role === undefined) return
    const denied = new ManagedPolicy(this, 'No-more-GPU-nodes', {
      description: `Launch nothing of the pools of ${policy.installation}: attached by AWS Budgets, and taken away by a person`,
      statements: [
        new PolicyStatement({
          effect: Effect.DENY,
          actions: ['ec2:RunInstances', 'ec2:CreateFleet'],
          resources: [
            this.formatArn({ service: 'ec2', region: '*', account: '*', resource: 'instance', resourceName: '*' }),
          ],
          conditions: { StringEquals: { 'ec2:InstanceType': policy.instanceTypes } },
        }),
      ],
    })
    new CfnBudgetsAction(this, 'Last-resort', {
      budgetName: budget.ref,
      actionType: 'APPLY_IAM_POLICY',
      approvalModel: lastResort.approval === 'automatic' ? 'AUTOMATIC' : 'MANUAL',
      notificationType: 'ACTUAL',
      actionThreshold: { type: 'PERCENTAGE', value: Math.round(lastResort.at * 100) },
      executionRoleArn: this.executionRole(role, denied, budget).roleArn,
      definition: { iamActionDefinition: { policyArn: denied.managedPolicyArn, roles: [role] } },
      subscribers: [{ type: 'SNS', address: this.topic.topicArn }],
    })
  }

  /** Attaches that one policy to that one role, and takes it away again, for this budget alone. */
  private executionRole(role: string, denied: ManagedPolicy, { ref }: CfnBudget): Role {
    const arns = [this.budgetArn(ref), this.budgetArn(`${ref}/*`)]
    return new Role(this, 'Last-resort-role', {
      description: 'What AWS Budgets may do as its last resort, and nothing else',
      assumedBy: new ServicePrincipal('budgets.amazonaws.com').withConditions({
        StringEquals: { 'aws:SourceAccount': this.account },
        ArnLike: { 'aws:SourceArn': arns },
      }),
      inlinePolicies: {
        attach: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
              resources: [this.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: role })],
              conditions: { ArnEquals: { 'iam:PolicyARN': denied.managedPolicyArn } },
            }),
          ],
        }),
      },
    })
  }

  /** SNS takes those that are told at once alone. */
  private anomaliesOf({ policy, money }: MoneyProps): void {
    if (money.anomalies === undefined) return
    const { dollars, monitor } = money.anomalies
    const name = anomalyMonitorName(policy)
    const watched =
      monitor ??
      new CfnAnomalyMonitor(this, 'Monitor', {
        monitorName: name,
        monitorType: 'DIMENSIONAL',
        monitorDimension: 'SERVICE',
      }).attrMonitorArn
    new CfnAnomalySubscription(this, 'Anomalies', {
      subscriptionName: name,
      frequency: 'IMMEDIATE',
      monitorArnList: [watched],
      subscribers: [{ type: 'SNS', address: this.topic.topicArn }],
      thresholdExpression: JSON.stringify({
        Dimensions: {
          Key: 'ANOMALY_TOTAL_IMPACT_ABSOLUTE',
          MatchOptions: ['GREATER_THAN_OR_EQUAL'],
          Values: [String(dollars)],
        },
      }),
    })
  }
}

/** What Karpenter tags its instances with; it counts once it is activated in the payer's account. */
const CLUSTER_TAG = 'eks:eks-cluster-name'
const ascending = (a: number, b: number): number => a - b
