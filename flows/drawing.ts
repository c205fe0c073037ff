import { asOfNow } from '../core/answers.ts'
import { answerCard, type Card, leftCard, outcomeCard } from '../core/cards.ts'
import type { Question } from '../core/lane/question.ts'
import { calledBy, withNewNames } from '../core/lane-kinds/called.ts'
import type { Plan } from '../core/plan.ts'
import type { Policy } from '../core/policy.ts'
import { type PastRow, pastId } from '../core/rows.ts'
import type { Telling } from '../core/telling.ts'
import { askedGroups } from './approvers.ts'
import { Refused, type WorkPorts } from './ports.ts'

/** Posts a card with lanes by the names that the policy has for them. */
export const post = async (
  { chat }: WorkPorts,
  policy: Policy,
  { key, card, channel = policy.approvals.channel }: Drawn,
): Promise<void> => {
  await chat.post(channel, key, withNewNames(card, calledBy(policy)))
}

/** A card, and where it stands; left out: where the policy asks. */
interface Drawn {
  key: string
  card: Card
  channel?: string | undefined
}

type CardTelling = Extract<Telling, { kind: 'card' }>

/** Draws the card of a run as things stand now: told late or twice, it shows the truth. */
export const drawCard = async (ports: WorkPorts, lane: string, telling: CardTelling): Promise<void> => {
  const policy = await ports.policies.load()
  for (const drawn of await cardsOf(ports, lane, { run: telling, policy }))
    await draw(ports, policy, { drawn, ...telling })
}

const draw = async (
  ports: WorkPorts,
  policy: Policy,
  { drawn, left }: { drawn: Drawn; left?: string | undefined },
): Promise<void> => {
  if (left !== undefined && left !== (drawn.channel ?? policy.approvals.channel))
    return post(ports, policy, { ...drawn, card: leftCard(drawn.card), channel: left }).catch(gone)
  // Whoever is in an approvers' group must be known before the first button is pressed.
  if (drawn.card.question !== null) await askedGroups(ports, policy)
  await post(ports, policy, drawn)
}

/** A channel that takes no card any more, often why it was left: there is nothing to be mended. */
const gone = (error: unknown): void => {
  if (!(error instanceof Refused)) throw error
}

const cardsOf = async (
  { ledger, clock }: WorkPorts,
  lane: string,
  { run, policy }: { run: { generation: number; attempt: number }; policy: Policy },
): Promise<Drawn[]> => {
  const [doc, plan, past] = await ledger.read([
    { kind: 'lane', id: lane },
    { kind: 'plan', id: lane },
    { kind: 'past', id: pastId(lane, run) },
  ])
  if (past !== null) return pastCards(past.value)
  const now = doc?.value.run ?? null
  if (now === null || now.generation !== run.generation || now.attempt !== run.attempt) return []
  if (plan === null || now.question === null) return []
  const { approvals } = policy
  const question = asOfNow(now.question, { policy: approvals, groups: new Map() })
  const card = answerCard(plan.value.plan, question, { approvals, now: clock.now() })
  return [{ key: keyOf(plan.value.plan, question), card, channel: question.channel }]
}

/** What asks for more is a card of its own: one that is written over is news to nobody. */
const keyOf = ({ id }: Pick<Plan, 'id'>, { more, openedAt }: Question): string =>
  more === undefined ? id : `${id}-more-${openedAt.toString(36)}`

/** What asked for more asks no more, however that was answered. */
const pastCards = ({ id, plan, outcome, run: { question } }: PastRow): Drawn[] => {
  if (plan === null) return []
  const keys =
    question?.more === undefined || (question.more.dollars === 0 && question.more.ends !== true)
      ? [id]
      : [id, keyOf({ id }, question)]
  return keys.map((key) => ({ key, card: outcomeCard(plan, outcome), channel: question?.channel }))
}
