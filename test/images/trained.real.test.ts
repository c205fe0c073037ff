import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BUCKET, openTown, type StartOptions, type Town } from '../runner/runner.ts'

const PYTHON = process.env['SIGNALBOX_IMAGES_PYTHON'] ?? ''
const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** What a Python of these images is told: one thread, nothing of elsewhere. */
const QUIET = {
  PYTHONPATH: join(ROOT, 'images/common'),
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONUNBUFFERED: '1',
  OMP_NUM_THREADS: '1',
  HF_HUB_OFFLINE: '1',
}
let town: Town
let folder: string

beforeAll(async () => {
  if (!existsSync(PYTHON)) throw new Error('SIGNALBOX_IMAGES_PYTHON names no Python with torch: see docs/presets.md')
  folder = mkdtempSync(join(tmpdir(), 'signalbox-images-'))
  await run(PYTHON, [join(ROOT, 'test/images/tiny.py'), folder], { env: { ...process.env, ...QUIET } })
  town = await openTown()
  for (const name of ['dataset', 'model'])
    for (const file of readdirSync(join(folder, name)))
      await town.put(`given/${name}/${file}`, readFileSync(join(folder, name, file)))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await town?.close()
})

/** A stage of an image: what it reads lies in S3, and so does what it leaves. */
const stage = (script: string, over: StartOptions): StartOptions => ({
  ...over,
  args: ['run', '--', PYTHON, join(ROOT, 'images', script)],
  env: { ...QUIET, SIGNALBOX_CHECKPOINT_MARKER: 'signalbox-complete', SIGNALBOX_GRACE: '120', ...over.env },
})
const given = (name: string): string => `s3://${BUCKET}/given/${name}/`

/** Many short steps, each tenth of them saved. */
const SHORT = {
  EPOCHS: '8',
  BATCH_SIZE: '2',
  GRADIENT_ACCUMULATION: '1',
  MAX_LENGTH: '32',
  LEARNING_RATE: '5e-3',
  LORA_R: '4',
  SAVE_STEPS: '10',
  LOGGING_STEPS: '5',
}
const train = (over: StartOptions): StartOptions => {
  const told = { SIGNALBOX_INPUTS: 'dataset,model', INPUT_URI: given('dataset'), BASE_MODEL: given('model') }
  return stage('trainer-lora/train.py', { ...over, env: { ...told, ...SHORT, ...over.env } })
}

/** Resolves once a checkpoint of the lane's first pod lies in S3. */
const saving = (lane: string): Promise<void> =>
  expect
    .poll(() => town.text(`runs/${town.job(lane, 1)}-aaaaa/checkpoints/train/snapshots/0000000001.json`), {
      timeout: 300_000,
      interval: 100,
    })
    .not.toBeNull()

it('an adapter is trained, interrupted, resumed by another pod, merged, and loaded again', async () => {
  const told = await town.start(train({ attempt: 1 }))
  await saving('pipeline-chats')
  told.child.kill('SIGTERM')
  const first = await told.ended
  expect(first.code, first.said).toBe(143)
  const saved = /told to end: saved (checkpoint-\d+)/.exec(first.said)?.[1]
  expect(saved).toBeDefined()
  expect(await town.result('pipeline-chats', 1)).toBeNull()

  const second = await town.run(train({ attempt: 2 }))
  expect(second.code, second.said).toBe(0)
  expect(second.said).toContain(`begins from ${saved}\n`)
  const result = JSON.parse((await town.text(`runs/${town.job('pipeline-chats', 2)}-aaaaa/result.json`)) ?? '{}')
  expect(result.metrics).toEqual({ eval_loss: expect.any(Number), loss: expect.any(Number), rows: 48, steps: 192 })
  expect(Object.keys(result.artifacts)).toEqual(['adapter'])

  const third = await town.run(
    stage('tools/merge.py', {
      lane: 'pipeline-merge',
      env: { SIGNALBOX_INPUTS: 'model,train', BASE_MODEL: given('model'), TRAIN_URI: result.artifacts.adapter },
    }),
  )
  expect(third.code, third.said).toBe(0)
  const [adapter, merged] = [join(second.folder, 'out/adapter'), join(third.folder, 'out/model')]
  expect(JSON.parse(readFileSync(join(adapter, 'adapter_config.json'), 'utf8')).base_model_name_or_path).toBe(
    given('model'),
  )
  const { stdout } = await run(PYTHON, [join(ROOT, 'test/images/loaded.py'), join(folder, 'model'), adapter, merged], {
    env: { ...process.env, ...QUIET },
  })
  const apart = JSON.parse(stdout) as { merged: number; learned: number }
  console.log(`resumed from ${saved}; ${JSON.stringify(result.metrics)}; ${stdout.trim()}`)
  expect(apart.merged).toBeLessThan(1e-4)
  expect(apart.learned).toBeGreaterThan(1e-2)
})

