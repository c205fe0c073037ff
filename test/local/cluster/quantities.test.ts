import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GPU, type KubeObject } from '../../../core/kube.ts'
import { canonical } from '../../../local/cluster/quantities.ts'
import { objectsIn } from '../../ports/cluster-objects.ts'
import { openRig, type Rig } from './world-fixture.ts'

/** As k8s.io/apimachinery v0.36.4 writes what it has read from JSON. */
const WRITTEN: [string, string][] = [
  ['1000', '1k'],
  ['1500', '1500'],
  ['8', '8'],
  ['8000m', '8'],
  ['0.5', '500m'],
  ['500m', '500m'],
  ['1e3', '1e3'],
  ['12e2', '1200'],
  ['1e4', '10e3'],
  ['1024', '1024'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Gi', '512Mi'],
  ['512Ki', '512Ki'],
  ['1Ki', '1Ki'],
  ['1000Ki', '1000Ki'],
  ['64Gi', '64Gi'],
  ['2.5', '2500m'],
  ['1000000k', '1G'],
  ['0.1', '100m'],
  ['1e-3', '1e-3'],
  ['0', '0'],
  ['0Gi', '0'],
  ['100n', '100n'],
  ['0.0000000001', '1n'],
  ['1.0', '1'],
  ['12E', '12E'],
  ['1.3Ki', '1331200m'],
  ['0.5Ki', '512'],
  ['2048Pi', '2Ei'],
  ['1000Gi', '1000Gi'],
  ['1e1', '10'],
  ['2e-1', '200e-3'],
]

it.each(WRITTEN)('a quantity is written as the server does: %s is %s', (given, written) => {
  expect(canonical(given)).toBe(written)
  expect(canonical(written)).toBe(written)
})

it.each(['', 'many', '1x', '-1', '1e', '1kk'])('and what is none stays as it is: %j', (given) => {
  expect(canonical(given)).toBe(given)
})

describe('quantities in the simulated cluster', () => {
  const serving = objectsIn('serving')
  let rig: Rig
  beforeEach(() => {
    rig = openRig()
  })
  afterEach(() => rig.close())

  const pod = (gpus: string, resources: object = {}) => ({
    ...serving.gpuPod('gpu', 1),
    containers: [{ name: 'main', image: 'x', resources: { limits: { [GPU]: gpus, ...resources } } }],
  })
  const applied = async (name: string, gpus: string, resources?: object) =>
    rig.cluster.apply(serving.deployment(name, { replicas: 1 }, pod(gpus, resources)), 'signalbox-workload')
  const pods = async (app: string) => (await rig.cluster.list('Pod', { labels: { app } })) as KubeObject<'Pod'>[]
  const ceiling = (limit: string) =>
    rig.cluster.apply(
      {
        apiVersion: 'karpenter.sh/v1',
        kind: 'NodePool',
        metadata: { name: 'gpu' },
        spec: {
          limits: { [GPU]: limit },
          template: {
            metadata: { labels: { 'signalbox.dev/gpus-per-node': '8' } },
            spec: {
              nodeClassRef: { group: 'g', kind: 'k', name: 'n' },
              requirements: [],
              taints: [{ key: GPU, effect: 'NoSchedule' }],
            },
          },
        },
      } as KubeObject,
      'signalbox-ceiling',
    )

  it('stand as the server writes them, in pods too, and the same said otherwise again changes nothing', async () => {
    await ceiling('8')
    const first = await applied('a', '8000m', { cpu: '0.5', memory: '1.5Gi' })
    expect(first).toMatchObject({
      object: {
        spec: {
          template: {
            spec: { containers: [{ resources: { limits: { [GPU]: '8', cpu: '500m', memory: '1536Mi' } } }] },
          },
        },
      },
    })
    await rig.minutes(3)
    const [made] = await pods('a')
    expect(made?.spec?.containers[0]?.resources).toMatchObject({ limits: { [GPU]: '8' }, requests: { [GPU]: '8' } })
    const before = (await rig.cluster.get({ kind: 'Deployment', namespace: 'serving', name: 'a' }))?.metadata
    await applied('a', '8', { cpu: '500m', memory: '1536Mi' })
    expect((await rig.cluster.get({ kind: 'Deployment', namespace: 'serving', name: 'a' }))?.metadata).toEqual(before)
  })

  it('a pod of a thousand GPUs fits on no node of eight, however it says them', async () => {
    await ceiling('1k')
    for (const gpus of ['1000', '1k', '1e3']) {
      const name = `p${gpus}`
      await applied(name, gpus)
      await rig.minutes(5)
      const [made] = await pods(name)
      expect(made?.spec?.nodeName, gpus).toBeUndefined()
      expect(made?.status?.conditions?.[0]?.message, gpus).toContain('has 1000 GPUs')
    }
  })

  it('a ceiling is what it comes to, however it is written', async () => {
    await ceiling('8000m')
    for (const name of ['a', 'b']) await applied(name, '8')
    await rig.minutes(5)
    expect((await rig.cluster.nodes()).filter(({ pool }) => pool === 'gpu')).toHaveLength(1)
    await ceiling('1e1')
    await rig.minutes(5)
    expect((await rig.cluster.nodes()).filter(({ pool }) => pool === 'gpu')).toHaveLength(1)
    await ceiling('1k')
    await rig.minutes(5)
    expect((await rig.cluster.nodes()).filter(({ pool }) => pool === 'gpu')).toHaveLength(2)
  })

  it('part of a GPU is refused, whatever it is written as', async () => {
    for (const gpus of ['0.5', '500m', '8500m'])
      expect(await applied('part', gpus)).toMatchObject({ kind: 'denied', message: expect.stringContaining('integer') })
  })
})
