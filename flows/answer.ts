import { shownOf, whyVoteFails, withVote } from '../core/answers.ts'
import type { AnswerRefusal } from '../core/reasons.ts'
import type { AnswerRow, Vote } from '../core/rows.ts'
import type { ApprovalAnswered } from '../events/contract.ts'
import { knownGroups } from './approvers.ts'
import type { Ports } from './ports.ts'
import { ringRun } from './start.ts'

/** What an answer came to. */
export type Recorded =
  | { kind: 'recorded'; state: AnswerRow['state']; lane: string }
  | { kind: 'refused'; reason: AnswerRefusal; detail: string; lane: string | null }

type AnswerPorts = Pick<Ports, 'ledger' | 'policies' | 'workflow' | 'clock'>

const SENTENCES: Record<AnswerRefusal, string> = {
  'unknown-question': 'there is no such question',
  'question-closed': 'the question is closed',
  'too-late': 'the question has expired, which means no',
  'wrong-workspace': 'it comes from a workspace that has no approver',
  'wrong-message': 'the button belongs to another message than the one that asked',
  'not-an-approver': 'you are not among approvals.approvers',
  'group-unreadable': 'Slack does not say now who is in the approvers’ user group: try again in a few minutes',
  'requester-may-not-approve': 'who asked for it may not approve it',
  'already-answered': 'you have answered already',
}

/**
 * Records one vote by a conditional write on an open row, then rings the run's bell (law 6). The run shows it on the card:
 * whoever pressed the button waits for no chat.
 */
export const answer = async (ports: AnswerPorts, event: ApprovalAnswered): Promise<Recorded> => {
  for (;;) {
    const stored = await ports.ledger.read('answer', event.question)
    if (stored === null) return refuse(ports, event, { reason: 'unknown-question', lane: null })
    const { value: row, revision } = stored
    const policy = await ports.policies.load()
    const vote: Vote = { by: event.by, verdict: event.verdict, reason: event.reason, at: event.at }
    const approvals = { policy: policy.approvals, groups: await knownGroups(ports, policy) }
    const reason = whyElsewhere(row, event, policy.approvals.approvers) ?? whyVoteFails(row, vote, approvals)
    if (reason !== null) {
      // Whoever presses again may do so because the bell of the first time failed. A run that has seen the vote is left
      // alone: each wake is remembered for good, and somebody may press all day.
      if (row.votes.some(({ by }) => by === event.by) && row.shown !== shownOf(row)) await ringRun(ports, row.plan)
      return refuse(ports, event, { reason, lane: row.lane })
    }
    const next = withVote(row, vote)
    if (!(await record(ports, event, { vote, next, revision }))) continue
    await ringRun(ports, row.plan)
    return { kind: 'recorded', state: next.state, lane: row.lane }
  }
}

const record = async (
  { ledger, clock }: AnswerPorts,
  event: ApprovalAnswered,
  { vote, next, revision }: { vote: Vote; next: AnswerRow; revision: number },
): Promise<boolean> => {
  const { lane, generation, attempt } = next
  const says = `${vote.verdict === 'approve' ? 'approves' : 'denies'}${vote.reason === null ? '' : `: ${vote.reason}`}`
  const moment = {
    at: clock.now(),
    lane,
    generation,
    attempt,
    kind: 'answer' as const,
    text: `${event.byName || event.by} ${says}`,
    data: { by: vote.by, state: next.state },
  }
  const { ok } = await ledger.commit([
    { put: 'answer', id: next.id, revision, value: next },
    { moment },
    { count: `answer:${vote.verdict}`, by: 1 },
  ])
  return ok
}

/** The message must be the one that asked, and the workspace one of the approvers'. */
const whyElsewhere = (row: AnswerRow, event: ApprovalAnswered, approvers: { id: string }[]): AnswerRefusal | null => {
  if (!approvers.some(({ id }) => id.startsWith(`${event.workspace}/`))) return 'wrong-workspace'
  if (event.message === null || row.card === null) return null
  return event.message.channel === row.card.channel && event.message.ts === row.card.ts ? null : 'wrong-message'
}

/** Every refused answer is written down and counted: who may not say yes is as telling as who said it. */
const refuse = async (
  ports: AnswerPorts,
  event: ApprovalAnswered,
  { reason, lane }: { reason: AnswerRefusal; lane: string | null },
): Promise<Recorded> => {
  const detail = SENTENCES[reason]
  await ports.ledger.commit([
    {
      moment: {
        at: ports.clock.now(),
        lane: lane ?? '-',
        generation: null,
        attempt: null,
        kind: 'answer',
        text: `an answer by ${event.byName || event.by} does not count: ${detail}`,
        data: { reason, by: event.by, became: 'refused' },
      },
    },
    { count: `refused:${reason}`, by: 1 },
  ])
  return { kind: 'refused', reason, detail, lane }
}
