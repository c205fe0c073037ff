import type { Answering } from '../core/answers.ts'
import { card } from '../core/lane/asking.ts'
import type { Change } from '../core/lane/change.ts'
import type { LaneDocument } from '../core/lane/document.ts'
import { inOrder, type Letter, type VoteLetter } from '../core/lane/letters.ts'
import { answeringAsAsked, openMore } from '../core/lane/more.ts'
import type { Question } from '../core/lane/question.ts'
import { foldVoteUnread } from '../core/lane/votes.ts'
import { groupsOf } from '../core/policy/approvals.ts'
import type { PlanRow } from '../core/rows.ts'
import { knownGroups } from './approvers.ts'
import { everyOrder } from './due-letters.ts'
import type { Stored, Write } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import type { Reconciler } from './view.ts'
import { countWrites, letterGone, tellingWrites } from './writing.ts'

/** What votes have made of a lane that cannot be read. */
interface Heeded {
  doc: LaneDocument
  plan: PlanRow | null
  writes: Write[]
}

interface Waiting {
  doc: LaneDocument
  plan: Stored<'plan'> | null
  revision: number
  now: number
}

/**
 * Votes on the open question for more are counted though the lane cannot be read (laws 6, 9): they were given in time, and its Job is ended at its
 * bound all the same. Who may answer is what the policy says, or what it said when it was asked, where nobody can read that. All that does not
 * count so stays as it is.
 */
export const heedVotes = async (
  ports: Pick<WorkPorts, 'ledger' | 'policies' | 'chat' | 'clock'>,
  { reactions }: Pick<Reconciler, 'reactions'>,
  { doc, plan, revision, now }: Waiting,
): Promise<Heeded> => {
  const nothing: Heeded = { doc, plan: plan?.value ?? null, writes: [] }
  const question = doc.run === null ? null : openMore(doc.run)
  if (question === null || question.more?.ends === true || plan === null) return nothing
  const found = await everyOrder(ports.ledger, doc.lane, { now, reactions })
  const votes = inOrder(found.map(({ value }) => value)).filter(isVoteOf(question, now))
  if (votes.length === 0) return nothing
  const approvals = await answering(ports, question)
  if (approvals === null) return nothing
  const groups = await knownGroups(ports, groupsOf(approvals))
  let known = nothing
  let counted = 0
  for (const letter of votes) {
    // What does not count lies there still, and keeps nothing behind it from being counted.
    if (counted === MOST) break
    const change = foldVoteUnread({ ...known, groups, policy: { approvals } }, letter)
    if (change === null) continue
    counted++
    const gone = found.flatMap((row) => (row.value.id === letter.id ? letterGone(row) : []))
    known = {
      doc: change.doc,
      plan: change.plan ?? known.plan,
      writes: [...known.writes, ...gone, ...saying(doc.lane, change, now)],
    }
  }
  const { writes } = known
  return writes.length === 0 ? nothing : { ...known, writes: [...writes, ...rowsOf(known, { plan, revision, now })] }
}

/** So many are counted by one commit, whatever lies there besides. */
const MOST = 6

const isVoteOf =
  ({ id, until }: Question, now: number) =>
  (letter: Letter): letter is VoteLetter =>
    letter.kind === 'vote' && letter.question === id && letter.due <= now && letter.at <= until

const answering = async ({ policies }: Pick<WorkPorts, 'policies'>, question: Question): Promise<Answering | null> =>
  (await policies.load().catch(() => null))?.approvals ?? answeringAsAsked(question)

const saying = (lane: string, { moments, counts }: Change, at: number): Write[] => [
  ...moments.map((moment): Write => ({ moment: { ...moment, at, lane } })),
  ...countWrites(counts),
]

/** What it may cost by now, and its card. */
const rowsOf = (
  { doc: { lane, run }, plan: after }: Heeded,
  { plan, revision, now }: Omit<Waiting, 'doc'>,
): Write[] => [
  ...(plan === null || after === null || after === plan.value
    ? []
    : [{ put: 'plan', id: lane, revision: plan.revision, value: after } satisfies Write]),
  ...(run === null ? [] : tellingWrites(lane, revision, { change: { tellings: [card(run)] }, at: now })),
]
