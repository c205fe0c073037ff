import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, NODE_POOL, type ObjectRef, refOf } from '../../core/kube.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, served, stepIs, timeline } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())
const cluster = () => town.house.cluster as SimulatedCluster

const open = async (onEdit?: 'tell'): Promise<void> => {
  const service = { ...example.services?.[MODEL], ...(onEdit && { onEdit }) }
  town = await openTown({ config: { ...example, services: { [MODEL]: service } } as typeof example })
  await served(town)
}
/** v1 serves, and people are asked about v2: the question's id. */
const asked = async (): Promise<string> => {
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.until('it is asked about', async () => (await town.question(SERVE)) !== null)
  return (await town.question(SERVE))?.id ?? ''
}
const service = async (): Promise<KubeObject<'Service'> | undefined> => {
  const { name } = await town.lane(SERVE)
  return ((await cluster().list('Service')) as KubeObject<'Service'>[]).find(({ metadata }) => metadata.name === name)
}
const remove = async (): Promise<void> => {
  const gone = (await service()) as KubeObject
  await cluster().delete(refOf(gone), gone.metadata.uid ?? '')
}
const lead = async (by: string): Promise<unknown> =>
  cluster().edit(refOf((await service()) as KubeObject), by, (live) => ({ ...live, spec: { ...(live as KubeObject<'Service'>).spec, selector: { app: 'nothing' } } }) as KubeObject) // biome-ignore format: a line
const scale = async (replicas: number): Promise<unknown> => {
  const [first] = (await cluster().list('Deployment')) as KubeObject<'Deployment'>[]
  return cluster().edit(refOf(first as KubeObject), 'kubectl-scale', (live) => ({ ...live, spec: { ...(live as KubeObject<'Deployment'>).spec, replicas } }) as KubeObject) // biome-ignore format: a line
}
const loseNodes = async (): Promise<void> => {
  await cluster().edit({ kind: 'NodePool', name: 'gpu-serve' } as ObjectRef, 'kubectl', (live) => ({ ...live, spec: { ...(live as KubeObject<'NodePool'>).spec, limits: { 'nvidia.com/gpu': '0' } } }) as KubeObject) // biome-ignore format: a line
  for (const node of await cluster().list('Node'))
    if (node.metadata.labels?.[NODE_POOL] === 'gpu-serve') await cluster().delete(refOf(node), node.metadata.uid ?? '')
}
const said = async (what: string): Promise<string[]> =>
  (await timeline(town, SERVE)).flatMap(({ kind, text }) => (kind === 'note' && text.includes(what) ? [text] : []))

