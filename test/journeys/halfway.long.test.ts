import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { between } from './away.ts'
import {
  clockOf,
  HOUR,
  looseEnds,
  MINUTE,
  MODEL,
  replicasOf,
  SERVE,
  SLOW,
  say,
  served,
  stepIs,
  timeline,
} from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

const away = between()
let town: Town
afterEach(async () => {
  away.revive()
  away.answers('cluster')
  await town.close()
})

const laneService = async (): Promise<KubeObject<'Service'>> => {
  const { name } = await town.lane(SERVE)
  const all = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
  return all.find(({ metadata }) => metadata.name === name) as KubeObject<'Service'>
}
/** `kubectl edit service`. */
const leadTo = async (generation: string): Promise<unknown> =>
  (town.house.cluster as SimulatedCluster).edit(refOf(await laneService()), 'kubectl-edit', (live) => {
    const { spec } = live as KubeObject<'Service'>
    const selector = { ...spec?.selector, 'signalbox.dev/generation': generation }
    return { ...live, spec: { ...spec, selector } } as KubeObject
  })
/** The second version is on its way beside the first, not judged yet, as something newer comes. */
const underWay = async (): Promise<void> => {
  town = await openTown({ wrap: away.wrap })
  await served(town)
  const version = await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 12 } })
  await promote(town.house, MODEL, version)
  await town.answered(SERVE)
  await town.advance(5 * MINUTE)
  expect(await replicasOf(town)).toEqual({ 1: 2, 2: 1 })
}
/** Ready servers of the first version. */
const answering = async ({ house }: Town): Promise<number> => {
  const all = (await house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  return all.find(({ metadata }) => metadata.labels?.['signalbox.dev/generation'] === '1')?.status?.readyReplicas ?? 0
}
const third = async (): Promise<string> =>
  registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 1 }, tags: { third: 'yes' } })

