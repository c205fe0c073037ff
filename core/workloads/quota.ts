import type { V1Container, V1Pod } from '@kubernetes/client-node'
import type { KubeObject } from '../kube.ts'
import { numberIn } from '../quantity.ts'

/** What a quota of the namespace lacks for one pod more, of one resource. */
interface Lacking {
  /** As the quota calls it: `requests.nvidia.com/gpu`, `limits.memory`, `pods`. */
  resource: string
  requested: number
  used: number
  limited: number
}

/** What the API server says of the first quota that refuses the pods of a Deployment, of what is asked for now; null: none does. */
const refusalIn = ({ metadata, status }: KubeObject<'Deployment'>): string | null => {
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return null
  const failure = (status?.conditions ?? []).find(
    ({ type, status: is, message = '' }) => type === 'ReplicaFailure' && is === 'True' && EXCEEDED.test(message),
  )
  return failure?.message ?? null
}

const EXCEEDED = /\bexceeded quota:/

/** Whether its pods are not made since a quota of the namespace is used up, as the API server says it. */
export const lacksQuota = (deployment: KubeObject<'Deployment'>): boolean => refusalIn(deployment) !== null

/**
 * Whether so many pods of it are made once these have left: each resource that the quota names has that room then. What cannot be read
 * is never there, and nobody leaves for it.
 */
export const isGivenBy = (
  deployment: KubeObject<'Deployment'>,
  { pods, leaving }: { pods: number; leaving: readonly V1Pod[] },
): boolean => {
  const isGiven = ({ resource, requested, used, limited }: Lacking): boolean => {
    const given = leaving.reduce((sum, pod) => sum + amountOf(pod, resource), 0)
    // Sums of fractions: a thousandth of the least that a quota counts is none.
    return requested * pods <= limited - (used - given) + 1e-6
  }
  return lackingIn(refusalIn(deployment) ?? '')?.every(isGiven) === true
}

/** `exceeded quota: q, requested: pods=1,requests.cpu=2, used: pods=4,requests.cpu=7, limited: pods=4,requests.cpu=8`; null: it cannot be read. */
const lackingIn = (message: string): Lacking[] | null => {
  const [, ...parts] =
    /\bexceeded quota: .+?, requested: (.+?), used: (.+?), limited: ([^\s]+)$/.exec(message.trim()) ?? []
  const [requested, used, limited] = parts.map(amountsIn)
  if (requested === undefined || used === undefined || limited === undefined) return null
  const lacking = [...requested].map(([resource, amount]) => ({
    resource,
    requested: amount,
    used: used.get(resource) ?? Number.NaN,
    limited: limited.get(resource) ?? Number.NaN,
  }))
  return lacking.length === 0 ? null : lacking
}

/** What is not a number compares with none. */
const amountsIn = (text: string): Map<string, number> =>
  new Map(
    text.split(',').map((each): [string, number] => {
      const at = each.lastIndexOf('=')
      return [each.slice(0, Math.max(0, at)), numberIn(each.slice(at + 1)) ?? Number.NaN]
    }),
  )

/** What a pod has of what a quota counts, and gives back with its end; nothing of what nobody here knows. */
const amountOf = ({ spec }: V1Pod, resource: string): number => {
  if (resource === 'pods' || resource === 'count/pods') return 1
  const [, kind, name] = /^(?:(requests|limits)\.)?(.+)$/.exec(resource) ?? []
  if (name === undefined || (kind === undefined && !PLAIN.has(name))) return 0
  const of = ({ resources }: V1Container): number =>
    numberIn(resources?.[kind === 'limits' ? 'limits' : 'requests']?.[name] ?? 0) ?? 0
  return (spec?.containers ?? []).reduce((sum, container) => sum + of(container), 0)
}

/** Resources that a quota may call by their name alone: what is requested of them. */
const PLAIN: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])
