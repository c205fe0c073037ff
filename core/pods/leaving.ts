import type { V1Node, V1NodeCondition, V1Pod } from '@kubernetes/client-node'
import { isLeaving } from '../kube.ts'
import { plainTime, said } from '../text.ts'
import { inBrackets } from './logs.ts'

/** So long after its end was due a pod may take: clocks differ, and volumes are let go. Milliseconds. */
export const OVERDUE = 5 * 60_000

/** So long after its end was due whoever mends nodes by themselves has done it, or nobody does (decision 0030). Milliseconds. */
export const LOST = 45 * 60_000

/** Whether a pod has not ended: it keeps its GPUs. */
export const isAtWork = ({ status }: V1Pod): boolean => status?.phase !== 'Failed' && status?.phase !== 'Succeeded'

/** When a pod that is told to end has to have ended: Kubernetes adds its grace. Null: nobody has told it, or it has. */
const dueOf = (pod: V1Pod): number | null => {
  const at = new Date(pod.metadata?.deletionTimestamp ?? Number.NaN).getTime()
  return !isLeaving(pod) || !isAtWork(pod) || Number.isNaN(at) ? null : at
}

/** Whether its end is long due: its node does not end it, or does not answer. */
export const isOverdue = (pod: V1Pod, now: number): boolean => {
  const due = dueOf(pod)
  return due !== null && now >= due + OVERDUE
}

/** Until when a pod that ends is on time, whatever waits for it: its own grace is its own. 0: it is not told to end, or is overdue. */
export const onTimeUntil = (pod: V1Pod, now: number): number => {
  const due = dueOf(pod)
  return due === null || now >= due + OVERDUE ? 0 : due + OVERDUE
}

/** Whether waiting for its end cures nothing any more: only a person does. */
export const isLost = (pod: V1Pod, now: number): boolean => {
  const due = dueOf(pod)
  return due !== null && now >= due + LOST
}

/** When there is next more to say of a pod that ends; null: nothing, or it does not end. */
export const nextOfLeaving = (pod: V1Pod, now: number): number | null => {
  const due = dueOf(pod)
  return due === null ? null : ([due + OVERDUE, due + LOST].find((at) => at > now) ?? null)
}

/** What keeps a pod whose end is long due, and what to do; null: it is not. */
export const overdueNote = (pod: V1Pod, nodes: readonly V1Node[], now: number): string | null => {
  const due = dueOf(pod)
  const name = pod.spec?.nodeName
  if (due === null || name === undefined || !isOverdue(pod, now)) return null
  const ready = nodes
    .find(({ metadata }) => metadata?.name === name)
    ?.status?.conditions?.find(({ type }) => type === 'Ready')
  return `its pod had to end by ${plainTime(due)}, and ${whyNot(ready)}: kubectl delete node ${name} ${REMEDY}`
}

/** Without its Node Kubernetes takes its pods away within a minute. */
const REMEDY = '(Karpenter then ends its instance; of another node end that first)'

/** Longest that a node's own message stands in a note: what to do comes behind it. */
const MESSAGE = 80

const whyNot = (ready: V1NodeCondition | undefined): string => {
  if (ready === undefined) return 'its node does not end it'
  if (ready.status === 'True') return 'its node answers and cannot end it (often a program that waits for its GPU)'
  const why = said(ready.message ?? ready.reason ?? '', MESSAGE)
  return `its node ${ready.status === 'False' ? 'is not ready' : 'does not answer'}${inBrackets(why)}`
}
