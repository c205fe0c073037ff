import { expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { next } from '../../../core/lane/next.ts'
import { settle } from '../../../core/lane/settle.ts'
import type { View } from '../../../core/lane/view.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { emptyPool, emptyWorld, exampleWith, trainPlan } from '../training-fixture.ts'
import { ANA, questionOf, runOf, viewOf, wanted } from './fixture.ts'

const small = { stages: { train: { pool: 'gpu-serve', gpus: 4, hours: { p50: 3, p95: 6 } } } }
const policyOf = (...more: (readonly [path: string, value: unknown])[]) =>
  parsePolicy(exampleWith(['pipelines.support-chats.alternatives', { small: structuredClone(small) }], ...more))
const policy = policyOf()
const plan = trainPlan({ policy })
const [, choice] = plan.alternatives ?? []
if (choice === undefined) throw new Error('there is nothing to choose')

/** A lane whose people have chosen the alternative, with the plan of the default still there. */
const chosen = (over: Partial<View> = {}): View => {
  const { name, digest, bounds } = choice
  const votes = [{ by: ANA, verdict: 'approve' as const, reason: null, at: 1 }]
  const question = questionOf({ state: 'approved', digest, bounds, votes, chosen: { name } })
  const doc: LaneDocument = wanted({
    approved: { question, spent: 0, begun: false },
    run: runOf({ digest: plan.digest, question, asked: 1 }),
  })
  return viewOf({ doc, policy, plan: { plan, back: [] }, world: emptyWorld(), looked: true, ...over })
}
const planned = (view: View) => settle(view, { kind: 'plan' }, { kind: 'seen', kept: {} })

it('what people chose is planned before anything is held: the plan that they were asked about is another one', () => {
  expect(next(chosen())).toEqual({ kind: 'plan' })
  const { doc, plan: row, tellings } = planned(chosen())
  expect([doc.run?.digest, row?.plan.chosen, doc.approved?.question.digest]).toEqual([
    choice.digest,
    { name: 'small' },
    choice.digest,
  ])
  expect(tellings).toEqual([{ kind: 'card', generation: 1, attempt: 1 }])
  expect(next(chosen({ doc, plan: row ?? null, fresh: true }))).toEqual({ kind: 'hold' })
})

it.each<[string, () => Partial<View>, string]>([
  [
    'the policy has it no more',
    () => ({ policy: parsePolicy(exampleWith()) }),
    'pipelines.support-chats has no alternative `small` any more',
  ],
  [
    'it would do something else',
    () => ({ policy: policyOf(['pipelines.support-chats.alternatives.small.stages.train.hours', { p50: 3, p95: 7 }]) }),
    'what it would do is no longer what they saw',
  ],
  [
    'it would cost more',
    () => ({ policy: policyOf(['pools.gpu-serve.price.perNodeHour', 20]) }),
    'it may cost more by now, or use more, than they agreed to',
  ],
  [
    'who agreed was revoked',
    () => ({ policy: policyOf(['approvals.approvers', [{ id: 'T0SIGNAL/U0BEN', name: 'Ben' }]]) }),
    'whoever agreed may no more, or more must agree by now',
  ],
])('where %s, its word binds nothing any more, people are told why, and the default is asked about', (_, over, why) => {
  const view = chosen(over())
  const { doc, plan: row, moments } = planned(view)
  const told = `its alternative small, which people chose, is not taken: ${why}`
  expect(moments.map(({ text }) => text)).toEqual([expect.any(String), told])
  expect([doc.approved, row?.plan.reasons[0], row?.plan.digest]).toEqual([null, told, plan.digest])
  expect(next({ ...view, doc, plan: row ?? null, fresh: true })).toEqual({ kind: 'ask' })
})

it('what has begun under it asks nobody again where it is refused for now: it waits for that, as any other run does', () => {
  const pools = { 'gpu-train': emptyPool('gpu-train'), 'gpu-serve': emptyPool('gpu-serve', { ceiling: 0 }) }
  const view = chosen({ world: emptyWorld({ pools }) })
  const approved = { ...view.doc.approved!, begun: true }
  const { doc } = planned({ ...view, doc: { ...view.doc, approved } })
  expect(doc).toMatchObject({
    run: null,
    approved: { begun: true },
    outcome: { kind: 'refused', reason: 'pool-too-small' },
  })
  const gone = planned({ ...view, policy: parsePolicy(exampleWith()), doc: { ...view.doc, approved } })
  expect([gone.doc.approved, gone.doc.run?.digest]).toEqual([null, plan.digest])
})
