import type { V1Pod } from '@kubernetes/client-node'
import type { Failure } from '../reasons.ts'
import { WEIGHTS_VOLUME } from '../workloads/fetching.ts'
import { inBrackets } from './logs.ts'

/** Why a pod was taken away by something outside its program, or was never let in. */
export interface Taken {
  /** Another node may have what this one had not; who took its room may be done with it. */
  failure: 'node-lost' | 'not-admitted' | 'pod-gone' | 'preempted'
  note: string
  /** What its node ran out of, where it was ended for that; `own`: this pod has used more than it asked for, its kubelet says. */
  pressure: { of: 'disk' | 'memory'; own: boolean } | null
}

/** That something outside its program has ended a pod, as it is remembered where nobody may see the pod again. */
export type Lost = Pick<Taken, 'failure' | 'note'>

/** How a Job failed, as somebody has seen while its pods were there: they go with their nodes, and what is seen then tells less. */
export interface Died {
  failure: Failure
  note: string
}

/** What a reason means for a person: whose doing it was. */
type Doing = Pick<Taken, 'failure'> & { means: string }

const SHUT_DOWN: Doing = { failure: 'node-lost', means: 'its node was shut down' }
const UNANSWERED: Doing = { failure: 'node-lost', means: 'its node stopped answering' }

/** What a pod's status says where a node goes, or its kubelet ends it for what is not the pod's own. */
const STATUS: ReadonlyMap<string, Doing> = new Map([
  ['NodeLost', UNANSWERED],
  ['NodeShutdown', SHUT_DOWN],
  ['Shutdown', SHUT_DOWN],
  ['Terminated', SHUT_DOWN],
  ['Preempting', { failure: 'preempted', means: 'its node made room for a pod that Kubernetes itself needs' }],
])

/** Who has ended a pod, as `DisruptionTarget` says (Kubernetes 1.36): each is another's doing, and nothing that the program did. */
const TARGETS: ReadonlyMap<string, Doing> = new Map<string, Doing>(
  Object.entries({
    EvictionByEvictionAPI: {
      failure: 'node-lost',
      means: 'its node was emptied (AWS takes a spot node back, Karpenter replaces one, or somebody drains it)',
    },
    PreemptionByScheduler: { failure: 'preempted', means: 'a pod of a higher priority took its place' },
    DeletionByTaintManager: {
      failure: 'node-lost',
      means: 'its node stopped answering, or somebody tainted it against this pod',
    },
    DeletionByDeviceTaintManager: { failure: 'node-lost', means: 'a device that it used was taken out of service' },
    DeletionByPodGC: { failure: 'node-lost', means: 'its node is gone' },
  }),
)

/** What a kubelet writes into it, whatever it ended the pod for: its status says more. */
const KUBELET = 'TerminationByKubelet'
const ENDED_BY_NODE: Doing = { failure: 'node-lost', means: 'its node ended it' }
const DISRUPTED: Doing = { failure: 'node-lost', means: 'something outside its program ended it' }

/** What a kubelet writes before why it never let a pod in (`rejectPod` of Kubernetes 1.36): the scheduler knew less of its node than it does. */
const REFUSED = 'Pod was rejected: '
/** The same of those that leave it out. */
const REFUSALS = /^(?:UnexpectedAdmissionError$|NodeAffinity$|OutOf)/

/** What a kubelet writes of a pod that it ends for what the pod itself has used (`pkg/kubelet/eviction/helpers.go` of Kubernetes 1.36). */
const OWN =
  / was using .* has larger consumption of | exceeded its local ephemeral storage limit | exceeds the (?:total )?limit /
const MEMORY = /low on resource: memory/i

/** Why a pod was taken away, or never let in by its node; null: it was not. */
export const takenBy = ({ status }: V1Pod): Taken | null => {
  const { reason = '', message = '' } = status ?? {}
  if (status?.phase === 'Failed' && (message.startsWith(REFUSED) || REFUSALS.test(reason)))
    return {
      failure: 'not-admitted',
      pressure: null,
      note: `its node did not let it in: ${reason}${inBrackets(message)}`,
    }
  if (reason === 'Evicted') {
    const pressure = { of: MEMORY.test(message) ? ('memory' as const) : ('disk' as const), own: OWN.test(message) }
    return { failure: 'node-lost', note: `${reason}${inBrackets(message)}`, pressure }
  }
  const target = status?.conditions?.find(({ type, status: value }) => type === 'DisruptionTarget' && value === 'True')
  const ofStatus = STATUS.get(reason)
  if (target === undefined) return ofStatus === undefined ? null : taken(ofStatus, reason, message)
  const { reason: why = 'DisruptionTarget' } = target
  const doing = why === KUBELET ? (ofStatus ?? ENDED_BY_NODE) : (TARGETS.get(why) ?? DISRUPTED)
  return taken(doing, why, target.message)
}

const taken = ({ failure, means }: Doing, reason: string, message: string | undefined): Taken => ({
  failure,
  pressure: null,
  note: `${means}: ${reason}${inBrackets(message)}`,
})

/** Pods that pressure took, after which the pod itself is why: one that others have filled is not met so often. */
const PRESSURED = 3

/**
 * That a node's pressure is for what these pods have used, as their kubelets say or as it comes again and again; null: another node may
 * have room. Without an end each new pod would be paid for as long as the last.
 */
export const ownPressure = (pods: readonly V1Pod[]): { failure: Failure; note: string } | null => {
  const pressed = pods.map(takenBy).filter((taken) => taken !== null && taken.pressure !== null)
  const found = pressed.find((taken) => taken?.pressure?.own) ?? (pressed.length < PRESSURED ? undefined : pressed[0])
  if (found === undefined || found === null) return null
  const times = pressed.length === 1 ? '' : `, ${pressed.length} times`
  const { failure, more } = ENDS[found.pressure?.of ?? 'disk']
  const [, volume] = VOLUME.exec(found.note) ?? []
  return volume === undefined
    ? { failure, note: `it used more than its node had: ${found.note}${times}; ask for more ${more}, or use less` }
    : { failure, note: `it used more than its volume may hold: ${found.note}${times}; ${largerOf(volume)}` }
}

/** How a kubelet names an emptyDir that has outgrown its own limit (`pkg/kubelet/eviction/eviction_manager.go` of Kubernetes 1.36). */
const VOLUME = /Usage of EmptyDir volume "([^"]*)" exceeds the limit/

/** More disk of its container lifts no limit of a volume, but that of what is fetched before an engine begins. */
const largerOf = (volume: string): string =>
  volume === WEIGHTS_VOLUME
    ? 'say in `pod` how much `ephemeral-storage` its engine’s container has, which bounds what is fetched too; or leave in the folder what is served, and no checkpoints'
    : `give the volume \`${volume}\` a larger \`sizeLimit\` in \`pod\`, or use less`

const ENDS: Record<'disk' | 'memory', { failure: Failure; more: string }> = {
  disk: { failure: 'out-of-disk', more: 'ephemeral-storage' },
  memory: { failure: 'out-of-memory', more: 'memory' },
}
