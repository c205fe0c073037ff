import type { CoreV1Event, V1Pod } from '@kubernetes/client-node'
import type { Failure } from '../reasons.ts'
import { said } from '../text.ts'
import type { Around } from './around.ts'
import { lastTold, toldAt } from './telling.ts'

/** Why a pod that has its node is not begun there: its volumes or its network, since no image is pulled before those are there. */
export interface Unbegun {
  failure: Failure
  endsAt: number
  note: string
}

/** So long what a volume names may take to be there, as with what a container names. Milliseconds. */
const NAMED = 5 * 60_000

/** So long a node may take to mount and to connect: a volume that another node must let go first takes six minutes (decision 0030). Milliseconds. */
const BEGUN = 15 * 60_000

/** Since when its node has not begun it, milliseconds; null: it has, it has no node, or its kubelet does not say. */
export const unbegunSince = ({ status, spec }: V1Pod): number | null => {
  if (status?.phase !== 'Pending' || spec?.nodeName === undefined) return null
  const begun = status.conditions?.find(({ type }) => type === 'PodReadyToStartContainers')
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const ran = containers.some(
    ({ state, lastState }) => !!(state?.running ?? state?.terminated ?? lastState?.terminated),
  )
  const at = new Date(begun?.lastTransitionTime ?? Number.NaN).getTime()
  return begun?.status !== 'False' || ran || Number.isNaN(at) ? null : at
}

/** What a kubelet, or who attaches volumes, tells of a pod that is not begun (`pkg/kubelet/events` of Kubernetes 1.36). */
const TOLD: ReadonlySet<string> = new Set([
  'FailedMount',
  'FailedAttachVolume',
  'FailedMapVolume',
  'FailedCreatePodSandBox',
  'FailedPrepareDynamicResources',
  'NetworkNotReady',
])

/** A kubelet tries again, and tells again, after two minutes at the latest: what it has not told for so long is there. Milliseconds. */
const REPEATED = 5 * 60_000

/** What a volume names is not there (`pkg/volume` of Kubernetes 1.36). */
const NOT_THERE = /(?:secret|configmap) "[^"]*" not found|references non-existent (?:secret|config) key/

/**
 * Why its node has not begun it; null: nothing keeps it. That it is not begun stands in its own status; what is told of it, which anybody
 * may write, says only whose it is.
 */
export const unbegun = (pod: V1Pod, { events }: Around, now: number): Unbegun | null => {
  const since = unbegunSince(pod)
  if (since === null) return null
  const { uid } = pod.metadata ?? {}
  const missing = lastTold(
    events.filter((event) => NOT_THERE.test(event.message ?? '') && toldAt(event) > now - REPEATED),
    uid,
    TOLD,
  )
  if (missing !== null)
    return {
      failure: 'configuration',
      endsAt: since + NAMED,
      note: `what its volumes name is not there (${wordsOf(missing)}): make it, or take it out of the policy`,
    }
  const told = lastTold(events, uid, TOLD)
  const on = pod.spec?.nodeName
  const why = told === null ? '' : ` (${wordsOf(told)})`
  return {
    failure: 'not-admitted',
    endsAt: since + BEGUN,
    note: `${on} has not begun it: a volume or the network is not ready${why}`,
  }
}

const wordsOf = ({ reason, message = '' }: CoreV1Event): string => `${reason}: ${said(message, 140)}`
