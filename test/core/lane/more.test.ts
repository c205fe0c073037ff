import { describe, expect, it } from 'vitest'
import { boundAt } from '../../../core/lane/bound.ts'
import type { Mark, Run } from '../../../core/lane/document.ts'
import {
  answeringAsAsked,
  askingMore,
  moreAt,
  openMore,
  settleAskMore,
  settleNoMore,
  withMore,
  withoutMore,
} from '../../../core/lane/more.ts'
import { centsOf } from '../../../core/lane/room.ts'
import { parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'
import { approvedBy, HOUR, NOW, planRow, questionOf, running, runOf, seenWorld, viewOf, wanted } from './fixture.ts'

const MINUTE = 60_000
const policyOf = (over: object = {}) =>
  parsePolicy({ ...example, ...over, pipelines: { 'support-chats': { ...piped(), onBound: 'ask' } } })
const policy = policyOf()
const hold = { gpus: { 'gpu-train': 8 }, budget: 'ml-monthly', dollars: 223.83 }
const mark = running({ touched: true, ranFrom: NOW })
const under = (run: Partial<Run> = {}): Run => runOf({ phase: 'steps', hold, steps: [mark], ...run })
const view = (run: Run, over: object = {}) =>
  viewOf({
    policy,
    doc: wanted({ run, approved: approvedBy({ begun: true }) }),
    plan: planRow,
    world: seenWorld,
    ...over,
  })
const at = (run: Run, over: object = {}) => moreAt(view(run, over), run)
const worked = (over: Partial<Mark>): Run => under({ steps: [{ ...mark, ...over }] })
/** When it is told to end. */
const END = boundAt(view(under()), under())?.at as number
const more = { dollars: 100, why: 'it goes on' }

describe('when a run under way is asked about', () => {
  it('is a quarter of the hours of its stage before it would be ended', () => {
    expect(at(under())).toBe(END - 0.75 * HOUR)
  })

  it('is no earlier than people have to answer at all', () => {
    const hasty = policyOf({ approvals: { ...example.approvals, expiry: '20m' } })
    expect(at(under(), { policy: hasty })).toBe((at(under()) as number) + 25 * MINUTE)
  })

  it('is never where the policy does not ask, nothing works, it ends, or nobody could answer in time', () => {
    expect(at(under(), { policy: parsePolicy(example) })).toBeNull()
    expect(at(worked({ ranFrom: null }))).toBeNull()
    expect(at(under({ ending: { kind: 'cancelled', reason: null, detail: 'c' } }))).toBeNull()
    expect(at(under(), { now: END - 2 * MINUTE })).toBeNull()
  })

  it('is never where its Job may not run longer in any case', () => {
    expect(at(worked({ ran: 9 * HOUR }))).toBeNull()
  })

  it('has the hours of the alternative that its plan is, whether it was chosen now or is tried again', () => {
    const small = { stages: { train: { gpus: 4, hours: { p50: 1, p95: 1.5 } } } }
    const others = parsePolicy({
      ...example,
      pipelines: { 'support-chats': { ...piped(), onBound: 'ask', alternatives: { small } } },
    })
    const plan = { ...planRow, plan: { ...planRow.plan, chosen: { name: 'small' } } }
    expect(at(under(), { policy: others, plan })).toBe(END - (1.5 / 4) * HOUR)
  })

  it('is once: who said no, or nothing, is asked no more, and who agreed is', () => {
    for (const state of ['rejected', 'expired', 'closed'] as const)
      expect(at(under({ question: questionOf({ state, more }) }))).toBeNull()
    expect(at(under({ question: questionOf({ state: 'approved', more }) }))).not.toBeNull()
    expect(at(under({ question: questionOf({ state: 'approved' }) }))).not.toBeNull()
  })
})

describe('asking for more', () => {
  const due = (run: Run, over: object = {}) => askingMore(view(run, over), run)?.kind ?? null

  it('begins when that is due, and ends a minute after the last answer that counts, once every letter is read', () => {
    expect(due(under())).toBeNull()
    expect(due(under(), { now: at(under()) as number })).toBe('ask-more')
    const asked = under({ question: questionOf({ more, until: NOW + HOUR }) })
    expect(due(asked)).toBeNull()
    expect(due(asked, { now: NOW + HOUR + MINUTE })).toBe('no-more')
    expect(due(asked, { now: NOW + HOUR + MINUTE, unread: true })).toBeNull()
    expect(due(under({ question: questionOf({ more, channel: 'C0OTHER' }) }))).toBe('move-card')
  })

  it('is over once its stage is, or the policy asks for no more, and what was set aside goes back; the next stage is asked about anew', () => {
    const question = questionOf({ more: { ...more, step: mark.name }, until: NOW + HOUR })
    const asked = under({ question, hold: { ...hold, dollars: 323.83 } })
    expect(due(asked)).toBeNull()
    expect(due(asked, { policy: parsePolicy(example) })).toBe('no-more')
    const over = under({ ...asked, steps: [{ ...mark, state: 'done' }] })
    expect(due(over)).toBe('no-more')
    const { doc } = settleNoMore(view(over))
    expect(doc.run).toMatchObject({ question: { state: 'closed' }, hold: { dollars: expect.closeTo(223.83, 2) } })
    const other = questionOf({ more: { ...more, step: 'another' }, state: 'expired' })
    expect(at(under({ question: other }))).not.toBeNull()
  })

  it('sets what it asks for aside, and its question closes before the bound', () => {
    const run = under()
    const { doc, guard } = settleAskMore(view(run, { now: at(run) as number }))
    const question = openMore(doc.run as Run)
    expect(question?.more?.dollars).toBe(165.12)
    expect(question?.bounds.dollars).toBeCloseTo(questionOf().bounds.dollars + 165.12, 2)
    expect(question?.until).toBe(END - 2 * MINUTE)
    expect(doc.run?.hold?.dollars).toBeCloseTo(223.83 + 165.12, 2)
    expect(Object.keys(guard)).toEqual(['budget/ml-monthly'])
    expect(withoutMore(doc.run as Run).hold?.dollars).toBeCloseTo(223.83, 2)
  })

  it('asks for no part of a cent more than its budget has room for: its commit would be refused again and again', () => {
    const run = under({ hold: { ...hold, dollars: 223.834 } })
    const world = { ...seenWorld, dollars: { spent: 0, held: 100 } }
    const tight = policyOf({ budget: { ...example.budget, dollars: 400 } })
    const { doc, guard } = settleAskMore(view(run, { now: at(run) as number, policy: tight, world }))
    expect(openMore(doc.run as Run)?.more?.dollars).toBe(76.16)
    expect(centsOf(doc.run?.hold?.dollars ?? 0) + centsOf(100)).toBe(guard['budget/ml-monthly'])
  })

  it('leaves what was spent before, and what it may cost grows by what was agreed to', () => {
    const run = under({ hold: { ...hold, atMost: 90 }, question: questionOf({ more }) })
    const before = view(run, { doc: wanted({ run, approved: approvedBy({ begun: true, spent: 7 }) }) })
    const question = questionOf({ more, state: 'approved', need: 2 })
    const { doc, plan } = withMore(before, question)
    expect(doc.approved).toMatchObject({ question, spent: 7, begun: true })
    expect([doc.run?.phase, doc.run?.hold?.atMost]).toEqual(['steps', 190])
    expect(plan?.plan.approval).toMatchObject({ required: true, need: 2 })
  })
})

it('a question for more knows who may answer it, for when nobody can read the policy; as long as they are few', () => {
  const asked = (approvers: { id: string; name: string }[]) => {
    const { approvals } = policy
    const of = { policy: { ...policy, approvals: { ...approvals, approvers } }, now: END - 30 * MINUTE }
    return settleAskMore(view(under(), of)).doc.run?.question
  }
  const people = (n: number) => Array.from({ length: n }, (_, i) => ({ id: `T0/U${i}`, name: `name ${i}` }))
  const few = asked(people(2))
  expect(few?.among).toEqual({ approvers: ['T0/U0', 'T0/U1'], requesterMayApprove: false })
  expect(answeringAsAsked({ ...few, need: 2 })).toMatchObject({
    need: 2,
    approvers: [{ id: 'T0/U0' }, { id: 'T0/U1' }],
    requesterMayApprove: false,
  })
  expect(asked(people(41))?.among).toBeUndefined()
  expect(answeringAsAsked({ need: 1 })).toBeNull()
})