describe('a rollout is stopped in its middle by something newer that does not begin', () => {
  const ends: [string, string, number, () => Promise<unknown>][] = [
    ['denied', 'rejected', 1, () => town.answered(SERVE, 'deny')],
    // What stands halfway goes back within the hour, and it is asked once more, for as long as any.
    ['never answered', 'expired', 2, () => town.advance(5 * HOUR)],
    ['cancelled', 'cancelled', 1, () => say(town, 'cancel', { lane: SERVE })],
  ]
  it.each(ends)(
    '%s: it ends %s once what nobody judged is away, and the baseline stands alone',
    async (_, ended, attempt, end) => {
      await underWay()
      await promote(town.house, MODEL, await third())
      await town.until('it asks', async () => (await town.question(SERVE)) !== null)
      await end()
      expect(await town.settled(SERVE)).toMatchObject({ state: ended, generation: 3, run: null })
      expect(await replicasOf(town)).toEqual({ 1: 2 })
      expect(await looseEnds(town)).toEqual([])
      await town.advance(2 * HOUR)
      expect(await town.lane(SERVE)).toMatchObject({ state: ended, attempt })
    },
  )

  it('on a full pool: while people are asked, what the way back needs stays held, and nobody else takes it', async () => {
    const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 8 } }
    town = await openTown({ wrap: away.wrap, config: { ...example, pools } })
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation: SLOW }))
    await town.answered(SERVE)
    const goesBack = async () =>
      (await town.lane(SERVE)).run?.steps.some(({ way, state }) => way === 'back' && state === 'running') === true
    await town.until('it goes back', goesBack)
    await promote(town.house, MODEL, await third())
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8 }, sum: 8 })
    await promote(town.house, 'code-llama', await registerVersion(town.house, { model: 'code-llama' }))
    await town.advance(HOUR)
    await town.answered(SERVE, 'deny')
    expect(await town.settled(SERVE)).toMatchObject({ state: 'rejected', generation: 3 })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8 }, sum: 8 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('requests that somebody leads to what is at its gate are led back to what was judged before the next rollout makes a move', async () => {
    await underWay()
    await town.until('it is at its gate', stepIs(town, SERVE, 'gate', 'running'))
    await leadTo('2')
    await promote(town.house, MODEL, await third())
    await town.answered(SERVE)
    await town.until('it moves', stepIs(town, SERVE, 'move-1', 'running'))
    expect(trafficOf(await laneService())).toBe(1)
    await town.settled(SERVE)
    const led = (await timeline(town, SERVE)).map(({ text }) => text).filter((text) => /requests are led to/.test(text))
    expect(led.join()).not.toMatch(/generation 2/)
    expect(await replicasOf(town)).toEqual({ 3: 2 })
  })

  it('and so they are while people are asked about that, whose question stays open; and it is told', async () => {
    await underWay()
    await town.until('it is at its gate', stepIs(town, SERVE, 'gate', 'running'))
    await promote(town.house, MODEL, await third())
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const { id } = (await town.question(SERVE)) ?? {}
    await leadTo('2')
    await town.advance(6 * MINUTE)
    expect(trafficOf(await laneService())).toBe(1)
    expect((await town.question(SERVE))?.id).toBe(id)
    const told = (await timeline(town, SERVE)).filter(({ text }) =>
      text?.startsWith('set right: kubectl-edit has changed'),
    )
    expect(told).toHaveLength(1)
    await town.answered(SERVE)
    await town.settled(SERVE)
    expect(await replicasOf(town)).toEqual({ 3: 2 })
  })

  it('what goes back first and cannot, since what was judged is broken, is asked about from how it stands then', async () => {
    await underWay()
    await town.until('it is at its gate', stepIs(town, SERVE, 'gate', 'running'))
    const { baseline } = await town.lane(SERVE)
    const [bucket = '', ...path] = String((baseline?.desired as { source?: string } | undefined)?.source)
      .replace('s3://', '')
      .split('/')
    const broken = new TextEncoder().encode(JSON.stringify({ healthy: false }))
    await town.house.objects.write(bucket, `${path.join('/')}simulation.json`, broken)
    for (const pod of await town.house.cluster.list('Pod'))
      if (pod.metadata.labels?.['signalbox.dev/generation'] === '1')
        await town.house.cluster.delete(refOf(pod), pod.metadata.uid ?? '')
    await promote(town.house, MODEL, await third())
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    await town.until('it goes back', async () => (await town.lane(SERVE)).run?.phase === 'back')
    await town.until('it asks again', async () => (await town.question(SERVE)) !== null)
    expect(await town.lane(SERVE)).toMatchObject({ generation: 3, attempt: 2 })
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3 })
    expect([await replicasOf(town), await looseEnds(town)]).toEqual([{ 3: 2 }, []])
  })

  const outageOf = async (simulation: Parameters<typeof registerVersion>[1]['simulation']): Promise<void> => {
    const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 4 } }
    const services = { [MODEL]: { ...example.services?.[MODEL], replicas: 1, maxUnavailable: 2 } }
    town = await openTown({ wrap: away.wrap, config: { ...example, pools, services } })
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation }))
    await town.answered(SERVE)
    await town.until('nobody answers', async () => (await answering(town)) === 0)
  }

  it('a freeze in the midst of an outage that was agreed to holds it for no longer than was named, and it is asked about again', async () => {
    await outageOf({ loadMinutes: 12 })
    const out = clockOf(town).now()
    await town.house.command({ kind: 'freeze', lane: '*', until: out + 2 * HOUR, by: ANA })
    await town.until('it is back', async () => (await answering(town)) === 1)
    expect((clockOf(town).now() - out) / MINUTE).toBeLessThan(35)
    await town.answered(SERVE)
    await town.advance(HOUR)
    expect([await replicasOf(town), await answering(town)]).toEqual([{ 1: 1 }, 1])
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('an outage that was agreed to is made once: another attempt after it asks for another', async () => {
    await outageOf({ loadMinutes: 3, tasks: { 'gate-check': { imagePull: 'fail' } } })
    await town.until('it asks again', async () => (await town.question(SERVE)) !== null)
    expect(await town.lane(SERVE)).toMatchObject({ generation: 2, attempt: 2 })
    const moves = (await timeline(town, SERVE)).filter(({ text }) => text === 'Take v1 (generation 1) away: begins')
    expect([moves.length, await answering(town)]).toEqual([1, 1])
  })

  it('where nobody answers meanwhile, as its card has named: what stood before is back within that time, while people are asked', async () => {
    const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 4 } }
    const services = { [MODEL]: { ...example.services?.[MODEL], replicas: 1, maxUnavailable: 2 } }
    town = await openTown({ wrap: away.wrap, config: { ...example, pools, services } })
    await served(town)
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 3 } }),
    )
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const { bounds } = (await town.plan(SERVE))?.plan ?? {}
    expect(bounds).toMatchObject({ answering: 0, unanswered: 31 })
    await town.answered(SERVE)
    await town.until('nobody answers', stepIs(town, SERVE, 'move-1', 'running'))
    const out = clockOf(town).now()
    await town.advance(5 * MINUTE)
    await promote(town.house, MODEL, await third())
    await town.until('it is back', async () => (await answering(town)) === 1)
    expect((clockOf(town).now() - out) / MINUTE).toBeLessThan(31)
    await town.until('it asks again', async () => (await town.question(SERVE)) !== null)
    expect(await town.lane(SERVE)).toMatchObject({ generation: 3, attempt: 2 })
    const why = /nobody was to answer for more than 31 min, too little for anybody to answer in, and goes back first/
    expect((await timeline(town, SERVE)).map(({ text }) => text)).toContainEqual(expect.stringMatching(why))
    await town.advance(5 * HOUR)
    expect([(await town.lane(SERVE)).state, await replicasOf(town), await looseEnds(town)]).toEqual([
      'expired',
      { 1: 1 },
      [],
    ])
  })

  it('refused: it goes back, and starts by itself once what refused it has changed', async () => {
    await underWay()
    const poor = { ...example, budget: { ...example.budget, dollars: 5 } }
    town.setPolicy(poor)
    await promote(town.house, MODEL, await third())
    expect(await town.settled(SERVE)).toMatchObject({ state: 'refused', outcome: { reason: 'budget-exceeded' } })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    town.setPolicy(example)
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3 })
    expect(await replicasOf(town)).toEqual({ 3: 2 })
  })

  const back: [string, () => Promise<unknown>][] = [
    ['what served before is promoted again', () => promote(town.house, MODEL, '1')],
    [
      'no version is promoted any more',
      () => town.house.registry.rest('DELETE', 'registered-models/alias', { name: MODEL, alias: 'champion' }),
    ],
  ]
  it.each(back)('%s: it goes back there, and nobody is asked', async (_, say) => {
    await underWay()
    const asked = async () => (await timeline(town, SERVE)).filter(({ text }) => text.startsWith('asked')).length
    const before = await asked()
    await say()
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3 })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await asked()).toBe(before)
    expect(await looseEnds(town)).toEqual([])
  })

  it('and something newer still comes while it goes back: that one plans from where it then stands', async () => {
    await underWay()
    await promote(town.house, MODEL, await third())
    await town.answered(SERVE, 'deny')
    await promote(town.house, MODEL, '2')
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 4 })
    expect((await timeline(town, SERVE)).filter(({ text }) => text.includes('a bug of ours'))).toEqual([])
    expect(Object.values(await replicasOf(town))).toEqual([2])
  })
})

