import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planCard } from '../../../core/plan-text.ts'
import { betterHours, betterText, tookText } from '../../../core/planning/hours.ts'
import { makingOf } from '../../../core/planning/learned.ts'
import { planPipeline } from '../../../core/planning/pipeline.ts'
import type { Took } from '../../../core/planning/took.ts'
import { notifyCard } from '../../../core/steps/notify.ts'
import { trainInput, trainPlan } from '../training-fixture.ts'

const plan = trainPlan()
const [train, evaluate] = plan.steps.flatMap((step) => (step.kind === 'launch-job' ? [step] : []))
const nodes = plan.bounds.nodes!['gpu-train']!
const learnedOf = (took: Took, step = train) => ({ [makingOf(step!, nodes)]: took })

describe('a plan of which past runs are known', () => {
  const learned = learnedOf({ hours: 1.1, most: 1.2, of: 5 })
  const usual = trainPlan({ learned })

  it('costs as a rule what they took, with where that is from', () => {
    expect(plan.price).toMatchObject({ total: { p50: 115.58, p95: 223.83 }, gpuHours: { p50: 12.25 } })
    expect(usual.price).toMatchObject({ total: { p50: 93.57, p95: 223.83 }, gpuHours: { p50: 9.05, p95: 24.5 } })
    expect(planCard(usual).lines).toContain(
      'train: usually 1.1 h, the median of its last 5 runs; the policy says 1.5 h, and 3 h at most',
    )
  })

  it('keeps what it was made with, and is all else the same: what people agree to, and who is asked', () => {
    const { learned: kept, price: _, reasons: __, ...rest } = usual
    const { price: ___, reasons: ____, ...others } = plan
    expect(kept).toEqual(learned)
    expect(rest).toEqual(others)
    expect(plan).not.toHaveProperty('learned')
    expect(trainPlan({ learned: {} })).toEqual(plan)
  })

  it('is bound and held as the policy says, whatever they took', () => {
    const hours = fc.double({ min: 0.01, max: 1000, noNaN: true })
    fc.assert(
      fc.property(hours, hours, fc.constantFrom(train, evaluate), (one, more, step) => {
        const took = { hours: one, most: one + more, of: 4 }
        const made = planPipeline(trainInput({ learned: learnedOf(took, step) }))
        if (made.kind !== 'plan') throw new Error(made.kind)
        const { digest, bounds, price, approval, steps } = made.plan
        expect({ digest, bounds, approval }).toEqual({
          digest: plan.digest,
          bounds: plan.bounds,
          approval: plan.approval,
        })
        expect(price.total.p95).toBe(plan.price.total.p95)
        expect(price.total.p50).toBeLessThanOrEqual(price.total.p95)
        expect(steps.slice(0, -1)).toEqual(plan.steps.slice(0, -1))
      }),
      { numRuns: 30 },
    )
  })

  it('tells who reads how it ended of hours that are far off, and what to write', () => {
    const near = trainPlan({ learned: learnedOf({ hours: 2.7, most: 2.9, of: 5 }) })
    const text =
      'train takes 2.7 h of the 3 h that it has at most, and is ended by what that costs: write `hours: { p50: 2.7, p95: 4.4 }` for it'
    expect(near.reasons).toContain(text)
    const step = near.steps.at(-1)
    if (step?.kind !== 'notify') throw new Error('it tells nobody')
    expect(notifyCard(step, near).lines).toEqual([text])
    expect(near.digest).toBe(plan.digest)
  })
})

describe('hours that are far off', () => {
  const hours = { p50: 8, p95: 12 }
  const took = (one: number, most = one): Took => ({ hours: one, most, of: 5 })

  it('are those of which more than 80 % pass as a rule, or a fifth and less', () => {
    expect(betterHours(hours, took(9.6))).toBeNull()
    expect(betterHours(hours, took(9.7, 11))).toEqual({ p50: 9.7, p95: 17 })
    expect(betterHours(hours, took(2.5))).toBeNull()
    expect(betterHours(hours, took(2.4, 2.6))).toEqual({ p50: 2.4, p95: 3.9 })
    // What was longer once is not to be ended.
    expect(betterHours(hours, took(2.4, 7.9))).toBeNull()
    // Minutes are not worth a word.
    expect(betterHours({ p50: 0.5, p95: 1 }, took(0.1))).toBeNull()
  })

  it('are none once the policy says what was to be written', () => {
    const one = fc.double({ min: 0.01, max: 300, noNaN: true })
    const near = (of: number) => Math.max(0.01, Math.round(of * 100) / 100)
    fc.assert(
      fc.property(one, one, fc.double({ min: 1, max: 3, noNaN: true }), (p95, usual, more) => {
        const known = took(near(usual), near(usual * more))
        const better = betterHours({ p50: p95, p95 }, known)
        if (better === null) return
        expect(better.p50).toBeLessThanOrEqual(better.p95)
        expect(better.p95).toBeGreaterThanOrEqual(known.most)
        expect(betterHours(better, known)).toBeNull()
      }),
    )
  })

  it('are said in hours, or minutes, and by what they cost', () => {
    expect(betterText('train', hours, took(2.4, 2.6))).toBe(
      'train takes 2.4 h, and money for 12 h is held for it: write `hours: { p50: 2.4, p95: 3.9 }` for it',
    )
    expect(betterText('train', hours, took(8))).toBeNull()
    expect(tookText('train', { p50: 0.5, p95: 0.75 }, { hours: 1.2, most: 2, of: 3 })).toBe(
      'train: usually 1.2 h, the median of its last 3 runs; the policy says 30 min, and 45 min at most, and is priced with no more',
    )
  })
})
