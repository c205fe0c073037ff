import { afterEach, describe, expect, it } from 'vitest'
import { refOf } from '../../core/kube.ts'
import type { RollOutModelStep, Step } from '../../core/plan.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import {
  everyJob,
  HOUR,
  jobsOf,
  looseEnds,
  MINUTE,
  MODEL,
  replicasOf,
  SERVE,
  served,
  stepIs,
  TRAIN,
  trainedUntil,
} from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

/** What a card calls "at most" is enforced, whatever a run waits for (law 9). */
let town: Town
afterEach(() => town.close())

const promoted = async (): Promise<number> => {
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
  await town.answered(SERVE)
  return (await town.plan(SERVE))?.plan.bounds.dollars ?? 0
}
const isMove = (step: Step): step is RollOutModelStep => step.kind === 'roll-out-model'
const ended = async () => {
  await town.until('it has ended', async () => (await town.lane(SERVE)).run === null, 200)
  const past = (await town.past(SERVE)).at(-1)
  return { outcome: past?.outcome, cost: past?.cost ?? 0 }
}

describe('a rollout that waits with its first replica up', () => {
  it('for a gate that somebody has suspended is taken back before it costs more', async () => {
    town = await openTown()
    const most = await promoted()
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    const [job] = (await jobsOf(town)).filter(({ metadata }) => metadata.name.endsWith('-g2a1-gate'))
    await town.house.cluster.patch(refOf(job!), job?.metadata.uid ?? '', { spec: { suspend: true } })
    const { outcome, cost } = await ended()
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
    expect(cost).toBeLessThanOrEqual(most)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('also of a first version, whose one replica is judged after its last move', async () => {
    town = await openTown()
    const lane = 'service/code-llama'
    const source = 's3://acme-results/models/code-llama/1/'
    await town.house.objects.write('acme-results', 'models/code-llama/1/config.json', Buffer.from('{}'))
    const { version } = await town.house.registry.register({
      model: 'code-llama',
      source,
      runId: null,
      tags: {},
    } as never)
    await promote(town.house, 'code-llama', version)
    await town.answered(lane)
    const most = (await town.plan(lane))?.plan.bounds.dollars ?? 0
    await town.until('it is judged', stepIs(town, lane, 'gate', 'running'))
    const [job] = (await jobsOf(town)).filter(({ metadata }) => metadata.name.endsWith('-gate'))
    await town.house.cluster.patch(refOf(job!), job?.metadata.uid ?? '', { spec: { suspend: true } })
    await town.until('it has ended', async () => (await town.lane(lane)).run === null, 48)
    const past = (await town.past(lane)).at(-1)
    expect(past?.outcome).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
    expect(past?.cost).toBeGreaterThan(most - 20)
    expect(past?.cost).toBeLessThanOrEqual(most)
    expect(await looseEnds(town)).toEqual([])
  })

  it.each(['away', 'not-allowed'] as const)(
    'for a bucket that is %s, while the cluster answers, is taken back too',
    async (how) => {
      const far = between()
      town = await openTown({ wrap: far.wrap })
      const most = await promoted()
      await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
      far.fails('objects', how)
      const { outcome, cost } = await ended()
      expect(outcome).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
      expect(cost).toBeLessThanOrEqual(most)
      expect(await replicasOf(town)).toEqual({ 1: 2 })
    },
  )

  it('for a cluster that does not answer ends by nothing of that: nobody could take it back', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    const most = await promoted()
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    far.fails('cluster', 'away')
    await town.advance(20 * HOUR)
    far.answers('cluster')
    const { outcome, cost } = await ended()
    expect(outcome?.kind).toBe('succeeded')
    expect(cost).toBeGreaterThan(most)
  })

  it('and was frozen before that ends at it once it is thawed', async () => {
    town = await openTown()
    const most = await promoted()
    const { perHour = 0, beside = 0 } = (await town.plan(SERVE))?.plan.steps.find(isMove) ?? {}
    await town.until('it comes up', stepIs(town, SERVE, 'move-1', 'running'))
    const { clock } = town.house
    await town.house.command({ kind: 'freeze', lane: SERVE, until: clock.now() + 100 * HOUR, by: ANA })
    // So that less is left than its gate takes.
    await town.advance(((most - beside) / perHour) * HOUR - 9 * MINUTE)
    expect(await town.house.command({ kind: 'thaw', lane: SERVE, by: ANA })).toMatchObject({ ok: true })
    const { outcome, cost } = await ended()
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
    expect(cost).toBeLessThanOrEqual(most)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('a pipeline', () => {
  it('whose training has used up what was approved while nobody could look begins no other stage', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', { simulation: { tasks: { 'fine-tune': { minutes: 220 } } } })
    await town.advance(HOUR)
    far.fails('cluster', 'away')
    await town.advance(4 * HOUR)
    far.answers('cluster')
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'bound-reached',
      detail: expect.stringContaining('nothing is left for “Evaluate on 1 GPU of gpu-train”'),
    })
    expect(made()).toEqual(['g1a1-train'])
    expect(await looseEnds(town)).toEqual([])
  })

  it('has all of its hours, and then the time that its pods are given to end', async () => {
    const hours = { p50: 0.1, p95: 0.2 }
    town = await openTown({
      config: { ...example, pipelines: { 'support-chats': piped({ train: { hours }, evaluate: { hours } }) } },
    })
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 11.9 } })
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })
})
