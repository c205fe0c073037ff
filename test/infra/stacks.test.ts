import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import type { Pattern } from '../../events/contract.ts'
import { doors } from '../../infra/doors.ts'
import type { Stacks } from '../../infra/installation.ts'
import { matches } from '../../local/bus/match-pattern.ts'
import { samplesOf } from '../events/samples.ts'
import config from '../example.ts'
import { piped } from '../variants.ts'
import { synth } from './synth.ts'

const one = synth('one', config)
/** The same event in another bucket, where it names one. */
const inBucket = (event: unknown, name: string): unknown => {
  const moved = structuredClone(event) as { detail?: { bucket?: { name: string } } }
  if (moved.detail?.bucket !== undefined) moved.detail.bucket.name = name
  return moved
}

const templates = Object.fromEntries(
  Object.entries(one.stacks).map(([name, stack]) => [name, Template.fromStack(stack)]),
) as Record<keyof Stacks, Template>
const resources = (
  template: Template,
  type: string,
): [string, { Properties: Record<string, never>; DependsOn?: string[] }][] =>
  Object.entries(template.findResources(type)) as never

describe('the stacks', () => {
  it('deploy each door from its bundle, on ARM and Node 24, with JSON logs and traces', () => {
    expect(resources(templates.control, 'AWS::Lambda::Function')).toHaveLength(doors.length)
    for (const { name } of doors)
      templates.control.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: `signalbox-${name}`,
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        LoggingConfig: Match.objectLike({ LogFormat: 'JSON' }),
        TracingConfig: { Mode: 'Active' },
      })
  })

  it('have a work queue whose ids and throughput are each lane’s, and a queue of the dead that frees the lane', () => {
    const [dead, wakes] = resources(templates.state, 'AWS::SQS::Queue').filter(
      ([, { Properties }]) => Properties['FifoQueue'],
    )
    expect(wakes?.[1].Properties).toMatchObject({
      QueueName: 'signalbox-wakes.fifo',
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      VisibilityTimeout: 360,
      SqsManagedSseEnabled: true,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [dead?.[0], 'Arn'] }, maxReceiveCount: 5 },
    })
    expect(wakes?.[1].Properties).not.toHaveProperty('ContentBasedDeduplication')
    expect(wakes?.[1].Properties).not.toHaveProperty('DelaySeconds')
    expect(dead?.[1].Properties).toMatchObject({ FifoQueue: true, MessageRetentionPeriod: 14 * 86_400 })
  })

  it('give reconcile one wake at a time, of at most twenty lanes side by side', () => {
    const [mapping] = resources(templates.control, 'AWS::Lambda::EventSourceMapping').map(
      ([, { Properties }]) => Properties as Record<string, unknown>,
    )
    const { BatchSize, ScalingConfig, FunctionName, EventSourceArn, ...more } = mapping ?? {}
    expect([BatchSize, ScalingConfig, more]).toEqual([1, { MaximumConcurrency: 20 }, {}])
    const [reconcile] = resources(templates.control, 'AWS::Lambda::Function').find(
      ([, { Properties }]) => Properties['FunctionName'] === 'signalbox-reconcile',
    )!
    expect([FunctionName, EventSourceArn]).toEqual([{ Ref: reconcile }, { 'Fn::ImportValue': expect.any(String) }])
    for (const [, { Properties }] of resources(templates.control, 'AWS::Lambda::Function'))
      expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions')
  })

  // A line of 24 runs whose Jobs the cluster refuses is one chain of 48 wakes: each close wakes the pool, which wakes the next.
  it('let reconcile wake lanes that wake lanes, however long: Lambda ends chains of sixteen as loops unless told', () => {
    const loops = resources(templates.control, 'AWS::Lambda::Function').flatMap(
      ([
        ,
        {
          Properties: { FunctionName, RecursiveLoop },
        },
      ]) => (RecursiveLoop === undefined ? [] : [[FunctionName, RecursiveLoop]]),
    )
    expect(loops).toEqual([['signalbox-reconcile', 'Allow']])
  })

  it.each([
    ['off', {}],
    ['on', { schedules: 'on' }],
  ])('have schedules that are %s: they run once doctor has passed', (is, context) => {
    const { control } = synth(`schedules-${is}`, config, context).stacks
    const schedules = resources(Template.fromStack(control), 'AWS::Scheduler::Schedule').map(
      ([, { Properties }]) => Properties,
    )
    expect(schedules.map(({ Name, ScheduleExpression, State }) => [Name, ScheduleExpression, State])).toEqual([
      [expect.anything(), 'rate(1 minute)', is === 'on' ? 'ENABLED' : 'DISABLED'],
      [expect.anything(), 'rate(1 minute)', is === 'on' ? 'ENABLED' : 'DISABLED'],
      [expect.anything(), 'rate(5 minutes)', is === 'on' ? 'ENABLED' : 'DISABLED'],
      [expect.anything(), 'rate(1 minute)', is === 'on' ? 'ENABLED' : 'DISABLED'],
    ])
    for (const { Target } of schedules)
      expect((Target as unknown as { RetryPolicy: object }).RetryPolicy).toEqual({
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 60,
      })
  })

  it('keep nothing that a tear-down would have to wait for: no version, no alias, no execution', () => {
    for (const type of ['AWS::Lambda::Version', 'AWS::Lambda::Alias']) templates.control.resourceCountIs(type, 0)
    for (const [, { Properties }] of resources(templates.control, 'AWS::Lambda::Function'))
      expect(Properties).not.toHaveProperty('DurableConfig')
  })

  it('attach only what talks to the cluster to the VPC: nobody waits for a network', () => {
    const attached = resources(templates.control, 'AWS::Lambda::Function')
      .filter(([, { Properties }]) => Properties['VpcConfig'] !== undefined)
      .map(([, { Properties }]) => Properties['FunctionName'])
    expect(attached).toEqual(['signalbox-reconcile', 'signalbox-watch', 'signalbox-resync', 'signalbox-meter'])
  })

  it('select by the contracts’ own patterns, in the policy’s buckets: each sample of a contract by its rule, and by no other', () => {
    const rules = resources(templates.control, 'AWS::Events::Rule').map(
      ([, { Properties }]) => Properties['EventPattern'] as unknown as Pattern,
    )
    const names = doors.flatMap(({ trigger }) => (trigger.kind === 'bus' ? [trigger.contract.name] : []))
    const samples = names.flatMap((name) => samplesOf(name).map((sample) => ({ ...sample, of: name })))
    expect(rules).toHaveLength(names.length)
    for (const [n, rule] of rules.entries())
      for (const { of, name, event, expect: becomes } of samples)
        if (event !== undefined && becomes === 'accepted')
          expect(matches(rule, inBucket(event, 'acme-datasets')), `${names[n]} of ${of}/${name}`).toBe(names[n] === of)
  })

  it('call nobody for what is named like a manifest in another bucket of the account', () => {
    const [sample] = samplesOf('dataset-uploaded').filter(({ name }) => name === 'base')
    const called = (policy: unknown, bucket: string): number =>
      resources(Template.fromStack(synth(`buckets-${bucket}`, policy).stacks.control), 'AWS::Events::Rule').filter(
        ([, { Properties }]) =>
          matches(Properties['EventPattern'] as unknown as Pattern, inBucket(sample?.event, bucket)),
      ).length
    expect(called(config, 'acme-datasets')).toBe(1)
    expect(called(config, 'acme-inventory')).toBe(0)
    const names = Array.from({ length: 20 }, (_, n) => `${'b'.repeat(58)}-${n}`)
    const many = { ...config, pipelines: Object.fromEntries(names.map((bucket, n) => [`d-${n}`, piped({ bucket })])) }
    for (const bucket of [names[0]!, names[19]!]) expect(called(many, bucket)).toBe(1)
  })

  it('map a door that talks to the cluster to a group of its own, without any managed policy', () => {
    const entries = resources(templates.access, 'AWS::EKS::AccessEntry').map(([, { Properties }]) => Properties)
    expect(entries.map(({ KubernetesGroups }) => KubernetesGroups)).toEqual(
      doors.filter(({ inCluster }) => inCluster).map(({ name }) => [`signalbox:signalbox:${name}`]),
    )
    for (const entry of entries) expect(entry['AccessPolicies']).toBeUndefined()
  })

  it('let nothing in but the four webhooks, throttled, and open one port of the cluster to the doors', () => {
    expect(
      resources(templates.control, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties['RouteKey']),
    ).toEqual(['POST /webhooks/mlflow', 'POST /webhooks/alerts', 'POST /slack/interactions', 'POST /slack/commands'])
    templates.control.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 },
      AccessLogSettings: Match.objectLike({ Format: Match.not(Match.stringLikeRegexp('header')) }),
    })
    templates.control.resourceCountIs('AWS::Lambda::Url', 0)
    expect(
      resources(templates.network, 'AWS::EC2::SecurityGroup').map(
        ([, { Properties }]) => Properties['SecurityGroupIngress'],
      ),
    ).toEqual([undefined])
    templates.network.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 443, ToPort: 443 })
  })

  it('keep what must not be lost: the ledger protected and recoverable, nothing made by a function of CDK’s', () => {
    templates.state.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      },
    })
    for (const template of Object.values(templates)) expect(template.findResources('Custom::*')).toEqual({})
    templates.state.resourceCountIs('AWS::Lambda::Function', 0)
  })
})

