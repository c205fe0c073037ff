import type { V1ContainerStatus, V1Job, V1Pod } from '@kubernetes/client-node'
import { isLeaving } from '../kube.ts'
import { programsOf } from './beside.ts'
import type { Taken } from './taken.ts'

/**
 * That a Job's pod was deleted from outside before its program had ended: what it did then is no end of its own. Null: nobody has deleted it,
 * it had ended before, or its Job deletes it, which it does once it is over itself, suspended, or to have none.
 */
export const deletedOf = (pod: V1Pod, job: V1Job): Taken | null => {
  const asked = askedAt(pod)
  if (asked === null || endedBefore(pod, asked) || isOfJobItself(job, asked)) return null
  return {
    failure: 'pod-gone',
    pressure: null,
    note: 'somebody has deleted it (a person, or who empties its node without evicting)',
  }
}

/** Whether its Job itself has told it to end before its program had: as that of a gang does with the rest, once one has failed. */
export const isSentAway = (pod: V1Pod, job: V1Job): boolean => {
  const asked = askedAt(pod)
  return asked !== null && !endedBefore(pod, asked) && isOfJobItself(job, asked)
}

/** When somebody has asked for its deletion, milliseconds: the server writes when that is due, grace and all. Null: nobody has. */
const askedAt = ({ metadata }: V1Pod): number | null => {
  const due = timeOf(metadata?.deletionTimestamp)
  return due === null ? null : due - 1000 * (metadata?.deletionGracePeriodSeconds ?? 0)
}

/** Whether one of its containers had ended badly by then, or all of them had ended. One that nobody has seen end had not. */
const endedBefore = (pod: V1Pod, at: number): boolean => {
  const isBefore = ({ state }: V1ContainerStatus): boolean => (timeOf(state?.terminated?.finishedAt) ?? at) < at
  const own = pod.status?.containerStatuses ?? []
  const badly = programsOf(pod).filter(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0)
  return badly.some(isBefore) || (own.length > 0 && own.every(isBefore))
}

const OVER: ReadonlySet<string> = new Set(['FailureTarget', 'Failed', 'SuccessCriteriaMet', 'Complete'])

/**
 * A Job of one pod has nothing left to delete once it has failed: what was asked in the same second was asked by somebody else. What was
 * let go since then was suspended.
 */
const isOfJobItself = ({ metadata, spec, status }: V1Job, asked: number): boolean => {
  if (spec?.suspend === true || spec?.parallelism === 0 || isLeaving({ metadata: metadata ?? {} })) return true
  return (status?.conditions ?? []).some(({ type, status: is, lastTransitionTime }) => {
    const at = timeOf(lastTransitionTime)
    if (at === null) return false
    if (type === 'Suspended') return at >= asked
    return OVER.has(type) && is === 'True' && (spec?.parallelism ?? 1) > 1 && at <= asked
  })
}

/** A kubelet that knows no time writes that of the year 1. */
const timeOf = (time: Date | string | null | undefined): number | null => {
  const at = new Date(time ?? Number.NaN).getTime()
  return Number.isNaN(at) || at < 0 ? null : at
}
