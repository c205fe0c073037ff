import { describe, expect, it } from 'vitest'
import type { Run } from '../../../core/lane/document.ts'
import { emptyDocument } from '../../../core/lane/document.ts'
import { marksOf } from '../../../core/lane/planning.ts'
import { usualIn } from '../../../core/lane/usual.ts'
import { makingOf } from '../../../core/planning/learned.ts'
import { trainInput, trainPlan } from '../training-fixture.ts'

const first = trainPlan()
const learned = Object.fromEntries(
  first.steps.flatMap((step) =>
    step.kind === 'launch-job'
      ? [[makingOf(step, first.bounds.nodes!['gpu-train']!), { hours: 2, most: 2, of: 5 }]]
      : [],
  ),
)
const plan = trainPlan({ learned })
const at = (done: string[], digest = plan.digest) => {
  const steps = marksOf(plan, { kept: {} }).map((mark) =>
    done.includes(mark.name) ? { ...mark, state: 'done' } : mark,
  )
  const doc = emptyDocument({ ...trainInput().policy, ledger: 'feedfacecafe' }, plan.lane)
  return { doc: { ...doc, run: { phase: 'steps', digest, steps } as Run }, plan: { plan, back: [] } }
}

describe('how long what is under way takes as a rule', () => {
  it('is said of each stage that is still to be done, as its plan has learned', () => {
    const [train, evaluate] = ['train', 'evaluate'].map(
      (name) => `${name} usually takes 2 h, the median of its last 5 runs`,
    )
    expect(usualIn(at([]))).toEqual([train, evaluate])
    expect(usualIn(at(['train']))).toEqual([evaluate])
    expect(usualIn(at(['train', 'evaluate']))).toEqual([])
  })

  it('is not said where its plan has learned nothing, or is being made anew', () => {
    expect(usualIn({ ...at([]), plan: { plan: first, back: [] } })).toEqual([])
    expect(usualIn(at([], 'another'))).toEqual([])
    expect(usualIn({ ...at([]), doc: { ...at([]).doc, run: null } })).toEqual([])
  })
})
