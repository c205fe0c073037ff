import { type Finding, finding } from '../../effects/aws/checks.ts'
import { openKubernetesCluster } from '../../effects/cluster/kubernetes-cluster.ts'
import { type Loose, looseNow } from '../../flows/orphans.ts'
import { findRunning } from '../client.ts'
import { withInstallation } from './in-aws.ts'
import { namedCluster, type OnCluster } from './kubeconfig.ts'

/** Where what is loose is looked for: the product that runs on a folder, and the installation whose region and cluster are named. */
export interface LooseAt extends OnCluster {
  data: string
  config: string
  aws?: string | undefined
}

/** What stands in our namespaces and no run of ours knows. Nothing is said where no product runs and none is named. */
export const looseFindings = async (at: LooseAt): Promise<Finding[]> => [
  ...(await looseHere(at.data)),
  ...(at.aws === undefined || (at.context === undefined && at.kubeconfig === undefined)
    ? []
    : await looseInAws({ ...at, aws: at.aws })),
]

const looseHere = async (data: string): Promise<Finding[]> => {
  try {
    const { loose } = (await findRunning(data).get('/api/loose')) as { loose: Loose[] }
    return loose.map(looseFinding)
  } catch {
    return []
  }
}

const looseInAws = async (at: LooseAt & { aws: string }): Promise<Finding[]> => {
  let loose: Loose[] = []
  const looked = await finding('what nobody waits for', 'then run this again', async () => {
    loose = await withInstallation(at, async (ports) => {
      const cluster = await openKubernetesCluster(namedCluster(at), { tries: 2 })
      return looseNow({ ...ports, cluster }).finally(() => cluster.close())
    })
    return loose.length === 0 ? 'nothing stands in our namespaces that no run knows' : 'see below'
  })
  return loose.length === 0 ? [looked] : loose.map(looseFinding)
}

const looseFinding = ({ ref, verdict }: Loose): Finding => ({
  check: `${ref.kind} ${ref.name}`,
  ok: false,
  detail: `${verdict.why}${whatToDo(verdict, ref)}`,
})

const whatToDo = ({ kind }: Loose['verdict'], { kind: what, namespace, name }: Loose['ref']): string => {
  const gone = `\`kubectl -n ${namespace} delete ${what.toLowerCase()} ${name}\` if nobody needs it`
  switch (kind) {
    case 'orphan':
      return ', and it still stands: resync deletes it, and says why where it cannot'
    case 'forgotten':
      return `. See docs/runbook.md, “After a restore”; then ${gone}`
    case 'stranger':
      return `. It is not touched: ${gone}`
  }
}
