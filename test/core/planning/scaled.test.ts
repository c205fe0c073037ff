import { expect, it } from 'vitest'
import { asAgreed, replicasText, withReplicasNow } from '../../../core/planning/scaled.ts'
import type { Rule } from '../../../core/planning/serve-room.ts'
import type { GenerationView } from '../../../core/world.ts'

const keda = { prometheus: 'http://p', account: 'keda/keda-operator' }
const rule = (min: number, max: number) =>
  ({ service: { replicas: max, autoscaling: { min, max, on: {}, calmMinutes: 15 } } }) as Rule
const view = (replicas: number, upTo?: number) => ({ replicas, ...(upTo && { upTo }) }) as GenerationView

it.each<[string, [number, number], GenerationView | undefined, GenerationView[], number]>([
  ['nothing stands', [1, 3], undefined, [], 1],
  ['nothing stands, and it may have none', [0, 3], undefined, [], 1],
  ['it stands as it is scaled', [1, 3], view(2, 3), [], 2],
  ['it sleeps', [0, 3], view(0, 3), [], 0],
  ['it has none, and nothing scales it', [0, 3], view(0), [], 1],
  ['more stand than it may have', [1, 3], view(5, 3), [], 3],
  ['fewer stand than it may have', [2, 3], view(1, 3), [], 2],
  ['another takes the place of as many', [1, 3], undefined, [view(3, 3)], 3],
  ['another takes the place of what sleeps', [0, 3], undefined, [view(0, 3)], 1],
  ['it is halfway', [1, 3], view(1), [view(2)], 2],
])('wants as many as stand, within its range, where %s', (_what, [min, max], target, others, replicas) => {
  const found = withReplicasNow({ keda }, rule(min, max), { target, others })
  expect([found.service.replicas, found.range]).toEqual([replicas, { min, max }])
})

it('leaves a rule as it is that is not scaled', () => {
  const fixed = { service: { replicas: 2 } } as Rule
  expect(withReplicasNow({ keda }, fixed, { target: view(1), others: [] })).toBe(fixed)
  expect(withReplicasNow({}, rule(1, 3), { target: view(1), others: [] }).service.replicas).toBe(3)
  expect(asAgreed(fixed, { policy: { keda } as never, baseline: { upTo: 3 } })).toBe(fixed)
})

it('says how many there are, or may be', () => {
  expect(replicasText(rule(1, 1))).toBe('1 replica')
  expect(replicasText({ ...rule(1, 3), range: { min: 0, max: 1 } })).toBe('0 to 1 replica')
  expect(asAgreed(rule(1, 5), { policy: { keda } as never, baseline: { upTo: 3 } }).range).toEqual({ min: 1, max: 3 })
})
