import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import type { Failure } from '../reasons.ts'
import { type Around, NOTHING_AROUND } from './around.ts'
import { unbegun, unbegunSince } from './beginning.ts'
import { besideOf, isBegun, programsOf } from './beside.ts'
import { heldUpSince, IMAGE, NOT_STARTED, whyPulledYet } from './held-up.ts'
import { inBrackets } from './logs.ts'
import { isUnscheduled, type PendingOn, pendingOf } from './pending.ts'
import { whyEnded } from './program.ts'
import { RESTARTS, restartsInRow } from './restarts.ts'
import { type NotStarted, START_ERROR, whyNotStarted } from './starting.ts'

/** Why one pod does not do what it was made for. */
export interface Trouble {
  /** By which a run fails that ends of it. */
  failure: Failure
  /** From when on waiting cures nothing any more, milliseconds; null: it may heal, for as long as who waits is patient. */
  endsAt: number | null
  /** For a person: what it is, and what to do. */
  note: string
}

/** So long what a pod refers to may take to be there: an operator that makes Secrets needs a minute or two. Milliseconds. */
const REFERENCES = 5 * 60_000

/** So long a node may take until it can start what it could not, as with one that has not begun a pod (decision 0030). Milliseconds. */
const STARTED = 15 * 60_000

/** Why a pod that has not ended is not at work; null: nothing keeps it, as far as its own status says. */
export const troubleOf = (
  pod: V1Pod,
  { logs = [], around = NOTHING_AROUND, now = 0 }: { logs?: readonly string[] } & Partial<Seeing> = {},
): Trouble | null => {
  for (const container of programsOf(pod)) {
    const trouble = ofContainer(container, { pod, logs, around, now })
    if (trouble !== null) return trouble
  }
  return besideTrouble(pod, { around, now }) ?? unscheduled(pod, { around, now }) ?? unbegun(pod, around, now)
}

/** Whether something outside keeps a pod from beginning, of which its own status tells no more when it changes. */
export const isKeptOutside = (pod: V1Pod): boolean => isUnscheduled(pod) || unbegunSince(pod) !== null

/** What stands around a pod, and what time it is. */
export interface Seeing {
  around: Around
  now: number
}

/** Nodes of its pool would not take it whatever comes, or a volume of it is not there: who may mend that has as long as for a Secret. */
const MISFITS: ReadonlySet<PendingOn> = new Set(['reference', 'taint'])

/** A node may come for as long as its pool can grow, or others end. */
const unscheduled = (pod: V1Pod, { around, now }: Seeing): Trouble | null => {
  const pending = pendingOf(pod, around, now)
  if (pending === null) return null
  const { on, since = 0 } = pending
  return {
    note: `waiting for a node: ${pending.note}`,
    ...(MISFITS.has(on)
      ? { failure: 'configuration', endsAt: Math.max(changedAt(pod), since) + REFERENCES }
      : { failure: 'not-healthy', endsAt: null }),
  }
}

/** Why no node takes it; null: it has one, or nobody has tried. */
export const unscheduledNote = (pod: V1Pod, { around, now }: Seeing): string | null => {
  const pending = pendingOf(pod, around, now)
  return pending === null ? null : `waiting for a node: ${pending.note}`
}

/**
 * Why something that others have put beside its program does not run; null: it does. While the program runs that ends nothing. What keeps
 * the program from beginning has as long as a node that has not begun a pod.
 */
export const besideTrouble = (pod: V1Pod, { around, now }: Seeing): Trouble | null => {
  const trouble = besideOf(pod)
    .map((container) => ofContainer(container, { pod, logs: [], around, now }))
    .find((one) => one !== null)
  if (trouble === undefined || trouble === null) return null
  const { endsAt, note } = trouble
  return {
    failure: 'not-admitted',
    endsAt: isBegun(pod) || endsAt === null ? null : Math.max(endsAt, changedAt(pod) + STARTED),
    note: `${note}; no plan has it: something in the cluster puts it beside the program${isBegun(pod) ? ', which runs' : ', which begins after it'}`,
  }
}

type Seen = Seeing & { pod: V1Pod; logs: readonly string[] }

const ofContainer = (container: V1ContainerStatus, seen: Seen): Trouble | null => {
  const { state } = container
  if (IMAGE.has(state?.waiting?.reason ?? '')) return notPulled(container, seen)
  const failed = notStarted(container)
  if (failed === null) return crashed(container, seen)
  const why = whyNotStarted(failed)
  return {
    ...why,
    endsAt: sinceOf(failed.message ?? '', seen) + (why.failure === 'not-admitted' ? STARTED : REFERENCES),
  }
}

/** What may be pulled yet has as long as a node; what is not there is not there at the next try either. */
const notPulled = (container: V1ContainerStatus, seen: Seen): Trouble => {
  const { reason = '', message } = container.state?.waiting ?? {}
  const note = `the image ${container.image} cannot be pulled (${reason}${says(message)})`
  const yet = whyPulledYet({ reason, message })
  return yet === null
    ? { failure: 'image-pull', endsAt: 0, note: `${note}: check its name and digest` }
    : { failure: 'image-pull', endsAt: sinceOf(null, seen) + STARTED, note: `${note}: ${yet}` }
}

const sinceOf = (message: string | null, { pod, around, now }: Seen): number =>
  heldUpSince(pod, message, { status: changedAt(pod), now, events: around.events })

/** Why a container has never run, between the tries of its kubelet too; null: it has, or nobody has tried. */
const notStarted = ({ name, state, lastState }: V1ContainerStatus): NotStarted | null => {
  const { waiting, running } = state ?? {}
  if (NOT_STARTED.has(waiting?.reason ?? '')) return { name, reason: waiting?.reason ?? '', message: waiting?.message }
  const ended = state?.terminated ?? lastState?.terminated
  const isRunning = running !== undefined && running !== null
  return isRunning || ended?.reason !== START_ERROR ? null : { name, reason: START_ERROR, message: ended.message }
}

/** The pod whose program ended last and was started again, and is not ready: its lines say why. */
export const crashedOf = <P extends V1Pod>(pods: readonly P[]): P | undefined =>
  pods.find((pod) => programsOf(pod).some((one) => !one.ready && one.restartCount > 0))

/** What comes up again and again has no time at which it begins to heal: who is ready meanwhile has healed. */
const crashed = (container: V1ContainerStatus, { pod, logs }: Seen): Trouble | null => {
  const { state, lastState, restartCount, ready } = container
  const ended = lastState?.terminated
  if (ready || ended === undefined || ended.reason === START_ERROR || restartCount === 0) return null
  const pauses = state?.waiting?.reason === 'CrashLoopBackOff'
  const inRow = restartsInRow(container, ended, pod)
  if (!pauses && inRow < RESTARTS) return null
  const { failure, note } = whyEnded({ name: container.name, ended, logs, spec: pod.spec })
  const times = restartCount === 1 ? 'once' : `${restartCount} times`
  return { failure, endsAt: inRow < RESTARTS ? null : 0, note: `${note} (it was restarted ${times})` }
}

const says = (message: string | undefined): string => {
  const text = inBrackets(message)
  return text === '' ? '' : `: ${text.slice(2, -1)}`
}

/** When its status last changed in anything that it dates. */
const changedAt = ({ metadata, status }: V1Pod): number =>
  Math.max(
    0,
    ...[metadata?.creationTimestamp, ...(status?.conditions ?? []).map((one) => one.lastTransitionTime)]
      .map((time) => new Date(time ?? Number.NaN).getTime())
      .filter((at) => !Number.isNaN(at)),
  )
