import { createdAt, type KubeObject, refOf } from '../../../core/kube.ts'
import type { Mark } from '../../../core/lane/document.ts'
import type { Made } from '../../../core/lane/made.ts'
import type { LaunchJobStep } from '../../../core/plan.ts'
import type { SeenJob } from '../../../core/steps/launch-job.ts'
import { resultPlace } from '../../../core/steps/result-place.ts'

/** What was known of a Job before it went. */
export const knownOf = (
  { ranFrom, ranTo, endedAt, note }: Mark,
  { at, ref }: Made,
  there: KubeObject<'Job'> | null,
): NonNullable<SeenJob['before']> => {
  const leaves = there?.metadata.deletionTimestamp
  return {
    ...{ ranFrom, ranTo, madeAt: at ?? null },
    leavingAt: leaves === undefined ? endedAt : new Date(leaves).getTime(),
    // Until a look has said more of it the mark has its name.
    ...(note.startsWith(`Job ${ref.name}`) ? {} : { noted: note }),
  }
}

/** What is written down of a Job that was made for a step. */
export const madeOf = (step: LaunchJobStep, object: KubeObject): Made => ({
  ref: refOf(object),
  uid: object.metadata.uid ?? '',
  at: createdAt(object),
  result: resultPlace(step, object.metadata.name),
})
