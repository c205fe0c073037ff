import { afterEach, describe, expect, it } from 'vitest'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../example.ts'
import { clockOf, looseEnds, MINUTE, MODEL, replicasOf, SERVE, served, stepIs, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const withImage = (letter: string): typeof example => {
  const services = { [MODEL]: { ...example.services?.[MODEL], image: `vllm@sha256:${letter.repeat(64)}` } }
  return { ...example, services } as typeof example
}
const UNREADY = { tasks: { serving: { healthy: false } } } as Simulation

/** v1 serves, and v2 is on its way up, which was approved. */
const rising = async (simulation?: Simulation): Promise<void> => {
  town = await openTown({ config: withImage('a') })
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation }))
  await town.answered(SERVE)
}

describe('a rollout for which the policy wants other pods by now', () => {
  it('is overtaken at once where none of its pods was ever ready, asked about anew, and v1 answers all the while', async () => {
    await rising(UNREADY)
    await town.advance(10 * MINUTE)
    const from = clockOf(town).now()
    town.setPolicy(withImage('c'))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    expect(clockOf(town).now() - from).toBeLessThanOrEqual(6 * MINUTE)
    expect((await town.past(SERVE)).at(-1)?.outcome).toMatchObject({
      kind: 'superseded',
      detail: 'what its pods are wanted to be has changed',
    })
    expect((await town.plan(SERVE))?.plan).toMatchObject({ generation: 3 })
    expect(await replicasOf(town)).toMatchObject({ 1: 2 })
    await town.answered(SERVE, 'deny')
    expect(await town.settled(SERVE)).toMatchObject({ state: 'rejected', baseline: { generation: 1, replicas: 2 } })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('goes on once they were ready: what is wanted since comes after it', async () => {
    await rising({ tasks: { 'gate-check': { minutes: 20 } } } as Simulation)
    await town.until('gate', stepIs(town, SERVE, 'gate', 'running'))
    town.setPolicy(withImage('c'))
    await town.advance(10 * MINUTE)
    expect(await stepIs(town, SERVE, 'gate', 'running')()).toBe(true)
  })

  it('goes on where the policy says before the next look what it said', async () => {
    await rising(UNREADY)
    await town.advance(6 * MINUTE)
    town.setPolicy(withImage('c'))
    await town.advance(MINUTE)
    town.setPolicy(withImage('a'))
    await town.advance(12 * MINUTE)
    expect((await town.lane(SERVE)).run).toMatchObject({ generation: 2, ending: null })
    const all = (await timeline(town, SERVE)).map(({ text }) => text).join('\n')
    expect(all).not.toContain('what its pods are wanted to be has changed')
  })
})
