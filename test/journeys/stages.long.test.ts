import { afterEach, describe, expect, it } from 'vitest'
import { SERVING_TASK, TASK_LABEL } from '../../core/workloads/serving.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped, stagesOf } from '../variants.ts'
import {
  everyJob,
  jobsOf,
  looseEnds,
  MINUTE,
  MODEL,
  replicasOf,
  SERVE,
  say,
  served,
  stepIs,
  TRAIN,
  trainedUntil,
  upload,
  versionsOf,
} from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const approvals = { ...example.approvals, autoApproveBelow: 1e9 }
const { image } = stagesOf(piped()).train
const own = (name: string, more: object = {}) => ({
  name,
  image,
  pool: 'gpu-train',
  gpus: 1,
  hours: { p50: 0.5, p95: 1 },
  ...more,
})
const passes = (metric: string) => [{ metric, op: '>=' as const, value: 0.5 }]
/** Stages of somebody's own, without a preset: all but one are judged, and the last reads what the second made. */
const FOUR = [
  own('prepare', { gates: passes('rows') }),
  own('train', { command: ['python', 'my-train.py'], inputs: ['prepare'] }),
  own('measure', { gates: passes('score') }),
  own('pack', { inputs: ['train'], gates: passes('files') }),
]
const config = {
  ...example,
  approvals,
  pipelines: { 'support-chats': { ...piped(), stages: FOUR, register: { model: MODEL, from: 'pack' } } },
}
const GOOD = {
  prepare: { metrics: { rows: 1 } },
  measure: { metrics: { score: 0.9 } },
  pack: { metrics: { files: 1 } },
}

describe('a pipeline of stages that no preset knows', () => {
  it('goes from one to the next, each judged before what follows, and registers what was said', async () => {
    town = await openTown({ config })
    await upload(town, 'a', { simulation: { tasks: GOOD } })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect((await town.run(TRAIN, 1, 1))?.steps.map(({ name }) => name)).toEqual([
      'prepare',
      'judge-prepare',
      'train',
      'measure',
      'judge-measure',
      'pack',
      'judge-pack',
      'register',
      'notify',
    ])
    expect(await versionsOf(town)).toEqual([expect.stringContaining('g1a1-pack-')])
    const env = (await jobsOf(town))
      .find(({ metadata }) => metadata.name.endsWith('-pack'))
      ?.spec?.template.spec?.containers[0]?.env?.map(({ name }) => name)
    expect(env).toEqual(expect.arrayContaining(['TRAIN_JOB', 'TRAIN_RESULT_URI']))
    expect(env).not.toContain('MEASURE_JOB')
    expect(await looseEnds(town)).toEqual([])
  })

  it('a gate between them that does not hold: what comes after it is never made', async () => {
    town = await openTown({ config })
    const made = await everyJob(town)
    await upload(town, 'a', { simulation: { tasks: { ...GOOD, prepare: { metrics: { rows: 0 } } } } })
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
    expect(made()).toEqual(['g1a1-prepare'])
    expect(await looseEnds(town)).toEqual([])
  })

  it('done again from a stage: what stands before it is kept, and what follows reads that', async () => {
    town = await openTown({ config })
    const made = await everyJob(town)
    await upload(town, 'a', { simulation: { tasks: { ...GOOD, pack: { exitCode: 1 } } } })
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'failed' })
    await town.house.objects.write(
      'acme-datasets',
      'support-chats/a/simulation.json',
      Buffer.from(JSON.stringify({ tasks: GOOD })),
    )
    expect(await say(town, 'retry', { from: 'measure' })).toMatchObject({ ok: true })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).toEqual(['g1a1-measure', 'g1a1-pack', 'g1a1-prepare', 'g1a1-train', 'g1a2-measure', 'g1a2-pack'])
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('what is renamed in the policy keeps its lane', () => {
  it('a pipeline, while its Job runs: the same Job goes on, and nothing is trained on twice', async () => {
    town = await openTown({ config: { ...example, approvals } })
    const made = await everyJob(town)
    await upload(town)
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
    town.setPolicy({ ...example, approvals, pipelines: { chats: piped({ was: 'support-chats' }) } })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1 })
    await town.advance(30 * MINUTE)
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train'])
    await upload(town, 'b')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('a service, which names its model now: what stands goes on serving, and a newer version takes its place', async () => {
    const { [MODEL]: rule, ...others } = example.services ?? {}
    town = await openTown({ config: { ...example, approvals } })
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.answered(SERVE)
    await town.settled(SERVE)
    const before = await replicasOf(town)
    town.setPolicy({ ...example, approvals, services: { ...others, chat: { ...rule!, model: MODEL, was: MODEL } } })
    await town.advance(30 * MINUTE)
    expect(await replicasOf(town)).toEqual(before)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1 })
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
    await town.until('it is wanted', async () => (await town.lane(SERVE)).generation === 2)
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('a pool that gets other machines while a run is under way (law 9)', () => {
  const withPool = (name: 'gpu-train' | 'gpu-serve', more: object) =>
    town.setPolicy({ ...example, pools: { ...example.pools, [name]: { ...example.pools[name], ...more } } })
  const spot = { capacityTypes: ['spot'] }
  const trains = async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running')
    return made
  }
  const ended = { state: 'failed', outcome: { reason: 'other-machines' } }
  const podsOf = async () =>
    (await town.house.cluster.list('Pod', { labels: { [TASK_LABEL]: SERVING_TASK } })).map(
      ({ metadata }) => metadata.uid,
    )

  it('ends before its next stage, and the next attempt asks about them and keeps what was finished', async () => {
    const made = await trains()
    withPool('gpu-train', { ...spot, instanceType: 'p4d.24xlarge' })
    expect(await town.settled(TRAIN)).toMatchObject(ended)
    expect((await town.run(TRAIN))?.outcome?.detail).toContain('gpu-train has p4d.24xlarge (spot) now')
    expect(await looseEnds(town)).toEqual([])
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(made()).toEqual(['g1a1-train', 'g1a2-evaluate'])
  })

  it('and so it does though something newer waits, which begins once that has ended', async () => {
    const made = await trains()
    await upload(town, 'b')
    await town.until('it waits', async () => (await town.lane(TRAIN)).generation === 2)
    withPool('gpu-train', spot)
    await town.answered(TRAIN)
    expect(await town.run(TRAIN, 1, 2)).toMatchObject({ steps: [{ name: 'train', state: 'done' }, {}, {}, {}, {}] })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(made().slice(0, 2)).toEqual(['g1a1-train', 'g1a2-evaluate'])
  })

  it('once they are as they were, it goes on, and nobody is asked', async () => {
    const made = await trains()
    withPool('gpu-train', spot)
    expect(await town.settled(TRAIN)).toMatchObject(ended)
    withPool('gpu-train', {})
    await town.until('it goes on', async () => (await town.lane(TRAIN)).attempt === 2)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(await town.run(TRAIN)).toMatchObject({ question: null })
    expect(made()).toEqual(['g1a1-train', 'g1a2-evaluate'])
  })

  it('a rollout takes nothing away for what it may not bring up: what serves stays as it was', async () => {
    town = await openTown()
    await served(town)
    const before = await podsOf()
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
    await town.answered(SERVE)
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    withPool('gpu-serve', spot)
    expect(await town.settled(SERVE)).toMatchObject(ended)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await podsOf()).toEqual(expect.arrayContaining(before))
    expect(await looseEnds(town)).toEqual([])
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 2 })
  })
})