it('a checkpoint that a killed pod was writing is not gone on from; rows that are none end it with 42', async () => {
  const killed = await town.start(train({ lane: 'pipeline-kill', attempt: 1 }))
  await saving('pipeline-kill')
  const rest = killed.folder
  killed.child.kill('SIGKILL')
  await killed.ended
  const second = await town.run(train({ lane: 'pipeline-kill', attempt: 2, env: { MERGE: '1' } }))
  expect(second.code, `${rest}: ${second.said}`).toBe(0)
  expect(second.said).toMatch(/begins from checkpoint-\d+\n/)
  expect(existsSync(join(second.folder, 'out/model/model.safetensors'))).toBe(true)

  await town.put('given/bad/a.jsonl', '{"lunch": 1}')
  const bad = await town.run(train({ lane: 'pipeline-bad', env: { INPUT_URI: given('bad') } }))
  expect([bad.code, bad.said]).toEqual([42, expect.stringContaining('a.jsonl:1 has neither `text` nor `messages`')])
})

it('two ranks that are asked by a file save at the same step, and nobody is told by SIGTERM before they have', async () => {
  const torchrun = [join(dirname(PYTHON), 'torchrun'), '--standalone', '--nproc-per-node=2']
  const lane = 'pipeline-asked'
  const { args = [], ...rest } = train({ lane, attempt: 1, env: { EPOCHS: '40', SIGNALBOX_SAVE_SECONDS: '60' } })
  const asked = await town.start({ ...rest, args: ['run', '--', ...torchrun, ...args.slice(3)] })
  await saving(lane)
  asked.child.kill('SIGTERM')
  const { code, said } = await asked.ended
  expect([code, said]).toEqual([143, expect.stringContaining('it is asked to save by')])
  expect(said).not.toContain('it has saved nothing in its time')
  const saved = [...said.matchAll(/told to end: saved (checkpoint-\d+)/g)].map(([, step]) => step)
  expect(saved).toHaveLength(2)
  expect(new Set(saved).size).toBe(1)
  const second = await town.run(train({ lane, attempt: 2, env: { MAX_STEPS: '1' } }))
  expect(second.said).toContain(`begins from ${saved[0]}\n`)
})

it('two ranks that are told to end save at the same step, and one of another pod goes on from there', async () => {
  const torchrun = [join(dirname(PYTHON), 'torchrun'), '--standalone', '--nproc-per-node=2']
  const lane = 'pipeline-ranks'
  const { args = [], ...rest } = train({ lane, attempt: 1, env: { EPOCHS: '40' } })
  const told = await town.start({ ...rest, args: ['run', '--', ...torchrun, ...args.slice(3)] })
  await saving(lane)
  told.child.kill('SIGTERM')
  const first = await told.ended
  expect(first.code, first.said).toBe(143)
  const [one, other] = [...first.said.matchAll(/told to end: saved (checkpoint-\d+)/g)].map(([, saved]) => saved)
  expect(one).toBeDefined()
  expect(other).toBe(one)
  const steps = Number(one?.slice('checkpoint-'.length)) + 12
  // Two on a CPU could not: their optimizer is read onto `cpu:0`, which torch does not know. On GPUs each has a device of its own.
  const second = await town.run(train({ lane, attempt: 2, env: { MAX_STEPS: String(steps) } }))
  expect(second.code, second.said).toBe(0)
  expect(second.said).toContain(`begins from ${one}\n`)
  expect(await town.result(lane, 2)).toMatchObject({ ok: true, result: { metrics: { steps } } })
})
