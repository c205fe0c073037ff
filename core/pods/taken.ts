import type { V1Pod } from '@kubernetes/client-node'
import type { Failure } from '../reasons.ts'
import { inBrackets } from './logs.ts'

/** Why a pod was taken away by something outside its program, or was never let in. */
export interface Taken {
  /** Another node may have what this one had not. */
  failure: 'node-lost' | 'not-admitted'
  note: string
  /** What its node ran out of, where it was ended for that; `own`: this pod has used more than it asked for, its kubelet says. */
  pressure: { of: 'disk' | 'memory'; own: boolean } | null
}

/** Pods are lost with these when a node goes. */
const NODE_REASONS: ReadonlySet<string> = new Set(['NodeLost', 'NodeShutdown', 'Terminated', 'Shutdown'])

/** What a kubelet writes before why it never let a pod in (`rejectPod` of Kubernetes 1.36): the scheduler knew less of its node than it does. */
const REFUSED = 'Pod was rejected: '
/** The same of those that leave it out. */
const REFUSALS = /^(?:UnexpectedAdmissionError$|OutOf)/

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
    return { ...lost(reason, message), pressure }
  }
  const target = status?.conditions?.find(({ type, status: value }) => type === 'DisruptionTarget' && value === 'True')
  if (target !== undefined) return lost(target.reason ?? 'DisruptionTarget', target.message)
  return NODE_REASONS.has(reason) ? lost(reason, message) : null
}

const lost = (reason: string, message: string | undefined): Taken => ({
  failure: 'node-lost',
  pressure: null,
  note: `${reason}${inBrackets(message)}`,
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
  return { failure, note: `it used more than its node had: ${found.note}${times}; ask for more ${more}, or use less` }
}

const ENDS: Record<'disk' | 'memory', { failure: Failure; more: string }> = {
  disk: { failure: 'out-of-disk', more: 'ephemeral-storage' },
  memory: { failure: 'out-of-memory', more: 'memory' },
}
