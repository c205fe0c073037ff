import { groupOf, rightsIn } from '../../core/bootstrap/rights.ts'
import { groupsOf } from '../../core/policy/approvals.ts'
import { datasetBuckets } from '../../core/policy/datasets.ts'
import type { Policy } from '../../core/policy.ts'
import { awsFindings, type Finding, finding, objectsIn, secretsIn } from '../../effects/aws/checks.ts'
import { missingRights } from '../../effects/cluster/access.ts'
import { openRequests } from '../../effects/cluster/requests.ts'
import { mlflowVersion, webhookAnswer } from '../../effects/registry/checks.ts'
import { type Authentication, bearer } from '../../effects/registry/mlflow-rest.ts'
import { clusterDoors } from '../../local/doors.ts'
import { kedaFindings } from './doctor-keda.ts'
import { namesFindings } from './doctor-names.ts'
import { nodeClassFindings } from './doctor-nodes.ts'
import { pluginFindings } from './doctor-plugin.ts'
import { prometheusFindings } from './doctor-prometheus.ts'
import { runnerFindings } from './doctor-runner.ts'
import { sharingFindings } from './doctor-sharing.ts'
import { namedCluster } from './kubeconfig.ts'

/** What lies outside this machine and is to be looked at; each only when it is named. */
export interface Outside {
  aws?: string | undefined
  context?: string | undefined
  kubeconfig?: string | undefined
  mlflow?: string | undefined
  prometheus?: string | undefined
  /** Address of our door for MLflow, as MLflow calls it. */
  webhook?: string | undefined
}

/** Findings of what is outside, each with its fix. */
export const outsideFindings = async (outside: Outside, policy: Policy): Promise<Finding[]> => {
  const { aws, context, kubeconfig, mlflow, webhook, prometheus } = outside
  const workspace = policy.registry?.workspace
  const begunBy = Object.values(policy.pipelines).flatMap(({ on }) => on.version ?? [])
  const besides = [
    ...((policy.budget.notices?.mlflow ?? []).length > 0 ? (['budgets'] as const) : []),
    ...begunBy.map(({ tag }) => (tag === undefined ? ('versions' as const) : ('tags' as const))),
  ]
  const headers = aws === undefined ? async () => ({}) : tokenOf(aws, policy)
  return [
    ...(aws === undefined ? [] : await ofAws(aws, policy)),
    ...(context === undefined && kubeconfig === undefined
      ? []
      : [...(await rightsOfDoors(outside, policy)), ...(await namesOf(outside, policy))]),
    ...(mlflow === undefined
      ? []
      : [await finding('mlflow', 'see docs/deploy.md, step 7', () => mlflowVersion(mlflow, headers, workspace))]),
    ...(mlflow === undefined || webhook === undefined
      ? []
      : [
          await finding('mlflow webhook', 'then run this again', () =>
            webhookAnswer({ url: mlflow, webhook, headers, workspace, besides }),
          ),
        ]),
    ...(prometheus === undefined ? [] : await prometheusFindings({ url: prometheus, aws, policy })),
  ]
}

/** What is deployed; without credentials nothing but that. */
const ofAws = async (region: string, policy: Policy): Promise<Finding[]> => {
  const found = await awsFindings({
    region,
    installation: policy.installation,
    datasetBuckets: datasetBuckets(policy.pipelines),
    alerts: Object.values(policy.services).some(({ drift }) => (drift?.alerts.length ?? 0) > 0),
    notices: [...(policy.budget.notices?.aws ?? []), ...(policy.budget.notices?.anomalies ?? [])].length > 0,
    scopes: scopesOf(policy),
  })
  if (found.some(({ check, ok }) => check === 'credentials' && !ok)) return found
  return [...found, ...(await ofEks(region, policy)), ...(await runnerFindings(objectsIn(region), policy))]
}

/** Its client is loaded only for who asks. */
const ofEks = async (region: string, { installation, cluster, namespaces }: Policy): Promise<Finding[]> => {
  const { eksFindings } = await import('../../effects/aws/eks-checks.ts')
  return eksFindings({ region, installation, cluster, namespaces, doors: clusterDoors.map(({ name }) => name) })
}

/** As the doors authenticate at MLflow. */
const tokenOf = (region: string, { installation }: Policy): Authentication =>
  bearer(() => secretsIn({ region, installation }).get('mlflow-token'))

/** What approvers ask of Slack's token: a group of people is `TEAM/S…`, and who is in it is read there. */
export const scopesOf = ({ approvals }: Pick<Policy, 'approvals'>): string[] =>
  groupsOf(approvals).length > 0 ? ['usergroups:read'] : []

/** A cluster that cannot be opened is a finding of its own. */
const namesOf = async (at: Outside, policy: Policy): Promise<Finding[]> => {
  try {
    const requests = await openRequests(namedCluster(at), { tries: 2 })
    const findings = async (): Promise<Finding[]> => [
      ...(await namesFindings(requests, policy)),
      ...(await nodeClassFindings(requests, policy)),
      ...(await pluginFindings(requests, policy)),
      ...(await sharingFindings(requests, policy)),
      ...(await kedaFindings(requests, policy)),
    ]
    return await findings().finally(() => requests.close())
  } catch (error) {
    return [
      { check: 'names in the cluster', ok: false, detail: error instanceof Error ? error.message : String(error) },
    ]
  }
}

/** Each door's rights, asked of the API server as the group that its role is mapped to. */
const rightsOfDoors = (at: Outside, policy: Policy): Promise<Finding[]> => {
  const { training, serving } = policy.namespaces
  const fix =
    'apply what `npx signalbox bootstrap --context NAME --diff` shows; to look, you need the right to impersonate'
  return Promise.all(
    clusterDoors.map(({ name, kubernetes }) =>
      finding(`rights of ${name}`, fix, async () => {
        const headers = { 'impersonate-user': `signalbox-doctor`, 'impersonate-group': groupOf(policy, name) }
        const requests = await openRequests(namedCluster(at), { headers, tries: 2 })
        const rights = rightsIn(policy, kubernetes)
        const missing = await missingRights(requests, rights, [training, serving]).finally(() => requests.close())
        if (missing.length > 0)
          throw new Error(`it may not ${missing.slice(0, 3).join(', ')} (${missing.length} in all)`)
        return 'has each right that it declares'
      }),
    ),
  )
}
