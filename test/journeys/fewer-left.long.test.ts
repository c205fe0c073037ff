import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, served, stepIs, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())
const cluster = () => town.house.cluster as SimulatedCluster
const FAILS: Simulation = { tasks: { 'gate-check': { metrics: { p95_ms: 3000 } } } }

/** The Deployment that has replicas, the last that was made. */
const live = async (): Promise<KubeObject<'Deployment'>> => {
  const all = (await cluster().list('Deployment')) as KubeObject<'Deployment'>[]
  return all.findLast(({ spec }) => (spec?.replicas ?? 0) > 0) as KubeObject<'Deployment'>
}
const remove = async (): Promise<void> => {
  const found = await live()
  await cluster().delete(refOf(found), found.metadata.uid ?? '')
}
const scale = async (replicas: number): Promise<unknown> =>
  cluster().edit(refOf(await live()), 'kubectl-scale', (one) => ({ ...one, spec: { ...(one as KubeObject<'Deployment'>).spec, replicas } }) as KubeObject) // biome-ignore format: a line
const asks = () => town.until('it asks', async () => (await town.question(SERVE)) !== null)
const promoted = async (simulation?: Simulation): Promise<void> => {
  const made = { model: MODEL, ...(simulation && { simulation }) }
  await promote(town.house, MODEL, await registerVersion(town.house, made))
  await asks()
}
/** v1 serves, and v2 is parked. */
const parked = async (): Promise<void> => {
  town = await openTown()
  await served(town)
  await promoted()
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
}

describe('what serves, while another version is parked', () => {
  it.each([
    ['denied', 'scaled to none', () => scale(0)],
    ['denied', 'deleted', remove],
    ['never answered', 'scaled to none', () => scale(0)],
  ] as const)(
    'has lost one, and to bring it back is %s; then it is %s: people are asked again',
    async (how, _, act) => {
      await parked()
      await scale(1)
      await asks()
      if (how === 'denied') await town.answered(SERVE, 'deny')
      else await town.advance(5 * HOUR)
      await town.advance(HOUR)
      // As many as the answer was about.
      expect([await town.question(SERVE), await replicasOf(town)]).toEqual([null, { 1: 1 }])
      await act()
      await asks()
      await town.answered(SERVE)
      await town.until('both are there', async () => Object.values(await replicasOf(town)).includes(2))
      await town.advance(HOUR)
      expect([await town.question(SERVE), await looseEnds(town)]).toEqual([null, []])
    },
  )

  it('is deleted, made anew, and deleted again in its gate: nobody waits for it, and people are asked again', async () => {
    await parked()
    await remove()
    await asks()
    await town.answered(SERVE)
    await town.until('its gate asks', stepIs(town, SERVE, 'gate', 'running'))
    await remove()
    const began = town.house.clock.now()
    await asks()
    expect(town.house.clock.now() - began).toBeLessThanOrEqual(16 * MINUTE)
    const texts = (await timeline(town, SERVE)).map(({ text }) => text)
    expect(texts).toContain('failed: the Deployment of generation 3 is gone: somebody has deleted it')
    await town.answered(SERVE)
    await town.until('both are there', async () => Object.values(await replicasOf(town)).includes(2))
  })
})

it('a gate judges nothing of what somebody has deleted meanwhile: that is why it fails', async () => {
  town = await openTown()
  await served(town)
  await promoted(FAILS)
  await town.answered(SERVE)
  await town.until('its gate asks', stepIs(town, SERVE, 'gate', 'running'))
  await remove()
  expect(await town.settled(SERVE)).toMatchObject({ outcome: { kind: 'failed', reason: 'deleted' } })
  expect([(await replicasOf(town))[1], await looseEnds(town)]).toEqual([2, []])
})