it('a first deployment that is rolled back leaves no name taken: what is kept goes again, and the table comes last', () => {
  const template = Template.fromStack(synth('first', config, { buckets: 'create' }).stacks.state)
  const kept = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }
  for (const [type, count] of Object.entries({ 'AWS::SecretsManager::Secret': 5, 'AWS::S3::Bucket': 2 }))
    expect(Object.keys(template.findResources(type, kept)), type).toHaveLength(count)
  const [table, { DependsOn = [] }] = resources(template, 'AWS::DynamoDB::Table')[0]!
  const others = Object.keys(template.toJSON().Resources).filter((id) => id !== table)
  expect([...DependsOn].sort()).toEqual(others.sort())
})

it('a release takes doors and secrets away: no stack imports of another what does not stay as long as the other', () => {
  const imported = Object.values(templates).flatMap((template) =>
    [...JSON.stringify(template.toJSON()).matchAll(/"Fn::ImportValue":"([^"]+)"/g)].map(([, name]) => name),
  )
  const stays =
    /-(state:ExportsOutput\w+?(Ledger|Bus|Wakes|Dead|Failures)|network:ExportsOutput\w+?Doors|control:ExportsOutput\w+?Api)/
  expect(imported.length).toBeGreaterThan(10)
  expect([...new Set(imported)].filter((name) => !stays.test(name ?? ''))).toEqual([])
  expect(one.stacks.access.dependencies).toContain(one.stacks.control)
})