describe('the same, and what is newer is cancelled before it has a run', () => {
  it('while the one before it still ends', async () => {
    await underWay()
    away.fails('cluster', 'away')
    await promote(town.house, MODEL, await third())
    await town.advance(MINUTE)
    expect(await say(town, 'cancel', { lane: SERVE, wanted: true })).toMatchObject({ ok: true })
    away.answers('cluster')
    expect(await town.settled(SERVE)).toMatchObject({ state: 'cancelled', generation: 3 })
    await town.advance(HOUR)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it('and once that has ended', async () => {
    await underWay()
    await promote(town.house, MODEL, await third())
    away.fails('cluster', 'away', { name: 'list' })
    await town.until('the one before it has ended', async () => (await town.lane(SERVE)).run === null, 1)
    expect(await say(town, 'cancel', { lane: SERVE })).toMatchObject({ ok: true })
    away.answers('cluster')
    expect(await town.settled(SERVE)).toMatchObject({ state: 'cancelled', generation: 3 })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })
})

it('the process dies at any call on the way back: the baseline stands alone in the end', async () => {
  await underWay()
  await promote(town.house, MODEL, await third())
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  const { id = '' } = (await town.question(SERVE)) ?? {}
  for (let calls = 1; (await town.lane(SERVE)).run !== null; calls += 3) {
    away.dies(calls)
    await town.house.answer(id, { by: ANA, verdict: 'deny', reason: null }).catch(() => null)
    await town.advance(1000).catch(() => null)
    away.revive()
    await town.reopen(away.wrap)
  }
  expect(await town.lane(SERVE)).toMatchObject({ state: 'rejected', generation: 3 })
  expect(await replicasOf(town)).toEqual({ 1: 2 })
  expect(await looseEnds(town)).toEqual([])
})
