import type { ApprovalNeed } from './approval-need.ts'
import type { Requester } from './desired.ts'
import type { Choice, Question } from './lane/question.ts'
import type { Vote } from './lane/vote.ts'
import { groupsOf, peopleOf } from './policy/approvals.ts'
import type { ApprovalPolicy } from './policy.ts'
import type { AnswerRefusal } from './reasons.ts'

/** Who is in each user group of the policy; null where that is not known now, and then nobody counts as its member. */
export type Groups = ReadonlyMap<string, readonly string[] | null>

/** What of a policy says whose answers count. */
export type Answering = Pick<ApprovalPolicy, 'approvers' | 'need' | 'requesterMayApprove'>

/** Whether policy lets this person answer. `unreadable`: only as a member of a group whose members are not known. */
export const mayAnswer = (
  by: string,
  policy: Pick<Answering, 'approvers'>,
  groups: Groups,
): 'yes' | 'no' | 'unreadable' => {
  if (policy.approvers.some(({ id }) => id === by)) return 'yes'
  const members = groupsOf(policy).map((group) => groups.get(group) ?? null)
  if (members.some((some) => some?.includes(by))) return 'yes'
  return members.includes(null) ? 'unreadable' : 'no'
}

/** A person by the policy's name, where it has one. */
export const nameOf = (by: string, policy: Pick<ApprovalPolicy, 'approvers' | 'operators'>): string =>
  peopleOf(policy).find(({ id }) => id === by)?.name ?? by

/** Time after `until` in which a vote given in time may still arrive (law 6). Milliseconds. */
export const ANSWER_GRACE = 60_000

const isProven = (asked: Requester | 'policy' | null): boolean => asked === 'policy' || asked?.proven === true

/** How many must say yes to what somebody asked for, where people are asked. */
export const neededFor = (
  { need, unknownRequester }: Pick<ApprovalPolicy, 'need' | 'unknownRequester'>,
  asked: Requester | 'policy' | null,
): number => need + (!isProven(asked) && unknownRequester === 'one-more' ? 1 : 0)

/**
 * Whether a plan of this price must be asked about, and how many must say yes. `refuse` when nobody may ask for it. A requester who is
 * only claimed counts as unknown, and may not approve either: where one more must agree then, somebody is asked whatever it costs. Of
 * what the policy itself wants it is known who asked. `asks`: why it must be asked about whatever it costs; `rung`: the same for as long as a rung of the
 * budget is in force.
 */
export const approvalNeed = (
  policy: ApprovalPolicy,
  {
    requester: asked,
    dollars,
    asks,
    rung,
  }: { requester: Requester | 'policy' | null; dollars: number } & { [K in 'asks' | 'rung']?: string | undefined },
):
  | { kind: 'need'; need: ApprovalNeed }
  | { kind: 'refuse'; reason: 'requester-unknown' | 'nobody-may-approve'; detail: string } => {
  const requester = asked === 'policy' ? null : asked
  const isKnown = isProven(asked)
  const whoAsked = requester === null ? 'who asked is unknown' : `that ${requester.by} asked is only claimed`
  if (!isKnown && policy.unknownRequester === 'refuse')
    return {
      kind: 'refuse',
      reason: 'requester-unknown',
      detail: `${whoAsked}, and approvals.unknownRequester is \`refuse\``,
    }
  const need = neededFor(policy, asked)
  const extra = need > policy.need
  const isAsked = asks !== undefined || extra || dollars >= policy.autoApproveBelow
  if (!isAsked && rung === undefined)
    return {
      kind: 'need',
      need: {
        required: false,
        why: `$${dollars.toFixed(2)} in the bad case, below approvals.autoApproveBelow ($${policy.autoApproveBelow})`,
        need: 0,
      },
    }
  const eligible = policy.approvers.filter(({ id }) => id !== requester?.by || policy.requesterMayApprove).length
  // Who is in a group is not known on paper: a question that too few may answer expires.
  if (need > eligible && groupsOf(policy).length === 0)
    return {
      kind: 'refuse',
      reason: 'nobody-may-approve',
      detail: `${need} approvals are needed, and without who asked only ${eligible} people may give one: add approvers or set approvals.requesterMayApprove`,
    }
  const whys = [extra ? `${whoAsked}, so one more person must agree` : undefined, asks, rung].filter(Boolean)
  const why = whys.join('; ') || `$${dollars.toFixed(2)} in the bad case`
  return { kind: 'need', need: { required: true, why, need, ...(isAsked ? {} : { rung: true }) } }
}

/** Why it must be asked about, where either of two may say so. */
export const bothAsk = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || b === undefined ? (a ?? b) : `${a}; ${b}`

/**
 * An open question under the policy in force: a yes of who was revoked counts no more, and as many are needed as it says now. So it
 * stays open for those who are missing, in place of being answered by who may not. Who is in a group that nobody can read still counts:
 * that is asked again before anything begins. Where nobody says how many are needed, it is no fewer than were asked.
 */
