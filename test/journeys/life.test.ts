import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Simulation } from '../../local/scenario.ts'
import { between } from './away.ts'
import {
  behaves,
  DRIFTS,
  land,
  livedTown,
  looked,
  newest,
  promoteNewest,
  saidOf,
  sampled,
  served,
  serves,
  trained,
  WATCH,
} from './life.ts'
import { everyJob, looseEnds, MINUTE, SERVE, SLOW, TRAIN, timeline } from './scenes.ts'
import type { Town } from './town.ts'

/** One version was trained and serves, and then a second one was made; each test goes on from there in a town of its own. */
let base: Town
let withSecond: Town
let town: Town
beforeAll(async () => {
  base = await livedTown()
  withSecond = await base.copy()
  await trained(withSecond, 'b')
})
afterEach(() => town.close())
afterAll(async () => {
  await base.close()
  await withSecond.close()
})

const ROOMS = ['pool/gpu-train', 'pool/gpu-serve', 'pool/cpu', 'budget/ml-monthly']
const STAGES = ['preprocess', 'fine-tune', 'merge', 'benchmark', 'quantize', 'scan']

/** Goes on, and tells afterwards that nothing more was made, and the first version serves as before. */
const stays = async (made: () => string[]) => {
  const before = made()
  await town.advance(6 * MINUTE)
  expect(made()).toEqual(before)
  expect((await newest(town))?.version).toBe('1')
  expect(await serves(town)).toEqual({ version: '1', replicas: { 1: 2 }, led: '1' })
  expect(await looseEnds(town, ROOMS)).toEqual([])
}
const jobsOf = (made: () => string[], generation: number): string[] =>
  made().flatMap((name) => (name.startsWith(`g${generation}a`) ? [name.replace(/^g\d+a\d+-/, '')] : []))

describe('of a life that has come to a version which serves', () => {
  it('all of it was done once, stage after stage, each behind signalbox-run with what the one before left', async () => {
    town = await base.copy()
    const jobs = (await town.house.cluster.list('Job')) as {
      spec?: { template: { spec?: { containers: { name: string; env?: { name: string; value?: string }[] }[] } } }
    }[]
    const told = jobs.flatMap(({ spec }) => {
      const [one] = spec?.template.spec?.containers ?? []
      const inputs = one?.env?.find(({ name }) => name === 'SIGNALBOX_INPUTS')?.value
      return inputs === undefined ? [] : [[one?.name, inputs]]
    })
    expect(Object.fromEntries(told)).toEqual({
      preprocess: 'dataset',
      'fine-tune': 'preprocess,model',
      merge: 'fine-tune,model',
      benchmark: 'merge',
      quantize: 'merge',
      scan: 'quantize',
    })
    expect(await newest(town)).toMatchObject({
      version: '1',
      source: expect.stringMatching(/-g1a1-quantize-\w+\/model$/),
      tags: { 'signalbox.dev/dataset': 'support-chats', 'signalbox.dev/pin': expect.stringMatching(/^sha256:/) },
    })
    expect(await serves(town)).toEqual({ version: '1', replicas: { 1: 2 }, led: '1' })
    expect(await looseEnds(town, ROOMS)).toEqual([])
  })
})

