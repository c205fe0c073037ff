import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { laneOfNotice } from '../../core/money/notice-lane.ts'
import { parsePolicy } from '../../core/policy.ts'
import config from '../example.ts'
import { MONEY, synth } from './synth.ts'

const LAST = { ...config, budget: { ...config.budget, lastResort: { at: 1.1, approval: 'automatic' } } }
const moneyOf = (name: string, policy: unknown, money: object): Template => {
  const { stacks } = synth(name, policy, { money })
  if (stacks.money === undefined) throw new Error('there is no such stack')
  return Template.fromStack(stacks.money)
}
const template = moneyOf('money', config, MONEY)
const plain = moneyOf('money-plain', config, {})
const last = moneyOf('money-last', LAST, MONEY)
const propertiesOf = (from: Template, type: string) =>
  Object.values(from.findResources(type)).map(({ Properties }) => Properties as Record<string, never>)
const nameOf = (from: Template): string =>
  propertiesOf(from, 'AWS::Budgets::Budget').map(
    ({ Budget }) => (Budget as unknown as { BudgetName: string }).BudgetName,
  )[0] ?? ''

it('is made only where the settings want it, and nothing else of the installation is otherwise for that', () => {
  const [without, beside] = [synth('money-without', config), synth('money-beside', config, { money: MONEY })]
  expect(without.stacks.money).toBeUndefined()
  for (const name of ['state', 'network', 'control', 'access', 'watching'] as const)
    expect(Template.fromStack(beside.stacks[name]).toJSON()).toEqual(Template.fromStack(without.stacks[name]).toJSON())
})

describe('the budget', () => {
  it('is the policy’s, of this cluster’s nodes of the pools’ types, and tells the topic', () => {
    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: {
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: 20_000, Unit: 'USD' },
        Metrics: ['UnblendedCost'],
        FilterExpression: {
          And: [
            { Tags: { Key: 'eks:eks-cluster-name', Values: ['ml-prod'], MatchOptions: ['EQUALS'] } },
            { Dimensions: { Key: 'INSTANCE_TYPE', Values: ['g6e.12xlarge', 'p5.48xlarge'], MatchOptions: ['EQUALS'] } },
          ],
        },
        CostFilters: Match.absent(),
        CostTypes: Match.absent(),
      },
    })
    const [{ NotificationsWithSubscribers: told = [] } = {}] = propertiesOf(
      template,
      'AWS::Budgets::Budget',
    ) as unknown as {
      NotificationsWithSubscribers: { Notification: Record<string, unknown>; Subscribers: unknown[] }[]
    }[]
    expect(told.map(({ Notification }) => [Notification['NotificationType'], Notification['Threshold']])).toEqual([
      ['ACTUAL', 80],
      ['ACTUAL', 100],
      ['FORECASTED', 100],
    ])
    for (const { Notification, Subscribers } of told) {
      expect(Notification).toMatchObject({ ComparisonOperator: 'GREATER_THAN', ThresholdType: 'PERCENTAGE' })
      expect(Subscribers).toEqual([{ SubscriptionType: 'SNS', Address: expect.anything() }])
    }
  })

  it('has another name with other alerts, since AWS makes it anew then, and not with another amount; its notices are known by any', () => {
    const dearer = moneyOf('money-dearer', { ...config, budget: { ...config.budget, dollars: 30_000 } }, MONEY)
    expect([nameOf(dearer) === nameOf(template), nameOf(plain) === nameOf(template)]).toEqual([true, false])
    for (const name of [nameOf(plain), nameOf(template)])
      expect(laneOfNotice(parsePolicy(config), { of: 'aws-budget', name, text: '' })).toBe('budget/ml-monthly')
  })
})

describe('the topic', () => {
  it('lets two services of AWS publish, for this account, and nobody without TLS', () => {
    const [policy] = propertiesOf(template, 'AWS::SNS::TopicPolicy') as unknown as {
      PolicyDocument: { Statement: { Effect: string; Principal: unknown; Action: string; Condition: object }[] }
    }[]
    const statements = policy?.PolicyDocument.Statement ?? []
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow')
    expect(allowed.map(({ Principal, Action }) => [Principal, Action])).toEqual([
      [{ Service: 'budgets.amazonaws.com' }, 'sns:Publish'],
      [{ Service: 'costalerts.amazonaws.com' }, 'sns:Publish'],
    ])
    for (const { Condition } of allowed)
      expect(Condition).toMatchObject({ StringEquals: { 'aws:SourceAccount': '111122223333' } })
    expect(JSON.stringify(allowed[0]?.Condition)).toContain(':budgets::111122223333:*')
    expect(statements.filter(({ Effect }) => Effect === 'Deny')).toHaveLength(1)
  })

  it('has no key of its own, which those services could not use', () => {
    expect(propertiesOf(template, 'AWS::SNS::Topic')).toEqual([{ TopicName: 'signalbox-budgets' }])
  })

  it('calls its door and nothing else, which no other topic may; what cannot be delivered is kept', () => {
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'sns.amazonaws.com',
      SourceArn: { Ref: Match.anyValue() },
      SourceAccount: '111122223333',
      FunctionName: Match.anyValue(),
    })
    const [permission] = propertiesOf(template, 'AWS::Lambda::Permission')
    expect(JSON.stringify(permission?.['FunctionName'])).toContain(':function:signalbox-budget-notice')
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'lambda', RedrivePolicy: Match.anyValue() })
    template.resourceCountIs('AWS::SNS::Subscription', 1)
  })
})