describe('what serves, while people are asked about what shall come after it', () => {
  it.each([
    ['its Service is deleted', remove],
    ['its Service leads elsewhere', () => lead('kubectl-edit')],
  ])(
    '%s: it is set right within minutes and told, the question stays open, and what was approved begins',
    async (...row) => {
      await open()
      const id = await asked()
      await row[1]()
      await town.advance(6 * MINUTE)
      expect(trafficOf(await service())).toBe(1)
      expect(await said('set right: nobody answers')).toHaveLength(1)
      expect((await town.house.cards()).some(({ card }) => card.title.startsWith('set right: nobody answers'))).toBe(
        true,
      )
      await town.advance(HOUR)
      expect((await town.question(SERVE))?.id).toBe(id)
      expect(await said('set right')).toHaveLength(1)
      await town.answered(SERVE)
      expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
      expect(
        (await timeline(town, SERVE)).filter((one) => one.generation === 2 && one.text.startsWith('asked ')),
      ).toHaveLength(1)
      expect(await looseEnds(town)).toEqual([])
    },
  )

  it('its Service is deleted while what was overtaken stands halfway: it is led to what was judged again', async () => {
    await open()
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 12 } }),
    )
    await town.answered(SERVE)
    await town.advance(5 * MINUTE)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { third: 'yes' } }))
    await town.until('it is asked about', async () => (await town.lane(SERVE)).run?.question?.state === 'open')
    expect(await town.lane(SERVE)).toMatchObject({ generation: 3, halfway: true })
    await remove()
    await town.advance(6 * MINUTE)
    expect([trafficOf(await service()), (await town.question(SERVE)) !== null]).toEqual([1, true])
    expect(await said('set right: nobody answers')).toHaveLength(1)
  })

  it('its Service is deleted in a freeze: it stays so, and is told', async () => {
    await open()
    await asked()
    await town.house.command({ kind: 'freeze', lane: SERVE, until: town.house.clock.now() + 9 * HOUR, by: ANA })
    await remove()
    await town.advance(16 * MINUTE)
    expect([trafficOf(await service()), (await said('nobody answers: the Service that leads to v1')).length]).toEqual([
      null,
      1,
    ])
  })

  it.each(['deny', 'nobody'] as const)(
    'somebody scales it, and is asked about just that; %s: under no other name again while some of it stands',
    async (answer) => {
      await open()
      await scale(1)
      await town.until('it is asked about', async () => (await town.question(SERVE)) !== null)
      await town.advance(10 * MINUTE)
      expect(await said('is seen to once')).toEqual([])
      if (answer === 'deny') await town.answered(SERVE, 'deny')
      else await town.advance(6 * HOUR)
      await town.advance(2 * HOUR)
      const questions = (await timeline(town, SERVE)).filter(({ text }) => text.startsWith('asked '))
      expect([questions.length, await town.question(SERVE), await replicasOf(town)]).toEqual([2, null, { 1: 1 }])
      await scale(0)
      await town.until('it is asked about', async () => (await town.question(SERVE)) !== null)
    },
  )

  it('somebody scales it, which people leave so, and once more after all were there again: they are asked once more', async () => {
    await open()
    await scale(1)
    await town.until('it is asked about', async () => (await town.question(SERVE)) !== null)
    await town.answered(SERVE, 'deny')
    await town.advance(HOUR)
    await scale(2)
    await town.advance(HOUR)
    expect([await town.question(SERVE), await replicasOf(town)]).toEqual([null, { 1: 2 }])
    await scale(1)
    await town.until('it is asked about', async () => (await town.question(SERVE)) !== null)
    await town.answered(SERVE)
    await town.until('all are there', async () => (await replicasOf(town))[1] === 2)
    await town.advance(HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ generation: 1, outcome: { kind: 'rejected', stood: 2 } })
  })

  it('they are asked about one of two, and then none stands: they are asked about that at once, and what they agree to begins', async () => {
    await open()
    await scale(1)
    await town.until('it is asked about', async () => (await town.question(SERVE)) !== null)
    const id = (await town.question(SERVE))?.id
    await scale(0)
    await town.advance(16 * MINUTE)
    const question = await town.question(SERVE)
    expect([question === null, question?.id === id]).toEqual([false, false])
    expect((await town.plan(SERVE))?.plan.title).toBe('Serve support-llama v1 with 2 replicas')
    await town.advance(HOUR)
    expect((await town.question(SERVE))?.id).toBe(question?.id)
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
    const texts = (await timeline(town, SERVE)).map(({ text }) => text)
    expect(texts.filter((text) => text.startsWith('asked '))).toHaveLength(3)
    expect(texts).toContain('nobody answers by now, and it is asked about as it stands: the question was closed')
    expect(await looseEnds(town)).toEqual([])
  })

  it('its Service is deleted once more before anybody saw that it was right: it is set right once more', async () => {
    await open()
    await asked()
    for (const times of [1, 2]) {
      await remove()
      await town.advance(5 * MINUTE)
      expect([times, trafficOf(await service())]).toEqual([times, 1])
    }
  })

  it('its Service is gone as they are to be asked: it is set right before, and what they agree to begins', async () => {
    await open()
    await remove()
    await asked()
    expect(trafficOf(await service())).toBe(1)
    await town.answered(SERVE)
    await town.settled(SERVE)
    expect(
      (await timeline(town, SERVE)).filter((one) => one.generation === 2 && one.text.startsWith('asked ')),
    ).toHaveLength(1)
  })

  it('a program leads its Service elsewhere, and would do so again: that is told once, and tried no more', async () => {
    await open()
    await asked()
    await lead('shop-operator')
    await town.advance(2 * HOUR)
    expect(await said('shop-operator also sets')).toEqual([expect.stringContaining('could not be set right')])
    expect((await town.lane(SERVE)).run?.phase).toBe('asked')
  })

  it('what is done by hand is told alone: so it is here, once, and stays', async () => {
    await open('tell')
    await asked()
    await remove()
    await town.advance(2 * HOUR)
    expect(await service()).toBeUndefined()
    expect(await said('somebody has deleted Service')).toHaveLength(1)
  })

  it('somebody scales it to none: both questions are not asked at once, and it is told by whom, and that nobody answers', async () => {
    await open()
    await asked()
    await scale(0)
    await town.advance(3 * HOUR)
    expect(await said('somebody has scaled')).toEqual([
      expect.stringMatching(/from 2 to 0 replicas: that is seen to once/),
    ])
    expect(await said('nobody answers')).toEqual([expect.stringMatching(/has no replicas \(for 5 min\)$/)])
    expect((await town.house.why(SERVE)).also.join()).toContain('nobody answers')
    // Nobody has answered: it is brought back from then on, priced and asked about as ever.
    await town.advance(2 * HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ desired: { kind: 'kept' }, aside: { generation: 2 } })
    await town.answered(SERVE)
    await town.settled(SERVE)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    await town.advance(6 * MINUTE)
    expect(await said('all that serves is ready again')).toHaveLength(1)
  })

  it.each(['asked', 'steps'])(
    'its nodes go and none can be had, in phase %s of what comes after it: that nobody answers is told once',
    async (phase) => {
      await open()
      await asked()
      if (phase === 'steps') {
        await town.answered(SERVE)
        await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
      }
      await loseNodes()
      await town.advance(50 * MINUTE)
      expect(await said('0 of 2 ready')).toEqual([expect.stringMatching(/\(for 5 min\)$/)])
    },
  )
})
