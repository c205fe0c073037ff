import { CAPACITY_TYPE, createdAt, INSTANCE_TYPE, type KubeObject, NODE_POOL, type NodeClaim } from '../kube.ts'
import { label, laneOfLabel } from '../names.ts'
import { isOurs } from '../planning/ours.ts'
import { gpusOfPod } from '../planning/pod-gpus.ts'
import { conditionOf } from '../pods/unready.ts'
import type { Policy } from '../policy.ts'
import { isOfGpus } from '../pools/counts.ts'
import { numberIn } from '../quantity.ts'
import type { Begin, End } from './evidence.ts'
import { OTHERS, type PodTime, type Stretch } from './instance.ts'

/** One look at the cluster: what is in it was there, and what is not was not. */
export interface Look {
  claims: readonly KubeObject[]
  nodes: readonly KubeObject[]
  /** Those that have ended, too: they say when. */
  pods: readonly KubeObject[]
  /** Whether pods of others are among them. */
  others: boolean
}

/** An instance as one look saw it; its pods by uid. */
export interface Observed extends Omit<Stretch, 'at' | 'price'> {
  id: string
  name: string
  /** 0: it does not say. */
  gpus: number
  begin: Begin
  end: End | null
  reservation?: string
  pods: Record<string, Omit<PodTime, 'seen'>>
}

/** Whether GPUs of a node are, or were, a pod's: of all others the meter knows nothing. */
export const hasGpus = (object: KubeObject): boolean => {
  const pod = object as KubeObject<'Pod'>
  return (pod.spec?.nodeName ?? '') !== '' && gpusOfPod(pod) > 0
}

interface Whose {
  policy: Policy
  /** Id of the ledger that looks. */
  ledger: string
}

/**
 * The instances of a look, each once: as its NodeClaim says, or where it has none its Node. A claim without an instance is not billed, and
 * is none.
 */
export const observedIn = (look: Look, whose: Whose): Observed[] => {
  const nodes = look.nodes as KubeObject<'Node'>[]
  const nameOf = new Map(nodes.map((node) => [node.spec?.providerID ?? '', node.metadata.name]))
  const claimed = (look.claims as (NodeClaim & KubeObject<'NodeClaim'>)[]).flatMap((claim) => ofClaim(claim, nameOf))
  const known = new Set(claimed.map(({ name }) => name))
  // One that does not say which instance it is may be a claim's, which has not named it yet: it would be counted twice.
  const isOwn = ({ metadata, spec }: KubeObject<'Node'>): boolean =>
    !known.has(metadata.name) && ((spec?.providerID ?? '') !== '' || look.claims.length === 0)
  const found = [...claimed, ...nodes.filter(isOwn).map(ofNode)]
  // A Node that shares its GPUs out by time has more than its claim knows.
  const gpus = new Map(nodes.map(({ metadata, status }) => [metadata.name, gpusIn(status?.capacity)]))
  const pods = podsByNode(look, whose)
  return found.map((one) => ({
    ...one,
    gpus: Math.max(one.gpus, gpus.get(one.name) ?? 0),
    pods: pods.get(one.name) ?? {},
  }))
}

type Bare = Omit<Observed, 'pods'>

const ofClaim = (claim: KubeObject<'NodeClaim'>, nameOf: ReadonlyMap<string, string>): Bare[] => {
  const { providerID = '', nodeName, capacity } = claim.status ?? {}
  if (providerID === '') return []
  const launched = timeOf(conditionOf(claim, 'Launched'))
  const terminating = timeOf(conditionOf(claim, 'InstanceTerminating'))
  return [
    {
      id: instanceIn(providerID) ?? String(claim.metadata.uid),
      name: nodeName ?? nameOf.get(providerID) ?? claim.metadata.name,
      gpus: gpusIn(capacity),
      begin: { at: launched ?? createdAt(claim), by: 'launched' },
      end: terminating === null ? null : { at: terminating, by: 'told' },
      ...labelled(claim),
    },
  ]
}

