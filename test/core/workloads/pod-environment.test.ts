import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { objectDigest } from '../../../core/workloads/object-digest.ts'
import { POD_NAME, POD_NAME_ENV } from '../../../core/workloads/pod-environment.ts'

const jobWith = (env: object[]): KubeObject<'Job'> => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', namespace: 'training' },
  spec: {
    template: { spec: { containers: [{ name: 'main', env: [{ name: 'A', value: 'a' }, ...(env as never[])] }] } },
  },
})
const bare = objectDigest(jobWith([]))

it('a pod is told its own name, which differs with each', () => {
  expect(POD_NAME_ENV).toEqual({ name: POD_NAME, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } })
})

it('every other variable is part of what its Job does, also one that says what somebody else’s annotation says, or a label', () => {
  for (const path of [
    "metadata.annotations['signalbox.dev/x']",
    "metadata.annotations['acme.example/x']",
    "metadata.labels['x']",
    'spec.nodeName',
  ])
    expect(objectDigest(jobWith([{ name: 'B', valueFrom: { fieldRef: { fieldPath: path } } }]))).not.toBe(bare)
  expect(objectDigest(jobWith([{ name: POD_NAME, value: 'x' }]))).not.toBe(bare)
})
