import {
  type Answering,
  asOfNow,
  asVoted,
  everyVote,
  isButtonOf,
  missingIn,
  whyVoteFails,
  withVote,
} from '../answers.ts'
import { MOST_VOTES } from '../policy/approvals.ts'
import type { AnswerRefusal } from '../reasons.ts'
import { said } from '../text.ts'
import { card } from './asking.ts'
import { type Change, changed, DETAIL, moment, SHORT } from './change.ts'
import { type Run, sameRun } from './document.ts'
import type { VoteLetter } from './letters.ts'
import { withMore, withoutMore } from './more.ts'
import { askedNow, neededOf } from './needed.ts'
import type { Question } from './question.ts'
import type { View } from './view.ts'
import type { Vote } from './vote.ts'

const SENTENCES: Record<AnswerRefusal, string> = {
  'unknown-question': 'there is no such question',
  'question-closed': 'the question is closed',
  'too-late': 'the question has expired, which means no',
  'wrong-workspace': 'it comes from a workspace that has no approver',
  'not-an-approver': 'you are not among approvals.approvers',
  'group-unreadable': 'Slack does not say now who is in the approvers’ user group: try again in a few minutes',
  'requester-may-not-approve': 'who asked for it may not approve it',
  'already-answered': 'you have answered already',
}

/** What is known of a vote's lane, and by whose answers it is decided. */
type Voting = Pick<View, 'doc' | 'plan' | 'groups'> & { policy: { approvals: Answering }; need?: number }

/** Who is asked by how many, as the policy says it now; where enough have agreed by that, it is answered. */
export const settleRecount = (view: View): Change => {
  const run = view.doc.run as Run
  const question = askedNow(view, run, run.question as Question)
  const next = asVoted(question)
  const { doc, ...also } = answered(view, run, next)
  const text =
    next.state === 'approved'
      ? 'as many as are needed now have said yes'
      : `${question.need} of the approvers must say yes now, ${question.need - missingIn(question)} do`
  return changed(doc, {
    ...also,
    moments: [moment('answer', text, { run, data: { question: question.id, state: next.state } })],
    tellings: [card(run)],
  })
}

/** A vote that counts, on the question as it is open now. */
interface Counting {
  question: Question
  vote: Vote
}

/** One vote, by the time at which it was given: it counts on the question that it names while that is open (law 8). */
export const foldVote = (view: View, letter: VoteLetter): Change => {
  const { run } = view.doc
  const given = judged(run === null ? view : { ...view, need: neededOf(view, run) }, letter)
  return typeof given === 'string' ? refused(view, letter, given) : counted(view, letter, given)
}

/**
 * The same while nobody can read the policy, of a vote on a question for more, by what that said when it was asked: what goes on meanwhile has
 * its bound, for which nobody waits. Null: it does not count so, and is answered once the policy is read.
 */
export const foldVoteUnread = (view: Voting, letter: VoteLetter): Change | null => {
  const given = judged(view, letter)
  return typeof given === 'string' ? null : counted(view, letter, given)
}

const judged = ({ doc, policy, groups, need }: Voting, letter: VoteLetter): Counting | AnswerRefusal => {
  const asked = doc.run?.question ?? null
  const question = asked === null ? null : asOfNow(asked, { policy: policy.approvals, groups, need })
  // The document keeps some of a reason, the timeline all of it.
  const vote: Vote = {
    by: letter.by,
    verdict: letter.verdict,
    reason: letter.reason === null ? null : said(letter.reason, SHORT),
    at: letter.at,
  }
  const reason = whyNot({ doc, policy, groups }, letter, { question, vote })
  return question === null ? (reason ?? 'question-closed') : (reason ?? { question, vote })
}

const counted = (view: Pick<View, 'doc' | 'plan'>, letter: VoteLetter, { question, vote }: Counting): Change => {
  const { doc } = view
  const next = withVote(question, vote, letter.question)
  const run = doc.run as Run
  const chosen = vote.verdict === 'deny' ? undefined : question.choices?.find(({ id }) => id === letter.question)?.name
  const verb = `${vote.verdict === 'approve' ? 'approves' : 'denies'}${chosen === undefined ? '' : ` its alternative ${chosen}`}`
  const { doc: after, ...also } = answered(view, run, next)
  return changed(after, {
    ...also,
    removed: [letter],
    moments: [
      moment('answer', `${letter.byName || letter.by} ${verb}${letter.reason === null ? '' : `: ${letter.reason}`}`, {
        run,
        data: {
          by: vote.by,
          words: letter.reason === null ? null : said(letter.reason, DETAIL),
          state: next.state,
          became: 'recorded',
          letters: [letter.id],
          ...(chosen === undefined ? {} : { chosen }),
        },
      }),
    ],
    counts: [`answer:${vote.verdict}`],
    tellings: [card(run)],
  })
}

/** What a question comes to by a vote that counts. */
const answered = (view: Pick<View, 'doc' | 'plan'>, run: Run, question: Question): Pick<Change, 'doc' | 'plan'> => {
  const { doc } = view
  const asked = { ...run, question }
  if (question.state === 'open') return { doc: { ...doc, run: asked } }
  // Who agrees that it ends has its run end next; it goes on otherwise.
  if (question.more?.ends === true) return { doc: { ...doc, run: asked } }
  if (question.more !== undefined)
    return question.state === 'approved' ? withMore(view, question) : { doc: { ...doc, run: withoutMore(asked) } }
  if (question.state !== 'approved') return { doc: { ...doc, run: asked } }
  // Who agrees to what was to be made as an alternative has chosen that, and when it begins.
  const chosen = question.chosen ?? view.plan?.plan.chosen
  const approved = { question: chosen === undefined ? question : { ...question, chosen }, spent: 0, begun: false }
  return { doc: { ...doc, approved, run: { ...run, question: approved.question, phase: 'planned' } } }
}

const whyNot = (
  { doc, policy, groups }: Omit<Voting, 'plan' | 'need'>,
  letter: VoteLetter,
  { question, vote }: { question: Question | null; vote: Vote },
): AnswerRefusal | null => {
  const { approvers } = policy.approvals
  if (letter.workspace !== null && !approvers.some(({ id }) => id.startsWith(`${letter.workspace}/`)))
    return 'wrong-workspace'
  // The button names a question of this lane; whether it ever was one is nobody's to guess.
  if (question === null || !isButtonOf(question, letter.question)) return 'question-closed'
  if (everyVote(question).length >= MOST_VOTES) return 'question-closed'
  // It is over, or something newer took its place, though its end is not written yet.
  const run = doc.run as Run
  if (run.cancelled !== null || run.ending !== null || !sameRun(run, doc)) return 'question-closed'
  return whyVoteFails(question, vote, { policy: policy.approvals, groups, button: letter.question })
}

/** Every refused answer is written down and counted: who may not say yes is as telling as who said it. */
const refused = ({ doc }: View, letter: VoteLetter, reason: AnswerRefusal): Change => {
  const detail = SENTENCES[reason]
  return changed(doc, {
    removed: [letter],
    moments: [
      moment('answer', `an answer by ${letter.byName || letter.by} does not count: ${detail}`, {
        run: doc.run,
        data: { reason, by: letter.by, became: 'refused', detail, letters: [letter.id] },
      }),
    ],
    counts: [`refused:${reason}`],
    tellings:
      letter.replyTo === null
        ? []
        : [{ kind: 'reply', to: letter.replyTo, text: `Your answer does not count: ${detail}.` }],
  })
}
