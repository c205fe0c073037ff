import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { whyUnscaled } from '../../../core/workloads/scaling-state.ts'

type Condition = { type: string; status: string; reason?: string; message?: string }
const READY = { type: 'Ready', status: 'True', reason: 'ScaledObjectReady' }
const scaledObject = (conditions?: Condition[]) =>
  ({ kind: 'ScaledObject', metadata: { name: 'g1' }, status: { conditions } }) as KubeObject<'ScaledObject'>
const autoscaler = (...conditions: Condition[]) =>
  ({ metadata: { name: 'keda-hpa-g1' }, status: { conditions } }) as KubeObject<'HorizontalPodAutoscaler'>

it.each<[string | null, Condition[] | undefined]>([
  [null, [READY, { type: 'Active', status: 'False' }, { type: 'Paused', status: 'False' }]],
  ['KEDA has not taken up ScaledObject g1: see whether its operator runs, and what it logs', undefined],
  [
    'KEDA does not scale by ScaledObject g1: TriggerError: no host',
    [{ ...READY, status: 'False', reason: 'TriggerError', message: 'no host' }],
  ],
  ['KEDA does not scale by ScaledObject g1', [{ type: 'Active', status: 'Unknown' }]],
  ['ScaledObject g1 is paused: by hand', [READY, { type: 'Paused', status: 'True', message: 'by hand' }]],
  [
    'KEDA does not know by what ScaledObject g1 scales: FallbackExists',
    [READY, { type: 'Fallback', status: 'True', reason: 'FallbackExists' }],
  ],
])('says why KEDA does not scale it: %s', (why, conditions) => {
  expect(whyUnscaled(scaledObject(conditions))).toBe(why)
})

it('says what the autoscaler that KEDA has made cannot do, but not that it rests at none', () => {
  const why = (one: Condition) => whyUnscaled(scaledObject([READY]), autoscaler(one))
  const failed = { type: 'ScalingActive', status: 'False', reason: 'FailedGetExternalMetric', message: 'no number' }
  expect(why(failed)).toBe('autoscaler keda-hpa-g1 does not scale: FailedGetExternalMetric: no number')
  expect(why({ type: 'AbleToScale', status: 'False', reason: 'FailedUpdateScale' })).toContain('FailedUpdateScale')
  expect(why({ ...failed, reason: 'ScalingDisabled' })).toBeNull()
  expect(why({ type: 'ScalingLimited', status: 'False' })).toBeNull()
})