it('a policy takes force after the doors and their rights, whose templates do not wait for it', () => {
  const [parameter, { DependsOn = [] }] = resources(templates.control, 'AWS::SSM::Parameter')[0]!
  for (const type of ['AWS::Lambda::Function', 'AWS::IAM::Role'])
    for (const [id] of resources(templates.control, type))
      if (!id.startsWith('Scheduler')) expect(DependsOn).toContain(id)
  const others = Object.entries(templates.control.toJSON().Resources as object).filter(([id]) => id !== parameter)
  expect(JSON.stringify(others)).not.toContain(parameter)
})

it('what an account has once, whatever the region, has the region in its name', () => {
  const names = Object.values(templates).flatMap((template) => [
    ...resources(template, 'AWS::IAM::Role').map(([, { Properties }]) => Properties['RoleName']),
    ...resources(template, 'AWS::CloudWatch::Dashboard').map(([, { Properties }]) => Properties['DashboardName']),
  ])
  expect(names.filter((name) => name !== undefined).length).toBe(doors.length + 4)
  for (const name of names) if (name !== undefined) expect(name).toMatch(/-eu-central-1$/)
})

it('the log of requests asks for no room of its own in what an account lets services log', () => {
  templates.control.hasResourceProperties('AWS::Logs::LogGroup', {
    LogGroupName: '/aws/vendedlogs/http-api/signalbox',
  })
})

it('ten thousand services change no template', () => {
  const [support] = Object.values(config.services ?? {})
  const services = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`m-${n}`, support]))
  const many = synth('many', { ...config, services })
  const sized = (stacks: Stacks) =>
    Object.values(stacks).map((stack) => JSON.stringify(Template.fromStack(stack).toJSON()).length)
  expect(sized(many.stacks)).toEqual(sized(one.stacks))
})

it.each([
  ['slack-interaction', 3],
  ['dataset-uploaded', 30],
  ['reconcile', 60],
  ['tick', 60],
  ['watch', 60],
  ['meter', 60],
  ['resync', 270],
])('%s ends after %d s: before the next tick, and before who waits has gone', (name, seconds) => {
  templates.control.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: `signalbox-${name}`,
    Timeout: seconds,
  })
})

it('buckets that are to be made send their events by themselves', () => {
  const { stacks } = synth('create', config, { buckets: 'create' })
  const made = resources(Template.fromStack(stacks.state), 'AWS::S3::Bucket').map(([, { Properties }]) => Properties)
  expect(made.map(({ BucketName }) => BucketName)).toEqual(['acme-datasets', 'acme-results'])
  expect(made[0]?.['NotificationConfiguration']).toEqual({ EventBridgeConfiguration: { EventBridgeEnabled: true } })
  // What of an upload was cut off does not stay, unseen and billed.
  for (const { LifecycleConfiguration } of made)
    expect(LifecycleConfiguration).toEqual({
      Rules: [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 }, Status: 'Enabled' }],
    })
})
