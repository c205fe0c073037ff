import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validations } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import { describe, expect, it } from 'vitest'
import { acknowledge } from '../../infra/acknowledged.ts'
import { doors } from '../../infra/doors.ts'
import type { Stacks } from '../../infra/installation.ts'
import { matches } from '../../local/bus/match-pattern.ts'
import config from '../../signalbox.config.ts'
import { samplesOf } from '../events/samples.ts'
import { CONTEXT, synth } from './synth.ts'

const one = synth('one', config)
const templates = Object.fromEntries(
  Object.entries(one.stacks).map(([name, stack]) => [name, Template.fromStack(stack)]),
) as Record<keyof Stacks, Template>
const resources = (
  template: Template,
  type: string,
): [string, { Properties: Record<string, never>; UpdateReplacePolicy?: string }][] =>
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

  it('make carry-out durable, woken through an alias, and keep its versions for executions that go on', () => {
    templates.control.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'signalbox-carry-out',
      DurableConfig: { ExecutionTimeout: 30 * 86_400, RetentionPeriodInDays: 14 },
      Environment: { Variables: Match.objectLike({ SIGNALBOX_WORKFLOW_ARN: Match.anyValue() }) },
    })
    templates.control.hasResource('AWS::Lambda::Version', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
    templates.control.hasResourceProperties('AWS::Lambda::Alias', { Name: 'live' })
  })

  it('select by the contracts’ own patterns: each sample of a contract by its rule, and by no other', () => {
    const rules = resources(templates.control, 'AWS::Events::Rule').map(
      ([, { Properties }]) => Properties['EventPattern'],
    )
    const busDoors = doors.flatMap(({ trigger }) =>
      trigger.kind === 'bus' && 'bus' in trigger.contract.via
        ? [{ name: trigger.contract.name, pattern: trigger.contract.via.pattern }]
        : [],
    )
    expect(rules).toEqual(busDoors.map(({ pattern }) => pattern))
    for (const { name, pattern } of busDoors)
      for (const other of busDoors)
        for (const sample of samplesOf(other.name))
          if (sample.event !== undefined && sample.expect === 'accepted')
            expect(matches(pattern, sample.event), `${name} of ${other.name}/${sample.name}`).toBe(name === other.name)
  })

  it('map a door that talks to the cluster to a group of its own, without any managed policy', () => {
    const entries = resources(templates.access, 'AWS::EKS::AccessEntry').map(([, { Properties }]) => Properties)
    expect(entries.map(({ KubernetesGroups }) => KubernetesGroups)).toEqual(
      doors.filter(({ inCluster }) => inCluster).map(({ name }) => [`signalbox:signalbox:${name}`]),
    )
    for (const entry of entries) expect(entry['AccessPolicies']).toBeUndefined()
  })

  it('let nothing in but the two webhooks, throttled, and open one port of the cluster to the doors', () => {
    expect(
      resources(templates.control, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties['RouteKey']),
    ).toEqual(['POST /webhooks/mlflow', 'POST /slack/interactions'])
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

it('ten thousand models change no template', () => {
  const [support] = Object.values(config.models ?? {})
  const models = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`m-${n}`, support]))
  const many = synth('many', { ...config, models })
  const sized = (stacks: Stacks) =>
    Object.values(stacks).map((stack) => JSON.stringify(Template.fromStack(stack).toJSON()).length)
  expect(sized(many.stacks)).toEqual(sized(one.stacks))
})

it('the same sources give the same bytes, nothing is looked up, and cdk-nag finds nothing that is not acknowledged', () => {
  const [a, b] = ['twice-a', 'twice-b'].map((name) => {
    const { app, settings, facts, stacks } = synth(name, config)
    acknowledge(stacks, { settings, policy: facts })
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
    const assembly = app.synth()
    expect(assembly.manifest.missing ?? []).toEqual([])
    const files = readdirSync(assembly.directory)
      .filter((file) => file.endsWith('.json'))
      .sort()
    return Object.fromEntries(files.map((file) => [file, readFileSync(join(assembly.directory, file), 'utf8')]))
  })
  expect(Object.keys(a ?? {})).toEqual(expect.arrayContaining(['manifest.json', 'signalbox-control.assets.json']))
  expect(a).toEqual(b)
})

describe('a VPC whose NAT gateway should not carry it', () => {
  const { vpc } = CONTEXT['signalbox'] as { vpc: object }
  const network = (name: string, more: object) =>
    Template.fromStack(synth(name, config, { vpc: { ...vpc, endpoints: true, ...more } }).stacks.network)
  const interfaces = { PrivateDnsEnabled: true, VpcEndpointType: 'Interface' }

  it('gets interface endpoints that only the doors reach', () => {
    const template = network('endpoints', {})
    template.resourcePropertiesCountIs('AWS::EC2::VPCEndpoint', interfaces, 4)
    template.resourceCountIs('AWS::EC2::VPCEndpoint', 4)
  })

  it('and, when it names its route tables, ways to S3 and DynamoDB in each of them', () => {
    const routeTables = ['rtb-0123456789abcdef0', 'rtb-0123456789abcdef1']
    const template = network('gateways', { routeTables })
    template.resourcePropertiesCountIs('AWS::EC2::VPCEndpoint', interfaces, 4)
    for (const service of ['s3', 'dynamodb'])
      template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
        VpcEndpointType: 'Gateway',
        ServiceName: `com.amazonaws.eu-central-1.${service}`,
        RouteTableIds: routeTables,
      })
  })
})

it.each([
  ['slack-interaction', 3],
  ['dataset-uploaded', 300],
  ['watch', 60],
  ['reconcile', 270],
  ['carry-out', 300],
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
})
