import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { madeOf, readinessOf } from '../../../core/workloads/readiness.ts'

const deployment = (generation: number | undefined, status?: Record<string, number>): KubeObject<'Deployment'> => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'm-g1', ...(generation === undefined ? {} : { generation }) },
  ...(status === undefined ? {} : { status }),
})

describe('how many replicas of a Deployment count', () => {
  it.each<[string, number | undefined, Record<string, number> | undefined, { ready: number; answers: number }]>([
    [
      'those that are ready',
      3,
      { observedGeneration: 3, readyReplicas: 2, updatedReplicas: 2 },
      { ready: 2, answers: 2 },
    ],
    [
      'none of a template of before, which answer on',
      3,
      { observedGeneration: 3, readyReplicas: 2, updatedReplicas: 1 },
      { ready: 1, answers: 2 },
    ],
    [
      'none before Kubernetes has seen what is asked for now',
      4,
      { observedGeneration: 3, readyReplicas: 2, updatedReplicas: 2 },
      { ready: 0, answers: 2 },
    ],
    ['none of what has just been made', 1, undefined, { ready: 0, answers: 0 }],
    ['none where nothing is said of them', undefined, {}, { ready: 0, answers: 0 }],
  ])('%s', (_, generation, status, expected) => {
    expect(readinessOf(deployment(generation, status))).toEqual(expected)
  })
})

it('pods of it that are made count once Kubernetes has seen what is asked for now, ready or not', () => {
  const made = (observedGeneration: number) => madeOf(deployment(3, { observedGeneration, updatedReplicas: 2 }))
  expect([made(3), made(2), madeOf(deployment(3))]).toEqual([2, 0, 0])
})
