import type { KubernetesRight } from '../core/bootstrap/rights.ts'
import { laneKinds } from '../core/lane-kinds/catalogue.ts'
import { MARKER } from '../core/marker.ts'
import { reactions } from '../core/reactions/catalogue.ts'
import type { Contract } from '../events/contract.ts'
import type { Ports } from '../flows/ports.ts'
import type { AwsRight } from './rights.ts'

/** What wakes a door. `infra/` deploys it, the local product imitates it. */
export type Trigger =
  | { kind: 'bus'; contract: Contract<unknown> }
  | { kind: 'http'; method: 'POST'; route: string }
  /** A topic of SNS, which is made with what publishes to it. */
  | { kind: 'topic' }
  | { kind: 'schedule'; every: string }
  | { kind: 'queue' }

/**
 * A Lambda entry as one value: what wakes it, the ports and rights that it needs, and its handler made from ports. The
 * AWS binding supplies the ports and the middy chain, the local routes supply theirs and call the plain handler.
 */
export interface Door<P extends keyof Ports, E, R> {
  name: string
  trigger: Trigger
  ports: readonly P[]
  kubernetes: readonly KubernetesRight[]
  /** What its role allows in AWS. */
  aws: readonly AwsRight[]
  handler(ports: Pick<Ports, P>): (event: E) => Promise<R>
}

/** Gives a door its types. */
export const defineDoor = <P extends keyof Ports, E, R>(door: Door<P, E, R>): Door<P, E, R> => door

/** What every door knows of lanes and events. */
export const CATALOGUES = { kinds: laneKinds, reactions }

/** Whoever writes claims its namespaces first: their markers, which bootstrap makes, and nothing else of that kind. */
export const MARKER_RIGHTS: readonly KubernetesRight[] = [
  { group: '', resource: 'configmaps', verbs: ['get', 'patch'], names: [MARKER] },
  // Fences and generations that stand are read before anything is written.
  { group: '', resource: 'services', verbs: ['list'] },
  { group: 'batch', resource: 'jobs', verbs: ['list'] },
]

/** What planning reads. */
export const OBSERVE_RIGHTS: readonly KubernetesRight[] = [
  { group: '', resource: 'pods', verbs: ['list'], everywhere: true },
  { group: '', resource: 'nodes', verbs: ['list'], everywhere: true },
  { group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: ['list'] },
  { group: 'keda.sh', resource: 'scaledobjects', verbs: ['list'], scaled: true },
  { group: 'apps', resource: 'deployments', verbs: ['list'] },
  { group: '', resource: 'services', verbs: ['list'] },
  { group: 'policy', resource: 'poddisruptionbudgets', verbs: ['list'] },
  // What somebody has left behind by deleting a Deployment alone.
  { group: 'apps', resource: 'replicasets', verbs: ['get'] },
  { group: 'karpenter.sh', resource: 'nodepools', verbs: ['list'], everywhere: true },
]
