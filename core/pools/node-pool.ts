import { gitOpsOf } from '../gitops.ts'
import type { FieldManager, KubeObject } from '../kube.ts'
import { label } from '../names.ts'
import type { Policy } from '../policy.ts'
import { gpusIn } from '../quantity.ts'
import { managedOf, owns } from '../workloads/managed-fields.ts'
import type { ContributionRow } from './contribution.ts'
import { type Counts, countsIn, limitKey } from './counts.ts'

type NodePoolObject = KubeObject<'NodePool'>

/** The limit of a NodePool, in what its pool is counted in; null: it has none. Where the policy has no such pool, its nodes say what that is. */
export const limitOf = ({ spec }: Pick<NodePoolObject, 'spec'>, of: Counts = countsIn({ spec })): number | null => {
  const limit = spec?.limits?.[limitKey(of)]
  return limit === undefined ? null : gpusIn(limit)
}

/**
 * Why a pool's lane sets no ceiling there, with what to do: there is no NodePool, it is another's, or others would set it back. Null: it
 * does.
 */
export const whyNotSet = (
  found: Pick<NodePoolObject, 'metadata'> | null | undefined,
  { installation }: Pick<Policy, 'installation'>,
): string | null => {
  if (found == null) return 'there is no NodePool of its name: `signalbox bootstrap --apply` makes it'
  const { labels = {}, annotations = {} } = found.metadata
  const owner = gitOpsOf({ labels, annotations })
  if (owner !== null)
    return `its NodePool is applied by ${owner}, which would set its limits back: take it out of there, and let \`signalbox bootstrap --apply\` make it`
  return labels[label('installation')] === installation
    ? null
    : `its NodePool is not of the installation ${installation}: \`signalbox bootstrap --apply\` makes it so`
}

/** Whether its own lane has set how high it goes: then nobody else says so any more, `bootstrap` neither. */
export const isSetByLane = (found: KubeObject): boolean =>
  found.metadata.annotations?.[label('fence-ceiling')] !== undefined &&
  owns(
    managedOf(found).filter(({ manager }) => manager === CEILING),
    ['spec', 'limits', limitKey(countsIn(found as NodePoolObject))],
  )

const CEILING: FieldManager = 'signalbox-ceiling'

/** All that says how high a NodePool goes, as `signalbox-ceiling` applies it: nothing else of it is that manager's. */
export const ceilingObject = (name: string, gpus: number, of: Counts): NodePoolObject => ({
  apiVersion: 'karpenter.sh/v1',
  kind: 'NodePool',
  metadata: { name },
  spec: { limits: { [limitKey(of)]: String(gpus) } },
})

/** What is leased of a pool, and why nothing more can be, as lanes see it. */
export const leasedView = (
  nodePools: readonly KubeObject[],
  { pool, policy, leases }: { pool: string; policy: Policy; leases: readonly ContributionRow[] },
): { leases: readonly ContributionRow[]; unset?: string } => {
  const found = nodePools.find(({ metadata }) => metadata.name === pool) as NodePoolObject | undefined
  const unset = whyNotSet(found, policy)
  return { leases, ...(unset === null ? {} : { unset }) }
}
