import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import config from '../example.ts'
import { ENDPOINTS, synth, VARIANTS } from './synth.ts'
import type { Written } from './written.ts'

/** Every template of every variant. */
const resources = VARIANTS.flatMap(([name, context]) =>
  Object.values(synth(`closed-${name}`, config, context).stacks).flatMap((stack) =>
    Object.entries((Template.fromStack(stack).toJSON() as Written).Resources),
  ),
)
const ofType = (type: RegExp): Record<string, unknown>[] =>
  resources.flatMap(([id, { Type, Properties = {} }]) => (type.test(Type) ? [{ id, ...Properties }] : []))

interface Statement {
  Effect: string
  Principal?: unknown
  Condition?: Record<string, Record<string, unknown>>
}

/** Who may do something by a resource's own policy without being told apart: everybody, or a service for any account. */
const openStatements = (policies: readonly Record<string, unknown>[]): Statement[] =>
  policies
    .flatMap(({ PolicyDocument }) => (PolicyDocument as { Statement: Statement[] }).Statement)
    .filter(({ Effect, Principal, Condition = {} }) => {
      const named = Object.values(Condition).flatMap((keys) => Object.keys(keys))
      const services = Object.keys((Principal ?? {}) as object).join() === 'Service'
      return Effect === 'Allow' && !(services && named.some((key) => /^aws:Source(Account|Arn)$/.test(key)))
    })

describe('nothing is public but the HTTP API', () => {
  it('no function has an address of its own, and only a named rule or route may call one', () => {
    expect(ofType(/^AWS::Lambda::Url$/)).toEqual([])
    const permissions = ofType(/^AWS::Lambda::Permission$/)
    expect(permissions.length).toBeGreaterThan(0)
    for (const { id, Principal, SourceArn, Action } of permissions) {
      expect(['apigateway.amazonaws.com', 'events.amazonaws.com', 'sns.amazonaws.com'], String(id)).toContain(Principal)
      expect([Action, SourceArn], String(id)).toEqual(['lambda:InvokeFunction', expect.anything()])
    }
  })

  it('the policy of every queue, topic and bucket lets in named services for this account alone', () => {
    const policies = ofType(/^AWS::(SQS::Queue|SNS::Topic|S3::Bucket)Policy$|^AWS::Events::EventBusPolicy$/)
    expect(policies.length).toBeGreaterThanOrEqual(4)
    expect(openStatements(policies)).toEqual([])
  })

  it.each([
    ['everybody', { Effect: 'Allow', Principal: '*' }],
    [
      'every account',
      { Effect: 'Allow', Principal: { AWS: '*' }, Condition: { Bool: { 'aws:SecureTransport': 'true' } } },
    ],
    ['a service for anybody', { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' } }],
  ])('a policy that lets in %s is seen', (_, statement) => {
    expect(openStatements([{ PolicyDocument: { Statement: [statement] } }])).toEqual([statement])
  })

  it('security groups are entered from other groups only, or from the VPC itself where it calls an endpoint', () => {
    for (const { id, GroupDescription, SecurityGroupIngress = [] } of ofType(/^AWS::EC2::SecurityGroup$/)) {
      const rules = SecurityGroupIngress as { CidrIp: string; FromPort: number; ToPort: number }[]
      expect(
        rules.map(({ CidrIp, FromPort, ToPort }) => `${CidrIp} ${FromPort}-${ToPort}`),
        String(id),
      ).toEqual(GroupDescription === 'https from the VPC' ? ENDPOINTS.vpc.cidrs.map((cidr) => `${cidr} 443-443`) : [])
    }
    const entrances = ofType(/^AWS::EC2::SecurityGroupIngress$/)
    expect(entrances.length).toBeGreaterThan(0)
    for (const { id, SourceSecurityGroupId, CidrIp, CidrIpv6, SourcePrefixListId } of entrances)
      expect([SourceSecurityGroupId, CidrIp, CidrIpv6, SourcePrefixListId], String(id)).toEqual([
        expect.anything(),
        undefined,
        undefined,
        undefined,
      ])
  })

  it('buckets of our own are closed to the public', () => {
    const closed = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets']
    const made = ofType(/^AWS::S3::Bucket$/)
    expect(made).toHaveLength(2 * VARIANTS.filter(([, context]) => 'buckets' in context).length)
    for (const { PublicAccessBlockConfiguration } of made)
      expect(PublicAccessBlockConfiguration).toEqual(Object.fromEntries(closed.map((key) => [key, true])))
  })
})