export const asOfNow = <Q extends Pick<Question, 'state' | 'votes' | 'need' | 'requester' | 'choices'>>(
  row: Q,
  {
    policy,
    groups,
    need = Math.max(row.need, policy.need),
  }: { policy: Answering; groups: Groups; need?: number | undefined },
): Q => {
  if (row.state !== 'open') return row
  const counting = ({ by }: Vote): boolean =>
    mayAnswer(by, policy, groups) !== 'no' && (by !== row.requester || policy.requesterMayApprove)
  return {
    ...row,
    need,
    ...withVotes(row, (votes) => votes.filter(counting)),
  }
}

/** The votes of a question, and of each of its choices, after a change. */
const withVotes = (
  { votes, choices }: Pick<Question, 'votes' | 'choices'>,
  change: (votes: Vote[], choice: Choice | null) => Vote[],
): Pick<Question, 'votes' | 'choices'> => ({
  votes: change(votes, null),
  ...(choices === undefined
    ? {}
    : { choices: choices.map((choice) => ({ ...choice, votes: change(choice.votes, choice) })) }),
})

/** What a vote is about: the choice that its button names; null: what the question itself is about, or none of the two. */
const choiceAt = ({ choices = [] }: Pick<Question, 'choices'>, button: string): Choice | null =>
  choices.find(({ id }) => id === button) ?? null

/** Whether a button is one of the question, or of what may be chosen in its place. */
export const isButtonOf = (row: Pick<Question, 'id' | 'choices'>, button: string): boolean =>
  row.id === button || choiceAt(row, button) !== null

/** Every vote on a question, whatever of it that is for. */
export const everyVote = ({ votes, choices = [] }: Pick<Question, 'votes' | 'choices'>): Vote[] => [
  ...votes,
  ...choices.flatMap((choice) => choice.votes),
]

/** How many more must agree: yeses to different choices do not add up. */
export const missingIn = ({ need, votes, choices = [] }: Pick<Question, 'need' | 'votes' | 'choices'>): number =>
  need - Math.max(...[votes, ...choices.map((choice) => choice.votes)].map(yesesIn))

const yesesIn = (votes: readonly Vote[]): number => votes.filter(({ verdict }) => verdict === 'approve').length

/** Why this vote would not count on this question under this policy, or null when it counts. */
export const whyVoteFails = (
  row: Question,
  vote: Vote,
  { policy, groups, button = row.id }: { policy: Answering; groups: Groups; button?: string },
): AnswerRefusal | null => {
  if (vote.at > row.until) return 'too-late'
  if (row.state !== 'open') return 'question-closed'
  const may = mayAnswer(vote.by, policy, groups)
  if (may !== 'yes') return may === 'no' ? 'not-an-approver' : 'group-unreadable'
  if (vote.verdict === 'approve' && vote.by === row.requester && !policy.requesterMayApprove)
    return 'requester-may-not-approve'
  // A no takes back one's own yes, and a yes to one choice that to another, as long as others are waited for.
  const { votes } = choiceAt(row, button) ?? row
  if (votes.some(({ by, verdict }) => by === vote.by && verdict === vote.verdict)) return 'already-answered'
  return null
}

/**
 * The question after one more vote that counts: one denial rejects all of it, `need` approvals of one choice approve that one. Whoever
 * agrees to another one takes back what they have said before.
 */
export const withVote = (row: Question, vote: Vote, button = row.id): Question => {
  const at = vote.verdict === 'deny' ? null : choiceAt(row, button)
  const next = {
    ...row,
    ...withVotes(row, (votes, choice) => [
      ...votes.filter(({ by }) => by !== vote.by),
      ...(choice?.id === at?.id ? [vote] : []),
    ]),
  }
  if (vote.verdict === 'deny') return { ...next, state: 'rejected' }
  return asVoted(next)
}

/** An open question by the votes that it has: approved as the first of its ways to which as many have agreed as are needed. */
export const asVoted = (row: Question): Question => {
  if (yesesIn(row.votes) >= row.need) return approvedAs(row, null)
  const choice = row.choices?.find(({ votes }) => yesesIn(votes) >= row.need)
  return choice === undefined ? row : approvedAs(row, choice)
}

/** Approved as it is, or as what was chosen in its place. */
const approvedAs = ({ choices: _, ...row }: Question, choice: Choice | null): Question => {
  if (choice === null) return { ...row, state: 'approved' }
  const { name, from, digest, bounds, votes } = choice
  const chosen = { name, ...(from === undefined ? {} : { from }) }
  return { ...row, digest, bounds, votes, chosen, state: 'approved' }
}

/**
 * Whether an approved question still satisfies the policy in force now: a revoked approver's vote no longer counts, and a
 * need that rose is not met (law 13).
 */
export const stillApproved = (
  row: Question,
  need: number,
  { policy, groups }: { policy: ApprovalPolicy; groups: Groups },
): boolean => {
  const counted = row.votes.filter(
    ({ by, verdict }) =>
      verdict === 'approve' &&
      mayAnswer(by, policy, groups) === 'yes' &&
      (by !== row.requester || policy.requesterMayApprove),
  )
  return row.state === 'approved' && counted.length >= Math.max(need, row.need)
}