describe('the last resort', () => {
  it('is none where the policy wants none', () => {
    template.resourceCountIs('AWS::Budgets::BudgetsAction', 0)
    template.resourceCountIs('AWS::IAM::ManagedPolicy', 0)
    template.resourceCountIs('AWS::IAM::Role', 0)
  })

  it('keeps Karpenter’s role from launching what pools have, as the policy says', () => {
    last.hasResourceProperties('AWS::Budgets::BudgetsAction', {
      ActionType: 'APPLY_IAM_POLICY',
      ApprovalModel: 'AUTOMATIC',
      NotificationType: 'ACTUAL',
      ActionThreshold: { Type: 'PERCENTAGE', Value: 110 },
      Definition: { IamActionDefinition: { Roles: ['KarpenterController-ml-prod'], PolicyArn: Match.anyValue() } },
      Subscribers: [{ Type: 'SNS', Address: Match.anyValue() }],
    })
    last.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Action: ['ec2:RunInstances', 'ec2:CreateFleet'],
            Resource: Match.anyValue(),
            Condition: { StringEquals: { 'ec2:InstanceType': ['g6e.12xlarge', 'p5.48xlarge'] } },
          },
        ],
      },
      Roles: Match.absent(),
    })
    const asked = moneyOf('money-manual', { ...config, budget: { ...config.budget, lastResort: {} } }, MONEY)
    asked.hasResourceProperties('AWS::Budgets::BudgetsAction', {
      ApprovalModel: 'MANUAL',
      ActionThreshold: { Type: 'PERCENTAGE', Value: 120 },
    })
  })

  it('its role attaches that one policy to that one role, for this budget alone', () => {
    const [role] = propertiesOf(last, 'AWS::IAM::Role') as unknown as {
      AssumeRolePolicyDocument: {
        Statement: { Principal: unknown; Condition: Record<string, Record<string, unknown>> }[]
      }
      Policies: { PolicyDocument: { Statement: Record<string, unknown>[] } }[]
      ManagedPolicyArns?: unknown
    }[]
    const [trust, ...others] = role?.AssumeRolePolicyDocument.Statement ?? []
    expect(others).toEqual([])
    expect(trust?.Principal).toEqual({ Service: 'budgets.amazonaws.com' })
    expect(trust?.Condition['StringEquals']).toEqual({ 'aws:SourceAccount': '111122223333' })
    expect(JSON.stringify(trust?.Condition['ArnLike'])).toMatch(/"Ref":"Budget/)
    const [statement, ...more] = role?.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement) ?? []
    expect(more).toEqual([])
    expect(statement).toMatchObject({
      Effect: 'Allow',
      Action: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
      Condition: { ArnEquals: { 'iam:PolicyARN': expect.anything() } },
    })
    expect(JSON.stringify(statement?.['Resource'])).toContain(':role/KarpenterController-ml-prod')
    expect(role?.ManagedPolicyArns).toBeUndefined()
  })

  it('without the name of Karpenter’s role is refused, with where to put it', () => {
    for (const [n, context] of [{}, { money: {} }].entries())
      expect(() => synth(`money-no-role-${n}`, LAST, context)).toThrow('signalbox.money.karpenterRole')
  })
})

describe('cost anomalies', () => {
  it('are told at once, by a monitor of ours or by one that is there', () => {
    template.hasResourceProperties('AWS::CE::AnomalySubscription', {
      Frequency: 'IMMEDIATE',
      Subscribers: [{ Type: 'SNS', Address: Match.anyValue() }],
      ThresholdExpression: JSON.stringify({
        Dimensions: { Key: 'ANOMALY_TOTAL_IMPACT_ABSOLUTE', MatchOptions: ['GREATER_THAN_OR_EQUAL'], Values: ['100'] },
      }),
    })
    template.hasResourceProperties('AWS::CE::AnomalyMonitor', {
      MonitorName: 'signalbox-costs',
      MonitorType: 'DIMENSIONAL',
      MonitorDimension: 'SERVICE',
    })
    const monitor = 'arn:aws:ce::111122223333:anomalymonitor/abcdef12-1234-4ea0-84cc-918a97d736ef'
    const theirs = moneyOf('money-theirs', config, { ...MONEY, anomalies: { dollars: 50, monitor } })
    theirs.resourceCountIs('AWS::CE::AnomalyMonitor', 0)
    theirs.hasResourceProperties('AWS::CE::AnomalySubscription', { MonitorArnList: [monitor] })
  })

  it('are asked for by nobody who does not want them', () => {
    plain.resourceCountIs('AWS::CE::AnomalySubscription', 0)
  })
})
