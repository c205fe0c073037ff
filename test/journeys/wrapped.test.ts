import { afterEach, describe, expect, it } from 'vitest'
import { registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped, stagesOf } from '../variants.ts'
import { everyJob, jobsOf, looseEnds, TRAIN, upload, versionsOf } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const { train, evaluate } = stagesOf(piped())
const config = {
  ...example,
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
  runner: { image: `acme/runner@sha256:${'ab'.repeat(32)}` },
  pipelines: {
    'support-chats': {
      ...piped(),
      stages: [
        { ...train, runner: { inputs: ['dataset'] } },
        { ...evaluate, command: ['python', 'score.py'], runner: { inputs: ['train'] } },
      ],
    },
  },
}
/** What signalbox-run ends with, as it says it. */
const ends = (exitCode: number, text: string) => ({
  tasks: { 'fine-tune': { minutes: 30, exitCode, logs: ['epoch 2', `signalbox-run: ${text} (exit ${exitCode})`] } },
})
const behaves = (simulation: unknown): Promise<unknown> =>
  town.house.objects.write('acme-datasets', 'support-chats/a/simulation.json', Buffer.from(JSON.stringify(simulation)))

it('a version that somebody has registered is quantized and attacked: its weights are fetched, where no stage says a model', async () => {
  const use = { image: train.image, pool: train.pool, gpus: 1, hours: train.hours }
  const stages = [
    { ...use, use: 'quantize', runner: { inputs: ['model'] } },
    {
      ...use,
      use: 'scan',
      runner: { inputs: ['quantize'] },
      gates: [{ metric: 'jailbreak_asr', op: '<=', value: 0.1 }],
    },
  ]
  const on = { version: { model: 'partner-llama' } }
  const smaller = { on, stages, register: { model: 'partner-llama-fp8', from: 'quantize' } }
  town = await openTown({ config: { ...config, pipelines: { ...config.pipelines, smaller } } })
  await registerVersion(town.house, { model: 'partner-llama' })
  // Nobody here has made it, so people are asked whatever it costs.
  await town.answered('pipeline/smaller')
  expect(await town.settled('pipeline/smaller')).toMatchObject({ state: 'succeeded' })
  const told = (await jobsOf(town)).map(({ spec }) => {
    const env = spec?.template.spec?.containers[0]?.env ?? []
    return ['SIGNALBOX_INPUTS', 'INPUT_MODEL_URI', 'BASE_MODEL'].map(
      (one) => env.find(({ name }) => name === one)?.value,
    )
  })
  const source = expect.stringMatching(/^s3:\/\/acme-results\/models\/partner-llama\//)
  expect(told.toSorted()).toEqual([
    ['model', source, undefined],
    ['quantize', source, undefined],
  ])
  expect((await town.house.registry.newest('partner-llama-fp8'))?.tags).toMatchObject({
    'signalbox.dev/from-version': 'partner-llama/1',
  })
})

describe('stages that signalbox-run goes before', () => {
  it('are trained, judged and registered as others are, each with the program before its own', async () => {
    town = await openTown({ config })
    await upload(town, 'a')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(await versionsOf(town)).toEqual([expect.stringContaining('g1a1-train-')])
    const specs = (await jobsOf(town)).map(({ spec }) => spec?.template.spec)
    expect(specs).toHaveLength(2)
    for (const spec of specs) {
      expect(spec?.initContainers?.map(({ name }) => name)).toEqual(['signalbox-run'])
      expect(spec?.containers[0]?.command?.[0]).toBe('/signalbox/bin/signalbox-run')
    }
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    [74, 'disk-failed', 'input/output error'],
    [75, 'storage-away', 'S3 did not answer for 1800 s'],
    [143, 'told-to-end', 'told to end by SIGTERM; the program ended with exit 0'],
  ])(
    'ended by it with %i (%s): another attempt begins by itself, and does what was wanted',
    async (code, reason, text) => {
      town = await openTown({ config })
      const made = await everyJob(town)
      await upload(town, 'a', { simulation: ends(code, text) })
      await town.until('it failed', async () => (await town.lane(TRAIN)).state === 'failed')
      const { outcome, rest } = await town.lane(TRAIN)
      expect(outcome).toMatchObject({ kind: 'failed', reason, detail: expect.stringContaining(text) })
      expect(rest).toMatchObject({ why: 'pause' })
      await behaves({})
      await town.until('it is tried again', async () => (await town.lane(TRAIN)).attempt === 2)
      expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
      expect(made()).toEqual(['g1a1-train', 'g1a2-evaluate', 'g1a2-train'])
      expect(await looseEnds(town)).toEqual([])
    },
  )

  it.each([
    [42, 'exit-code', 'SIGNALBOX_INPUTS says nothing of it'],
    [70, 'runner-bug', 'a bug of signalbox-run, please report it: index out of range'],
    [73, 'out-of-disk', 'the disk is full (no space left on device)'],
    [76, 'storage-refused', 'S3 says InvalidRequest'],
    [77, 'storage-refused', 's3:PutObject is missing'],
    [126, 'configuration', 'torchrun: permission denied'],
    [127, 'configuration', 'torchrun is not in the image'],
    [1, 'exit-code', 'the program ended with exit 1'],
    [75, 'exit-code', 'the program ended with exit 75'],
  ])('ended with %i (%s): nobody tries it again, and it says what to do', async (code, reason, text) => {
    town = await openTown({ config })
    await upload(town, 'a', { simulation: ends(code, text) })
    const { outcome, attempt } = await town.settled(TRAIN)
    expect(outcome).toMatchObject({ kind: 'failed', reason })
    if (!text.startsWith('the program')) expect(outcome?.detail).toContain(text)
    await town.advance(3_600_000)
    expect((await town.lane(TRAIN)).attempt).toBe(attempt)
    expect(await versionsOf(town)).toEqual([])
    expect(await looseEnds(town)).toEqual([])
  })
})
