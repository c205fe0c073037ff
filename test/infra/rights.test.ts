import type { Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import type { AwsResource } from '../../functions/rights.ts'
import { type DoorFacts, doors } from '../../infra/doors.ts'
import config from '../../signalbox.config.ts'
import { synth } from './synth.ts'
import { readerOf, type Written } from './written.ts'

const { stacks } = synth('rights', config)
const written = (stack: Stack): Written => Template.fromStack(stack).toJSON() as Written
const [state, control] = [written(stacks.state), written(stacks.control)]
const read = readerOf([state, control])

const lambda = (name: string): string => `arn:aws:lambda:eu-central-1:111122223333:function:signalbox-${name}`
const secret = (name: string): string => `arn:aws:secretsmanager:eu-central-1:111122223333:secret:signalbox/${name}`
const FAILURES = 'arn:aws:sqs:eu-central-1:111122223333:signalbox-failures'

/** Written out by hand: what stands in the templates is compared with this and not with what made them. */
const ARNS: Record<AwsResource, string[]> = {
  table: ['arn:aws:dynamodb:eu-central-1:111122223333:table/signalbox-ledger'],
  bus: ['arn:aws:events:eu-central-1:111122223333:event-bus/signalbox'],
  'policy-parameter': ['arn:aws:ssm:eu-central-1:111122223333:parameter/signalbox/policy'],
  'policy-documents': ['arn:aws:s3:::cdk-hnb659fds-assets-111122223333-eu-central-1/*'],
  'dataset-buckets': ['arn:aws:s3:::acme-datasets'],
  'dataset-objects': ['arn:aws:s3:::acme-datasets/*'],
  'results-bucket': ['arn:aws:s3:::acme-results'],
  'results-objects': ['arn:aws:s3:::acme-results/*'],
  workflow: [lambda('carry-out'), lambda('carry-out:live')],
  'workflow-executions': [lambda('carry-out:*')],
  'secret:mlflow-webhook': [secret('mlflow-webhook')],
  'secret:mlflow-token': [secret('mlflow-token')],
  'secret:slack-signing': [secret('slack-signing')],
  'secret:slack-bot-token': [secret('slack-bot-token')],
}

/** What a function needs to run, whatever its door names: its log, the failure queue, traces, its attachment, its checkpoints. */
const platformOf = ({ name, trigger, inCluster }: DoorFacts): string[] => [
  ...['CreateLogStream', 'PutLogEvents'].map(
    (action) => `logs:${action} on arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/signalbox-${name}:*`,
  ),
  `sqs:SendMessage on ${FAILURES}`,
  'xray:PutTraceSegments on *',
  'xray:PutTelemetryRecords on *',
  ...(inCluster
    ? ['CreateNetworkInterface', 'DeleteNetworkInterface', 'DescribeNetworkInterfaces', 'DescribeSubnets']
        .concat('AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses')
        .map((action) => `ec2:${action} on *`)
    : []),
  ...(trigger.kind === 'workflow'
    ? ['CheckpointDurableExecution', 'GetDurableExecutionState'].map(
        (action) => `lambda:${action} on ${lambda(`${name}:*`)}`,
      )
    : []),
]

const expectedOf = (door: DoorFacts): string[] =>
  sorted([
    ...platformOf(door),
    ...door.aws.flatMap(({ actions, on }) => actions.flatMap((action) => ARNS[on].map((arn) => `${action} on ${arn}`))),
  ])

interface Statement {
  Effect: string
  Action: string | string[]
  Resource: unknown
}
interface Document {
  PolicyDocument: { Statement: Statement[] }
}

/** Each action on each resource that statements allow; a statement with anything besides these is none that we know. */
const allowedBy = (policies: readonly Document[]): string[] =>
  sorted(
    policies.flatMap(({ PolicyDocument: { Statement } }) =>
      Statement.flatMap(({ Effect, Action, Resource, ...more }) => {
        expect({ Effect, ...more }).toEqual({ Effect: 'Allow' })
        const on = [Resource].flat().map((one) => read(control, one))
        return [Action].flat().flatMap((action) => on.map((arn) => `${action} on ${arn}`))
      }),
    ),
  )

const sorted = (values: string[]): string[] => [...new Set(values)].sort()
const ofType = (type: string) =>
  Object.entries(control.Resources).flatMap(([id, { Type, Properties = {} }]) =>
    Type === type ? [{ id, ...Properties }] : [],
  )
type Role = { id: string; RoleName?: string; Policies?: Document[]; ManagedPolicyArns?: unknown }
const roles = ofType('AWS::IAM::Role') as unknown as Role[]
const roleOf = (name: string): Role => roles.find(({ RoleName }) => RoleName === `signalbox-${name}-eu-central-1`)!

describe('the rights of each door in AWS', () => {
  it.each(doors)(
    '$name: its role allows what the door names on what it names, what every function needs, no more',
    (door) => {
      const { Policies = [], ManagedPolicyArns } = roleOf(door.name)
      expect(allowedBy(Policies)).toEqual(expectedOf(door))
      expect(ManagedPolicyArns).toBeUndefined()
    },
  )

  it.each([
    ['an action more', (one: Statement) => ({ ...one, Action: [one.Action].flat().concat('dynamodb:DeleteItem') })],
    ['a resource more', (one: Statement) => ({ ...one, Resource: [one.Resource, `${ARNS.table[0]}/index/*`].flat() })],
    ['another resource', (one: Statement) => ({ ...one, Resource: '*' })],
    ['an action less', (one: Statement) => ({ ...one, Action: [one.Action].flat().slice(1) })],
  ])('the comparison sees %s', (_, plant) => {
    for (const door of doors) {
      const [policy] = structuredClone(roleOf(door.name).Policies ?? [])
      const [first, ...rest] = policy!.PolicyDocument.Statement
      const planted = { PolicyDocument: { Statement: [plant(first!), ...rest] } }
      expect(allowedBy([planted])).not.toEqual(expectedOf(door))
    }
  })

  it('besides the doors only the two schedules have a role: each calls its function and reports that it could not', () => {
    const policies = ofType('AWS::IAM::Policy') as unknown as (Document & { Roles: { Ref: string }[] })[]
    const ticking = doors.filter(({ trigger }) => trigger.kind === 'schedule')
    expect(policies.map((policy) => allowedBy([policy]))).toEqual(
      ticking.map(({ name }) => [
        `lambda:InvokeFunction on ${lambda(name)}`,
        `lambda:InvokeFunction on ${lambda(`${name}:*`)}`,
        `sqs:SendMessage on ${FAILURES}`,
      ]),
    )
    const theirs = policies.flatMap(({ Roles }) => Roles.map(({ Ref }) => Ref))
    const ours = doors.map(({ name }) => roleOf(name).id)
    expect(roles.map(({ id }) => id).sort()).toEqual([...ours, ...theirs].sort())
    for (const { id, ManagedPolicyArns } of roles) expect(ManagedPolicyArns, id).toBeUndefined()
  })
})

it.each(['slack-interaction', 'watch'])(
  '%s may ring bells and start nothing: whoever takes it over launches no run',
  (name) => {
    const actions = doors.find((door) => door.name === name)?.aws.flatMap((right) => right.actions) ?? []
    expect(actions).toContain('lambda:SendDurableExecutionCallbackSuccess')
    expect(actions).not.toContain('lambda:InvokeFunction')
  },
)
