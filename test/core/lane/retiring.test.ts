import { expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { next } from '../../../core/lane/next.ts'
import { isRetiring, mustRetire, settleRetire } from '../../../core/lane/retiring.ts'
import { PRICED } from '../../../core/money/nodes.ts'
import { docOf, NOW, PIPELINE, policyWith, SERVICE, served, viewOf } from './fixture.ts'

const gone = policyWith((config) => {
  config.services = {}
  config.pipelines = {}
})
const done = {
  kind: 'succeeded' as const,
  reason: null,
  detail: 'it stands',
  generation: 3,
  attempt: 1,
  at: NOW,
  against: null,
  stages: [],
}
const standing = (over: Partial<LaneDocument> = {}): LaneDocument =>
  docOf({
    lane: SERVICE,
    desired: served('8'),
    generation: 3,
    attempt: 1,
    outcome: done,
    baseline: { generation: 3, desired: served('8'), replicas: 2 },
    ...over,
  })
const viewAt = (doc: LaneDocument, policy = gone) => viewOf({ doc, policy })

it('a service that stands and has left the policy must be retired, once, and not while anything is under way', () => {
  expect(mustRetire(viewAt(standing()))).toBe(true)
  expect(next(viewAt(standing()))).toEqual({ kind: 'retire' })
  expect(mustRetire(viewAt(standing(), policyWith()))).toBe(false)
  expect(mustRetire(viewAt(standing({ outcome: null })))).toBe(false)
  expect(mustRetire(viewAt(standing({ baseline: null })))).toBe(false)
  expect(mustRetire(viewAt(standing({ baseline: null, stands: { 'gpu-serve': 4 } })))).toBe(true)
  expect(mustRetire(viewAt(settleRetire(viewAt(standing())).doc))).toBe(false)
})

it('in shadow it has a rule, and stays', () => {
  const shadow = policyWith((config) => Object.assign(config.services!['support-llama']!, { mode: 'shadow' }))
  expect(mustRetire(viewAt(standing(), shadow))).toBe(false)
})

it('what ran once leaves nothing that could be retired', () => {
  expect(mustRetire(viewAt(docOf({ lane: PIPELINE, desired: standing().desired, outcome: done })))).toBe(false)
})

it('that nothing stands is a new desired state, of which nothing is approved yet', () => {
  const { doc, counts } = settleRetire(viewAt(standing({ approved: null, held: null })))
  expect(doc).toMatchObject({ generation: 4, attempt: 1, outcome: null, approved: null, order: null })
  expect(doc.desired).toEqual({ kind: 'retired', model: 'support-llama', priced: PRICED })
  expect(isRetiring(viewAt(doc), doc.desired!)).toBe(true)
  expect(counts).toEqual(['retired'])
})

it('frozen, it waits', () => {
  expect(next({ ...viewAt(standing()), frozenUntil: NOW + 1000 }).kind).toBe('rest')
})
