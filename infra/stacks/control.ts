import { CfnOutput, DefaultStackSynthesizer, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { CfnStage, HttpApi, HttpMethod, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { EventBus, type IEventBus, Rule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Asset } from 'aws-cdk-lib/aws-s3-assets'
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler'
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets'
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs'
import { StringParameter } from 'aws-cdk-lib/aws-ssm'
import type { Construct } from 'constructs'
import type { Contract } from '../../events/contract.ts'
import { VARIABLES } from '../../functions/aws-binding/settings.ts'
import { arnsOf } from '../constructs/arns.ts'
import { DoorFunction } from '../constructs/door-function.ts'
import { patternsOf } from '../constructs/patterns.ts'
import { minutesOf } from '../constructs/sizes.ts'
import { type DoorFacts, doors } from '../doors.ts'
import { assetsFolder } from '../naming.ts'
import type { PolicyFacts } from '../policy.ts'
import type { Settings } from '../settings.ts'
import type { NetworkStack } from './network.ts'
import type { StateStack } from './state.ts'

export interface ControlProps extends StackProps {
  settings: Settings
  policy: PolicyFacts
  dist: string
  state: StateStack
  network: NetworkStack
}

/** Lanes that are reconciled side by side: what the tick counts on (flows/tick.ts). */
export const SIDE_BY_SIDE = 20

/** Requests a second of one webhook route, whoever sends them: far above what people and MLflow send. A month of it is 52 million: about $52. */
const THROTTLE = { throttlingRateLimit: 20, throttlingBurstLimit: 40 }

/** The doors and what wakes them. */
export class ControlStack extends Stack {
  readonly functions = new Map<string, DoorFunction>()
  readonly api: HttpApi
  /** Where policy documents lie: our folder of CDK's assets, in a bucket that has the bootstrap's qualifier in its name. */
  readonly documents: string
  private readonly failures: IQueue

  constructor(scope: Construct, id: string, props: ControlProps) {
    const folder = assetsFolder(props.policy.installation)
    super(scope, id, { ...props, synthesizer: new DefaultStackSynthesizer({ bucketPrefix: folder }) })
    const { policy, dist, state, network, settings } = props
    // By its ARN: otherwise each rule would change the policy of another stack's queue.
    this.failures = Queue.fromQueueArn(this, 'Failures', state.failures.queueArn)
    const asset = new Asset(this, 'Policy', { path: `${policy.folder}/policy.json` })
    const parameterName = `/${policy.installation}/policy`
    this.documents = `${asset.s3BucketName}/${folder}*`
    const arns = arnsOf(this, {
      policy,
      prometheus: settings.prometheus?.url,
      tableArn: state.table.tableArn,
      busArn: state.bus.eventBusArn,
      queueArn: state.wakes.queueArn,
      parameterArn: this.formatArn({
        service: 'ssm',
        resource: 'parameter',
        resourceName: parameterName.slice(1),
      }),
      // Not the document's own key: who starts before the parameter has changed still reads the one before.
      documentsArn: asset.bucket.arnForObjects(`${folder}*`),
    })
    const environment = this.environmentOf(props, parameterName)
    for (const door of doors)
      this.functions.set(
        door.name,
        new DoorFunction(this, door.name, {
          door,
          installation: policy.installation,
          dist,
          environment,
          arns,
          failures: this.failures,
          network: network.attachment(this),
        }),
      )
    this.policyOf({ parameterName, asset })
    this.api = this.httpApi(policy)
    new CfnOutput(this, 'Webhooks', {
      description:
        'Slack: add /slack/interactions and /slack/commands; MLflow: add /webhooks/mlflow; Alertmanager and Grafana: add /webhooks/alerts',
      value: this.api.apiEndpoint,
    })
    for (const door of doors) this.wake(door, this.functionOf(door.name), props)
  }

  functionOf(door: string): LambdaFunction {
    const found = this.functions.get(door)
    if (found === undefined) throw new Error(`there is no door ${door}`)
    return found.function
  }

  /**
   * A new policy is a new object and a new value of the parameter: no function changes. It takes force after the doors and their
   * rights: new code reads an old policy, old code perhaps not a new one, and a bucket is named once it may be read.
   */
  private policyOf({ parameterName, asset }: { parameterName: string; asset: Asset }): void {
    const parameter = new StringParameter(this, 'PolicyParameter', {
      parameterName,
      description: 'The policy in force, as s3://bucket/key of its JSON',
      stringValue: asset.s3ObjectUrl,
    })
    parameter.node.addDependency(...this.functions.values())
  }

  private environmentOf({ settings, policy, state }: ControlProps, parameterName: string): Record<string, string> {
    const { cluster, mlflow, prometheus } = settings
    return {
      [VARIABLES.installation]: policy.installation,
      [VARIABLES.table]: state.table.tableName,
      [VARIABLES.home]: state.table.tableArn,
      [VARIABLES.bus]: state.bus.eventBusName,
      [VARIABLES.policyParameter]: parameterName,
      [VARIABLES.secrets]: policy.installation,
      [VARIABLES.queueUrl]: state.wakes.queueUrl,
      [VARIABLES.mlflowUrl]: mlflow.url,
      ...(prometheus === undefined ? {} : { [VARIABLES.prometheusUrl]: prometheus.url }),
      [VARIABLES.clusterName]: cluster.name,
      [VARIABLES.clusterEndpoint]: cluster.endpoint,
      [VARIABLES.clusterAuthority]: cluster.certificateAuthority,
    }
  }

  private httpApi({ installation }: PolicyFacts): HttpApi {
    const api = new HttpApi(this, 'Api', {
      apiName: installation,
      description: 'Webhooks of MLflow and Slack: each is verified by its signature in the door',
      createDefaultStage: false,
    })
    const logs = new LogGroup(this, 'ApiLogs', {
      // Below this prefix all groups share one statement of the account's policy of logs, which holds 5,120 characters.
      logGroupName: `/aws/vendedlogs/http-api/${installation}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    new CfnStage(this, 'Stage', {
      apiId: api.apiId,
      stageName: '$default',
      autoDeploy: true,
      defaultRouteSettings: THROTTLE,
      accessLogSettings: {
        destinationArn: logs.logGroupArn,
        // No header and no query: signatures and tokens never reach a log.
        format: JSON.stringify({
          requestId: '$context.requestId',
          time: '$context.requestTime',
          ip: '$context.identity.sourceIp',
          route: '$context.routeKey',
          status: '$context.status',
          bytes: '$context.responseLength',
          ms: '$context.responseLatency',
        }),
      },
    })
    return api
  }

  private wake(door: DoorFacts, handler: LambdaFunction, props: ControlProps): void {
    const { trigger } = door
    const { state, settings } = props
    switch (trigger.kind) {
      case 'bus':
        this.rules(door, trigger.contract, handler, props)
        return
      case 'http':
        this.api.addRoutes({
          path: trigger.route,
          methods: [HttpMethod[trigger.method]],
          integration: new HttpLambdaIntegration(`${door.name}-integration`, handler),
          authorizer: new HttpNoneAuthorizer(),
        })
        return
      case 'schedule':
        new Schedule(this, `${door.name}-schedule`, {
          scheduleName: handler.functionName,
          schedule: ScheduleExpression.rate(Duration.minutes(minutesOf(trigger.every))),
          enabled: settings.schedules === 'on',
          target: new LambdaInvoke(handler, {
            deadLetterQueue: this.failures,
            // The next one comes anyway.
            retryAttempts: 0,
            maxEventAge: Duration.minutes(1),
          }),
        })
        return
      case 'topic':
        // The stack `money` makes it, where there is one, and lets it call the function.
        return
      case 'queue':
        // One wake at a time: with more, those behind one that fails are counted as delivered and never tried.
        handler.addEventSource(new SqsEventSource(state.wakes, { batchSize: 1, maxConcurrency: SIDE_BY_SIDE }))
    }
  }

  /** The pattern is the contract's own, so what is deployed is what the tests match samples with. */
  private rules(
    door: DoorFacts,
    { via, summary }: Contract<unknown>,
    handler: LambdaFunction,
    props: ControlProps,
  ): void {
    if (!('bus' in via)) throw new Error(`${door.name} has a webhook's contract but a bus trigger`)
    const eventBus: IEventBus =
      via.bus === 'default' ? EventBus.fromEventBusName(this, `${door.name}-bus`, 'default') : props.state.bus
    for (const [n, pattern] of patternsOf(via, props.policy.datasetBuckets).entries()) {
      const id = n === 0 ? `${door.name}-rule` : `${door.name}-rule-${n + 1}`
      const rule = new Rule(this, id, { eventBus, description: summary })
      rule.addEventPattern(pattern as never)
      rule.addTarget(
        new LambdaTarget(handler, {
          deadLetterQueue: this.failures,
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      )
    }
  }
}
