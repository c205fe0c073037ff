import { expect, it } from 'vitest'
import { answerCard, leftCard, outcomeCard } from '../../core/cards.ts'
import config from '../example.ts'
import { HOUR, questionOf } from './lane/fixture.ts'
import { NOW, trainPlan } from './training-fixture.ts'

const plan = trainPlan()
const factsAt = (now: number, over: Parameters<typeof questionOf>[0] = {}) =>
  Object.fromEntries(
    answerCard(plan, questionOf(over), { approvals: config.approvals, now }).facts.map(({ label, value }) => [
      label,
      value,
    ]),
  )

it('says how long there is to answer, as of when it was drawn: with the reminder it is drawn anew', () => {
  expect(factsAt(NOW)['Answer before']).toBe('2026-11-24 13:00 UTC (4 h left at 09:00)')
  expect(factsAt(NOW + 3.5 * HOUR)['Answer before']).toBe('2026-11-24 13:00 UTC (30 min left at 12:30)')
  expect(factsAt(NOW + 5 * HOUR)['Answer before']).toBe('2026-11-24 13:00 UTC (no time left)')
  expect(factsAt(NOW, { state: 'approved' })).not.toHaveProperty('Answer before')
})

it('that asks for more says how much, what it comes to in all, and what becomes of it otherwise', () => {
  const more = { dollars: 100, why: 'it goes on, and is ended' }
  const card = (over: Parameters<typeof questionOf>[0]) =>
    answerCard(plan, questionOf({ more, ...over }), { approvals: config.approvals, now: NOW })
  expect(card({})).toMatchObject({
    title: `Approve? More for ${plan.title}`,
    lines: ['it goes on, and is ended'],
  })
  expect(card({}).facts[0]).toEqual({ label: 'More', value: '$100.00: then at most $223.83 in all' })
  // What was true before it began is not said again.
  expect(card({}).facts.map(({ label }) => label)).not.toContain('Begins before')
  expect(card({ state: 'rejected' }).title).toBe(`${plan.title}: more is rejected`)
})

it('that asks whether a run shall end says why, and what approving it does', () => {
  const more = { dollars: 0, step: 'train', ends: true as const, why: 'its GPUs do nothing. Approve ends it' }
  const card = (over: Parameters<typeof questionOf>[0]) =>
    answerCard(plan, questionOf({ more, ...over }), { approvals: config.approvals, now: NOW })
  expect(card({})).toMatchObject({ title: `Approve? End ${plan.title}`, lines: [more.why] })
  expect(card({}).facts.map(({ label }) => label)).not.toContain('More')
  expect(card({ state: 'expired' }).title).toBe(`${plan.title}: its end is expired`)
})

it('asks nobody where it has left, and says where it went; one that asks nothing stays as it is', () => {
  const asks = answerCard(plan, questionOf(), { approvals: config.approvals, now: NOW })
  const left = leftCard(asks)
  expect(left).toEqual({
    ...asks,
    title: `Asked in another channel now: ${plan.title}`,
    question: null,
    tone: 'neutral',
  })
  expect(leftCard(left)).toBe(left)
})

it('of what serves now says how it ended, and who may change its weights; of what does not, nothing of them', () => {
  const open = { ...plan, open: 'not pinned: whoever may write' }
  const linesOf = (kind: 'succeeded' | 'failed') => outcomeCard(open, { kind, reason: null, detail: 'done' }).lines
  expect([linesOf('succeeded'), linesOf('failed')]).toEqual([['done', 'not pinned: whoever may write'], ['done']])
})

it('names people as the policy does, and where all of it stands', () => {
  const { approvals } = config
  const requester = { by: approvals.approvers[0]?.id ?? '', proven: true }
  const card = answerCard({ ...plan, requester }, questionOf(), { approvals, now: NOW })
  expect(card.facts).toContainEqual({
    label: 'Asked for by',
    value: 'proven: ana (T0SIGNAL/U0APPROVER), whose AWS account uploaded it',
  })
  const ended = outcomeCard(plan, { kind: 'succeeded', reason: null, detail: 'done' })
  expect([card.whole, ended.whole]).toEqual(Array(2).fill(`signalbox trace ${plan.id}`))
})

it('that lets people choose has the ways that are asked about, whose yes is for which, and how many each lacks', () => {
  const way = (name: string) => ({
    ...{ name, digest: `${name}-digest`, bounds: plan.bounds, price: plan.price.total, uses: [`train on ${name}`] },
    ...{ hours: { p50: 1.5, p95: 3 }, done: NOW + 3 * HOUR, exposed: 0, risks: [], why: 'it is so' },
  })
  const row = questionOf({
    need: 2,
    votes: [{ by: 'T0SIGNAL/U0ANN', verdict: 'approve', reason: null, at: NOW }],
    choices: [
      {
        ...{ id: 'q-spot', name: 'spot', digest: 'spot-digest', bounds: plan.bounds },
        votes: [{ by: 'T0SIGNAL/U0BOB', verdict: 'approve', reason: null, at: NOW }],
      },
    ],
  })
  const among = { ...plan, alternatives: [way('default'), way('spot'), way('gone')] }
  const card = answerCard(among, row, { approvals: config.approvals, now: NOW })
  expect(card.choices?.map(({ name, question }) => [name, question])).toEqual([
    ['default', row.id],
    ['spot', 'q-spot'],
  ])
  expect(card.choices?.[1]?.lines).toEqual([
    '$115.58 (p95 $223.83), at most $223.83',
    'takes 1.5 h (p95 3 h): done before 2026-11-24 12:00 UTC in the bad case, were it begun when it was planned',
    'train on spot',
    'risk: none beyond what is said of the plan',
    'it is so',
  ])
  expect(card.facts).toContainEqual({ label: 'Answers', value: 'default 1 of 2, spot 1 of 2' })
  expect(card.lines.slice(-2)).toEqual(['T0SIGNAL/U0ANN approves', 'T0SIGNAL/U0BOB approves its alternative spot'])
  expect(leftCard(card)).not.toHaveProperty('choices')
  const over = answerCard(among, { ...row, state: 'rejected' }, { approvals: config.approvals, now: NOW })
  expect(over).not.toHaveProperty('choices')
})
