import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import type { Engine } from '../../core/workloads/engine.ts'
import { ENGINES } from '../../core/workloads/engines.ts'
import { PRESETS, type Preset } from '../../core/workloads/presets.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { jobsOf, MINUTE, MODEL, SERVE, served, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
let undo: () => void = () => undefined
afterEach(async () => {
  undo()
  await town.close()
})

/** A release that revises every engine and every preset; what is answered takes it back. */
const release = (): (() => void) => {
  const engines = ENGINES.vllm as unknown as Engine[]
  const [one] = ENGINES.vllm
  engines.push({ ...one, args: (...of) => [...one.args(...of), '--revised'] })
  const presets = Object.values(PRESETS) as unknown as Preset[][]
  for (const revisions of presets) revisions.push({ ...revisions[0]!, env: { ...revisions[0]!.env, REVISED: '1' } })
  return () => {
    engines.pop()
    for (const revisions of presets) revisions.pop()
  }
}
const deployments = async (): Promise<KubeObject<'Deployment'>[]> =>
  (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
const told = async () => (await town.house.cards()).map(({ key, ts, card }) => [key, ts, card.question])

it('a release that revises presets and engines rolls, asks and repeats nothing by itself: what is new is made with it', async () => {
  town = await openTown()
  await served(town)
  await upload(town)
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  const [cards, stands, question] = [await told(), await deployments(), await town.question(TRAIN)]

  undo = release()
  await town.reopen()
  await town.advance(6 * MINUTE)
  expect(await told()).toEqual(cards)
  expect((await deployments()).map(({ metadata, spec }) => [metadata.uid, spec])).toEqual(
    stands.map(({ metadata, spec }) => [metadata.uid, spec]),
  )
  expect(await town.lane(SERVE)).toMatchObject({ generation: 1, attempt: 1, run: null })
  expect(await town.question(TRAIN)).toEqual(question)

  await town.answered(TRAIN)
  await town.until('it trains', async () =>
    (await jobsOf(town)).some(({ metadata }) => metadata.namespace === 'training'),
  )
  expect(await town.run(TRAIN)).toMatchObject({ generation: 1, attempt: 1, asked: 1 })
  expect(JSON.stringify(await jobsOf(town))).not.toContain('REVISED')

  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  expect(JSON.stringify((await town.plan(SERVE))?.plan.steps)).toContain('--revised')
})
