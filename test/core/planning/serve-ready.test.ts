import { expect, it } from 'vitest'
import type { Plan } from '../../../core/plan.ts'
import { config, type Given, movesOf, none, planned, serve } from './serve-fixture.ts'

it.each<[string, Given]>([
  ['the wanted version', { standing: [[1, '7', 2, 1]], desired: serve('7'), generation: 1 }],
  ['one that another generation wanted first', { standing: [[1, '7', 2, 0]], desired: serve('7'), generation: 3 }],
  ['the baseline, where no version is promoted', { standing: [[1, '7', 2, 0]], desired: none, generation: 3 }],
])('what stands and is not ready is waited for, and nobody is asked: %s', (_, change) => {
  const strict = { approvals: { ...config().approvals, autoApproveBelow: 0, unknownRequester: 'refuse' as const } }
  const result = planned({ ...change, rest: strict, pool: { ceiling: 4 } })
  expect(result).toMatchObject({
    kind: 'plan',
    agrees: expect.stringMatching(/stands alone with 2 replicas, \d of 2/),
  })
  const plan = (result as { plan: Plan }).plan
  expect(movesOf(plan)).toMatchObject([{ objects: [], replicas: [{ generation: 1, replicas: 2, replicasReady: 2 }] }])
  expect(plan).toMatchObject({ approval: { required: false }, interrupts: [] })
  expect(plan.bounds).toMatchObject({ dollars: 0, gpus: { 'gpu-serve': 8 }, unavailable: 0 })
})