describe('where a link of a life breaks, what ends says so, nothing after it is done, and what serves stays', () => {
  it('rows that never all land are asked about by nobody', async () => {
    town = await base.copy()
    const made = await everyJob(town)
    await land(town, 'b', {}, { rows: ['1', '2'], leaveOut: [1] })
    await town.advance(90 * MINUTE)
    expect(await saidOf(town, TRAIN)).toMatch(/b\/part-1\.jsonl/)
    expect([await town.question(TRAIN), jobsOf(made, 2)]).toEqual([null, []])
    await stays(made)
  })

  it('a training that is denied', async () => {
    town = await base.copy()
    const made = await everyJob(town)
    await land(town, 'b')
    await town.answered(TRAIN, 'deny')
    expect(await town.settled(TRAIN)).toMatchObject({ outcome: { kind: 'rejected' } })
    expect(jobsOf(made, 2)).toEqual([])
    await stays(made)
  })

  it.each<[string, string, Simulation, string, RegExp]>([
    [
      'rows that cannot be read',
      'preprocess',
      { exitCode: 42, logs: ['a.jsonl:1 is no JSON'] },
      'exit-code',
      /a\.jsonl:1 is no JSON/,
    ],
    ['too few rows', 'preprocess', { metrics: { rows_train: 3 } }, 'gate', /rows_train 3 is not >= 1000/],
    [
      'a trainer that runs out of memory',
      'fine-tune',
      { exitCode: 137, reason: 'OOMKilled' },
      'out-of-memory',
      /OOMKilled/,
    ],
    ['an adapter that cannot be merged', 'merge', { exitCode: 1 }, 'exit-code', /exit 1/],
    [
      'a worse model',
      'benchmark',
      { metrics: { ifeval_prompt_level_strict_acc: 0.41 } },
      'gate',
      /0\.41 is not >= 0\.6/,
    ],
    ['a benchmark without that figure', 'benchmark', { metrics: {} }, 'gate', /ifeval_prompt_level_strict_acc/],
    [
      'weights that cannot be quantized',
      'quantize',
      { exitCode: 42, logs: ['SCHEME is INT3: it is one of FP8, GPTQ, AWQ'] },
      'exit-code',
      /SCHEME is INT3/,
    ],
    [
      'a model that leaks',
      'scan',
      { metrics: { jailbreak_asr: 0, injection_asr: 0, leakage_asr: 0.2 } },
      'gate',
      /leakage_asr 0\.2 is not <= 0\.01/,
    ],
    [
      'a scan that came to no end',
      'scan',
      { exitCode: 1, logs: ['no figures: the run did not come to its end'] },
      'exit-code',
      /did not come to its end/,
    ],
  ])('%s', async (_, stage, how, reason, words) => {
    town = await base.copy()
    const made = await everyJob(town)
    const { outcome, state } = await trained(town, 'b', { [stage]: how })
    expect([state, outcome?.reason, outcome?.detail]).toEqual(['failed', reason, expect.stringMatching(words)])
    expect(jobsOf(made, 2).sort()).toEqual(STAGES.slice(0, STAGES.indexOf(stage) + 1).sort())
    await stays(made)
  })

  it('a registry that takes no version', async () => {
    const far = between()
    town = await base.copy(far.wrap)
    const made = await everyJob(town)
    far.fails('registry', 'refused', { name: 'register', said: 'the model is read-only' })
    const { outcome, state } = await trained(town, 'b')
    expect([state, outcome?.detail]).toEqual(['failed', expect.stringContaining('the model is read-only')])
    expect(jobsOf(made, 2)).toHaveLength(STAGES.length)
    far.answers('registry')
    await stays(made)
  })
})

describe('where a version that was made never comes to serve', () => {
  const stillServes = async () => {
    await town.advance(6 * MINUTE)
    expect(await serves(town)).toEqual({ version: '1', replicas: { 1: 2 }, led: '1' })
    expect(await looseEnds(town, ROOMS)).toEqual([])
  }

  it('nobody promotes it, or who is asked denies it', async () => {
    town = await withSecond.copy()
    await stillServes()
    await promoteNewest(town)
    await town.answered(SERVE, 'deny')
    expect(await town.settled(SERVE)).toMatchObject({ outcome: { kind: 'rejected' } })
    await stillServes()
  })

  it.each<[string, Simulation, string, RegExp]>([
    ['it answers too slowly', SLOW, 'gate', /p95_ms 9000 is not <= 2000/],
    [
      'it dies as it loads',
      { exitCode: 1, logs: ['CUDA error: no kernel image'], loadMinutes: 1 },
      'exit-code',
      /no kernel image/,
    ],
    ['it never gets ready', { healthy: false }, 'not-healthy', /generation 2: 0 of 1 ready/],
  ])('%s', async (_, how, reason, words) => {
    town = await withSecond.copy()
    await behaves(town, how)
    const { outcome, state } = await served(town)
    expect([state, outcome?.reason, outcome?.detail]).toEqual(['failed', reason, expect.stringMatching(words)])
    await stillServes()
  })
})

describe('where drift cannot be told, or is not enough of it, nothing is trained', () => {
  const generation = async () => (await town.lane(TRAIN)).generation

  it('a monitor that cannot read its samples fails, and no report says that nothing drifts', async () => {
    town = await base.copy()
    const made = await everyJob(town)
    await sampled(town, { exitCode: 42, logs: ['a.jsonl:301: NaN is no JSON'] })
    const { state, outcome } = await looked(town)
    expect([state, outcome?.detail]).toEqual(['failed', expect.stringContaining('NaN is no JSON')])
    expect((await timeline(town)).some(({ text }) => text.includes('drift-reported'))).toBe(false)
    expect(await generation()).toBe(1)
    await stays(made)
  })

  it('one window is counted, and a report that is no verdict is said and counts for nothing', async () => {
    town = await base.copy()
    const made = await everyJob(town)
    await sampled(town, DRIFTS)
    expect((await looked(town)).state).toBe('succeeded')
    expect(await saidOf(town, TRAIN)).toContain('drifts for 1 window in a row')
    await town.house.objects.write(
      'acme-datasets',
      'monitors/support-llama/x/drift.json',
      Buffer.from('{"metrics": [NaN]}'),
    )
    await town.house.scanUploads()
    await town.advance(MINUTE)
    expect(await saidOf(town, TRAIN)).toContain('`NaN` and `Infinity` are none')
    expect([await generation(), await town.question(TRAIN), (await town.lane(WATCH)).generation]).toEqual([1, null, 1])
    await stays(made)
  })
})
