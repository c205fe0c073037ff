import { describe, expect, it } from 'vitest'
import { ownPressure, takenBy } from '../../../core/pods/taken.ts'
import { podIn } from './objects.ts'

const pods = (...names: string[]) => names.map(podIn)

describe('a pod that was taken away', () => {
  it.each([
    ['drained', 'node-lost', null, 'its node was emptied (AWS takes a spot node back, Karpenter replaces one, or'],
    ['drained', 'node-lost', null, ': EvictionByEvictionAPI (Eviction API: evicting)'],
    ['node-gone', 'node-lost', null, 'its node is gone: DeletionByPodGC (PodGC: node no longer exists)'],
    [
      'tainted',
      'node-lost',
      null,
      'its node stopped answering, or somebody tainted it against this pod: DeletionByTaint',
    ],
    [
      'device-tainted',
      'node-lost',
      null,
      'a device that it used was taken out of service: DeletionByDeviceTaintManager',
    ],
    ['shut-down', 'node-lost', null, 'its node was shut down: TerminationByKubelet (Pod was terminated in response to'],
    [
      'preempted',
      'preempted',
      null,
      'a pod of a higher priority took its place: PreemptionByScheduler (default-scheduler: ',
    ],
    [
      'preempted-by-kubelet',
      'preempted',
      null,
      'its node made room for a pod that Kubernetes itself needs: Termination',
    ],
    ['refused-device', 'not-admitted', null, 'UnexpectedAdmissionError (Pod was rejected: Allocate failed due to'],
    ['refused-room', 'not-admitted', null, 'OutOfnvidia.com/gpu (Pod was rejected: Node didn'],
    ['refused-pressure', 'not-admitted', null, 'Evicted (Pod was rejected: The node had condition: [DiskPressure].'],
    [
      'node-affinity',
      'not-admitted',
      null,
      'its node did not let it in: NodeAffinity (Pod Predicate NodeAffinity failed',
    ],
    ['evicted-unknown', 'node-lost', { of: 'disk', own: false }, 'Evicted (The node was low on resource:'],
    ['evicted-own-disk', 'node-lost', { of: 'disk', own: true }, 'Container fine-tuning was using 260Gi'],
    ['evicted-own-limit', 'node-lost', { of: 'disk', own: true }, 'exceeds the limit "50Gi"'],
    ['evicted-own-memory', 'node-lost', { of: 'memory', own: true }, 'was using 190Gi, request is 64Gi'],
  ])('%s: %s', (name, failure, pressure, note) => {
    expect(takenBy(podIn(name))).toEqual({ failure, pressure, note: expect.stringContaining(note) })
  })

  it('by what no release of Kubernetes says yet, or an older one without a condition', () => {
    const of = (status: object) => takenBy({ status: { phase: 'Failed', ...status } })
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByNobody' }
    expect(of({ conditions: [condition] })).toMatchObject({
      failure: 'node-lost',
      note: expect.stringMatching(/^something .*: EvictionByNobody/),
    })
    expect(of({ reason: 'NodeShutdown' })).toMatchObject({ failure: 'node-lost' })
    expect(of({ reason: 'constructor' })).toBeNull()
  })

  it.each(['crash-loop', 'config-error'])('%s: nobody took it', (name) => {
    expect(takenBy(podIn(name))).toBeNull()
  })
})

describe('whose fault pressure is', () => {
  it.each([
    ['evicted-own-disk', 'out-of-disk', 'ask for more ephemeral-storage, or use less'],
    ['evicted-own-limit', 'out-of-disk', 'give the volume `scratch` a larger `sizeLimit` in `pod`'],
    ['evicted-own-memory', 'out-of-memory', 'ask for more memory'],
  ])('%s: its own, at once', (name, failure, note) => {
    expect(ownPressure(pods('drained', name))).toEqual({ failure, note: expect.stringContaining(note) })
  })

  it('what is fetched has what the policy says of its engine', () => {
    const pod = structuredClone(podIn('evicted-own-limit'))
    pod.status!.message = 'Usage of EmptyDir volume "signalbox-weights" exceeds the limit "5Gi". '
    expect(ownPressure([pod])?.note).toContain('say in `pod` how much `ephemeral-storage` its engine’s container has')
  })

  it('where nothing says whose it was, its own by the third time', () => {
    const one = 'evicted-unknown'
    expect(ownPressure(pods(one, one, 'drained', 'refused-pressure'))).toBeNull()
    expect(ownPressure(pods(one, one, one))).toMatchObject({
      failure: 'out-of-disk',
      note: expect.stringContaining('3 times'),
    })
  })
})
