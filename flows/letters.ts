import { warningKey } from '../core/capacity.ts'
import { laneOfQuestion } from '../core/lane/asking.ts'
import type {
  CommandLetter,
  LeaseLetter,
  Letter,
  LiftLetter,
  LookLetter,
  RunLetter,
  VoteLetter,
  WarnedLetter,
} from '../core/lane/letters.ts'
import { letterRow } from '../core/lane/letters.ts'
import type { Policy } from '../core/policy.ts'
import { reactionTo, whyNoRule } from '../core/reactions/catalogue.ts'
import type { Reaction } from '../core/reactions/reaction.ts'
import type { Moment } from '../core/rows.ts'
import { said } from '../core/text.ts'
import type { ApprovalAnswered, IntendingEvent } from '../events/contract.ts'
import type { RunAsked } from '../events/occasions.ts'
import type { Write } from './ledger-port.ts'
import type { Ports } from './ports.ts'
import { wake } from './waking.ts'

/** What doors need: they write a letter with its due row, wake the lane, and touch nothing else. */
export type LetterPorts = Pick<Ports, 'ledger' | 'queue' | 'clock'>

/** A letter that was left. */
export interface Left {
  lane: string
  letter: string
}

/** Longest text that a letter keeps of a person: as much as Slack lets them write. */
const REASON = 3000

/** Ids grow with time and are unique: what tells two of one moment apart is handed in. */
const letterId = (at: number, unique: string): string => `${String(at).padStart(14, '0')}.${unique}`

const leave = async ({ ledger, queue }: LetterPorts, letter: Letter, count: string): Promise<Left> => {
  const { lane, id, due } = letter
  const row = { id: `${lane}#${id}`, revision: 0 }
  const put = { put: letterRow(letter), ...row, value: letter } as Write
  await ledger.commit([put, { due: { group: lane, by: id }, at: due, was: null, side: null }, { count, by: 1 }])
  await wake({ queue }, lane, id)
  return { lane, letter: id }
}

/** What an event became at its door: a letter for a lane, or nothing since no rule is about it. */
export type Reacted = ({ kind: 'left' } & Left) | { kind: 'not-configured'; detail: string }

/** Leaves word that a lane, or each that it is about, should look where the event points. Neither cluster nor registry is asked, nor the policy beyond names. */
export const leaveLook = async (
  ports: LetterPorts & Pick<Ports, 'policies'>,
  event: IntendingEvent,
  { reactions, unique, from }: { reactions: readonly Reaction[]; unique: string; from: LookLetter['from'] },
): Promise<Reacted> => {
  const reaction = reactionTo(reactions, event)
  const policy = await ports.policies.load()
  const [first, ...others] = reaction?.each?.(event, policy) ?? [event]
  for (const other of others) await leaveOne(ports, other, { reaction, policy, unique, from })
  return first === undefined
    ? { kind: 'not-configured', detail: whyNoRule(reaction, event, policy) }
    : leaveOne(ports, first, { reaction, policy, unique, from })
}

const leaveOne = async (
  ports: LetterPorts,
  event: IntendingEvent,
  {
    reaction,
    policy,
    unique,
    from,
  }: { reaction: Reaction | undefined; policy: Policy; unique: string; from: LookLetter['from'] },
): Promise<Reacted> => {
  const rule = reaction?.ruleOf(event, policy) ?? null
  if (rule === null) {
    const detail = whyNoRule(reaction, event, policy)
    if (from === 'door') await noteNotConfigured(ports, event, detail)
    return { kind: 'not-configured', detail }
  }
  const at = ports.clock.now()
  const letter: LookLetter = {
    kind: 'look',
    id: letterId(at, unique),
    lane: rule.lane,
    at,
    due: at,
    event,
    from,
    waits: null,
    tries: 0,
  }
  return { kind: 'left', ...(await leave(ports, letter, `letter:${event.type}`)) }
}

const noteNotConfigured = async (
  { ledger, clock }: LetterPorts,
  event: IntendingEvent,
  detail: string,
): Promise<void> => {
  const moment: Omit<Moment, 'id'> = {
    at: clock.now(),
    lane: '-',
    generation: null,
    attempt: null,
    kind: 'decision',
    text: said(`ignore: ${detail}`, 500),
    data: { became: 'ignored', reason: 'not-configured', event: event.type },
  }
  await ledger.commit([{ moment }, { count: 'ignored:not-configured', by: 1 }])
}

