import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'
import { canonicalJson } from '../../../core/digest.ts'
import type { Kind, KubeObject } from '../../../core/kube.ts'
import { objectsIn } from '../../ports/cluster-objects.ts'
import { openRig, type Rig, taskJob } from './world-fixture.ts'

const serving = objectsIn('serving')
const KINDS: Kind[] = [
  'Job',
  'Deployment',
  'ReplicaSet',
  'Service',
  'Pod',
  'ConfigMap',
  'HorizontalPodAutoscaler',
  'Node',
  'NodePool',
]

/** Everything that can be seen of the cluster. */
const seen = async (rig: Rig): Promise<string> => {
  const objects = await Promise.all(KINDS.map((kind) => rig.cluster.list(kind)))
  return canonicalJson({ objects, result: rig.objects.text('results/runs/job-0/result.json') })
}

type Act =
  | { do: 'launch'; job: number; gpus: number }
  | { do: 'serve'; model: number; replicas: number }
  | { do: 'delete'; kind: 'Job' | 'Deployment' | 'Pod' | 'Node'; pick: number }
  | { do: 'ceiling'; gpus: number }
  | { do: 'wait'; minutes: number }

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant('launch' as const), job: fc.nat(3), gpus: fc.constantFrom(0, 4, 8) }),
  fc.record({ do: fc.constant('serve' as const), model: fc.nat(2), replicas: fc.nat(3) }),
  fc.record({
    do: fc.constant('delete' as const),
    kind: fc.constantFrom('Job', 'Deployment', 'Pod', 'Node'),
    pick: fc.nat(9),
  }),
  fc.record({ do: fc.constant('ceiling' as const), gpus: fc.constantFrom(0, 8, 16, 24) }),
  fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(0, 0.5, 1, 4, 15) }),
)

const perform = async (rig: Rig, step: Act): Promise<void> => {
  if (step.do === 'wait') return rig.minutes(step.minutes)
  if (step.do === 'launch')
    await rig.cluster.create(
      taskJob(`job-${step.job}`, step.gpus === 0 ? {} : { pod: { ...serving.gpuPod('gpu', step.gpus) } }),
    )
  if (step.do === 'serve')
    await rig.cluster.apply(
      serving.deployment(`llm-${step.model}`, { replicas: step.replicas }, serving.gpuPod('gpu', 4)),
      'signalbox-workload',
    )
  if (step.do === 'ceiling')
    await rig.cluster.apply(
      nodePoolObject({
        name: 'gpu',
        instanceType: 'p5.48xlarge',
        gpusPerNode: 8,
        capacityTypes: ['on-demand'],
        maxGpus: step.gpus,
      }),
      'signalbox-ceiling',
    )
  if (step.do === 'delete') {
    const found = await rig.cluster.list(step.kind)
    const { kind, metadata } =
      found[step.pick % found.length] ?? ({ kind: 'Pod', metadata: { name: 'nobody' } } as KubeObject)
    await rig.cluster.delete({ kind, namespace: metadata.namespace ?? null, name: metadata.name }, metadata.uid ?? '')
  }
}

describe('the simulated cluster', () => {
  it('is the same world whether its process dies between any two steps or never', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
        const [steady, dying] = [openRig(), openRig()]
        for (const step of acts) {
          await perform(steady, step)
          dying.reopen()
          await perform(dying, step)
        }
        expect(await seen(dying)).toBe(await seen(steady))
        await Promise.all([steady.close(), dying.close()])
      }),
      { numRuns: 40 },
    )
  })

  it('is the same world whether time goes in leaps or in small steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 15 }), async (acts) => {
        const [leaping, stepping] = [openRig(), openRig()]
        for (const step of acts) {
          await perform(leaping, step)
          if (step.do !== 'wait') await perform(stepping, step)
          else for (let part = 0; part < 8; part++) await stepping.minutes(step.minutes / 8)
        }
        expect(await seen(stepping)).toBe(await seen(leaping))
        await Promise.all([leaping.close(), stepping.close()])
      }),
      { numRuns: 40 },
    )
  })

  it('never gives a GPU twice, and never launches a node above the ceiling', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
        const rig = openRig()
        let [highest, before] = [0, 0]
        for (const step of acts) {
          await perform(rig, step)
          if (step.do === 'ceiling') highest = step.gpus
          const nodes = await rig.cluster.nodes()
          for (const { used, gpus } of nodes) expect(used).toBeLessThanOrEqual(gpus)
          const total = nodes.reduce((sum, { gpus }) => sum + gpus, 0)
          expect(total).toBeLessThanOrEqual(Math.max(highest, before))
          before = total
        }
        await rig.close()
      }),
      { numRuns: 60 },
    )
  })

  it('gives the same objects to the same seed, and other names to another', async () => {
    const worlds = [openRig({ seed: 7 }), openRig({ seed: 7 }), openRig({ seed: 8 })]
    for (const rig of worlds) {
      await perform(rig, { do: 'launch', job: 0, gpus: 0 })
      await rig.minutes(20)
    }
    const [one, same, other] = await Promise.all(worlds.map(seen))
    expect(same).toBe(one)
    expect(other).not.toBe(one)
    for (const rig of worlds) await rig.close()
  })

  it('never gives a uid twice, not even to what is made again after a restart', async () => {
    const rig = openRig()
    const uids = new Set<string>()
    for (let round = 0; round < 20; round++) {
      const answer = await rig.cluster.create(serving.service('web'))
      if (answer.kind !== 'created') throw new Error(answer.kind)
      uids.add(answer.object.metadata.uid ?? '')
      await rig.cluster.delete({ kind: 'Service', namespace: 'serving', name: 'web' }, answer.object.metadata.uid ?? '')
      rig.reopen()
    }
    expect(uids.size).toBe(20)
    await rig.close()
  })

  it('finishes a Job whose result could not be written as soon as it can be', async () => {
    const rig = openRig()
    const { write } = rig.objects
    rig.objects.write = () => Promise.reject(new Error('disk full'))
    await perform(rig, { do: 'launch', job: 0, gpus: 0 })
    await expect(rig.minutes(10)).rejects.toThrow('disk full')
    rig.objects.write = write
    rig.reopen()
    await rig.minutes(1)
    expect(rig.objects.text('results/runs/job-0/result.json')).toContain('"object":"job-0"')
    await rig.close()
  })

  it('tells a watcher of nothing after its process has closed', async () => {
    const rig = openRig()
    const old = rig.cluster
    let told = 0
    await old.watch({}, () => void told++)
    old.close()
    rig.reopen()
    await perform(rig, { do: 'launch', job: 0, gpus: 0 })
    await rig.minutes(20)
    expect(told).toBe(0)
    await rig.close()
  })
})
