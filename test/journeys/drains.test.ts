import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import type { Engine } from '../../core/workloads/engine.ts'
import { ENGINES } from '../../core/workloads/engines.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, MODEL, replicasOf, SERVE, SLOW, served } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
let undo: () => void = () => undefined
afterEach(async () => {
  undo()
  await town.close()
})

/** Of each generation's, how many must stay. */
const budgets = async (): Promise<Record<string, number>> => {
  const all = (await town.house.cluster.list('PodDisruptionBudget')) as KubeObject<'PodDisruptionBudget'>[]
  return Object.fromEntries(
    all.map(({ metadata, spec }) => [
      metadata.name.replace(/^.*-(g\d+)$/, '$1'),
      spec?.minAvailable as unknown as number,
    ]),
  )
}
const deployments = async () => (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]

it('what serves is held back from drains, generation by generation, from its first move on', async () => {
  town = await openTown()
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  // What is approved has it, and nothing is made before.
  expect((await town.plan(SERVE))?.plan.effects.objects.map(({ kind }) => kind)).toContain('PodDisruptionBudget')
  expect(await budgets()).toEqual({})
  await town.answered(SERVE)
  await town.until('its first replica comes', async () => Object.keys(await replicasOf(town)).length > 0)
  expect(await budgets()).toEqual({ g1: 1 })
  const [budget] = (await town.house.cluster.list('PodDisruptionBudget')) as KubeObject<'PodDisruptionBudget'>[]
  expect(budget?.spec).toMatchObject({
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
    selector: (await deployments())[0]?.spec?.selector,
  })
  await town.settled(SERVE)

  // What is walked back, and what goes, is empty: its own holds nobody back.
  await served(town, SLOW)
  expect(await replicasOf(town)).toEqual({ 1: 2 })
  expect(await budgets()).toEqual({ g1: 1, g2: 1 })
})

it('the last replica of a service is not drained; with another beside it one of them may be, and of more one as well', async () => {
  const rule = example.services![MODEL]!
  const withReplicas = (replicas: number) => ({
    ...example,
    services: { ...example.services, [MODEL]: { ...rule, replicas } },
  })
  town = await openTown({ config: withReplicas(1) })
  await served(town)
  expect(await budgets()).toEqual({ g1: 1 })
  town.setPolicy(withReplicas(2))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  await town.answered(SERVE)
  await town.settled(SERVE)
  expect(await replicasOf(town)).toEqual({ 1: 2 })
  expect(await budgets()).toEqual({ g1: 1 })
  for (const replicas of [3, 2]) {
    town.setPolicy(withReplicas(replicas))
    await town.advance(HOUR / 6)
    if ((await town.question(SERVE)) !== null) await town.answered(SERVE)
    await town.settled(SERVE)
    expect([await replicasOf(town), await budgets()]).toEqual([{ 1: replicas }, { g1: replicas - 1 }])
  }
})

it('what was made before there were any stays as it is: a release makes none, the next version has one', async () => {
  const engines = ENGINES.vllm as unknown as Engine[]
  const newer = engines.splice(1)
  undo = () => void engines.push(...newer.splice(0))
  town = await openTown()
  await served(town)
  const before = (await deployments()).map(({ metadata, spec }) => [metadata.uid, spec])
  undo()
  await town.reopen()
  await town.advance(20 * 60_000)
  expect((await deployments()).map(({ metadata, spec }) => [metadata.uid, spec])).toEqual(before)
  expect(await budgets()).toEqual({})
  await served(town)
  expect(await budgets()).toEqual({ g2: 1 })
})
