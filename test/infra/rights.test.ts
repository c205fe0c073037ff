import type { Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import type { AwsResource } from '../../functions/rights.ts'
import { type DoorFacts, doors } from '../../infra/doors.ts'
import config from '../example.ts'
import type { Asked } from '../functions/asked.ts'
import { askedInLife } from '../functions/life.ts'
import { synth, WORKSPACE } from './synth.ts'
import { readerOf, type Written } from './written.ts'

const { stacks } = synth('rights', config)
const written = (stack: Stack): Written => Template.fromStack(stack).toJSON() as Written
const [state, control] = [written(stacks.state), written(stacks.control)]
const read = readerOf([state, control])

const lambda = (name: string): string => `arn:aws:lambda:eu-central-1:111122223333:function:signalbox-${name}`
const secret = (name: string): string =>
  `arn:aws:secretsmanager:eu-central-1:111122223333:secret:signalbox/${name}-??????`
const ASSETS = 'arn:aws:s3:::cdk-hnb659fds-assets-111122223333-eu-central-1'
const FAILURES = 'arn:aws:sqs:eu-central-1:111122223333:signalbox-failures'

/** Written out by hand: what stands in the templates is compared with this and not with what made them. */
const ARNS: Record<AwsResource, string[]> = {
  table: ['arn:aws:dynamodb:eu-central-1:111122223333:table/signalbox-ledger'],
  bus: ['arn:aws:events:eu-central-1:111122223333:event-bus/signalbox'],
  'policy-parameter': ['arn:aws:ssm:eu-central-1:111122223333:parameter/signalbox/policy'],
  'policy-documents': [`${ASSETS}/signalbox/*`],
  'dataset-buckets': ['arn:aws:s3:::acme-datasets'],
  'dataset-objects': ['arn:aws:s3:::acme-datasets/*'],
  'results-bucket': ['arn:aws:s3:::acme-results'],
  'results-objects': ['arn:aws:s3:::acme-results/*'],
  queue: ['arn:aws:sqs:eu-central-1:111122223333:signalbox-wakes.fifo'],
  'secret:mlflow-webhook': [secret('mlflow-webhook')],
  'secret:alert-webhook': [secret('alert-webhook')],
  'secret:mlflow-token': [secret('mlflow-token')],
  'secret:slack-signing': [secret('slack-signing')],
  'secret:slack-bot-token': [secret('slack-bot-token')],
  // No Prometheus is named.
  'secret:prometheus-token': [],
  'prometheus-workspace': [],
}

/** What a function needs to run, whatever its door names: its log, the failure queue, traces, its attachment. */
const platformOf = ({ name, trigger, inCluster }: DoorFacts): string[] => [
  ...['CreateLogStream', 'PutLogEvents'].map(
    (action) => `logs:${action} on arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/signalbox-${name}:*`,
  ),
  ...(trigger.kind === 'http' || trigger.kind === 'bus' || trigger.kind === 'topic'
    ? [`sqs:SendMessage on ${FAILURES}`]
    : []),
  'xray:PutTraceSegments on *',
  'xray:PutTelemetryRecords on *',
  ...(inCluster
    ? ['CreateNetworkInterface', 'DeleteNetworkInterface', 'DescribeNetworkInterfaces', 'DescribeSubnets']
        .concat('AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses')
        .map((action) => `ec2:${action} on *`)
    : []),
]

/** As a line of each action on each thing, under which keys. */
const line = (action: string, on: string, keys?: readonly string[]): string =>
  `${action} on ${on}${keys === undefined ? '' : ` under ${[...keys].join()}`}`

const expectedOf = (door: DoorFacts): string[] =>
  sorted([
    ...platformOf(door),
    ...door.aws.flatMap(({ actions, on, keys }) =>
      actions.flatMap((action) => ARNS[on].map((arn) => line(action, arn, keys))),
    ),
  ])

interface Statement {
  Effect: string
  Action: string | string[]
  Resource: unknown
  Condition?: Record<string, Record<string, string | string[]>>
}
interface Document {
  PolicyDocument: { Statement: Statement[] }
}

/** Each action on each resource that statements allow; a statement with anything besides these is none that we know. */
const allowedBy = (policies: readonly Document[], text = (one: unknown): string => read(control, one)): string[] =>
  sorted(
    policies.flatMap(({ PolicyDocument: { Statement } }) =>
      Statement.flatMap(({ Effect, Action, Resource, Condition, ...more }) => {
        expect({ Effect, ...more }).toEqual({ Effect: 'Allow' })
        const keys = keysOf(Condition)
        const on = [Resource].flat().map(text)
        return [Action].flat().flatMap((action) => on.map((arn) => line(action, arn, keys)))
      }),
    ),
  )

/** The keys of the one condition that we know: `ForAllValues`, and that a key is named. */
const keysOf = (condition: Statement['Condition']): string[] | undefined => {
  if (condition === undefined) return undefined
  const keys = [condition['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []].flat()
  expect(condition).toEqual({
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys.length === 1 ? expect.anything() : keys },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  })
  return keys
}

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
    ['an action more', (one: Statement) => ({ ...one, Action: [one.Action].flat().concat('dynamodb:Scan') })],
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

  it.each([
    [
      'by a token',
      'http://prometheus.monitoring:9090',
      [`secretsmanager:GetSecretValue on ${secret('prometheus-token')}`],
    ],
    ['by the role', WORKSPACE, ['aps:ListRules on arn:aws:aps:eu-central-1:111122223333:workspace/ws-1']],
  ])('a Prometheus that lets in %s is asked by those that look at sources, and by nobody else', (_, url, more) => {
    const named = synth(`prometheus-${more[0]?.slice(0, 3)}`, config, { prometheus: { url } })
    const [there, kept] = [written(named.stacks.control), written(named.stacks.state)]
    const look = readerOf([kept, there])
    const rights = Object.values(there.Resources)
      .filter(({ Type }) => Type === 'AWS::IAM::Role')
      .map(({ Properties = {} }) => Properties as unknown as Role)
    for (const door of doors) {
      const { Policies = [] } = rights.find(({ RoleName }) => RoleName === `signalbox-${door.name}-eu-central-1`) ?? {}
      // The metrics of GPUs are for who sees their Jobs.
      const measures = url === WORKSPACE ? [(more[0] ?? '').replace('ListRules', 'QueryMetrics')] : []
      const asks = door.name === 'reconcile' || door.name === 'resync'
      expect(allowedBy(Policies, (one) => look(there, one)).filter((line) => /prometheus|aps:/.test(line))).toEqual(
        asks ? (door.name === 'reconcile' ? [...more, ...measures] : more) : [],
      )
    }
    const secrets = JSON.stringify(kept.Resources).includes('signalbox/prometheus-token')
    expect(secrets).toBe(url !== WORKSPACE)
  })

  it('besides the doors only the three schedules have a role: each calls its function and reports that it could not', () => {
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

/** A request as IAM sees it: an action, on what, and under which partition keys; none where the request names no key. */
type Request = Pick<Asked, 'action' | 'on'> & { keys?: string[] }

/** As IAM evaluates them: one statement that allows is enough. */
const allows = (door: string, { action, on, keys }: Request): boolean =>
  (roleOf(door).Policies ?? [])
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .some(
      ({ Action, Resource, Condition }) =>
        [Action].flat().includes(action) &&
        [Resource].flat().some((one) => isLike(read(control, one), ARNS[on][0] ?? '')) &&
        Object.entries(Condition ?? {}).every(([operator, tests]) =>
          Object.entries(tests).every(([, patterns]) => holds(operator, [patterns].flat(), keys)),
        ),
    )

const holds = (operator: string, patterns: string[], keys: string[] | undefined): boolean => {
  if (operator === 'Null') return patterns.every((pattern) => pattern === String(keys === undefined))
  expect(operator).toBe('ForAllValues:StringLike')
  // True where the request has no such key: the trap for which there is `Null`.
  return (keys ?? []).every((key) => patterns.some((pattern) => isLike(pattern, key)))
}

const isLike = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's').test(text)

/** Whether a door may read this object of S3. */
const reads = (door: string, object: string): boolean =>
  (roleOf(door).Policies ?? [])
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .filter(({ Action }) => [Action].flat().includes('s3:GetObject'))
    .some(({ Resource }) => [Resource].flat().some((one) => isLike(read(control, one), object)))

describe('as IAM evaluates the statements', () => {
  it('each door may do all that it asks in a life in which it does all that it can', async () => {
    const asked = (await askedInLife()).filter(({ on }) => ARNS[on].length > 0)
    const refused = asked.filter(
      ({ door, keys, ...request }) => !allows(door, { ...request, ...(keys.length === 0 ? {} : { keys }) }),
    )
    expect(asked.length).toBeGreaterThan(1000)
    expect(refused).toEqual([])
  }, 60_000)

  it('who reads a policy reads that of this installation, the one before it too, and no asset of another app', () => {
    const [parameter] = ofType('AWS::SSM::Parameter') as unknown as { Value: unknown }[]
    const readers = (key: string) => doors.filter(({ name }) => reads(name, `${ASSETS}/${key}`)).map(({ name }) => name)
    const readersOfIt = [
      'dataset-uploaded',
      'model-promoted',
      'version-changed',
      'drift-detected',
      'alarm-changed',
      'drift-reported',
      'budget-crossed',
      'cost-anomaly',
      'reconcile',
      'watch',
      'resync',
      'meter',
    ]
    expect(readers(read(control, parameter!.Value).replace(/^s3:\/\/[^/]+\//, ''))).toEqual(readersOfIt)
    expect(readers('signalbox/the-one-before.json')).toEqual(readersOfIt)
    for (const key of ['another-app.json', 'another-app.zip', 'signalbox-2/policy.json'])
      expect(readers(key)).toEqual([])
  })

  it.each<[string, string, string, string[] | undefined]>([
    ['a vote by the door of datasets', 'dataset-uploaded', 'UpdateItem', ['orders#pipeline/a']],
    ['a vote by reconcile', 'reconcile', 'UpdateItem', ['orders#pipeline/a']],
    ['a letter of an event by the door of Slack', 'slack-interaction', 'UpdateItem', ['looks#pipeline/a']],
    ['a look at a lane by the door of Slack', 'slack-interaction', 'BatchGetItem', ['lane#pipeline/a']],
    ['a vote by the door of webhooks', 'registry-webhook', 'UpdateItem', ['orders#pipeline/a']],
    ['a look at a lane by the door of webhooks', 'registry-webhook', 'BatchGetItem', ['lane#pipeline/a']],
    ['a document by the door of datasets', 'dataset-uploaded', 'UpdateItem', ['lane#pipeline/a']],
    ['a document by resync', 'resync', 'UpdateItem', ['lane#pipeline/a']],
    ['a freeze that is taken away by reconcile', 'reconcile', 'DeleteItem', ['freeze']],
    ['a batch of which one key is another’s', 'tick', 'BatchGetItem', ['side', 'room#pool/a']],
    ['a request that names no key', 'tick', 'Query', undefined],
    ['everything', 'reconcile', 'Scan', undefined],
  ])('refuses %s', (_, door, action, keys) => {
    expect(allows(door, { action: `dynamodb:${action}`, on: 'table', ...(keys === undefined ? {} : { keys }) })).toBe(
      false,
    )
  })
})
