import { everyVote, nameOf } from './answers.ts'
import { DEFAULT } from './chosen.ts'
import type { Question } from './lane/question.ts'
import { usd } from './money/prices.ts'
import type { Plan } from './plan.ts'
import { alternativeLines, plain, planCard, timeLeft } from './plan-text.ts'
import type { ApprovalPolicy } from './policy.ts'
import type { Outcome } from './reasons.ts'
import { plainTime } from './text.ts'

/** A card: what people see of a plan, as Slack blocks are made from it. Text is plain; the effect escapes it. */
export interface Card {
  title: string
  /** Short `label: value` facts. */
  facts: { label: string; value: string }[]
  /** Longer lines: steps, reasons, refusals. */
  lines: string[]
  /** Id of the open answer's row, for the buttons; null when there is nothing to answer. */
  question: string | null
  /** Ways among which people choose, the one of `question` first; left out: there is one. */
  choices?: CardChoice[]
  /** The command that shows all of it, where a chat has no room; left out: there is none. */
  whole?: string
  tone: 'asking' | 'good' | 'bad' | 'neutral'
}

/** One of the ways that people choose among. */
export interface CardChoice {
  /** What the button is called after. */
  name: string
  /** The value of its button. */
  question: string
  /** What it costs, when it would be done, what it uses and what may go otherwise. */
  lines: string[]
}

/** Of a lane the timeline alone is shown: what was cut off a card is of its plan. */
const wholeOf = ({ id }: Plan): string => `signalbox trace ${id}`

/** The card that asks: with buttons while its question is open. Nobody counts down on a card: it says when its time was told. */
export const answerCard = (
  plan: Plan,
  row: Question,
  { approvals, now }: { approvals: Pick<ApprovalPolicy, 'approvers'>; now: number },
): Card => {
  const { facts, lines } = asked(plan, row, (by) => nameOf(by, approvals))
  const votes = everyVote(row).map((vote) => {
    const { by, verdict, reason } = vote
    const name = (row.choices?.find((choice) => choice.votes.includes(vote)) ?? row.chosen)?.name
    const what = verdict === 'deny' || name === undefined ? '' : ` its alternative ${name}`
    return `${nameOf(by, approvals)} ${verdict === 'approve' ? 'approves' : 'denies'}${what}${reason === null ? '' : `: ${reason}`}`
  })
  const open = row.state === 'open'
  return {
    title: titleOf(plan, row),
    facts: [
      ...facts,
      ...(open ? [{ label: 'Answer before', value: `${plainTime(row.until)} (${timeLeft(row.until, now)})` }] : []),
      { label: 'Answers', value: answersText(row) },
    ],
    lines: [...lines, ...votes],
    question: open ? row.id : null,
    ...(open ? choicesOf(plan, row) : {}),
    whole: wholeOf(plan),
    tone: open ? 'asking' : row.state === 'approved' ? 'good' : 'bad',
  }
}

/** `1 of 2`; where people choose, of each way: yeses to different ones do not add up. */
const answersText = ({ votes, need, choices = [] }: Question): string =>
  [{ name: DEFAULT, votes }, ...choices]
    .map(({ name, votes: given }) => `${choices.length === 0 ? '' : `${name} `}${given.length} of ${need}`)
    .join(', ')

/** The ways that the question is about, as its plan tells of them. */
export const choicesOf = (
  { alternatives = [] }: Pick<Plan, 'alternatives'>,
  { id, choices = [] }: Pick<Question, 'id' | 'choices'>,
): Pick<Card, 'choices'> => {
  const [first, ...others] = alternatives
  if (first === undefined || choices.length === 0) return {}
  const beside = others.flatMap((one): CardChoice[] => {
    const choice = choices.find(({ digest }) => digest === one.digest)
    return choice === undefined ? [] : [{ name: one.name, question: choice.id, lines: alternativeLines(one) }]
  })
  return { choices: [{ name: first.name, question: id, lines: alternativeLines(first) }, ...beside] }
}

/** Facts that are true of a run under way as they were before it. */
const STAYS = new Set(['Lane', 'GPUs', 'Nodes', 'Asked for by', 'Plan'])

/** What a question is about: a plan, or what more of it may cost, of which the plan's own card has said the rest. */
const asked = (plan: Plan, { more, bounds }: Question, name: (by: string) => string): Pick<Card, 'facts' | 'lines'> => {
  const { facts, lines } = planCard(plan, name)
  if (more === undefined) return { facts, lines }
  const stays = facts.filter(({ label }) => STAYS.has(label))
  if (more.ends === true) return { facts: stays, lines: [plain(more.why)] }
  const value = `${usd(more.dollars)}: then at most ${usd(bounds.dollars)} in all`
  return {
    facts: [{ label: 'More', value }, ...stays],
    lines: [plain(more.why)],
  }
}

const titleOf = ({ title }: Plan, { state, more }: Question): string => {
  if (more?.ends === true) return state === 'open' ? `Approve? End ${title}` : `${title}: its end is ${state}`
  const open = more === undefined ? 'Approve?' : 'Approve? More for'
  return state === 'open' ? `${open} ${title}` : `${title}: ${more === undefined ? '' : 'more is '}${state}`
}

/** The card of an open question in a channel that it has left: nobody is asked there any more. */
export const leftCard = (card: Card): Card => {
  if (card.question === null) return card
  const { choices: _, ...rest } = card
  const title = card.title.replace('Approve?', 'Asked in another channel now:')
  return { ...rest, title, question: null, tone: 'neutral' }
}

/** The card that tells how it ended; it replaces the one that asked. */
export const outcomeCard = (plan: Plan, outcome: Outcome): Card => {
  const { facts } = planCard(plan)
  return {
    title: `${plan.title}: ${outcome.kind}`,
    facts,
    // Who reads how it ended may have read no plan before.
    lines: [outcome.detail, ...(outcome.kind === 'succeeded' && plan.open !== undefined ? [plain(plan.open)] : [])],
    question: null,
    whole: wholeOf(plan),
    tone:
      outcome.kind === 'succeeded'
        ? 'good'
        : outcome.kind === 'failed' || outcome.kind === 'refused'
          ? 'bad'
          : 'neutral',
  }
}
