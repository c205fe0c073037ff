import type { V1Pod } from '@kubernetes/client-node'
import { createdAt } from '../kube.ts'
import { plainTime } from '../text.ts'
import { containersOf } from './beside.ts'
import { isAtWork } from './leaving.ts'
import { isUnscheduled } from './pending.ts'
import { takenBy } from './taken.ts'
import type { Trouble } from './trouble.ts'

/**
 * Refusals in a row after which it is no accident of one moment: Kubernetes makes the next pod at once, and the scheduler, which knows no
 * better, takes the same node.
 */
const IN_A_ROW = 3

/** So long what refuses pods may take to be set right: by who may edit a pool or a node; by the node itself (decision 0030). Milliseconds. */
const [SET_RIGHT, HEALED] = [5 * 60_000, 15 * 60_000]

/**
 * What a kubelet says of a pod that it never lets in as long as both stay as they are; anything else, as its GPUs or room, may come
 * (`pkg/kubelet/lifecycle/predicate.go`, `sysctl`, `cm/cpumanager` of Kubernetes 1.36).
 */
const STAYS: ReadonlySet<string> = new Set([
  'SysctlForbidden',
  'AppArmor',
  'NodeAffinity',
  'NodeName',
  'PodOSNotSupported',
  'PodOSSelectorNodeLabelDoesNotMatch',
  'InitContainerRestartPolicyForbidden',
  'SupplementalGroupsPolicyNotSupported',
  'PodLevelResourcesNotSupported',
  'SMTAlignmentError',
])

/** What keeps pods from staying that Kubernetes makes anew each time; what a pod at work has come after is over. Null: nothing. */
export const replacedTrouble = (pods: readonly V1Pod[]): Trouble | null =>
  refusedTrouble(pods) ?? takenTrouble(unhealed(pods))

/** Pods at work, and those that ended after any of them was ready last: the place of earlier ones is taken. */
export const unhealed = (pods: readonly V1Pod[]): V1Pod[] => {
  const ready = Math.max(0, ...pods.filter(isAtWork).map(readyAt))
  return pods.filter((pod) => isAtWork(pod) || endedAt(pod) > ready)
}

/** Nodes that let none of them in: only a person may cure it, or the node; a single one is replaced, and ends nothing. */
const refusedTrouble = (pods: readonly V1Pod[]): Trouble | null => {
  const letIn = Math.max(0, ...pods.filter(isLetIn).map(createdAt))
  const refused = pods
    .filter((pod) => isRefused(pod) && createdAt(pod) > letIn)
    .toSorted((a, b) => createdAt(a) - createdAt(b))
  const [first, last] = [refused[0], refused.at(-1)]
  const taken = last === undefined ? null : takenBy(last)
  if (first === undefined || last === undefined || taken === null) return null
  const stays = STAYS.has(last.status?.reason ?? '')
  const from = createdAt(first)
  const again = refused[IN_A_ROW - 1]
  // Whatever is to come of a pod that no node is found for, it has not been refused.
  const isTried = !pods.some((pod) => isAtWork(pod) && isUnscheduled(pod))
  const times = refused.length === 1 ? '' : `, ${refused.length} times since ${plainTime(from)}`
  return {
    failure: stays ? 'configuration' : taken.failure,
    endsAt: again === undefined || !isTried ? null : Math.max(from + (stays ? SET_RIGHT : HEALED), createdAt(again)),
    note: `${taken.note}${times}${stays ? ': let nodes of its pool allow it, or take it out of the policy' : ''}`,
  }
}

/** Others may be done with its room, or another node have it. */
const takenTrouble = (pods: readonly V1Pod[]): Trouble | null => {
  const lost = pods.filter((pod) => !isAtWork(pod) && !isRefused(pod)).toSorted((a, b) => endedAt(b) - endedAt(a))
  const takens = lost.flatMap((pod) => takenBy(pod) ?? [])
  const [taken] = takens
  if (taken === undefined) return null
  const times = takens.length === 1 ? '' : ` (${takens.length} pods by now)`
  return { failure: taken.failure, endsAt: null, note: `its pod was taken away: ${taken.note}${times}` }
}

const isRefused = (pod: V1Pod): boolean => !isAtWork(pod) && takenBy(pod)?.failure === 'not-admitted'

/** A kubelet tells of a pod's containers once it has let it in. */
const isLetIn = (pod: V1Pod): boolean =>
  !isRefused(pod) && (pod.status?.phase !== 'Pending' || containersOf(pod).length > 0)

const readyAt = ({ status }: V1Pod): number =>
  timeOf(status?.conditions?.find(({ type, status: is }) => type === 'Ready' && is === 'True')?.lastTransitionTime)

/** When it ended, as far as it says; when it was made, where it never began. */
const endedAt = (pod: V1Pod): number =>
  Math.max(
    createdAt(pod),
    timeOf(pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.lastTransitionTime),
    ...containersOf(pod).map(({ state }) => timeOf(state?.terminated?.finishedAt)),
  )

const timeOf = (time: Date | string | null | undefined): number => new Date(time ?? Number.NaN).getTime() || 0
