import type { V1Pod } from '@kubernetes/client-node'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { NOTHING_AROUND } from '../../../core/pods/around.ts'
import { notMade, whyLacking, worstOf } from '../../../core/pods/lacking.ts'
import { podIn } from './objects.ts'

const deployment = (message?: string): KubeObject<'Deployment'> => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'm-g1' },
  status: {
    conditions:
      message === undefined ? [] : [{ type: 'ReplicaFailure', status: 'True', message, reason: 'FailedCreate' }],
  },
})
const waiting = (reason: string): V1Pod => ({
  metadata: { name: 'p', creationTimestamp: new Date(0) },
  status: {
    phase: 'Pending',
    containerStatuses: [
      { name: 'vllm', image: 'vllm', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason } } },
    ],
  },
})
const seeing = { around: NOTHING_AROUND, now: 0 }

it('why fewer are ready is what a pod says that cannot heal, before what may', () => {
  expect(whyLacking(deployment(), [waiting('ContainerCreating'), waiting('ImagePullBackOff')], seeing)).toMatch(
    /^the image vllm cannot be pulled/,
  )
  expect(whyLacking(deployment(), [], seeing)).toBeNull()
  const [may, cannot] = [
    { failure: 'not-healthy' as const, endsAt: null, note: 'may' },
    { failure: 'image-pull' as const, endsAt: 0, note: 'cannot' },
  ]
  expect([worstOf([may, cannot]), worstOf([])]).toEqual([cannot, null])
})

it('or what a kubelet said of those that Kubernetes has made others for', () => {
  expect(whyLacking(deployment(), [podIn('refused-device'), waiting('ContainerCreating')], seeing)).toMatch(
    /^its node did not let it in: UnexpectedAdmissionError \(Pod was rejected: Allocate failed/,
  )
  expect(whyLacking(deployment(), [podIn('evicted-own-disk')], seeing)).toMatch(/^it used more than its node had/)
})

it('or what keeps Kubernetes from making pods, in its own words', () => {
  expect(whyLacking(deployment('exceeded quota'), [], seeing)).toBe('its pods are not made: exceeded quota')
  expect([notMade(deployment()), notMade(undefined)]).toEqual(['', ''])
})

it('and the GPUs that a node keeps which does not end a pod, before what may heal, with what to do', () => {
  const now = 60 * 60_000
  const hung: V1Pod = {
    metadata: { name: 'old', creationTimestamp: new Date(0), deletionTimestamp: new Date(now - 10 * 60_000) },
    spec: { nodeName: 'gpu-1', containers: [] },
    status: { phase: 'Running' },
  }
  const pending: V1Pod = {
    metadata: { name: 'new', creationTimestamp: new Date(0) },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'exceed limits' }],
    },
  }
  const said = (...pods: V1Pod[]) => whyLacking(deployment(), pods, { ...seeing, now })
  expect(said(pending, hung)).toMatch(/^its pod had to end by .*kubectl delete node gpu-1 .*; waiting for a node: /)
  expect(said(waiting('ImagePullBackOff'), hung)).toMatch(/^the image vllm .*; its pod had to end by /)
  expect(said(hung)).toMatch(/^its pod had to end by /)
})
