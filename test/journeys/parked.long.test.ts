import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, MINUTE, MODEL, replicasOf, SERVE, SLOW, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** The lane's Service, and what drains of v1 are held to. */
const parts = async () => {
  const { name } = await town.lane(SERVE)
  const all = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
  const [budget] = (await town.house.cluster.list('PodDisruptionBudget')) as KubeObject<'PodDisruptionBudget'>[]
  return { lane: all.find(({ metadata }) => metadata.name === name), budget }
}
const remove = async (which: 'lane' | 'budget'): Promise<void> => {
  const part = (await parts())[which] as KubeObject
  await town.house.cluster.delete(refOf(part), part.metadata.uid ?? '')
}

/** v1 answers as it did, and drains are held to what they were. */
const isRight = async (): Promise<void> => {
  const { lane, budget } = await parts()
  expect([trafficOf(lane), budget?.spec?.minAvailable, await replicasOf(town)]).toEqual([1, 1, { 1: 2 }])
}

const open = async (onEdit?: 'tell'): Promise<void> => {
  const service = { ...example.services?.[MODEL], ...(onEdit && { onEdit }) }
  town = await openTown({ config: { ...example, services: { [MODEL]: service } } as typeof example })
  await served(town)
}

const scaleTo = async (replicas: number): Promise<void> => {
  const [first] = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  await (town.house.cluster as SimulatedCluster).edit(refOf(first as KubeObject), 'kubectl', (live) => {
    const { spec } = live as KubeObject<'Deployment'>
    return { ...live, spec: { ...spec, replicas } } as KubeObject
  })
}
/** Ways in which what is wanted ends otherwise while v1 serves on. */
const parks: [string, () => Promise<void>, object][] = [
  [
    'has failed its gate',
    async () => {
      await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation: SLOW }))
      await town.answered(SERVE)
      await town.settled(SERVE)
    },
    { kind: 'failed', reason: 'gate' },
  ],
  [
    'was denied',
    async () => {
      await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
      await town.answered(SERVE, 'deny')
      await town.settled(SERVE)
    },
    { kind: 'rejected' },
  ],
  [
    'is refused',
    async () => {
      town.setPolicy({ ...example, services: { [MODEL]: { ...example.services?.[MODEL], replicas: 9 } } } as never)
      await town.advance(15 * MINUTE)
    },
    { kind: 'refused' },
  ],
  [
    'stands otherwise than it was judged, which is told',
    async () => {
      const [first] = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
      await (town.house.cluster as SimulatedCluster).edit(refOf(first as KubeObject), 'kubectl-set', (live) => {
        const edited = structuredClone(live) as KubeObject<'Deployment'>
        Object.assign(edited.spec?.template.spec?.containers[0] as object, { image: `vllm@sha256:${'e'.repeat(64)}` })
        return edited
      })
      await town.advance(15 * MINUTE)
    },
    { kind: 'succeeded' },
  ],
]

describe.each(parks)('what serves while what is wanted %s', (_, park, outcome) => {
  it.each([
    ['its Service is deleted', () => remove('lane'), /nobody answers: somebody has deleted Service/],
    ['nothing holds drains', () => remove('budget'), /somebody has deleted PodDisruptionBudget/],
  ] as const)('%s: it is set right within minutes, told, and what is wanted stays as it has ended', async (...row) => {
    const [, hand, says] = row
    await open()
    await park()
    const before = (await town.house.cards()).length
    await hand()
    await town.advance(15 * MINUTE)
    await isRight()
    expect((await timeline(town, SERVE)).some(({ text }) => says.test(text))).toBe(true)
    expect((await town.house.cards()).length).toBeGreaterThan(before)
    const { generation } = await town.lane(SERVE)
    await town.advance(3 * HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ outcome, generation, run: null })
  })

  it('is scaled to none: its replicas are asked about, and brought back', async () => {
    await open()
    await park()
    await scaleTo(0)
    await town.answered(SERVE)
    await town.settled(SERVE)
    await isRight()
    expect((await town.lane(SERVE)).outcome).toMatchObject(outcome)
  })
})

it('and is deleted: its version is asked about, judged anew, and what is wanted stays as it has ended', async () => {
  await open()
  await parks[1]?.[1]()
  const [first] = await town.house.cluster.list('Deployment')
  await town.house.cluster.delete(refOf(first as KubeObject), first?.metadata.uid ?? '')
  await town.answered(SERVE)
  await town.settled(SERVE)
  expect(await town.lane(SERVE)).toMatchObject({
    outcome: { kind: 'rejected' },
    baseline: { desired: { version: '1' }, generation: 1, stands: 3, replicas: 2 },
  })
  expect([await replicasOf(town), trafficOf((await parts()).lane)]).toEqual([{ 3: 2 }, 3])
})

