import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { HOUR, MINUTE, MODEL, SERVE, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const configOf = (more: object): typeof example =>
  ({ ...example, services: { [MODEL]: { ...example.services?.[MODEL], ...more } } }) as typeof example

const stays = async (): Promise<unknown> => {
  const [budget] = (await town.house.cluster.list('PodDisruptionBudget')) as KubeObject<'PodDisruptionBudget'>[]
  return budget?.spec?.minAvailable
}

const podsOf = async (): Promise<string[]> =>
  (await town.house.cluster.list('Pod'))
    .filter(({ metadata }) => metadata.labels?.['signalbox.dev/task'] === 'serving')
    .map(({ metadata }) => metadata.name)
    .toSorted()

const denied = async (): Promise<void> => {
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
}

describe('what drains are held to', () => {
  const rests: [string, object, () => Promise<void>][] = [
    ['its version is wanted', {}, async () => {}],
    ['what was promoted since was denied', {}, denied],
    ['no version is promoted', {}, () => town.house.registry.deleteAlias(MODEL, 'champion')],
    ['all that is done by hand is told', { onEdit: 'tell' }, async () => {}],
    ['that is, and what was promoted since was denied', { onEdit: 'tell' }, denied],
  ]
  it.each(rests)('while %s: follows the policy both ways, no pod goes, and nobody is asked', async (_, more, rest) => {
    town = await openTown({ config: configOf({ replicas: 1, maxUnavailable: 2, ...more }) })
    await served(town)
    await rest()
    await town.advance(15 * MINUTE)
    const pods = await podsOf()
    const { state, desired } = await town.lane(SERVE)
    expect(await stays()).toBe(0)
    for (const [maxUnavailable, least] of [
      [1, 1],
      [2, 0],
      [1, 1],
    ] as const) {
      // biome-ignore format: pairs
      town.setPolicy(configOf({ replicas: 1, maxUnavailable, ...more }))
      await town.advance(15 * MINUTE)
      expect([await stays(), await town.question(SERVE), await podsOf()]).toEqual([least, null, pods])
    }
    const said = (await timeline(town, SERVE)).map(({ text }) => text ?? '')
    expect(said.some((text) => text.includes('Set right PodDisruptionBudget'))).toBe(true)
    expect(said.some((text) => text.includes('somebody'))).toBe(false)
    expect((await town.plan(SERVE))?.plan.reasons).toContainEqual(
      expect.stringMatching(/\.spec\.minAvailable of .* is 0, and 1 by the policy/),
    )
    const { attempt } = await town.lane(SERVE)
    await town.advance(6 * HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ attempt, run: null, desired: { kind: desired?.kind } })
    if (rest !== denied) expect((await town.lane(SERVE)).state).toBe(state)
  })

  it('stays as it is where the policy lets drains have as many as before', async () => {
    town = await openTown({ config: configOf({ replicas: 2, maxUnavailable: 1 }) })
    await served(town)
    const { attempt } = await town.lane(SERVE)
    for (const maxUnavailable of [0, 2]) {
      town.setPolicy(configOf({ replicas: 2, maxUnavailable }))
      await town.advance(HOUR)
      expect([await stays(), (await town.lane(SERVE)).attempt]).toEqual([1, attempt])
    }
  })
})