const ofNode = (node: KubeObject<'Node'>): Bare => ({
  id: instanceIn(node.spec?.providerID ?? '') ?? String(node.metadata.uid),
  name: node.metadata.name,
  gpus: gpusIn(node.status?.capacity),
  begin: { at: createdAt(node), by: 'created' },
  end: null,
  ...labelled(node),
})

/** As Karpenter labels what it has launched into one. */
const RESERVATION = 'karpenter.k8s.aws/capacity-reservation-id'

const labelled = ({ metadata }: KubeObject): Pick<Bare, 'pool' | 'instanceType' | 'capacityType' | 'reservation'> => ({
  pool: metadata.labels?.[NODE_POOL] ?? '',
  instanceType: metadata.labels?.[INSTANCE_TYPE] ?? '',
  capacityType: metadata.labels?.[CAPACITY_TYPE] ?? null,
  ...reserved(metadata.labels?.[RESERVATION]),
})

const reserved = (reservation: string | undefined): Pick<Bare, 'reservation'> =>
  reservation === undefined ? {} : { reservation }

/** `aws:///us-east-1a/i-0abc`: of other providers the whole; null: it has none. */
const instanceIn = (providerID: string): string | null =>
  /\/(i-[0-9a-f]{8,17})$/.exec(providerID)?.[1] ?? (providerID === '' ? null : providerID.slice(0, LONGEST_ID))

/** A key of the ledger has room for it. */
const LONGEST_ID = 200

/** What a node has of GPUs, or of slices of them: the larger, while it is divided. */
const gpusIn = (capacity: Record<string, string> = {}): number =>
  Math.max(
    0,
    ...Object.entries(capacity).flatMap(([key, amount]) => (isOfGpus(key) ? Math.floor(numberIn(amount) ?? 0) : [])),
  )

/** When a condition became true; null: it is not. */
const timeOf = (condition: { status: string; lastTransitionTime?: unknown } | undefined): number | null =>
  condition?.status === 'True' ? millis(condition.lastTransitionTime) : null

const millis = (time: unknown): number | null => {
  const at = time === undefined || time === null ? Number.NaN : new Date(time as string).getTime()
  return Number.isFinite(at) ? at : null
}

/** Pods with GPUs that are or were on a node, by its name, then by uid. */
const podsByNode = ({ pods }: Look, { policy, ledger }: Whose): Map<string, Observed['pods']> => {
  const byNode = new Map<string, Observed['pods']>()
  for (const object of pods) {
    const pod = object as KubeObject<'Pod'>
    const [node, gpus, uid] = [pod.spec?.nodeName ?? '', gpusOfPod(pod), pod.metadata.uid ?? '']
    if (node === '' || gpus === 0) continue
    const lane = isOurs(pod, policy, ledger) ? pod.metadata.labels?.[label('lane')] : undefined
    const there = byNode.get(node) ?? {}
    byNode.set(node, there)
    there[uid] = { lane: lane === undefined ? OTHERS : laneOfLabel(lane), gpus, from: boundAt(pod), end: endedAt(pod) }
  }
  return byNode
}

/** From when a pod has its GPUs. */
const boundAt = (pod: KubeObject<'Pod'>): number => {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return timeOf(scheduled) ?? millis(pod.status?.startTime) ?? createdAt(pod)
}

/** When the last of its containers ended; what only was told to end still has its GPUs. */
const endedAt = (pod: KubeObject<'Pod'>): End | null => {
  const { status } = pod
  if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') return null
  const ends = (status.containerStatuses ?? []).flatMap(({ state }) => millis(state?.terminated?.finishedAt) ?? [])
  // One that was evicted, or lost its node, may have no container that says.
  const said = (status.conditions ?? []).flatMap(({ lastTransitionTime }) => millis(lastTransitionTime) ?? [])
  const at = Math.max(...(ends.length > 0 ? ends : said))
  // What a kubelet has refused never had any, and does not say when.
  return { at: Number.isFinite(at) ? at : boundAt(pod), by: 'told' }
}
