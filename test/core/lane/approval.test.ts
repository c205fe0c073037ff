import { describe, expect, it } from 'vitest'
import { binds, boundsLeft, covers, within } from '../../../core/lane/approval.ts'
import type { Approved } from '../../../core/lane/question.ts'
import { planOf } from '../planning/serve-fixture.ts'
import { ANA, BEN, NOW, planRow, policyWith, questionOf, viewOf, wanted } from './fixture.ts'

const { plan } = planRow
const yes = (by: string) => ({ by, verdict: 'approve' as const, reason: null, at: NOW })
const approved = (over: Partial<Approved> = {}): Approved => ({
  question: questionOf({ state: 'approved', votes: [yes(ANA)] }),
  spent: 0,
  begun: false,
  ...over,
})
const covered = (of: Approved | null, over: Partial<Parameters<typeof viewOf>[0]> = {}, what = plan) =>
  covers(viewOf({ ...over, doc: wanted({ approved: of }) }), what)
const bounded = (over: Partial<typeof plan.bounds>) => ({ ...plan, bounds: { ...plan.bounds, ...over } })

describe('a plan inside bounds', () => {
  it('costs no more, takes no more GPUs of any pool, and keeps no more away', () => {
    const { bounds } = plan
    expect(within(plan, bounds)).toBe(true)
    expect(within(bounded({ dollars: bounds.dollars - 1, gpus: {} }), bounds)).toBe(true)
    expect(within(bounded({ dollars: bounds.dollars + 0.01 }), bounds)).toBe(false)
    expect(within(bounded({ gpus: { 'gpu-train': 9 } }), bounds)).toBe(false)
    expect(within(bounded({ gpus: { 'gpu-serve': 1 } }), bounds)).toBe(false)
    expect(within(bounded({ unavailable: 1 }), bounds)).toBe(false)
    expect(within(bounded({ unanswered: 25 }), bounds)).toBe(true)
    expect(within(bounded({ unanswered: 25 }), { ...bounds, unanswered: 24 })).toBe(false)
  })

  it('is not without them for the node that a rung may have started again: what was approved binds that, too', () => {
    const steps = plan.steps.map((step) => (step.kind === 'launch-job' ? { ...step, again: 29.35 } : step))
    const jobs = steps.filter(({ kind }) => kind === 'launch-job').length
    const more = (dollars: number) => ({ ...bounded({ dollars: plan.bounds.dollars + dollars }), steps })
    expect(within(more(29.35 * jobs), plan.bounds)).toBe(true)
    expect(within(more(29.36 * jobs), plan.bounds)).toBe(true)
    expect(within(more(29.37 * jobs + 0.01), plan.bounds)).toBe(false)
  })

  it('runs on the machine type that was approved, bought in no other way; what an earlier release bound says nothing of it', () => {
    const nodes = (instanceType: string, ...capacityTypes: ('on-demand' | 'spot')[]) =>
      bounded({ nodes: { 'gpu-train': { instanceType, capacityTypes } } })
    const [p5, either] = [nodes('p5.48xlarge', 'on-demand'), nodes('p5.48xlarge', 'on-demand', 'spot')]
    expect(within(p5, p5.bounds)).toBe(true)
    expect(within(p5, either.bounds)).toBe(true)
    expect(within(either, p5.bounds)).toBe(false)
    expect(within(nodes('p5.48xlarge', 'spot'), p5.bounds)).toBe(false)
    expect(within(nodes('p4d.24xlarge', 'on-demand'), p5.bounds)).toBe(false)
    const { nodes: _, ...earlier } = p5.bounds
    expect(within(p5, earlier)).toBe(true)
  })

  it('and on one of several that were approved, not on one more', () => {
    const nodes = (...types: string[]) =>
      bounded({ nodes: { 'gpu-train': { instanceType: types.length === 1 ? types[0]! : types, capacityTypes: [] } } })
    const either = nodes('p5.48xlarge', 'p5en.48xlarge')
    expect(within(nodes('p5.48xlarge'), either.bounds)).toBe(true)
    expect(within(nodes('p5en.48xlarge', 'p5.48xlarge'), either.bounds)).toBe(true)
    expect(within(either, nodes('p5.48xlarge').bounds)).toBe(false)
    expect(within(nodes('p5.48xlarge', 'p4d.24xlarge'), either.bounds)).toBe(false)
  })

  it('a yes to more of just that is one to a part of it, inside the same bounds', () => {
    const part = { ...plan, digest: 'fewer', partOf: plan.digest }
    expect([binds(plan, plan), binds(plan, part), binds(plan, { ...part, partOf: 'other' })]).toEqual([
      true,
      true,
      false,
    ])
    expect(binds(plan, { ...part, bounds: bounded({ dollars: plan.bounds.dollars + 1 }).bounds })).toBe(false)
    expect([covered(approved(), {}, part), covered(approved(), {}, { ...part, partOf: 'other' })]).toEqual([
      'yes',
      'no',
    ])
  })

  it('what closed attempts have cost is spent of them', () => {
    expect(boundsLeft(approved({ spent: 100 })).dollars).toBeCloseTo(123.83)
    expect(covered(approved({ spent: 0.01 }))).toBe('no')
    expect(covered(approved({ spent: 100 }), {}, bounded({ dollars: 60 }))).toBe('yes')
  })
})

