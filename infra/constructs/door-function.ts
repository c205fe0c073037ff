import { join } from 'node:path'
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2'
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { roleName } from '../../core/bootstrap/rights.ts'
import type { AwsResource } from '../../functions/rights.ts'
import type { DoorFacts } from '../doors.ts'
import { functionName } from '../naming.ts'
import { type Stated, statementsOf } from './arns.ts'
import { inlinePolicy } from './inline-policy.ts'
import { sizeOf } from './sizes.ts'
import { keepsFailures, triesOf } from './tries.ts'

export interface DoorFunctionProps {
  door: DoorFacts
  installation: string
  /** Folder of the built doors. */
  dist: string
  environment: Record<string, string>
  arns: Record<AwsResource, string[]>
  failures: IQueue
  /** Where a door that talks to the cluster is attached. */
  network: { vpc: IVpc; subnets: SubnetSelection; group: ISecurityGroup }
}

/**
 * A door deployed: its bundle, a role that allows exactly what the door names (and what any function needs to run), a log
 * group that ends, and what becomes of a call that failed.
 */
export class DoorFunction extends Construct {
  readonly function: LambdaFunction
  readonly role: Role

  constructor(scope: Construct, id: string, props: DoorFunctionProps) {
    super(scope, id)
    const { door, installation, dist, environment, failures, network } = props
    const name = functionName(installation, door.name)
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${name}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.role = this.roleOf(props, logGroup)
    const { seconds, memory } = sizeOf(door.trigger)
    const { vpc, subnets, group } = network
    this.function = new LambdaFunction(this, 'Function', {
      functionName: name,
      description: `Signalbox: ${door.name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(join(dist, door.name)),
      handler: 'index.handler',
      timeout: Duration.seconds(seconds),
      memorySize: memory,
      environment,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      logGroup,
      // Rights are those that the door names: nothing that a construct would add by itself.
      role: this.role.withoutPolicyUpdates(),
      ...(door.inCluster ? { vpc, vpcSubnets: subnets, securityGroups: [group] } : {}),
      ...triesOf(door.trigger, failures),
      // Its wakes go to the queue that calls it: Lambda would take a chain of sixteen for a loop, and call it no more.
      ...(door.trigger.kind === 'queue' ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
    })
  }

  private roleOf({ door, installation, arns, failures }: DoorFunctionProps, logGroup: LogGroup): Role {
    const stack = Stack.of(this)
    const statement = (stated: Stated): PolicyStatement => new PolicyStatement({ effect: Effect.ALLOW, ...stated })
    const statements = [
      ...statementsOf(door.aws, arns),
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] },
      ...(keepsFailures(door.trigger) ? [{ actions: ['sqs:SendMessage'], resources: [failures.queueArn] }] : []),
      // X-Ray knows no resource to narrow these to either.
      { actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] },
      // Lambda attaches a function to a VPC with these; EC2 knows no resource to narrow them to.
      ...(door.inCluster ? [{ actions: NETWORK_ACTIONS, resources: ['*'] }] : []),
    ].map(statement)
    return new Role(this, 'Role', {
      roleName: roleName(installation, door.name, stack.region),
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What the door ${door.name} may do, and nothing else`,
      inlinePolicies: { door: inlinePolicy(this, door.name, statements) },
    })
  }
}

const NETWORK_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
]
