import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { newsOf } from '../../core/news.ts'

const pod = (status: object, over: object = {}): KubeObject =>
  ({ kind: 'Pod', metadata: { name: 'p', ...over }, spec: {}, status }) as unknown as KubeObject
const waiting = (reason: string, message: string, restartCount = 0) =>
  pod({
    phase: 'Pending',
    containerStatuses: [{ name: 'c', ready: false, restartCount, state: { waiting: { reason, message } } }],
  })
const condition = (type: string, over: object = {}) => ({ type, status: 'True', ...over })

describe('is the same while nothing changes that is read', () => {
  it.each<[string, KubeObject, KubeObject]>([
    [
      'a back-off that grows',
      waiting('CrashLoopBackOff', 'back-off 10s restarting'),
      waiting('CrashLoopBackOff', 'back-off 1m20s restarting'.replace('1m20s', '20s')),
    ],
    [
      'times and heartbeats',
      pod(
        { conditions: [condition('Ready', { lastTransitionTime: 'a', lastProbeTime: 'b' })] },
        { resourceVersion: '1' },
      ),
      pod(
        { conditions: [condition('Ready', { lastTransitionTime: 'c', lastProbeTime: 'd' })] },
        { resourceVersion: '2' },
      ),
    ],
    ['addresses', pod({ podIP: '10.0.0.1' }), pod({ podIP: '10.0.0.2' })],
    ['restarts beyond a few', waiting('CrashLoopBackOff', '', 7), waiting('CrashLoopBackOff', '', 8)],
    [
      'how many of a Job’s pods have failed',
      { kind: 'Job', metadata: { name: 'j' }, status: { failed: 1, active: 1 } } as unknown as KubeObject,
      { kind: 'Job', metadata: { name: 'j' }, status: { failed: 2, active: 1 } } as unknown as KubeObject,
    ],
  ])('%s', (_, one, other) => expect(newsOf(one)).toBe(newsOf(other)))
})

describe('differs when', () => {
  it.each<[string, KubeObject, KubeObject]>([
    ['a container waits for another reason', waiting('ErrImagePull', ''), waiting('ImagePullBackOff', '')],
    [
      'the scheduler says something else',
      pod({ conditions: [condition('PodScheduled', { message: '0/3 nodes: no GPU' })] }),
      pod({ conditions: [condition('PodScheduled', { message: '0/3 nodes: taint' })] }),
    ],
    ['a pod runs', pod({ phase: 'Pending' }), pod({ phase: 'Running' })],
    ['a pod is being deleted', pod({}), pod({}, { deletionTimestamp: '2026-11-23T12:00:00Z' })],
    ['a pod is taken away', pod({}), pod({ conditions: [condition('DisruptionTarget')] })],
    [
      'a container restarts for the first times',
      waiting('CrashLoopBackOff', '', 1),
      waiting('CrashLoopBackOff', '', 2),
    ],
    [
      'a Job ends',
      { kind: 'Job', metadata: { name: 'j' }, status: {} } as unknown as KubeObject,
      {
        kind: 'Job',
        metadata: { name: 'j' },
        status: { conditions: [condition('Complete')] },
      } as unknown as KubeObject,
    ],
    [
      'a Job is suspended',
      { kind: 'Job', metadata: { name: 'j' }, spec: {} } as unknown as KubeObject,
      { kind: 'Job', metadata: { name: 'j' }, spec: { suspend: true } } as unknown as KubeObject,
    ],
    [
      'a replica more is ready',
      { kind: 'Deployment', metadata: { name: 'd' }, status: { readyReplicas: 1 } } as unknown as KubeObject,
      { kind: 'Deployment', metadata: { name: 'd' }, status: { readyReplicas: 2 } } as unknown as KubeObject,
    ],
  ])('%s', (_, one, other) => expect(newsOf(one)).not.toBe(newsOf(other)))
})
