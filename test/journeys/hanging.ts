import { isLeaving, type KubeObject } from '../../core/kube.ts'
import { label } from '../../core/names.ts'
import { TASK_LABEL } from '../../core/workloads/serving.ts'
import { hasLabels } from '../../flows/generations.ts'
import type { Town } from './town.ts'

type Pod = KubeObject<'Pod'>

/** Seconds after which such a pod had to have ended. */
const GRACE = 120_000

export const podsOf = async ({ house }: Town, generation: number, task = 'serving'): Promise<Pod[]> => {
  const labels = { [label('generation')]: String(generation), [TASK_LABEL]: task }
  return (await house.cluster.list('Pod', { labels })) as Pod[]
}

/**
 * The node of this pod hangs: once the pod is told to end it stays so, be its object gone as this cluster has it, until what is answered is called,
 * as by who deletes the Node. `hangs` is called once it is told to; `mayHang` says whether it does then.
 */
export const hang = (
  { house }: Town,
  pod: Pod,
  hangs = async (): Promise<void> => undefined,
  mayHang = () => true,
): (() => void) => {
  const { cluster } = house
  const list = cluster.list.bind(cluster)
  let kept: KubeObject | null = null
  const told = async (): Promise<KubeObject | null> => {
    const now = (await list('Pod')).find(({ metadata }) => metadata.uid === pod.metadata.uid)
    if (kept !== null || (now !== undefined && !isLeaving(now)) || !mayHang()) return kept
    const deletionTimestamp = now?.metadata.deletionTimestamp ?? new Date(house.clock.now() + GRACE)
    const status = { ...pod.status, phase: 'Running', conditions: [] }
    kept = { ...pod, metadata: { ...pod.metadata, deletionTimestamp }, status } as unknown as KubeObject
    await hangs()
    return kept
  }
  cluster.list = async (kind, where = {}) => {
    const found = await list(kind, where)
    const one = kind === 'Pod' ? await told() : null
    const isAsked = one !== null && hasLabels(one, where.labels ?? {}) && (where.namespace ?? one.metadata.namespace) === one.metadata.namespace // biome-ignore format: a line
    if (one === null || !isAsked) return found
    return [...found.filter(({ metadata }) => metadata.uid !== one.metadata.uid), one]
  }
  return () => {
    cluster.list = list
  }
}
