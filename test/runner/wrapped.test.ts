import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NO_DATASET } from '../../core/desired.ts'
import type { KubeObject } from '../../core/kube.ts'
import { jobState } from '../../core/pods/job-state.ts'
import { parsePolicy } from '../../core/policy.ts'
import { parseResult } from '../../core/result.ts'
import type { ResultRow } from '../../core/rows.ts'
import { withInputs } from '../../core/workloads/inputs.ts'
import { STAGE_REVISION } from '../../core/workloads/stage-revisions.ts'
import { pinOf } from '../../flows/pins.ts'
import { environmentOf } from '../../local/cluster/environment.ts'
import type { Pod } from '../../local/cluster/wire.ts'
import { desired, exampleWith, trainPlan } from '../core/training-fixture.ts'
import { BUCKET, openTown, type Town } from './runner.ts'

let town: Town
beforeAll(async () => {
  town = await openTown()
})
afterAll(() => town?.close())

const STAGES = 'pipelines.support-chats.stages'
const MANIFEST = JSON.stringify({ version: 1, objects: [{ key: 'support-chats/a.jsonl', size: 8 }] })
const bash = (script: string): string[] => ['bash', '-c', script]

/** The Jobs of the example's pipeline, as a plan has them, with these scripts behind signalbox-run. */
const jobsWith = (train: string, score: string): KubeObject<'Job'>[] => {
  const config = exampleWith(
    ['results', { bucket: BUCKET, prefix: 'runs/' }],
    ['sources', undefined],
    ['runner', { image: `acme/runner@sha256:${'ab'.repeat(32)}` }],
    ['pipelines.support-chats.on.dataset.bucket', BUCKET],
    [`${STAGES}.0.command`, bash(train)],
    [`${STAGES}.0.args`, []],
    [`${STAGES}.0.runner`, { inputs: ['dataset'] }],
    [`${STAGES}.1.command`, bash(score)],
    [`${STAGES}.1.runner`, { inputs: ['train'] }],
  )
  const version = createHash('sha256').update(MANIFEST).digest('hex')
  const wanted = { ...desired, bucket: BUCKET, key: 'support-chats/manifest.json', version, pods: STAGE_REVISION }
  const { steps } = trainPlan({ policy: parsePolicy(config), desired: wanted })
  return steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job] : []))
}

/** The Job of a pipeline of one stage that runs on a version of a model, which it is given. */
const jobsOn = (weights: { source: string; pin: string }): KubeObject<'Job'>[] => {
  const config = exampleWith(
    ['results', { bucket: BUCKET, prefix: 'runs/' }],
    ['sources', undefined],
    ['runner', { image: `acme/runner@sha256:${'ab'.repeat(32)}` }],
    ['pipelines.support-chats.on', { version: { model: 'other-llama' } }],
    ['pipelines.support-chats.register', undefined],
    [`${STAGES}.0.name`, 'look'],
    [`${STAGES}.0.use`, undefined],
    [`${STAGES}.0.model`, undefined],
    [`${STAGES}.0.args`, []],
    [
      `${STAGES}.0.command`,
      bash('printf \'{"bytes": %d}\' "$(wc -c < "$SIGNALBOX_IN/model/weights")" > "$SIGNALBOX_OUT/metrics.json"'),
    ],
    [`${STAGES}.0.runner`, { inputs: ['model'] }],
  )
  const of = { model: 'other-llama', version: '7', made: 0, runId: null, by: null, ...weights }
  const on = { ...desired, ...NO_DATASET, weights: of, pods: STAGE_REVISION }
  const { steps } = trainPlan({ policy: parsePolicy(config), desired: on })
  return steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job] : []))
}

