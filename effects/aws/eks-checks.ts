import {
  type Cluster,
  DescribeAccessEntryCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribePodIdentityAssociationCommand,
  EKSClient,
  ListPodIdentityAssociationsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-eks'
import { groupOf, roleName } from '../../core/bootstrap/rights.ts'
import { type PodAccount, podAccounts, podRoleOf } from '../../core/workloads/accounts.ts'
import { expectThat, type Finding, finding } from './checks.ts'

export interface EksPlace {
  region: string
  installation: string
  /** Name of the EKS cluster. */
  cluster: string
  namespaces: { training: string; serving: string }
  /** The doors that enter the cluster. */
  doors: readonly string[]
}

/** Where questions go, and of which cluster. */
interface Asking {
  client: EKSClient
  place: EksPlace
  cluster: Cluster
}

/** Authentication modes of EKS that take access entries. */
const ENTRY_MODES: readonly string[] = ['API', 'API_AND_CONFIG_MAP']
const AGENT = 'eks-pod-identity-agent'

/** What doors and pods need of EKS: a cluster that lets doors in, and a role for each account of pods, with who hands it out. */
export const eksFindings = async (
  place: EksPlace,
  client = new EKSClient({ region: place.region }),
): Promise<Finding[]> => {
  const name = place.cluster
  const described = client.send(new DescribeClusterCommand({ name }))
  const first = await clusterFinding(name, described)
  const { cluster } = await described.catch(() => ({ cluster: undefined }))
  // Of a cluster that nobody may look at nothing more is to be said.
  if (cluster === undefined) return [first]
  const asking = { client, place, cluster }
  return [
    first,
    ...(await Promise.all([
      agentFinding(asking),
      ...place.doors.map((door) => entryFinding(asking, door)),
      ...podAccounts(place).map((account) => associationFinding(asking, account)),
    ])),
  ]
}

/** Doors enter the cluster by access entries, which the oldest of the three authentication modes does not know. */
const clusterFinding = (name: string, described: Promise<{ cluster?: Cluster | undefined }>): Promise<Finding> => {
  const fix = `\`cluster\` of the policy must name an active one, and \`aws eks update-cluster-config --name ${name} --access-config authenticationMode=API_AND_CONFIG_MAP\` lets access entries in`
  return finding('cluster', fix, async () => {
    const { cluster } = await described
    expectThat(cluster?.status === 'ACTIVE', `${name} is ${cluster?.status}`)
    const mode = cluster?.accessConfig?.authenticationMode ?? 'CONFIG_MAP'
    expectThat(ENTRY_MODES.includes(mode), `${name} authenticates by ${mode} alone`)
    return `${name} is active with Kubernetes ${cluster?.version} and takes access entries`
  })
}

/** Who hands pods the credentials of their roles. Auto Mode's nodes have it built in, and other nodes of the same cluster have not. */
const agentFinding = ({ client, place: { cluster: name }, cluster }: Asking): Promise<Finding> => {
  const fix = `without it pods have no credentials: \`aws eks create-addon --cluster-name ${name} --addon-name ${AGENT}\`, and the nodes' role needs AmazonEKSWorkerNodePolicy`
  return finding('pod identity agent', fix, async () => {
    const describe = new DescribeAddonCommand({ clusterName: name, addonName: AGENT })
    const addon = await orNone(client.send(describe).then((answer) => answer.addon))
    if (addon === undefined && cluster.computeConfig?.enabled === true)
      return `nodes of Auto Mode have it built in; nodes of a Karpenter or group of your own need the add-on ${AGENT}`
    expectThat(addon !== undefined, `the cluster has no add-on ${AGENT}`)
    const issues = (addon?.health?.issues ?? []).map(({ code, message }) => `, ${code}: ${message}`).join('')
    expectThat(addon?.status === 'ACTIVE', `the add-on ${AGENT} is ${addon?.status}${issues}`)
    return `the add-on ${AGENT} ${addon?.addonVersion} is active`
  })
}

/** As whom the cluster takes a door: its role must lead to the one group to which `bootstrap` gives rights. */
const entryFinding = ({ client, place, cluster }: Asking, door: string): Promise<Finding> => {
  const [principalArn, group] = [roleArn(place, cluster, door), groupOf(place, door)]
  const named = `--cluster-name ${place.cluster} --principal-arn ${principalArn} --kubernetes-groups ${group}`
  const fix = `${afterDeploying('access-entry')} ${named}\``
  return finding(`access entry of ${door}`, fix, async () => {
    const describe = new DescribeAccessEntryCommand({ clusterName: place.cluster, principalArn })
    const entry = await orNone(client.send(describe).then((answer) => answer.accessEntry))
    expectThat(entry !== undefined, 'the cluster does not know its role')
    const groups = entry?.kubernetesGroups?.join(', ') || 'none'
    expectThat(groups === group, `its role is in the groups ${groups}, and not in ${group} alone`)
    return `its role is in the group ${group}`
  })
}

/** The role of an account of pods. Its session's tags say which pod writes: without them none may. */
const associationFinding = ({ client, place, cluster }: Asking, account: PodAccount): Promise<Finding> => {
  const { namespace, name: serviceAccount } = account
  const clusterName = place.cluster
  const role = roleArn(place, cluster, podRoleOf(account))
  const named = `--cluster-name ${clusterName} --namespace ${namespace} --service-account ${serviceAccount} --role-arn ${role}`
  const fix = `${afterDeploying('pod-identity-association')} ${named}\`. Pods that are there already get no credentials by it`
  return finding(`role of ${namespace}/${serviceAccount}`, fix, async () => {
    const list = new ListPodIdentityAssociationsCommand({ clusterName, namespace, serviceAccount })
    const { associations: [{ associationId } = {}] = [] } = await client.send(list)
    expectThat(associationId !== undefined, 'no role is associated with it: its pods have no credentials')
    const describe = new DescribePodIdentityAssociationCommand({ clusterName, associationId })
    const { association } = await client.send(describe)
    const given = association?.targetRoleArn ?? association?.roleArn
    expectThat(given === role, `${associationId} gives it ${given} instead`)
    expectThat(association?.disableSessionTags !== true, `${associationId} has its session's tags disabled`)
    return `its pods have the role ${role.split('/').at(-1)}`
  })
}

/** What the access stack makes; where somebody took it away afterwards, CloudFormation does not see that it is gone. */
const afterDeploying = (what: string): string =>
  `deploy the access stack: \`npm run deploy\`. If it is deployed, somebody changed it since: delete what stands there, if anything, and \`aws eks create-${what}`

/** Roles are of the cluster's own account. */
const roleArn = ({ installation, region }: EksPlace, { arn = '' }: Cluster, of: string): string => {
  const [, partition, , , account] = arn.split(':')
  return `arn:${partition}:iam::${account}:role/${roleName(installation, of, region)}`
}

const orNone = <T>(asked: Promise<T>): Promise<T | undefined> =>
  asked.catch((error: unknown) => {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  })
