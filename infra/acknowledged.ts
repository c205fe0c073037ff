import { type CfnElement, Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'
import { REPORT } from '../events/drift-reported.ts'
import { keepsFailures } from './constructs/tries.ts'
import { doors } from './doors.ts'
import type { Stacks } from './installation.ts'
import { podRights } from './pods.ts'
import type { PolicyFacts } from './policy.ts'

/** Findings that stand, each with why a reviewer may let it stand. Anything else that cdk-nag finds ends the synthesis. */
export const acknowledge = (
  { state, network, control, access }: Omit<Stacks, 'watching'>,
  policy: PolicyFacts,
): void => {
  for (const [resource, reason] of wildcardsOf(policy, control.documents))
    add(control, `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`, reason)
  for (const [resource, reason] of wildcardsOfPods(policy))
    add(access, `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`, reason)
  for (const { name: door } of doors.filter(({ trigger }) => trigger.kind === 'schedule')) {
    const name = control.getLogicalId(control.functionOf(door).node.defaultChild as CfnElement)
    const reason = 'the scheduler may invoke any version of its one function, and nothing else'
    add(control, `AwsSolutions::AwsSolutions-IAM5[Resource::<${name}.Arn>:*]`, reason)
  }
  acknowledgeFailures(control)
  add(
    control,
    'Serverless::Serverless-LambdaStarPermissions',
    'see the single IAM5 findings: network interfaces and X-Ray',
  )
  add(
    control,
    'AwsSolutions::AwsSolutions-APIG4',
    'MLflow and Slack sign their requests and know no other way: the door checks the signature over the raw bytes, and its time, before anything else',
  )
  add(
    state,
    'AwsSolutions::AwsSolutions-SMG4',
    'these are secrets of Slack and MLflow, which only a person can rotate there; a new value takes force within a minute',
  )
  for (const bucket of state.made)
    add(
      bucket,
      'AwsSolutions::AwsSolutions-S1',
      'S3 delivers server access logs when it can and may lose some; CloudTrail data events are the complete record, and docs/deploy.md, step 3, says to turn them on',
    )
  for (const id of ['AwsSolutions::AwsSolutions-SQS3', 'Serverless::Serverless-SQSRedrivePolicy'])
    add(state, id, 'it takes what every function, rule and schedule failed on, with an alarm from its first message')
  for (const stack of [control, network])
    add(stack, 'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId', 'no route is made or read')
}

/** No function has a dead-letter queue of its own, and what says nothing is not kept. */
const acknowledgeFailures = (control: Stacks['control']): void => {
  const silent = 'what wakes it says nothing that the next tick, or the queue of dead wakes, does not say'
  const destined = 'it has a failure destination, which says the error too; with both, one failure would arrive twice'
  for (const { name, trigger } of doors) {
    const keeps = keepsFailures(trigger)
    add(control.functionOf(name), 'Serverless::Serverless-LambdaDLQ', keeps ? destined : silent)
    if (!keeps) add(control.functionOf(name), 'Serverless::Serverless-LambdaAsyncFailureDestination', silent)
  }
  add(
    control.functionOf('reconcile'),
    'Serverless::Serverless-LambdaEventSourceMappingDestination',
    'a mapping of SQS has none: what dies goes to the dead-letter queue of its queue, with an alarm',
  )
}

/** Resources with a wildcard that a role names, as cdk-nag writes them. */
const wildcardsOf = (policy: PolicyFacts, documents: string): [string, string][] => {
  const buckets = [...policy.datasetBuckets, policy.resultsBucket]
  return [
    ['*', 'ec2:*NetworkInterface* of a function in a VPC and X-Ray know no resource to be narrowed to'],
    [
      `arn:<AWS::Partition>:s3:::${documents}`,
      'each policy document is an asset with a new name in a folder of our own; the role may only read',
    ],
    ...buckets.map((bucket): [string, string] => [
      `arn:<AWS::Partition>:s3:::${bucket}/*`,
      'which objects a manifest names is known when it lands; the role may only read',
    ]),
  ]
}

/** The same of the roles of pods. */
const wildcardsOfPods = (policy: PolicyFacts): [string, string][] =>
  (['training', 'serving', 'gate'] as const).flatMap((of) =>
    podRights(of, policy).flatMap(({ actions, on }) =>
      on
        .filter((resource) => resource.includes('*'))
        .map((resource): [string, string] => [
          // It writes a variable of IAM as one of the template.
          `arn:<AWS::Partition>:s3:::${resource.replace(/\$\{([^}]+)\}/, '<$1>')}`,
          resource.endsWith(REPORT)
            ? 'a report of drift lies in a folder of its window, which its samples name; it may say that something drifts, and begins what is priced and asked about'
            : actions.includes('s3:PutObject')
              ? 'what a pod makes has any name below the pod’s own: no other folder, and it may not delete'
              : 'which objects a manifest or a model version names is known when the pod runs; this right only reads',
        ]),
    ),
  )

const add = (scope: IConstruct, id: string, reason: string): void => Validations.of(scope).acknowledge({ id, reason })
