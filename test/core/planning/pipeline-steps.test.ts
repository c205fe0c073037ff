import { describe, expect, it } from 'vitest'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { planPipeline } from '../../../core/planning/pipeline.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { readsOf, stepKeys } from '../../../core/steps/keys.ts'
import type { Presets } from '../../../core/workloads/presets.ts'
import { exampleConfig, trainInput, trainPlan } from '../training-fixture.ts'

type Pipeline = NonNullable<Config['pipelines']>[string]
type Stage = Pipeline['stages'][number]

const image = `ghcr.io/acme/any@sha256:${'7'.repeat(64)}`
const stage = (name: string, more: Partial<Stage> = {}): Stage => ({
  name,
  image,
  pool: 'gpu-train',
  gpus: 1,
  hours: { p50: 1, p95: 2 },
  ...more,
})
const gates = [{ metric: 'score', op: '>=' as const, value: 0.5 }]

/** The policy of the example with these stages instead. */
const staged = (stages: Stage[], register?: Pipeline['register']) => {
  const config: Config = exampleConfig()
  const { register: _, ...rest } = config.pipelines!['support-chats']!
  config.pipelines!['support-chats'] = { ...rest, stages, ...(register === undefined ? {} : { register }) }
  return parsePolicy(config)
}
/** The bytes of the plan of these stages. */
const sized = (stages: Stage[]): { planned: boolean; bytes: number } => {
  const answer = planPipeline(trainInput({ policy: staged(stages) }))
  return { planned: answer.kind === 'plan', bytes: Buffer.byteLength(JSON.stringify(answer)) }
}
const jobs = (plan: ReturnType<typeof trainPlan>) =>
  plan.steps.filter((step): step is LaunchJobStep => step.kind === 'launch-job')

describe('stages', () => {
  const policy = staged(
    [
      stage('prepare'),
      stage('train', { use: 'fine-tune', model: 'acme/base', gpus: 8 }),
      stage('measure', { gates }),
      stage('merge', { inputs: ['train'] }),
      stage('check', { inputs: ['merge', 'prepare'], gates }),
    ],
    { model: 'support-llama' },
  )
  const plan = trainPlan({ policy })

  it('are done in their order, each judged at once, and what the last one made that judges nothing is registered', () => {
    expect(plan.steps.map(({ name }) => name)).toEqual([
      'prepare',
      'train',
      'measure',
      'judge-measure',
      'merge',
      'check',
      'judge-check',
      'register',
      'notify',
    ])
    expect(plan.steps.find(({ kind }) => kind === 'register-model')).toMatchObject({ of: 'merge' })
    expect(plan.title).toBe('Run prepare on support-chats@abababab, 5 stages in all, register it as support-llama')
  })

  it('read the stage before them, or those that they name', () => {
    expect(jobs(plan).map((step) => [step.name, readsOf(step)])).toEqual([
      ['prepare', []],
      ['train', ['prepare']],
      ['measure', ['train']],
      ['merge', ['train']],
      ['check', ['merge', 'prepare']],
    ])
    const env = jobs(plan)[4]!.job.spec!.template.spec!.containers[0]!.env!.map(({ name }) => name)
    expect(env).toEqual(expect.arrayContaining(['MERGE_RESULT_URI', 'PREPARE_RESULT_URI']))
  })

  it('after one that begins from a model are told it too', () => {
    const models = jobs(plan).map(
      ({ job }) => job.spec!.template.spec!.containers[0]!.env!.find(({ name }) => name === 'BASE_MODEL')?.value,
    )
    expect(models).toEqual([undefined, 'acme/base', 'acme/base', 'acme/base', 'acme/base'])
  })

  it('hold the largest of a pool at a time, and cost what they take one after the other', () => {
    expect(plan.bounds.gpus).toEqual({ 'gpu-train': 8 })
    expect(plan.price.gpuHours).toEqual({ p50: 12, p95: 24 })
  })

  it('of one kind run where nothing is registered', () => {
    const only = trainPlan({ policy: staged([stage('count', { env: { A: '1' } })]) })
    expect(only.steps.map(({ name }) => name)).toEqual(['count', 'notify'])
    expect(only.effects.registers).toEqual([])
    expect(only.undo).not.toContain('version')
  })

  it('have keys that change with what they read: only what follows a changed one is done anew', () => {
    const changed = staged(
      policy.pipelines['support-chats']!.stages.map((one) =>
        one.name === 'merge' ? { ...one, args: ['--bf16'] } : one,
      ) as Stage[],
      { model: 'support-llama' },
    )
    const [before, after] = [stepKeys(plan), stepKeys(trainPlan({ policy: changed }))]
    expect(Object.keys(before).filter((name) => before[name] !== after[name])).toEqual([
      'merge',
      'check',
      'judge-check',
      'register',
    ])
  })

  it('with everything that they can say are bound by the approval', () => {
    const digest = (more: Partial<Stage>) => trainPlan({ policy: staged([stage('a', more)]) }).digest
    const others: Partial<Stage>[] = [
      { image: image.replaceAll('7', '8') },
      { command: ['x'] },
      { args: ['x'] },
      { env: { A: '1' } },
      { secrets: { A: { secret: 's', key: 'k' } } },
      { pool: 'gpu-serve' },
      { gpus: 2 },
      { hours: { p50: 1, p95: 3 } },
      { gates },
      { pod: { schedulerName: 's' } },
      { model: 'm' },
    ]
    expect(new Set([{}, ...others].map(digest)).size).toBe(others.length + 1)
  })

  it('may be twenty-four, and no more', () => {
    const many = (count: number) => staged(Array.from({ length: count }, (_, n) => stage(`s-${n}`, { gates })))
    expect(trainPlan({ policy: many(24) }).steps).toHaveLength(49)
    expect(() => many(25)).toThrow('pipelines.support-chats.stages:')
  })
})

