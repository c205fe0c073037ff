import type { KubeObject } from '../core/kube.ts'
import type { LastLook } from '../core/lane/clearing.ts'
import type { LaneDocument } from '../core/lane/document.ts'
import type { Made } from '../core/lane/made.ts'
import { jobUnderWay } from '../core/lane/marks.ts'
import { seenUnread } from '../core/lane/unread.ts'
import type { View } from '../core/lane/view.ts'
import { lastDied } from '../core/pods/died.ts'
import { hasEnded } from '../core/steps/launch-job.ts'
import { lastLook } from './acts/last-look.ts'
import { type AlivePods, alivePodsOf, lastLines } from './acts/pods.ts'
import { withMessage } from './acts/steps/read-result.ts'
import type { WorkPorts } from './ports.ts'
import { troubleOf } from './sides.ts'

/** What was seen of the Job of a lane that cannot be read. `works`: whether it is there to be ended; null: nobody could look. */
interface Looked {
  doc: LaneDocument
  works: boolean | null
}

/** What of a lane that cannot be read is known without a policy. */
export type Unread = Pick<View, 'doc' | 'plan' | 'now' | 'handover'>

/**
 * The Job and its pods are looked at as they are in any lane, and what that says of its time is written down: since when it runs and for
 * how long it ran is one truth, whoever could read the policy meanwhile. A far side that does not answer leaves it as it was known.
 */
export const lookUnread = async (ports: Pick<WorkPorts, 'cluster' | 'objects'>, view: Unread): Promise<Looked> => {
  try {
    return await looked(ports, view)
  } catch (error) {
    if (troubleOf(error) === null) throw error
    return { doc: view.doc, works: null }
  }
}

const looked = async (ports: Pick<WorkPorts, 'cluster' | 'objects'>, view: Unread): Promise<Looked> => {
  const { doc, plan, now, handover } = view
  const mark = jobUnderWay(doc)
  const step = plan?.plan.steps.find(({ name }) => name === mark?.name)
  if (mark?.made == null || step?.kind !== 'launch-job') return { doc, works: false }
  const { ref, uid } = mark.made
  const [found, pods] = await Promise.all([ports.cluster.get(ref), alivePodsOf(ports, ref, uid)])
  const job = found !== null && found.metadata.uid === uid ? (found as KubeObject<'Job'>) : null
  // An absence so soon after it was made is no fact yet.
  if (job === null && now < (mark.markedAt ?? 0) + handover) return { doc, works: false }
  const logs = job === null ? [] : await lastLines(ports, lastDied(pods.own, job))
  const look = await lastLook(ports, { now }, { mark, step, job, pods, logs })
  return {
    doc: look === null ? doc : seenUnread(view, { ...mark, made: knownMade(look, pods) }, look.seen),
    works: job !== null && !hasEnded(job),
  }
}

/** What its pod says itself goes with it, before anybody settles that. */
const knownMade = ({ made, seen }: LastLook, { own }: AlivePods): Made =>
  seen.kind === 'done' && seen.read?.by === 'message' ? withMessage(made, own) : made
