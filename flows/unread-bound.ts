import type { KubeObject } from '../core/kube.ts'
import { boundAt } from '../core/lane/bound.ts'
import { moment } from '../core/lane/change.ts'
import type { LaneDocument, Mark } from '../core/lane/document.ts'
import { hasEnded } from '../core/steps/launch-job.ts'
import type { Write } from './ledger-port.ts'
import { Unavailable, type WorkPorts } from './ports.ts'
import { readRow } from './rows.ts'

/** What holds of a lane that cannot be read: until when it is looked at at the latest, and how what runs ends. */
interface Bounded {
  doc: LaneDocument
  until: number
  writes: Write[]
  /** Tells the Job to end, once that is written. */
  end(): Promise<void>
}

/**
 * What a card calls "at most" holds whatever keeps a lane from being read (law 9): document and plan say it, and no policy is asked. A Job that
 * still runs then is told to end, and how its run ends is written down; what follows waits until the lane is read. Each is looked at first: what has
 * ended by itself is not ended by its bound, and where the cluster does not answer either nothing is done.
 */
export const boundUnread = async (
  { ledger, cluster }: Pick<WorkPorts, 'ledger' | 'cluster'>,
  { doc, now, until }: { doc: LaneDocument; now: number; until: number },
): Promise<Bounded> => {
  const nothing: Bounded = { doc, until, writes: [], end: async () => undefined }
  const { run } = doc
  const mark = run?.steps.find(
    ({ kind, way, state }) => kind === 'launch-job' && way === 'forth' && state === 'running',
  )
  if (run === null || mark?.made == null || (run.ending !== null && run.ending.reason !== 'bound-reached'))
    return nothing
  const plan = (await readRow(ledger, 'plan', doc.lane))?.value ?? null
  if (plan === null || plan.plan.digest !== run.digest) return nothing
  const bound = run.ending === null ? boundAt({ doc, plan, now }, run) : null
  if (run.ending === null && (bound === null || now < bound.at))
    return bound === null ? nothing : { ...nothing, until: Math.min(until, bound.at) }
  if (!(await isAtWork(cluster, mark))) return nothing
  const { ref, uid } = mark.made
  const end = async (): Promise<void> => void (await cluster.delete(ref, uid).catch(unlessAway))
  if (bound === null) return { ...nothing, end }
  const { ending } = bound
  const text = `ends: ${ending.detail}`
  const said = { ...moment('step', text, { run, data: { ending: ending.kind } }), at: now, lane: doc.lane }
  return { doc: { ...doc, run: { ...run, ending } }, until, writes: [{ moment: said }], end }
}

const isAtWork = async (cluster: WorkPorts['cluster'], { made }: Mark): Promise<boolean> => {
  if (made === null) return false
  const found = (await cluster.get(made.ref).catch(unlessAway)) as KubeObject<'Job'> | null
  return found !== null && found.metadata.uid === made.uid && !hasEnded(found)
}

const unlessAway = (error: unknown): null => {
  if (error instanceof Unavailable) return null
  throw error
}