/** Leaves a vote for the lane that its question names; null when it names none. The time that counts is when it reached us. */
export const leaveVote = async (ports: LetterPorts, event: ApprovalAnswered, unique: string): Promise<Left | null> => {
  const lane = laneOfQuestion(event.question)
  if (lane === null) return null
  const at = ports.clock.now()
  const letter: VoteLetter = {
    kind: 'vote',
    id: letterId(at, unique),
    lane,
    at,
    due: at,
    question: event.question,
    verdict: event.verdict,
    by: event.by,
    byName: said(event.byName, 80),
    workspace: event.workspace,
    reason: event.reason === null ? null : said(event.reason, REASON),
    replyTo: event.replyTo,
  }
  return leave(ports, letter, 'letter:vote')
}

/** Leaves a person's command. */
export const leaveCommand = (
  ports: LetterPorts,
  command: Pick<CommandLetter, 'kind' | 'lane' | 'by' | 'saw' | 'from' | 'wanted'>,
  unique: string,
): Promise<Left> => {
  const at = ports.clock.now()
  const by = said(command.by, 100)
  return leave(ports, { ...command, by, id: letterId(at, unique), at, due: at }, `letter:${command.kind}`)
}

/** Leaves what a person says of a lease. `signedAt`: when the request that says so was signed; by that and `unique` a copy of it is the same letter, whenever it comes. */
export const leaveLease = (
  ports: LetterPorts,
  {
    signedAt,
    ...lease
  }: Pick<LeaseLetter, 'lane' | 'does' | 'by' | 'proven' | 'gpus' | 'until' | 'more' | 'of' | 'replyTo'> & {
    signedAt?: number
  },
  unique: string,
): Promise<Left> => {
  const at = ports.clock.now()
  const [by, id] = [said(lease.by, 100), letterId(signedAt ?? at, unique)]
  return leave(ports, { ...lease, by, kind: 'lease', id, at, due: at }, 'letter:lease')
}

/** Leaves a person's word that a rung is to be lifted. */
export const leaveLift = (
  ports: LetterPorts,
  lift: Pick<LiftLetter, 'lane' | 'rung' | 'by' | 'why'>,
  unique: string,
): Promise<Left> => {
  const at = ports.clock.now()
  const [by, why, rung] = [said(lift.by, 100), said(lift.why, REASON), said(lift.rung, 60)]
  return leave(
    ports,
    { kind: 'lift', lane: lift.lane, rung, by, why, id: letterId(at, unique), at, due: at },
    'letter:lift',
  )
}

/** Leaves a run that a person asks for. Sent twice in one moment it is one letter; the lane knows the request itself. */
export const leaveRun = (ports: LetterPorts, lane: string, event: RunAsked): Promise<Left> => {
  const at = ports.clock.now()
  const letter: RunLetter = { kind: 'run', lane, event, id: letterId(at, `run-${event.id}`), at, due: at }
  return leave(ports, letter, `letter:${event.type}`)
}

/** Says that what held a lane up was taken away. */
export const leaveGoOn = (ports: LetterPorts, lane: string): Promise<Left> => {
  const at = ports.clock.now()
  return leave(ports, { kind: 'go-on', lane, id: letterId(at, 'go-on'), at, due: at }, 'letter:go-on')
}

/** Says what EC2 warns of. Delivered twice it is one letter: a second of the same id is none. */
export const leaveWarned = (
  ports: LetterPorts,
  { event, lane, on }: Pick<WarnedLetter, 'event' | 'lane' | 'on'>,
): Promise<Left> => {
  const id = letterId(event.at, warningKey(event).replace(' ', '.'))
  const at = ports.clock.now()
  return leave(ports, { kind: 'warned', lane, event, on, id, at, due: at }, `letter:${event.type}`)
}

/** What a letter became, as the moment that answers it says. */
export interface Answered {
  became: string
  reason: string | null
  detail: string
  data: Record<string, unknown>
}

/** Moments that are looked through for an answer: those of a quiet lane's last commits, then those of any commit and some. */
const LOOKED_THROUGH = [12, 60]

/** The answer to a letter, if it was folded; callers wait for it, and say what for when it does not come. */
export const answerTo = async ({ ledger }: Pick<Ports, 'ledger'>, { lane, letter }: Left): Promise<Answered | null> => {
  let data: Answered['data'] | undefined
  for (const limit of LOOKED_THROUGH) {
    const moments = await ledger.moments(lane, { limit })
    data = moments
      .map((moment) => moment.data)
      .find((found) => (found?.['letters'] as string[] | undefined)?.includes(letter))
    if (data !== undefined || moments.length < limit) break
  }
  if (data === undefined) return null
  return {
    became: String(data['became']),
    reason: (data['reason'] as string | null | undefined) ?? null,
    detail: String(data['detail'] ?? ''),
    data,
  }
}
