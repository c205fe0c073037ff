import type { PodPatch } from './pod.ts'
import { typesOf } from './pools.ts'

/** What a pod asks of its node by a label, and a pool says otherwise: no node of the pool would ever have it. */
interface Nodes {
  capacityTypes: readonly string[]
  instanceType?: string | undefined
  instanceTypes?: string[] | undefined
}
interface Asking {
  pool: string
  pod?: PodPatch | undefined
}

/** Labels that a pool decides: what its nodes have of each, and by which key the policy says it. */
const DECIDED: Readonly<Record<string, { has: (nodes: Nodes) => readonly string[]; key: string }>> = {
  'karpenter.sh/capacity-type': { has: ({ capacityTypes }) => capacityTypes, key: 'capacityTypes' },
  'node.kubernetes.io/instance-type': { has: typesOf, key: 'instanceType' },
}

/** Why the nodes of its pool are none for a pod, as its patch asks for them. Of a pool that is not there something else says so. */
export const nodeProblems = (
  { pool, pod }: Asking,
  { pools, path }: { pools: Readonly<Record<string, Nodes>>; path: string[] },
): { path: string[]; message: string }[] => {
  const nodes = Object.hasOwn(pools, pool) ? pools[pool] : undefined
  if (nodes === undefined) return []
  return Object.entries(pod?.nodeSelector ?? {}).flatMap(([label, asked]) => {
    const decided = Object.hasOwn(DECIDED, label) ? DECIDED[label] : undefined
    const has = decided?.has(nodes) ?? []
    if (decided === undefined || asked === null || asked === undefined || has.includes(asked)) return []
    return [
      {
        path: [...path, 'pod', 'nodeSelector', label],
        message: `no node of \`${pool}\` has it, and the pod would wait for its whole time: write ${has.join(' or ')}, leave it out, or say \`pools.${pool}.${decided.key}\`; found "${asked}"`,
      },
    ]
  })
}
