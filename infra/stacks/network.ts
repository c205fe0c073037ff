import { Stack, type StackProps } from 'aws-cdk-lib'
import {
  CfnSecurityGroupIngress,
  CfnVPCEndpoint,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  type SubnetSelection,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import type { Construct } from 'constructs'
import type { PolicyFacts } from '../policy.ts'
import type { Settings } from '../settings.ts'

/** What the doors in the VPC call besides the cluster, MLflow, Slack, and what is in GATEWAYS. */
const ENDPOINTS = {
  lambda: InterfaceVpcEndpointAwsService.LAMBDA,
  events: InterfaceVpcEndpointAwsService.EVENTBRIDGE,
  secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  parameters: InterfaceVpcEndpointAwsService.SSM,
} as const

/** Reached by a route of the subnets' tables, at no cost. */
const GATEWAYS = ['s3', 'dynamodb']

/** Where doors that talk to the cluster are attached, and the way from there to its API server. */
export class NetworkStack extends Stack {
  readonly group: SecurityGroup
  private readonly settings: Settings
  private readonly vpc: IVpc

  constructor(scope: Construct, id: string, props: StackProps & { settings: Settings; policy: PolicyFacts }) {
    super(scope, id, props)
    this.settings = props.settings
    this.vpc = this.vpcIn(this)
    this.group = new SecurityGroup(this, 'Doors', {
      vpc: this.vpc,
      description: `Doors of ${props.policy.installation}: https out, nothing in`,
      allowAllOutbound: false,
    })
    const { mlflow } = props.settings
    this.group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'API server, AWS, Slack')
    const { protocol, port } = new URL(mlflow.url)
    const mlflowPort = Number(port || (protocol === 'https:' ? 443 : 80))
    if (mlflowPort !== 443) this.group.addEgressRule(Peer.anyIpv4(), Port.tcp(mlflowPort), 'MLflow')
    new CfnSecurityGroupIngress(this, 'ToCluster', {
      groupId: props.settings.cluster.securityGroup,
      sourceSecurityGroupId: this.group.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
      description: `Doors of ${props.policy.installation}`,
    })
    const { endpoints, routeTables } = props.settings.vpc
    if (endpoints) this.endpoints()
    if (routeTables !== undefined) this.gateways(routeTables)
  }

  /** The VPC by its ids, seen from a stack: nothing is looked up. */
  attachment(scope: Construct): { vpc: IVpc; subnets: SubnetSelection; group: ISecurityGroup } {
    const own = scope.node.tryFindChild('Vpc') as IVpc | undefined
    const vpc = own ?? this.vpcIn(scope)
    return { vpc, subnets: { subnets: vpc.privateSubnets }, group: this.group }
  }

  private vpcIn(scope: Construct): IVpc {
    const { id, availabilityZones, subnets } = this.settings.vpc
    return Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId: id, availabilityZones, privateSubnetIds: subnets })
  }

  private endpoints(): void {
    const inside = new SecurityGroup(this, 'Endpoints', {
      vpc: this.vpc,
      description: 'https from the doors',
      allowAllOutbound: false,
    })
    inside.addIngressRule(this.group, Port.tcp(443), 'doors')
    const { subnets } = this.settings.vpc
    for (const [name, service] of Object.entries(ENDPOINTS))
      new InterfaceVpcEndpoint(this, `Endpoint-${name}`, {
        vpc: this.vpc,
        service,
        privateDnsEnabled: true,
        // Only what the group lets in, not all of the VPC.
        open: false,
        securityGroups: [inside],
        subnets: { subnets: subnets.map((subnet, n) => Subnet.fromSubnetId(this, `${name}-${n}`, subnet)) },
      })
  }

  /** By the tables' ids: a VPC that is not looked up does not know them. */
  private gateways(routeTableIds: string[]): void {
    for (const service of GATEWAYS)
      new CfnVPCEndpoint(this, `Gateway-${service}`, {
        vpcId: this.settings.vpc.id,
        vpcEndpointType: 'Gateway',
        serviceName: `com.amazonaws.${this.region}.${service}`,
        routeTableIds,
      })
  }
}
