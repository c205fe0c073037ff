import { markerObject } from '../marker.ts'
import { label } from '../names.ts'
import { poolsOfPipeline } from '../policy/alternatives.ts'
import type { Policy } from '../policy.ts'
import { podAccounts } from '../workloads/accounts.ts'
import { mayBeDrained } from '../workloads/disruption.ts'
import { servingClass } from '../workloads/priority.ts'
import { admissionPolicies } from './admission.ts'
import { overlayManifests } from './gpu-sharing.ts'
import type { Manifest } from './manifest.ts'
import { nodeClassManifests, nodeClassOf } from './node-classes.ts'
import { type NodeClass, nodePoolObject } from './node-pools.ts'
import { type KubernetesRight, rightsIn, rolesOf } from './rights.ts'

/**
 * Everything that a cluster needs before Signalbox works on it, in the order in which it is applied: namespaces, the
 * marker of each that names its ledger, the accounts of pods, the class of those that serve, one role a door, what admission refuses, and the policy's pools: node
 * classes where it says how, and NodePools. `nodeClass`: the one of all pools, which is there.
 */
export const bootstrapManifests = (
  policy: Policy,
  doors: readonly { name: string; kubernetes: readonly KubernetesRight[] }[],
  nodeClass: NodeClass | null = null,
): Manifest[] => {
  const { training, serving } = policy.namespaces
  const namespaces = [...new Set([training, serving])]
  // Names of theirs say nothing of the installation.
  const labels = { [label('installation')]: policy.installation }
  return [
    ...namespaces.map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { ...labels, [POD_SECURITY]: 'baseline' } },
    })),
    ...namespaces.map((name) => markerObject(name) as Manifest),
    ...podAccounts(policy).map(({ name, namespace }) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace },
      automountServiceAccountToken: false,
    })),
    servingClass(policy) as unknown as Manifest,
    ...doors.flatMap(({ name, kubernetes }) =>
      rolesOf(policy, { name, kubernetes: rightsIn(policy, kubernetes) }, namespaces),
    ),
    ...admissionPolicies(policy),
    ...(nodeClass === null ? nodeClassManifests(policy) : []),
    // Before the NodePools: none of their nodes is started before it is known what they offer.
    ...overlayManifests(policy),
    ...Object.entries(policy.pools).map(([name, pool]) => {
      const made = { name, ...pool, mayMove: mayMove(policy, name) }
      const { metadata, ...rest } = nodePoolObject(made, nodeClassOf(policy, name, nodeClass))
      return { ...rest, metadata: { name: metadata.name, labels } } as unknown as Manifest
    }),
  ]
}

/**
 * Whether all that uses a pool may be moved to other nodes, one after the other: services alone do, and each lets a replica go outside of
 * a rollout. A service in shadow counts too: it may have served before.
 */
const mayMove = ({ pipelines, services }: Policy, name: string): boolean => {
  const there = Object.values(services).filter(({ pool }) => pool === name)
  const works = Object.values(pipelines).some((rule) => poolsOfPipeline(rule).has(name))
  return there.length > 0 && !works && there.every((service) => mayBeDrained(service) > 0)
}

/** No pod there shares its node's network, processes or disk, whoever makes it. What a `pod:` may say stays within it. */
export const POD_SECURITY = 'pod-security.kubernetes.io/enforce'
