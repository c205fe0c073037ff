import { ANSWER_GRACE, shownOf } from '../../core/answers.ts'
import { answerCard } from '../../core/cards.ts'
import { sha256Hex } from '../../core/digest.ts'
import { orders } from '../../core/lane.ts'
import type { Plan } from '../../core/plan.ts'
import type { AnswerRow } from '../../core/rows.ts'
import { askedGroups } from '../approvers.ts'
import { Unavailable } from '../ports.ts'
import { asHolder, type Carrier, momentOf, readRows, type Wait } from './carrier.ts'
import type { Stop } from './planning.ts'

/** What became of a question. */
export type Answered =
  | { kind: 'approved' }
  | { kind: 'rejected'; detail: string }
  | { kind: 'expired'; detail: string }
  | Stop

/** Opens the question's row, then posts its card: the row is the truth, the card may be posted twice (law 6). */
export const openQuestion = async (
  carrier: Carrier,
  round: number,
): Promise<{ kind: 'asked'; question: string } | { kind: 'lost' }> => {
  const { ports, id } = carrier
  const plan = (await ports.ledger.read('plan', id))?.value
  if (plan === undefined) throw new Error(`run ${id} has no plan to ask about`)
  const question = `q-${sha256Hex(`${id}\n${plan.digest}\n${round}`).slice(0, 24)}`
  const existing = await ports.ledger.read('answer', question)
  if (existing === null) {
    const row = newQuestion(plan, question, ports.clock.now())
    const held = await asHolder(carrier, ({ run: own }) => ({
      run: { ...own, stage: 'asked', answer: question },
      writes: [
        { put: 'answer', id: question, revision: 0, value: row },
        momentOf(carrier, 'answer', `asked ${plan.approval.need} of the approvers: ${plan.approval.why}`, {
          question,
          until: row.until,
        }),
      ],
    }))
    if (held === 'lost') return { kind: 'lost' }
  }
  await post(carrier, question, plan)
  return { kind: 'asked', question }
}

/** Reads the question; closes it when it has expired or when the run must stop. */
export const lookAtAnswer = async (carrier: Carrier, question: string): Promise<Answered | Wait> => {
  for (;;) {
    const seen = await lookOnce(carrier, question)
    if (seen !== 'again') return seen
  }
}

const lookOnce = async (carrier: Carrier, question: string): Promise<Answered | Wait | 'again'> => {
  const { ports, run } = carrier
  const { lane } = await readRows(carrier)
  const stored = await ports.ledger.read('answer', question)
  if (stored === null) throw new Error(`question ${question} has no row`)
  const { value: row, revision } = stored
  const order = orders(lane.value, run, false)
  if (order === 'lost') return { kind: 'lost' }
  if (order !== 'go') {
    if (row.state === 'open' && !(await close(carrier, { row, revision, state: 'closed' }))) return 'again'
    return order === 'superseded'
      ? { kind: order }
      : { kind: order, detail: `cancelled by ${lane.value.cancelled?.by}` }
  }
  await show(carrier, row)
  if (row.state !== 'open') return settled(row)
  const left = row.until + ANSWER_GRACE - ports.clock.now()
  if (left > 0) return { wait: left / 1000 }
  await close(carrier, { row, revision, state: 'expired' })
  return 'again'
}

const settled = (row: AnswerRow): Answered => {
  if (row.state === 'approved') return { kind: 'approved' }
  const denial = row.votes.find(({ verdict }) => verdict === 'deny')
  if (row.state === 'rejected')
    return { kind: 'rejected', detail: `denied by ${denial?.by}${denial?.reason ? `: ${denial.reason}` : ''}` }
  return { kind: 'expired', detail: 'nobody answered in time, which means no' }
}

const close = async (
  carrier: Carrier,
  { row, revision, state }: { row: AnswerRow; revision: number; state: 'expired' | 'closed' },
): Promise<boolean> => {
  const { ok } = await carrier.ports.ledger.commit([
    { put: 'answer', id: row.id, revision, value: { ...row, state } },
    momentOf(carrier, 'answer', state === 'expired' ? 'nobody answered in time' : 'the question was closed'),
  ])
  return ok
}

const post = async ({ ports }: Carrier, question: string, plan: Plan): Promise<void> => {
  const policy = await ports.policies.load()
  // Whoever is in an approvers' group must be known before the first button is pressed.
  await askedGroups(ports, policy)
  for (;;) {
    const stored = await ports.ledger.read('answer', question)
    if (stored === null || stored.value.card !== null) return
    const card = await ports.chat.post(policy.approvals.channel, question, answerCard(plan, stored.value))
    const { ok } = await ports.ledger.commit([
      {
        put: 'answer',
        id: question,
        revision: stored.revision,
        value: { ...stored.value, card, shown: shownOf(stored.value) },
      },
    ])
    if (ok) return
  }
}

/** Shows the votes on the card. A chat that cannot be asked holds nobody up: the answer counts, the next look shows it. */
const show = async ({ ports: { ledger, chat }, id }: Carrier, row: AnswerRow): Promise<void> => {
  const plan = (await ledger.read('plan', id))?.value
  if (row.card === null || row.shown === shownOf(row) || plan === undefined) return
  try {
    await chat.update(row.card, answerCard(plan, row))
  } catch (error) {
    if (error instanceof Unavailable) return
    throw error
  }
  const now = await ledger.read('answer', row.id)
  if (now !== null)
    await ledger.commit([
      { put: 'answer', id: row.id, revision: now.revision, value: { ...now.value, shown: shownOf(row) } },
    ])
}

const newQuestion = (plan: Plan, id: string, now: number): AnswerRow => ({
  lane: plan.lane,
  generation: plan.generation,
  attempt: plan.attempt,
  id,
  plan: plan.id,
  digest: plan.digest,
  bounds: plan.bounds,
  openedAt: now,
  until: plan.bounds.until,
  state: 'open',
  need: plan.approval.need,
  requester: plan.desired.kind === 'none' ? null : plan.desired.requester,
  votes: [],
  card: null,
  shown: null,
})