it('and is deleted beside what failed its gate and was scaled up by hand, which nobody asks: its version is asked about all the same', async () => {
  await open()
  await parks[0]?.[1]()
  const deployments = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  const [first, second] = [1, 2].map((generation) =>
    deployments.find(({ metadata }) => metadata.name.endsWith(`-g${generation}`)),
  )
  await (town.house.cluster as SimulatedCluster).edit(refOf(second as KubeObject), 'kubectl', (live) => {
    const { spec } = live as KubeObject<'Deployment'>
    return { ...live, spec: { ...spec, replicas: 1 } } as KubeObject
  })
  await town.advance(10 * MINUTE)
  await town.house.cluster.delete(refOf(first as KubeObject), first?.metadata.uid ?? '')
  await town.answered(SERVE)
  await town.settled(SERVE)
  expect(await town.lane(SERVE)).toMatchObject({ outcome: { kind: 'failed' }, baseline: { stands: 3, replicas: 2 } })
  expect([await replicasOf(town), trafficOf((await parts()).lane)]).toEqual([{ 3: 2 }, 3])
})

it('has lost a replica, which people have let go, and then all of them: that nobody answers is told', async () => {
  await open()
  await parks[1]?.[1]()
  await scaleTo(1)
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
  await scaleTo(0)
  await town.advance(30 * MINUTE)
  expect((await town.house.cards()).map(({ card }) => card.title)).toContainEqual(
    expect.stringMatching(/^nobody answers: v1 \(generation 1\) has no replicas/),
  )
})

it('what holds drains of what serves is deleted, and no version is promoted any more: it is set right', async () => {
  await open()
  await town.house.registry.deleteAlias(MODEL, 'champion')
  await town.advance(15 * MINUTE)
  await remove('budget')
  await town.advance(15 * MINUTE)
  await isRight()
  expect(await town.lane(SERVE)).toMatchObject({ run: null, desired: { kind: 'none' } })
})

it('what serves and nobody asks, where all that is done by hand is told: it is told once', async () => {
  await open('tell')
  await parks[1]?.[1]()
  await remove('lane')
  await town.advance(3 * HOUR)
  const told = (await timeline(town, SERVE)).filter(({ text }) => /somebody has deleted Service/.test(text))
  expect([told.length, (await parts()).lane]).toEqual([1, undefined])
})

it('its replicas are denied, and what is wanted may begin since: that begins', async () => {
  await open()
  await parks[2]?.[1]()
  await scaleTo(0)
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
  await remove('lane')
  await town.advance(15 * MINUTE)
  expect((await town.lane(SERVE)).run).toBeNull()
  town.setPolicy({ ...example, services: { [MODEL]: example.services?.[MODEL] } } as never)
  await town.answered(SERVE)
  await town.settled(SERVE)
  await isRight()
})

/** Another team's pod that takes what a scale has freed. */
const foreign = async (name: string): Promise<KubeObject> => {
  const limits = { 'nvidia.com/gpu': '4' }
  const spec = {
    nodeSelector: { 'karpenter.sh/nodepool': 'gpu-serve' },
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
    containers: [{ name, image: name, resources: { limits, requests: limits } }],
  }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'training' }, spec }
  await town.house.cluster.create(pod as unknown as KubeObject)
  const pods = await town.house.cluster.list('Pod')
  return pods.find(({ metadata }) => metadata.name === name) as KubeObject
}

it('a replica of what serves is taken and its room too, before and after people are asked: it is said, and begins once there is room', async () => {
  await open()
  await parks[1]?.[1]()
  await scaleTo(1)
  await town.advance(15 * MINUTE)
  const others = await Promise.all(['one', 'two', 'three'].map(foreign))
  await town.advance(2 * MINUTE)
  await town.answered(SERVE)
  await town.advance(HOUR)
  expect(await town.lane(SERVE)).toMatchObject({
    run: null,
    outcome: { kind: 'refused', reason: 'would-deadlock' },
    baseline: { replicas: 2 },
  })
  expect((await town.house.why(SERVE)).text).toContain('gpu-serve has 0 free of 16')
  const asked = async () => (await timeline(town, SERVE)).filter(({ text }) => text.startsWith('asked ')).length
  const before = await asked()
  for (const pod of others) await town.house.cluster.delete(refOf(pod), pod.metadata.uid ?? '')
  // By the yes that they have given: nobody is asked anew.
  await town.until('it begins', async () => (await town.lane(SERVE)).run !== null)
  await town.settled(SERVE)
  await isRight()
  expect(await asked()).toBe(before)
  expect((await town.lane(SERVE)).outcome).toMatchObject({ kind: 'rejected' })
})

it.each([1, 4])(
  'it is scaled to %i and nothing holds drains, within one look: what was judged stays what it was',
  async (replicas) => {
    await open()
    await parks[1]?.[1]()
    await scaleTo(replicas)
    await remove('budget')
    await town.advance(30 * MINUTE)
    expect((await town.lane(SERVE)).baseline).toMatchObject({ generation: 1, replicas: 2 })
    const asked = (await town.lane(SERVE)).run?.question?.state
    expect(asked).toBe(replicas < 2 ? 'open' : undefined)
  },
)
