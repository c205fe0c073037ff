import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import { type Cluster, NotAllowed, type Ports } from '../../flows/ports.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, MINUTE, MODEL, replicasOf, SERVE, say, served, stepIs, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

type Part = KubeObject<'Service'> | KubeObject<'PodDisruptionBudget'>

/** The lane's Service, its generation's own, and what drains are held to. */
const parts = async () => {
  const { name } = await town.lane(SERVE)
  const services = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
  const [budget] = (await town.house.cluster.list('PodDisruptionBudget')) as KubeObject<'PodDisruptionBudget'>[]
  const own = (isLane: boolean) => services.find(({ metadata }) => (metadata.name === name) === isLane)
  return { lane: own(true), own: own(false), budget }
}
type Name = keyof Awaited<ReturnType<typeof parts>>

const edit = async (which: Name, spec: object, by = 'kubectl-edit'): Promise<void> => {
  const part = (await parts())[which] as Part
  await (town.house.cluster as SimulatedCluster).edit(
    refOf(part),
    by,
    (live) => ({ ...live, spec: { ...(live as Part).spec, ...spec } }) as KubeObject,
  )
}
const remove = async (which: Name): Promise<void> => {
  const part = (await parts())[which] as Part
  await town.house.cluster.delete(refOf(part), part.metadata.uid ?? '')
}

/** All that serves answers as it did, on its port, and drains are held to what they were. */
const isRight = async (): Promise<void> => {
  const { lane, own, budget } = await parts()
  expect([trafficOf(lane), lane?.spec?.ports?.[0]?.targetPort]).toEqual([1, 'http'])
  expect(lane?.spec?.internalTrafficPolicy ?? 'Cluster').toBe('Cluster')
  expect([lane?.spec?.publishNotReadyAddresses ?? false, own?.spec?.selector]).toEqual([false, lane?.spec?.selector])
  expect(budget?.spec?.selector?.matchLabels).toEqual(own?.spec?.selector)
  expect([own?.spec?.ports?.[0]?.targetPort, budget?.spec?.minAvailable]).toEqual(['http', 1])
  expect(await replicasOf(town)).toEqual({ 1: 2 })
}

const open = async (onEdit?: 'mend' | 'tell', more: Parameters<typeof openTown>[0] = {}): Promise<void> => {
  const service = { ...example.services?.[MODEL], ...(onEdit && { onEdit }) }
  town = await openTown({ config: { ...example, services: { [MODEL]: service } } as typeof example, ...more })
  await served(town)
}

/** As somebody adds something to what we apply, all of which is there still. */
const addTo = async (which: Name, change: (spec: Record<string, object>) => object): Promise<void> =>
  edit(which, change(((await parts())[which] as Part).spec as Record<string, object>))

const nobody = { selector: { app: 'nothing' } }
const hands: [string, string, () => Promise<void>, RegExp][] = [
  ['its Service leads elsewhere', 'nobody answers', () => edit('lane', nobody), /^nobody answers: kubectl-edit has/],
  ['its Service is deleted', 'nobody answers', () => remove('lane'), /^nobody answers: somebody has deleted Service/],
  [
    'its Service has another port',
    'beside',
    () => edit('lane', { ports: [{ name: 'http', port: 80, targetPort: 9 }] }),
    /^kubectl-edit has changed \.spec\.ports\[port=80\]\.targetPort of Service/,
  ],
  [
    'its Service selects by one label more',
    'nobody answers',
    () => addTo('lane', ({ selector }) => ({ selector: { ...selector, track: 'blue' } })),
    /^nobody answers: kubectl-edit has changed \.spec\.selector of Service/,
  ],
  [
    'its Service leads to what is not ready, and on the same node alone',
    'beside',
    () => edit('lane', { publishNotReadyAddresses: true, internalTrafficPolicy: 'Local' }),
    /^kubectl-edit has changed \.spec\.(?:publish|internal).* of Service/,
  ],
  [
    'what holds drains selects by one label more',
    'beside',
    () => addTo('budget', ({ selector }) => ({ selector: { matchLabels: { ...(selector as { matchLabels: object }).matchLabels, track: 'blue' } } })), // biome-ignore format: a line
    /^kubectl-edit has changed \.spec\.selector of PodDisruptionBudget/,
  ],
  ['its generation’s Service is deleted', 'beside', () => remove('own'), /^somebody has deleted Service .*-g1/],
  [
    'drains may take all of it',
    'beside',
    () => edit('budget', { minAvailable: 0 }),
    /^kubectl-edit has changed \.spec\.minAvailable of PodDisruptionBudget/,
  ],
  ['nothing holds drains', 'beside', () => remove('budget'), /^somebody has deleted PodDisruptionBudget/],
]

