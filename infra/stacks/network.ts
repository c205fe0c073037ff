import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
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
import type { Service, Settings } from '../settings.ts'

/** What the doors in the VPC call besides the cluster, MLflow, Slack, and what is in GATEWAYS. */
const ENDPOINTS: Record<Service, InterfaceVpcEndpointAwsService> = {
  sqs: InterfaceVpcEndpointAwsService.SQS,
  events: InterfaceVpcEndpointAwsService.EVENTBRIDGE,
  secretsmanager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  ssm: InterfaceVpcEndpointAwsService.SSM,
}

const portOf = (url: string): number => {
  const { protocol, port } = new URL(url)
  return Number(port || (protocol === 'https:' ? 443 : 80))
}

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
    const { mlflow, prometheus } = props.settings
    this.group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'API server, AWS, Slack')
    const [toMlflow, toPrometheus] = [portOf(mlflow.url), portOf(prometheus?.url ?? mlflow.url)]
    if (toMlflow !== 443) this.group.addEgressRule(Peer.anyIpv4(), Port.tcp(toMlflow), 'MLflow')
    if (toPrometheus !== 443 && toPrometheus !== toMlflow)
      this.group.addEgressRule(Peer.anyIpv4(), Port.tcp(toPrometheus), 'Prometheus')
    new CfnSecurityGroupIngress(this, 'ToCluster', {
      groupId: props.settings.cluster.securityGroup,
      sourceSecurityGroupId: this.group.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
      description: `Doors of ${props.policy.installation}`,
    })
    new CfnOutput(this, 'DoorsSecurityGroup', {
      description: 'Security group of the doors: let it in where MLflow is private',
      value: this.group.securityGroupId,
    })
    const { endpoints, routeTables } = props.settings.vpc
    this.endpoints(endpoints)
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

  /** Private DNS answers for the whole VPC, so all of it is let in: who called a service by another way comes here now. */
  private endpoints(services: Service[]): void {
    if (services.length === 0) return
    const { subnets, availabilityZones, cidrs } = this.settings.vpc
    const inside = new SecurityGroup(this, 'Endpoints', {
      vpc: this.vpc,
      description: 'https from the VPC',
      allowAllOutbound: false,
    })
    for (const cidr of cidrs) inside.addIngressRule(Peer.ipv4(cidr), Port.tcp(443), 'the VPC')
    // The first of each zone: EC2 refuses two subnets of one zone.
    const one = subnets.slice(0, availabilityZones.length)
    for (const name of services)
      new InterfaceVpcEndpoint(this, `Endpoint-${name}`, {
        vpc: this.vpc,
        service: ENDPOINTS[name],
        privateDnsEnabled: true,
        // CDK's own rule would need the VPC's address, which is not looked up.
        open: false,
        securityGroups: [inside],
        subnets: { subnets: one.map((subnet, n) => Subnet.fromSubnetId(this, `${name}-${n}`, subnet)) },
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
