import { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import config from '../example.ts'
import { CONTEXT, ENDPOINTS, synth } from './synth.ts'

const { vpc } = CONTEXT['signalbox'] as { vpc: { subnets: string[] } }
const network = (name: string, more: object) =>
  Template.fromStack(synth(name, config, { vpc: { ...vpc, cidrs: ENDPOINTS.vpc.cidrs, ...more } }).stacks.network)
const endpointsOf = (template: Template): { ServiceName: string; SubnetIds: string[]; PrivateDnsEnabled: boolean }[] =>
  Object.values(template.findResources('AWS::EC2::VPCEndpoint', { Properties: { VpcEndpointType: 'Interface' } })).map(
    ({ Properties }) => Properties,
  )

// The first synthesis of a worker loads what CDK needs for it.
beforeAll(() => void network('first', {}), 60_000)

describe('a VPC whose NAT gateway should not carry it', () => {
  it('gets interface endpoints for what the doors call, and all of the VPC is let in, as their names are for all of it', () => {
    const template = network('endpoints', { endpoints: true })
    expect(endpointsOf(template)).toHaveLength(4)
    for (const { PrivateDnsEnabled } of endpointsOf(template)) expect(PrivateDnsEnabled).toBe(true)
    template.resourceCountIs('AWS::EC2::VPCEndpoint', 4)
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'https from the VPC',
      SecurityGroupIngress: ['10.0.0.0/16', '100.64.0.0/16'].map((CidrIp) => ({
        CidrIp,
        IpProtocol: 'tcp',
        FromPort: 443,
        ToPort: 443,
        Description: 'the VPC',
      })),
    })
  })

  it('has one subnet of each zone in an endpoint, however many it gives the doors', () => {
    const subnets = [...vpc.subnets, 'subnet-0123456789abcdef2', 'subnet-0123456789abcdef3']
    const endpoints = endpointsOf(network('zones', { endpoints: true, subnets }))
    expect(endpoints.map(({ SubnetIds }) => SubnetIds)).toEqual(Array(4).fill(vpc.subnets))
  })

  it('gets only those that it has not, when they are named', () => {
    const named = endpointsOf(network('named', { endpoints: ['events', 'sqs'] }))
    expect(named.map(({ ServiceName }) => ServiceName)).toEqual(
      ['events', 'sqs'].map((service) => `com.amazonaws.eu-central-1.${service}`),
    )
  })

  it('and, when it names its route tables, ways to S3 and DynamoDB in each of them', () => {
    const routeTables = ['rtb-0123456789abcdef0', 'rtb-0123456789abcdef1']
    const template = network('gateways', { endpoints: true, routeTables })
    expect(endpointsOf(template)).toHaveLength(4)
    for (const service of ['s3', 'dynamodb'])
      template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
        VpcEndpointType: 'Gateway',
        ServiceName: `com.amazonaws.eu-central-1.${service}`,
        RouteTableIds: routeTables,
      })
  })
})

it('says which security group a private MLflow has to let in', () => {
  const template = network('output', {})
  const [group] = Object.keys(template.findResources('AWS::EC2::SecurityGroup'))
  template.hasOutput('DoorsSecurityGroup', { Value: { 'Fn::GetAtt': [group, 'GroupId'] } })
})
