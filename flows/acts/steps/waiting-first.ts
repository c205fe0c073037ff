import type { KubeObject } from '../../../core/kube.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import { laneNameIn, makerOf } from '../../../core/lane/waits.ts'
import { laneLabels } from '../../../core/names.ts'
import { firstOf, type Target, viewIn } from '../../../core/steps/moving.ts'
import { deletedNote, firstNote } from '../../../core/steps/roll-out-model.ts'
import { setAgainText, setOtherwise } from '../../../core/steps/set-by-hand.ts'
import { lacksQuota } from '../../../core/workloads/quota.ts'
import type { Task } from './handler.ts'

/** Nobody is woken by what keeps Kubernetes from making pods. Milliseconds. */
export const MINUTE = 60_000

/** How long a quota is waited for that has no room, whatever leaves: somebody may raise it, or others end. Milliseconds. */
const BARRED = 5 * MINUTE

/** What a move touches, and of that what comes first. */
export interface Touches {
  all: Target[]
  first: Target[]
  /** One of these whose Deployment is not there. */
  lost: Target | undefined
  /** What is said while those are waited for, or for what keeps all of it from being made; empty: nothing is. */
  note: string
  /** What somebody has scaled otherwise of those that are asked for already; empty: nothing. */
  again: string
  /** Whether a quota keeps those from being made whatever leaves for them. */
  isBarred: boolean
  /** Whether it waits until KEDA has let go, of what is to be taken away again; left out: it does not. */
  scales?: 'leaving' | 'again'
}

export const NONE: Touches = { all: [], first: [], lost: undefined, note: '', again: '', isBarred: false }

/**
 * On the way back what leaves was judged, and answers nobody: what keeps pods of the baseline from being made beside it is not waited for
 * longer than Kubernetes takes to make some.
 */
const waitsNoMore = ({ mark, ports }: Pick<Task, 'mark' | 'ports'>): boolean => {
  if (mark.way === 'forth' || mark.waits !== 'pods') return false
  // Who marks it anew has waited.
  return !mark.touched || ports.clock.now() >= (mark.markedAt ?? 0) + MINUTE
}

/** What of it waits for the rest to leave, and is to be there before. */
export const waitingFor = async (
  task: Task,
  all: Target[],
  at: Parameters<typeof setOtherwise>[0],
): Promise<Touches> => {
  const { generations } = at
  const objects = all.flatMap((target) => viewIn(generations, target)?.object ?? [])
  const pods = objects.some(lacksQuota) ? await podsOf(task) : []
  const unmade = firstOf(all, generations, pods)
  const first = waitsNoMore(task) ? [] : unmade
  const lost = unmade.find((target) => viewIn(generations, target) === undefined)
  const otherwise = setOtherwise(at, task.mark.fence).filter((target) => first.includes(target))
  return {
    all,
    first,
    lost,
    note: firstNote(first, generations),
    again: otherwise.length === 0 ? '' : setAgainText(otherwise, generations),
    isBarred: first.some((target) =>
      objects.some((object) => object === viewIn(generations, target)?.object && lacksQuota(object)),
    ),
  }
}

/** What has become of what was made to wait; null: it is there, or waited for. */
export const seeFirst = (
  { mark, view }: Pick<Task, 'mark' | 'view'>,
  { lost, note, again, isBarred }: Touches,
  { now, startedAt }: { now: number; startedAt: number },
): Stepped | null => {
  // What is not there T after, somebody has deleted.
  if (lost !== undefined && now >= (mark.markedAt ?? 0) + view.handover)
    return { kind: 'failed', reason: 'deleted', note: deletedNote(lost.generation) }
  if (again !== '') return { kind: 'free', again }
  // Nothing leaves for what a quota keeps away all the same: what serves does so on.
  return isBarred && now - startedAt > BARRED
    ? { kind: 'failed', reason: 'denied', note: `after ${BARRED / MINUTE} minutes still ${note}` }
    : null
}

/** Pods of the lane, whichever generation has made them: those that serve, or are to. A gate's are none of them. */
export const podsOf = async ({ ports, view }: Task): Promise<KubeObject<'Pod'>[]> => {
  const where = { namespace: view.policy.namespaces.serving, labels: laneLabels(view.identity, view.doc.lane) }
  const pods = await ports.cluster.list('Pod', where)
  return pods.filter((pod) => isOf(pod, view.doc.name)) as KubeObject<'Pod'>[]
}

/** Whether a Deployment that the lane made has made it: labels alone say nothing. */
const isOf = (pod: KubeObject, name: string): boolean => {
  const maker = makerOf(pod)
  return maker?.kind === 'Deployment' && laneNameIn(maker) === name
}