describe('what somebody has done to what stands beside a server', () => {
  it.each(['lane', 'generation'])(
    'the label %s of its Deployment is taken away: it is put back, told, and nobody is asked',
    async (label) => {
      await open()
      const [first] = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
      const { uid, generation } = first?.metadata ?? {}
      await (town.house.cluster as SimulatedCluster).edit(refOf(first as KubeObject), 'kubectl-label', (live) => {
        const { [`signalbox.dev/${label}`]: _, ...labels } = live.metadata.labels ?? {}
        return { ...live, metadata: { ...live.metadata, labels } } as KubeObject
      })
      await town.advance(15 * MINUTE)
      await isRight()
      const [now] = await town.house.cluster.list('Deployment')
      const key = `signalbox.dev/${label}`
      expect(now?.metadata.labels?.[key]).toBe(first?.metadata.labels?.[key])
      // None of its pods is another.
      expect(now?.metadata).toMatchObject({ uid, generation })
      const told = (await timeline(town, SERVE)).filter(({ text }) => text?.includes(`somebody has changed .metadata.labels.signalbox.dev/${label}`)) // biome-ignore format: a line
      expect(told.length).toBeGreaterThan(0)
      const { attempt } = await town.lane(SERVE)
      await town.advance(3 * HOUR)
      expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', attempt, run: null })
    },
  )

  it('the label of what serves is taken away while a new version is judged: that takes its place, and nothing of it stays', async () => {
    await open()
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.answered(SERVE)
    await town.until('gate', stepIs(town, SERVE, 'gate', 'running'))
    const first = ((await town.house.cluster.list('Deployment')) as KubeObject[]).find(({ metadata }) => metadata.name.endsWith('-g1')) // biome-ignore format: a line
    await (town.house.cluster as SimulatedCluster).edit(refOf(first as KubeObject), 'kubectl-label', (live) => {
      const { 'signalbox.dev/lane': _, ...labels } = live.metadata.labels ?? {}
      return { ...live, metadata: { ...live.metadata, labels } } as KubeObject
    })
    await town.settled(SERVE)
    const standing = ((await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]).map(({ spec }) => spec?.replicas) // biome-ignore format: a line
    expect(standing.toSorted()).toEqual([0, 2])
  })

  it.each(hands)('%s: it is set right within minutes, nobody is asked, and it is told who did it', async (...row) => {
    const [, title, hand, says] = row
    await open()
    const before = (await town.house.cards()).length
    await hand()
    await town.advance(15 * MINUTE)
    await isRight()
    expect((await town.plan(SERVE))?.plan).toMatchObject({
      title: expect.stringContaining(title),
      approval: { required: false },
      reasons: expect.arrayContaining([expect.stringMatching(says)]),
    })
    expect((await timeline(town, SERVE)).some(({ text }) => new RegExp(says.source.slice(1)).test(text))).toBe(true)
    expect((await town.house.cards()).length).toBeGreaterThan(before)
    // Once, and no more.
    const { attempt } = await town.lane(SERVE)
    await town.advance(3 * HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', attempt, run: null })
  })

  it.each(hands)('%s, where all that is done by hand is told: it stays, and retry sets it right', async (...row) => {
    const [, , hand, says] = row
    await open('tell')
    await hand()
    await town.advance(3 * HOUR)
    expect((await town.house.why(SERVE)).text).toMatch(new RegExp(says.source.slice(1)))
    expect((await town.lane(SERVE)).run).toBeNull()
    const told = (await timeline(town, SERVE)).filter(({ text }) => new RegExp(says.source.slice(1)).test(text))
    expect(told).toHaveLength(1)
    await say(town, 'retry', { lane: SERVE })
    await town.settled(SERVE)
    await isRight()
  })

  it('by a program, which would do so again: it stops there, and names it', async () => {
    await open('mend')
    await edit('lane', nobody, 'shop-operator')
    await town.advance(15 * MINUTE)
    expect((await town.lane(SERVE)).outcome).toMatchObject({
      reason: 'conflict',
      detail: expect.stringContaining('shop-operator also sets'),
    })
  })

  it('nobody answers, and no version is promoted any more: requests are led to what stood last, nobody asked', async () => {
    await open()
    await town.house.registry.deleteAlias(MODEL, 'champion')
    await town.advance(15 * MINUTE)
    await remove('lane')
    await town.advance(15 * MINUTE)
    await isRight()
  })

  it('what holds drains may not be read, as after an upgrade: the rest is set right', async () => {
    await open(undefined, { wrap: withoutBudgets })
    await remove('lane')
    await town.advance(15 * MINUTE)
    expect(trafficOf((await parts()).lane)).toBe(1)
  })
})

const withoutBudgets = (ports: Ports): Ports => ({
  ...ports,
  cluster: new Proxy(ports.cluster, {
    get: (cluster, member) => {
      const list: Cluster['list'] = async (kind, where) => {
        if (kind === 'PodDisruptionBudget') throw new NotAllowed('forbidden')
        return cluster.list(kind, where)
      }
      const found = member === 'list' ? list : Reflect.get(cluster, member)
      return typeof found === 'function' ? found.bind(cluster) : found
    },
  }),
})
