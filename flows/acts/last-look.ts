import type { KubeObject } from '../../core/kube.ts'
import type { LastLook } from '../../core/lane/clearing.ts'
import type { Mark } from '../../core/lane/document.ts'
import type { Stepped, Waiting } from '../../core/lane/stepping.ts'
import type { View } from '../../core/lane/view.ts'
import type { LaunchJobStep } from '../../core/plan.ts'
import { hangsOnResult, hasEnded, nextLaunchJob, type SeenJob } from '../../core/steps/launch-job.ts'
import { Refused, Unavailable, type WorkPorts } from '../ports.ts'
import type { AlivePods } from './pods.ts'
import { knownOf, madeOf } from './steps/job-known.ts'
import { withPins } from './steps/launch-job.ts'
import { readResult, withMessage } from './steps/read-result.ts'

/** A step's Job, or null where it is gone, and its pods as they are now. */
interface There {
  mark: Mark
  step: LaunchJobStep
  job: KubeObject<'Job'> | null
  pods: AlivePods
  /** The last lines of the pod that died; left out: nobody has asked. */
  logs?: string[]
}

/**
 * What a step that runs has come to, before its Job is taken away or once it is gone. One that is over has its result read; where that
 * does not answer nobody waits for it: whoever is told to end ends. Null: nothing was ever made for it.
 */
export const lastLook = async (
  { objects }: Pick<WorkPorts, 'objects'>,
  { now }: Pick<View, 'now'>,
  { mark, step, job, pods: { own, alive }, logs = [] }: There,
): Promise<LastLook | null> => {
  const made = mark.made ?? (job === null ? null : madeOf(step, job))
  if (mark.state !== 'running' || made === null) return null
  const { name } = made.ref
  const before = knownOf(mark, made, job)
  const seen: SeenJob = { name, job, pods: own, logs, result: null, now, before, lost: mark.lost, died: mark.died }
  const without = nextLaunchJob(step, seen)
  const isOver = job === null ? alive === 0 : hasEnded(job)
  if (!isOver)
    return { step: mark.name, made, seen: { ...asWaiting(without, own), ...(job === null ? {} : { why: 'deleting' }) } }
  try {
    const result = await readResult({ objects }, made, { pods: own })
    const stepped = await withPins({ objects }, nextLaunchJob(step, { ...seen, result }), result?.beside ?? null)
    return { step: mark.name, made, seen: stepped as LastLook['seen'] }
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof Refused)) throw error
    if (!hangsOnResult(job)) return { step: mark.name, made, seen: without as LastLook['seen'] }
    return { step: mark.name, made: withMessage(made, own), seen: asUnread(name, without) }
  }
}

/** What is decided of it and not over yet still runs. */
const asWaiting = (stepped: Stepped, own: KubeObject<'Pod'>[]): Waiting =>
  stepped.kind === 'wait'
    ? stepped
    : {
        ...(stepped.kind === 'failed' ? stepped : {}),
        kind: 'wait',
        note: '',
        until: null,
        running: own.some(({ status }) => status?.phase === 'Running'),
      }

/** Of a Job that has failed by itself nobody needs the result. */
const asUnread = (name: string, stepped: Stepped): LastLook['seen'] => {
  if (stepped.kind !== 'failed') return stepped as LastLook['seen']
  const note = `Job ${name} is over, and where its result would lie does not answer: another attempt looks again`
  return { ...stepped, kind: 'unread', note }
}
