import type { CoreV1Event, V1Pod } from '@kubernetes/client-node'
import { programsOf } from './beside.ts'
import { START_ERROR } from './starting.ts'
import { firstToldAt } from './telling.ts'

/**
 * Since when a container is kept from starting. Its pod's status does not say it: no condition changes between its sandbox, a pull of any
 * length and the first try to make it. Its kubelet tells it.
 */

/** What no further try of the kubelet cures, or only after it has begun to pause between them. */
export const IMAGE: ReadonlySet<string> = new Set(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])

/** What the pod asks for is not there, or not as it is asked for, or its node cannot start it: what the message says tells them apart. */
export const NOT_STARTED: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'PreCreateHookError',
  'PreStartHookError',
  'PostStartHookError',
])

/** What its registry says of an image that is not there for this node. Of all else that keeps it from being pulled nobody has a list. */
const GONE =
  /not found|(?:manifest|name) unknown|no match(?:ing manifest)? for|does not exist|denied|unauthorized|forbidden|invalid reference/i

/** What its node says of itself, whatever it names that is not there: its disk, or layers that its runtime has lost. */
const NODE = /no space left on device|quota exceeded|(?:parent|extraction) snapshot|\blease\b/i

/** Why another try of its kubelet may pull the image yet; null: none will. */
export const whyPulledYet = (waiting: { reason: string; message?: string | undefined }): string | null => {
  const { reason, message = '' } = waiting
  if (reason !== 'ImagePullBackOff') return null
  if (NODE.test(message)) return 'its node cannot keep it, and tries again'
  return GONE.test(message) ? null : 'nobody says that it is not there, and its node tries again'
}

/** Whether a container of its program waits for what its kubelet dates, and its status does not. */
export const isHeldUp = (pod: V1Pod): boolean =>
  programsOf(pod).some(({ state, lastState }) => {
    const reason = state?.waiting?.reason ?? ''
    const ended = state?.terminated ?? lastState?.terminated
    return IMAGE.has(reason) || NOT_STARTED.has(reason) || ended?.reason === START_ERROR
  })

/** As long as the largest images take to be pulled: so long nobody need have told why what they are pulled for does not start. Milliseconds. */
const PULL = 25 * 60_000

/** What a kubelet tells of a container that it could not pull for, make or start (`pkg/kubelet/events` of Kubernetes 1.36). */
const FAILED: ReadonlySet<string> = new Set(['Failed', 'FailedPreStartHook', 'FailedPostStartHook'])

/** Longest that is looked for of what a kubelet says: of an Event's message it keeps 1024 characters. */
const KEPT = 400

/** What is said, whichever try of the kubelet says it: each makes a container anew, and names it by another id. */
const alike = (text: string): string => text.replace(/[0-9a-f]{8,}|\d+/gi, '')

/**
 * Since when, milliseconds: as its kubelet told first, and where that is not known, as if it had been pulled for until now. `message`: what
 * it says of a container that it cannot start; null: it cannot pull. `status`: when the pod's status last changed; `now`: nothing is believed
 * that is told of later.
 */
export const heldUpSince = (
  { metadata }: Pick<V1Pod, 'metadata'>,
  message: string | null,
  { status, now, events }: { status: number; now: number; events: readonly CoreV1Event[] },
): number => {
  const { uid } = metadata ?? {}
  const isOf = ({ involvedObject, reason = '', message: text = '' }: CoreV1Event): boolean =>
    uid !== undefined &&
    involvedObject.uid === uid &&
    FAILED.has(reason) &&
    (message === null ? /pull/i.test(text) : alike(text).includes(alike(message).slice(0, KEPT)))
  const told = events.filter(isOf).map(firstToldAt)
  return told.length === 0 ? status + PULL : Math.max(status, Math.min(now, ...told))
}
