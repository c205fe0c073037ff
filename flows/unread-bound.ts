import { boundAt } from '../core/lane/bound.ts'
import { cancelledOf } from '../core/lane/cancelling.ts'
import { moment } from '../core/lane/change.ts'
import type { LaneDocument, Run } from '../core/lane/document.ts'
import { jobUnderWay } from '../core/lane/marks.ts'
import { toldToEnd } from '../core/lane/unread.ts'
import type { Outcome } from '../core/reasons.ts'
import type { PlanRow } from '../core/rows.ts'
import type { Write } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { troubleOf } from './sides.ts'
import { lookUnread } from './unread-look.ts'

/** What holds of a lane that cannot be read: until when it is looked at at the latest, and how what runs ends. */
interface Bounded {
  doc: LaneDocument
  until: number
  writes: Write[]
  /** Tells the Job to end, once that is written. */
  end(): Promise<void>
}

/** What is known of the lane, and until when it would rest. */
interface Resting {
  doc: LaneDocument
  plan: PlanRow | null
  now: number
  handover: number
  until: number
}

/**
 * What a card calls "at most" holds whatever keeps a lane from being read (law 9), and so does a cancel (law 18): document, plan and cluster say
 * what runs, and no policy is asked. A Job that still runs then is told to end, and how its run ends is written down; what follows waits until the
 * lane is read. Each is looked at first: what has ended by itself is not ended, and where the cluster does not answer either nothing is done.
 */
export const boundUnread = async (
  { cluster, objects }: Pick<WorkPorts, 'cluster' | 'objects'>,
  { doc, plan, now, handover, until }: Resting,
): Promise<Bounded> => {
  const nothing: Bounded = { doc, until, writes: [], end: async () => undefined }
  if (jobUnderWay(doc) === undefined) return nothing
  if (plan === null || plan.plan.digest !== doc.run?.digest) return nothing
  const { doc: seen, works } = await lookUnread({ cluster, objects }, { doc, plan, now, handover })
  const [run, mark] = [seen.run, jobUnderWay(seen)]
  if (run === null || mark?.made == null) return { ...nothing, doc: seen }
  const bound = boundAt({ doc: seen, plan, now }, run)
  const ending = run.ending ?? cancelledOf(run) ?? (bound !== null && now >= bound.at ? bound.ending : null)
  if (ending === null || works !== true)
    return { ...nothing, doc: seen, until: bound !== null && bound.at > now ? Math.min(until, bound.at) : until }
  const { ref, uid } = mark.made
  return {
    doc: toldToEnd({ ...seen, run: { ...run, ending } }, mark, now),
    until,
    writes: run.ending === null ? [endingWrite(seen, { run, ending, now })] : [],
    end: async () => void (await cluster.delete(ref, uid).catch(unlessLedger)),
  }
}

const endingWrite = (
  { lane }: LaneDocument,
  { run, ending, now }: { run: Run; ending: Outcome; now: number },
): Write => ({
  moment: {
    ...moment('step', `ends: ${ending.detail}`, { run, data: { ending: ending.kind } }),
    at: now,
    lane,
  },
})

/** Whoever looks next tells it again. */
const unlessLedger = (error: unknown): null => {
  if (troubleOf(error) !== null) return null
  throw error
}
