import type { V1PodSpec } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { gpusOfPod, hasNode } from '../../../core/planning/pod-gpus.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { STAGE_REVISION } from '../../../core/workloads/stage-revisions.ts'
import { aloneOnNode } from '../../../core/workloads/whole-node.ts'
import { withoutGpus } from '../../without-gpus.ts'
import { trainInput } from '../training-fixture.ts'

const RUN = { lane: 'pipeline/support-chats', generation: 1, attempt: 1 }
const podOf = (stage: object = {}) => {
  const policy = parsePolicy(withoutGpus({ stage }))
  const [first] = policy.pipelines['support-chats']!.stages
  return stageJob({
    ...trainInput({ policy }),
    desired: { ...trainInput().desired, pods: STAGE_REVISION },
    stage: first!,
    preset: null,
    model: null,
    reads: {},
    run: RUN,
  }).spec!.template.spec!
}
const TERM = {
  labelSelector: { matchExpressions: [{ key: 'signalbox.dev/lane', operator: 'Exists' }] },
  topologyKey: 'kubernetes.io/hostname',
}

describe('the pod of a stage without GPUs', () => {
  const pod = podOf()

  it('asks for no GPU, tolerates its pool’s taint alone, and shares its node with no other stage', () => {
    expect(JSON.stringify(pod)).not.toContain('nvidia.com')
    expect(pod.nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'cpu' })
    expect(pod.tolerations).toEqual([{ key: 'signalbox.dev/whole-node', operator: 'Exists', effect: 'NoSchedule' }])
    expect(pod.affinity).toEqual({ podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [TERM] } })
    expect(pod.containers[0]?.env).toContainEqual({ name: 'GPUS', value: '0' })
  })

  it('asks for what a small node has, may use all of it, and has the disk of one GPU', () => {
    expect(pod.containers[0]?.resources).toEqual({ requests: { cpu: '1', memory: '2Gi', 'ephemeral-storage': '10Gi' } })
    expect(pod.volumes).toContainEqual({ name: 'signalbox-scratch', emptyDir: { sizeLimit: '20Gi' } })
    expect(pod.volumes).toContainEqual({ name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } })
  })

  it('asks for what its stage says, beside', () => {
    const requests = { cpu: '12', memory: '48Gi' }
    const patched = podOf({ pod: { containers: [{ name: 'prep', resources: { requests } }] } })
    expect(patched.containers[0]?.resources?.requests).toMatchObject(requests)
  })

  it('is apart whatever else its stage wants', () => {
    const theirs = { ...TERM, topologyKey: 'topology.kubernetes.io/zone' }
    const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [theirs] }
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } }
    const made = aloneOnNode({ affinity: { nodeAffinity, podAntiAffinity } } as unknown as V1PodSpec)
    expect(made.affinity).toEqual({
      nodeAffinity,
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [theirs, TERM] },
    })
  })

  it('is counted as a node, and nobody is who only tolerates everything, or who has GPUs', () => {
    expect([gpusOfPod({ spec: pod }), hasNode({ spec: pod })]).toEqual([1, true])
    const daemon = { containers: [{ name: 'd' }], tolerations: [{ operator: 'Exists' }] }
    expect([gpusOfPod({ spec: daemon }), hasNode({ spec: daemon })]).toEqual([0, false])
    const resources = { limits: { 'nvidia.com/gpu': '4' } }
    const gpus = { containers: [{ name: 'g', resources }], tolerations: pod.tolerations ?? [] }
    expect([gpusOfPod({ spec: gpus }), hasNode({ spec: gpus })]).toEqual([4, false])
  })
})