it('the largest stages that a policy may have make a plan that a row of the ledger keeps', () => {
  // DynamoDB keeps 400,000 bytes of a row; what is past lies with its plan, its marks and its question.
  const MOST = 330_000
  const env = (n: number, letter: string, long: number) =>
    Object.fromEntries(Array.from({ length: n }, (_, at) => [`A${at}`, letter.repeat(long)]))
  const shapes: Partial<Stage>[] = [
    { args: ['x'.repeat(2000)] },
    { args: ['漢'.repeat(660)] },
    { env: env(150, '', 0) },
    { env: env(40, 'y', 20), model: 'm'.repeat(300) },
  ]
  for (const shape of shapes) {
    const all = Array.from({ length: 24 }, (_, n) => stage(`s-${n}`, { ...shape, gates }))
    const { planned, bytes } = sized(all)
    expect([planned, bytes <= MOST, bytes]).toEqual([true, true, bytes])
  }
  const deep = '$'.repeat(900)
  const policy = staged(
    Array.from({ length: 24 }, (_, n) =>
      stage(`s-${n}`, { env: env(140, '', 0), inputs: Array.from({ length: n }, (_, at) => `s-${at}`), gates }),
    ),
  )
  const input = trainInput({ policy })
  const answer = planPipeline({ ...input, desired: { ...input.desired, key: `${deep}/manifest.json` } })
  expect(answer).toMatchObject({ kind: 'refuse', reason: 'plan-too-large' })
  expect(() => staged([stage('a', { args: ['漢'.repeat(4_000)] })])).toThrow('at most 12000 bytes')
  expect(() => staged(Array.from({ length: 24 }, (_, n) => stage(`s-${n}`, { args: ['x'.repeat(2_700)] })))).toThrow(
    'at most 64000 bytes',
  )
})

describe('a preset that a release revises', () => {
  const [one] = [{ title: 'Count', needsModel: false, command: ['count'], env: {} }]
  const two = { ...one!, title: 'Count', command: ['count', '--faster'] }
  const presets: Presets = { evaluate: [one!, two] }
  const policy = staged([stage('a', { use: 'evaluate' })])
  const planned = (pinned: Record<string, number> | undefined, of: Presets = presets) => {
    const input = trainInput({ policy })
    const desired = pinned === undefined ? input.desired : { ...input.desired, presets: pinned }
    const answer = planPipeline({ ...input, desired }, of)
    if (answer.kind !== 'plan') throw new Error(JSON.stringify(answer))
    return answer.plan
  }
  const command = (plan: ReturnType<typeof planned>) => jobs(plan)[0]!.job.spec!.template.spec!.containers[0]!.command

  it('changes nothing of what was made with the one before, approvals included', () => {
    expect(planned({ evaluate: 1 }).digest).toBe(planned({ evaluate: 1 }, { evaluate: [one!] }).digest)
    expect(command(planned({ evaluate: 1 }))).toEqual(['count'])
    expect(command(planned(undefined))).toEqual(['count'])
  })

  it('is what something new is made with, and a stage that begins to use it', () => {
    expect(command(planned({ evaluate: 2 }))).toEqual(['count', '--faster'])
    expect(command(planned({}))).toEqual(['count', '--faster'])
  })
})