describe('whether somebody has to be asked', () => {
  it('nobody, about what needs no approval', () => {
    expect(covered(null, {}, { ...plan, approval: { ...plan.approval, required: false } })).toBe('yes')
    expect(covered(null)).toBe('no')
  })

  it('nobody, about what was approved to the digest', () => {
    expect(covered(approved())).toBe('yes')
    expect(covered(approved(), {}, { ...plan, digest: 'other' })).toBe('no')
  })

  it('again, about a way on which nothing stays ready, where the one that was shown keeps something so', () => {
    const one = {
      model: { replicas: 1, maxUnavailable: 2 },
      standing: [[1, '7', 1]] satisfies [number, string, number][],
    }
    const shown = planOf(one)
    expect(shown.strategy?.path).toEqual([
      { old: 1, new: 0 },
      { old: 1, new: 1 },
      { old: 0, new: 1 },
    ])
    const now = planOf({ ...one, pool: { used: 16, heldByOthers: 12 }, within: shown.bounds })
    expect(now.strategy?.path[1]).toEqual({ old: 0, new: 0 })
    const { digest, bounds } = shown
    const question = questionOf({ state: 'approved', digest, bounds, votes: [yes(ANA)] })
    expect(covered(approved({ question }), {}, shown)).toBe('yes')
    expect(covered(approved({ question }), {}, now)).toBe('no')
    expect(covered(approved({ question, begun: true }), {}, now)).toBe('no')
  })

  it('again, once who approved may no longer, or more are needed, until it has begun', () => {
    const revoked = policyWith((config) => {
      config.approvals.approvers = [{ id: BEN, name: 'ben' }]
    })
    expect(covered(approved(), { policy: revoked })).toBe('no')
    expect(covered(approved({ begun: true }), { policy: revoked })).toBe('yes')
    const two = { ...plan, approval: { ...plan.approval, need: 2 } }
    expect(covered(approved(), {}, two)).toBe('no')
    expect(covered(approved({ begun: true }), {}, two)).toBe('yes')
  })

  it('again, about what has begun, once it would go beyond its bounds', () => {
    expect(covered(approved({ begun: true, spent: 1 }))).toBe('no')
  })

  it('nobody knows while the chat does not say who is in the approvers’ group', () => {
    const group = 'T0SIGNAL/S0OPS'
    const grouped = policyWith((config) => {
      config.approvals.approvers = [{ id: group, name: 'ops' }]
    })
    const knowing = (members: string[] | null) =>
      covered(approved(), { policy: grouped, groups: new Map([[group, members]]) })
    expect(knowing([ANA])).toBe('yes')
    expect(knowing([BEN])).toBe('no')
    expect(knowing(null)).toBe('unknown')
  })
})
