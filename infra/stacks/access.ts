import { Stack, type StackProps } from 'aws-cdk-lib'
import { CfnAccessEntry, CfnPodIdentityAssociation } from 'aws-cdk-lib/aws-eks'
import { Effect, type IPrincipal, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { groupOf, roleName } from '../../core/bootstrap/rights.ts'
import { type PodAccount, podAccounts, podRoleOf } from '../../core/workloads/accounts.ts'
import { doors } from '../doors.ts'
import { podRights } from '../pods.ts'
import type { PolicyFacts } from '../policy.ts'
import type { Settings } from '../settings.ts'
import type { ControlStack } from './control.ts'

interface AccessProps extends StackProps {
  settings: Settings
  policy: PolicyFacts
  control: ControlStack
}

/**
 * Who a door is in the cluster: its role mapped to a group of its own, which `signalbox bootstrap` gives its rights. And
 * who a pod is in AWS: a role for each account that `signalbox bootstrap` makes.
 */
export class AccessStack extends Stack {
  constructor(scope: Construct, id: string, props: AccessProps) {
    super(scope, id, props)
    const { settings, policy } = props
    // Roles are named, not imported: EKS takes an entry only of a role that is there.
    this.addStackDependency(props.control)
    for (const { name, inCluster } of doors)
      if (inCluster)
        new CfnAccessEntry(this, name, {
          clusterName: settings.cluster.name,
          principalArn: this.formatArn({
            service: 'iam',
            region: '',
            resource: 'role',
            resourceName: roleName(policy.installation, name, this.region),
          }),
          type: 'STANDARD',
          kubernetesGroups: [groupOf(policy, name)],
        })
    for (const account of podAccounts(policy))
      new CfnPodIdentityAssociation(this, `${account.of}-association`, {
        clusterName: settings.cluster.name,
        namespace: account.namespace,
        serviceAccount: account.name,
        roleArn: this.roleOf(account, props).roleArn,
        // What a pod may write is said by the tags of its session.
        disableSessionTags: false,
      })
  }

  private roleOf(account: PodAccount, { settings, policy }: AccessProps): Role {
    const arn = (resource: string): string => this.formatArn({ service: 's3', region: '', account: '', resource })
    const statements = podRights(account.of, policy).map(
      ({ actions, on }) => new PolicyStatement({ effect: Effect.ALLOW, actions, resources: on.map(arn) }),
    )
    return new Role(this, podRoleOf(account), {
      roleName: roleName(policy.installation, podRoleOf(account), this.region),
      assumedBy: this.podsOf(account, settings),
      description: `What pods of ${account.namespace}/${account.name} may do, and nothing else`,
      inlinePolicies: { pods: new PolicyDocument({ statements }) },
    })
  }

  /** EKS for the pods of one account alone: whoever may make associations cannot give the role to another. */
  private podsOf({ name, namespace }: PodAccount, { cluster }: Settings): IPrincipal {
    return new ServicePrincipal('pods.eks.amazonaws.com')
      .withConditions({
        StringEquals: {
          'aws:RequestTag/eks-cluster-arn': this.formatArn({
            service: 'eks',
            resource: 'cluster',
            resourceName: cluster.name,
          }),
          'aws:RequestTag/kubernetes-namespace': namespace,
          'aws:RequestTag/kubernetes-service-account': name,
        },
      })
      .withSessionTags()
  }
}