/** Runs a Job's container as a kubelet would, and answers what Signalbox reads of its pod. */
const run = async (job: KubeObject<'Job'>) => {
  const name = `${job.metadata.name}-aaaaa`
  const template = job.spec!.template
  const labels = { ...template.metadata?.labels, 'batch.kubernetes.io/job-name': job.metadata.name }
  const pod = { kind: 'Pod', metadata: { ...template.metadata, name, labels }, spec: template.spec } as unknown as Pod
  const container = template.spec!.containers[0]!
  const [, ...args] = container.command!
  const { code, said, message } = await town.run({ env: environmentOf(pod, container), args })
  const text = await town.text(`runs/${name}/result.json`)
  const prefix = `s3://${BUCKET}/runs/${name}/`
  const result = text === null ? null : parseResult(Buffer.from(text), { object: job.metadata.name, prefix })
  return { name, code, said, message, result, pod, container: container.name }
}

it('stages as a plan has them are read by the program, and what it leaves is read by Signalbox, from one to the next', async () => {
  await town.put('support-chats/a.jsonl', 'one\ntwo\n')
  await town.put('support-chats/manifest.json', MANIFEST)
  const [train, score] = jobsWith(
    'mkdir -p "$SIGNALBOX_OUT/model" && wc -l < "$SIGNALBOX_IN/dataset/a.jsonl" > "$SIGNALBOX_OUT/model/lines"',
    'printf \'{"score": %d}\' "$(cat "$SIGNALBOX_IN/train/lines")" > "$SIGNALBOX_OUT/metrics.json"',
  )
  const trained = await run(train!)
  expect([trained.code, trained.said]).toEqual([0, expect.stringContaining('done: ')])
  const model = `s3://${BUCKET}/runs/${trained.name}/out/model`
  expect(trained.result).toEqual({ ok: true, result: { metrics: {}, artifacts: { model } } })
  const row = {
    step: 'train',
    values: { model },
    pins: { model: await pinOf(town.objects, model) },
    made: { result: { key: `runs/${trained.name}/result.json` } },
  } as unknown as ResultRow
  const scored = await run(withInputs(score!, [row]))
  expect([scored.code, scored.result]).toEqual([0, { ok: true, result: { metrics: { score: 2 }, artifacts: {} } }])
})

it('what runs on a version of a model is given its weights, as they were registered', async () => {
  const source = `s3://${BUCKET}/runs/pod-of-before/out/model`
  await town.put('runs/pod-of-before/out/model/weights', 'seven')
  const [job] = jobsOn({ source, pin: (await pinOf(town.objects, source)) ?? '' })
  const whole = await run(job!)
  expect([whole.code, whole.result], whole.said).toEqual([
    0,
    { ok: true, result: { metrics: { bytes: 5 }, artifacts: {} } },
  ])
  // Whoever wrote over it since decides nothing: nobody has measured that.
  await town.put('runs/pod-of-before/out/model/weights', 'eight')
  const other = await run(job!)
  expect([other.code, other.said]).toEqual([42, expect.stringContaining('is not what was measured')])
})

it.each([
  ['exit 1', 1, 'exit-code', 'the program ended with exit 1'],
  ['exit 75', 75, 'exit-code', 'the program ended with exit 75'],
  ['kill -TERM $PPID; sleep 1', 143, 'told-to-end', 'told to end by SIGTERM'],
])('how it ends by %s is read as it is meant', async (script, exitCode, failure, sentence) => {
  await town.put('support-chats/a.jsonl', 'one\ntwo\n')
  await town.put('support-chats/manifest.json', MANIFEST)
  const [train] = jobsWith(script, 'true')
  const { code, said, message, pod, container } = await run(train!)
  expect(code, said).toBe(exitCode)
  const terminated = { exitCode, reason: 'Error', message }
  const status = {
    phase: 'Failed',
    containerStatuses: [{ name: container, ready: false, restartCount: 0, state: { terminated } }],
  }
  const ended = {
    ...train!,
    status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] },
  }
  // By its message, and by its last lines where that is the program's own.
  for (const [text, logs] of [
    [message, []],
    ['{}', said.trim().split('\n').slice(-5)],
  ] as const) {
    terminated.message = text
    const state = jobState(ended as never, [{ ...pod, status } as never], { logs })
    expect(state).toMatchObject({
      failure,
      note: expect.stringContaining(text === message ? sentence : String(exitCode)),
    })
  }
})
