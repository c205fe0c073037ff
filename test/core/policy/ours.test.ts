import { expect, it } from 'vitest'
import { ofInputs, ofServiceSecrets, ofServices, ofStages } from '../../../core/policy/ours.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { ENGINE_NAMES } from '../../../core/workloads/engine-versions.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { newest } from '../../../core/workloads/presets.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { piped } from '../../variants.ts'
import { exampleConfig, exampleWith, problemsAfter, problemsOf, trainInput } from '../training-fixture.ts'

type Stage = NonNullable<Config['pipelines']>[string]['stages'][number]

const stage = (at: 0 | 1, change: Partial<Stage>) =>
  problemsAfter((config) => void Object.assign(config.pipelines!['support-chats']!.stages[at]!, change))
const service = (change: object) =>
  problemsAfter((config) => void Object.assign(config.services!['code-llama']!, change))
const secret = { secret: 'hub', key: 'token' }
const first = 'pipelines.support-chats.stages.0'

it.each([
  ['env', { env: { RESULTS_URI: 's3://elsewhere' } }, `${first}.env.RESULTS_URI: it is ours`],
  ['env of a later release', { env: { SIGNALBOX_X: '1' } }, `${first}.env.SIGNALBOX_X: it is ours`],
  ['secrets', { secrets: { POD_NAME: secret } }, `${first}.secrets.POD_NAME: it is ours`],
  ['a model', { env: { BASE_MODEL: 'x' } }, `${first}.env.BASE_MODEL: it is ours: say \`model\``],
  ['GPUs', { env: { GPUS: '1' } }, `${first}.env.GPUS: it is ours: say \`gpus\``],
  [
    'a patch',
    { pod: { containers: [{ name: 'train', env: [{ name: 'INPUT_URI', value: 'x' }] }] } },
    `${first}.pod.containers.0.env.0.name: it is ours`,
  ],
  [
    'a patch that takes all away',
    { pod: { containers: [{ name: 'train', env: null }] } },
    `${first}.pod.containers.0.env: our variables are among them`,
  ],
] as [string, Partial<Stage>, string][])('a stage may not say a variable of ours in %s', (_, change, message) => {
  expect(stage(0, change)).toEqual([expect.stringContaining(message)])
})

it('a stage may not say what it is told of the stages that it reads; of others, and of presets, it may', () => {
  expect(stage(1, { env: { TRAIN_URI: 'x' } })).toEqual([
    'pipelines.support-chats.stages.1.env.TRAIN_URI: it tells what `train` made, which this stage reads: use another name',
  ])
  const alone = { ...exampleConfig().pipelines!['support-chats']!, register: undefined }
  const reads = { ...alone.stages[1]!, inputs: [], env: { TRAIN_URI: 'x' } }
  expect(problemsOf(exampleWith(['pipelines.support-chats', { ...alone, stages: [alone.stages[0], reads] }]))).toEqual(
    [],
  )
  expect(stage(0, { env: { METHOD: 'full', NCCL_DEBUG: 'WARN', TRAIN_URI: 'x' } })).toEqual([])
  expect(
    stage(0, { pod: { initContainers: [{ name: 'a', image: IMAGE, env: [{ name: 'GPUS', value: '0' }] }] } }),
  ).toEqual([])
})

it('a stage is not named so that what later ones are told of it is called as ours, or as of another', () => {
  for (const name of ['results', 'input'])
    expect(stage(0, { name })).toEqual([expect.stringContaining('by a variable that is ours')])
  expect(stage(1, { name: 'train-result' })).toEqual([expect.stringContaining('by variables of one name')])
})

it('every variable that a pod of ours is given is refused, except those of presets and its HOME', () => {
  const policy = parsePolicy(exampleConfig())
  const [train, evaluate] = policy.pipelines['support-chats']!.stages
  const job = stageJob({
    ...trainInput({ policy }),
    stage: evaluate!,
    preset: null,
    model: 'm',
    reads: { train: 'a-train' },
  })
  const given = job.spec!.template.spec!.containers[0]!.env!.map(({ name }) => name)
  expect(given.filter((name) => ofStages(name) === null && ofInputs(name, ['train']) === null)).toEqual(
    Object.keys(evaluate!.env),
  )
  for (const name of Object.keys(newest(train!.use!).env)) expect(ofStages(name)).toBeNull()

  const desired = { kind: 'serve', model: 'code-llama', version: '1', source: 's3://a/b/' } as never
  const { identity, run } = trainInput({ policy })
  for (const engine of ENGINE_NAMES) {
    const rule = { ...policy.services['code-llama']!, engine }
    const input = { identity, run, desired, service: rule, engine: engineOf({}, rule), namespace: 'serving' }
    const served = servingObjects(input).deployment.spec!.template.spec!.containers[0]!.env!.map(({ name }) => name)
    expect(served.filter((name) => ofServices(name, engine) === null)).toEqual(['HOME'])
    expect(served.filter((name) => ofServiceSecrets(name, engine) === null)).toEqual([])
  }
})

const USER = { secrets: { USER: secret } }
const userIn = (name: string) => ({ pod: { containers: [{ name, env: [{ name: 'USER', value: 'me' }] }] } })

it.each([
  ['a home of its Secret', { secrets: { HOME: secret } }, 'secrets.HOME: it is ours, and a variable has one value'],
  ['a user that SGLang is told', { engine: 'sglang', ...USER }, 'secrets.USER: it is ours: an engine of this kind'],
  ['a user of TensorRT-LLM', { engine: 'trtllm', ...USER }, 'secrets.USER: it is ours: an engine of this kind'],
  ['the same in its pod', { engine: 'sglang', ...userIn('sglang') }, 'env.0.name: it is ours: an engine of this kind'],
])('a service does not say %s', (_, change, said) => expect(service(change).join()).toContain(said))

it('a user is for vLLM to be told, of which none of ours has one', () =>
  expect([...service(USER), ...service(userIn('vllm'))]).toEqual([]))

it.each([
  ['args', { args: ['--model=evil/other', '--max-model-len=131072'] }, 'say `args` of the service'],
  ['no args', { args: null }, 'say `args` of the service'],
  ['a command', { command: ['bash'] }, 'the image’s own program loads the weights that its card shows'],
  ['an image', { image: `other@sha256:${'ab'.repeat(32)}` }, 'say `image` of the service'],
  ...[
    'VLLM_MODEL_REDIRECT_PATH',
    'VLLM_USE_MODELSCOPE',
    'HF_ENDPOINT',
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_S3',
    'RUNAI_STREAMER_S3_ENDPOINT',
  ].map((name) => [name, { env: [{ name, value: 'x' }] }, 'weights would come from elsewhere'] as const),
  ['a key', { env: [{ name: 'VLLM_API_KEY', value: 'x' }] }, 'its gate asks without a key'],
  ['all GPUs', { env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }] }, 'it would see GPUs that others hold'],
] as [string, object, string][])('a patch gives what serves no other program or weights: %s', (_, said, message) => {
  expect(service({ pod: { containers: [{ name: 'vllm', ...said }] } })).toEqual([expect.stringContaining(message)])
})

it('a patch gives a stage no other program than the stage says', () => {
  const said = { image: IMAGE, command: ['bash'], args: null, env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }] }
  expect(stage(0, { pod: { containers: [{ name: 'train', ...said }] } } as Partial<Stage>)).toEqual([
    `${first}.pod.containers.0.image: say \`image\` of the stage, beside \`pod\``,
    `${first}.pod.containers.0.command: say \`command\` of the stage, beside \`pod\``,
    expect.stringContaining(`${first}.pod.containers.0.args: say \`args\` of the stage`),
    expect.stringContaining('it would see GPUs that others hold'),
  ])
  expect(service({ pod: { initContainers: [{ name: 'a', image: IMAGE, command: ['sh'], args: ['-c'] }] } })).toEqual([])
})

const IMAGE = `fetch@sha256:${'ab'.repeat(32)}`

it('a container that is not ours needs an image: else a mistyped name is found out once it is approved', () => {
  expect(stage(0, { pod: { containers: [{ name: 'tain', env: [] }] } })).toEqual([
    `${first}.pod.containers.0.image: is missing: our container is called \`train\``,
  ])
  expect(service({ pod: { containers: [{ name: 'vlm' }] } })).toEqual([
    'services.code-llama.pod.containers.0.image: is missing: our container is called `vllm`',
  ])
})

it('a stage’s pod has at most half of its bad case to end', () => {
  const grace = (seconds: number, p95: number) =>
    stage(0, { hours: { p50: p95 / 2, p95 }, pod: { terminationGracePeriodSeconds: seconds } })
  expect(grace(1800, 1)).toEqual([])
  for (const [seconds, p95, most] of [
    [3600, 1, 1800],
    [1801, 1, 1800],
    [120, 0.03, 54],
    [-1, 1, 1800],
  ] as const)
    expect(grace(seconds, p95)).toEqual([
      `${first}.pod.terminationGracePeriodSeconds: it has at most half of its bad case to end, since what is priced ends it in time: write 0 to ${most}, or raise hours.p95`,
    ])
})

it('a stage has half of its time to end to save before it is told by SIGTERM, also as an alternative has it', () => {
  const runner = { image: `signalbox-run@sha256:${'ab'.repeat(32)}` }
  const saving = (seconds: string, more: object = {}) => {
    const train = { env: { SIGNALBOX_SAVE_SECONDS: seconds }, runner: { inputs: [] }, command: ['train'], ...more }
    return problemsOf(exampleWith(['runner', runner], ['pipelines.support-chats', piped({ train })]))
  }
  const wrong = (seconds: string, grace: number) =>
    `${first}.env.SIGNALBOX_SAVE_SECONDS: found "${seconds}", and its pod has ${grace} s to end, of which half are to save before it is told by SIGTERM: write seconds from 0 to ${Math.floor(grace / 2)}, or give it more by \`pod.terminationGracePeriodSeconds\``
  for (const [seconds, more] of [
    ['0', {}],
    ['60', {}],
    ['12.5', {}],
    ['300', { pod: { terminationGracePeriodSeconds: 600 } }],
    // Nothing goes before it that would read that.
    ['soon', { runner: undefined }],
  ] as const)
    expect(saving(seconds, more), seconds).toEqual([])
  for (const seconds of ['61', '-1', 'soon', '', '1e1']) expect(saving(seconds)).toEqual([wrong(seconds, 120)])
  expect(saving('40', { hours: { p50: 0.01, p95: 0.08 } })).toEqual([wrong('40', 72)])
  const small = { stages: { train: { pool: 'gpu-serve', gpus: 4, hours: { p50: 0.01, p95: 0.08 } } } }
  const train = { env: { SIGNALBOX_SAVE_SECONDS: '40' }, runner: { inputs: [] }, command: ['train'] }
  const config = exampleWith(
    ['runner', runner],
    ['pipelines.support-chats', { ...piped({ train }), alternatives: { small } }],
  )
  expect(problemsOf(config)).toEqual([
    expect.stringMatching(
      /alternatives\.small\.stages\.train\.hours: train\.env\.SIGNALBOX_SAVE_SECONDS: found "40", and its pod has 72 s/,
    ),
  ])
})

it('a pod that serves has as long to end as requests in flight are given', () => {
  expect(service({ pod: { terminationGracePeriodSeconds: 330 } })).toEqual([])
  expect(service({ pod: { terminationGracePeriodSeconds: 329 } })).toEqual([
    'services.code-llama.pod.terminationGracePeriodSeconds: requests in flight would be cut off: write 330 or more, or leave it out',
  ])
})

it('the tolerations of ours are not taken away', () => {
  expect(stage(0, { pod: { tolerations: null } })).toEqual([expect.stringContaining(`${first}.pod.tolerations: `)])
})

it('a service that is renamed says which model it serves', () => {
  const renamed = (model: object) =>
    problemsAfter((config) => {
      const { 'code-llama': rule, ...others } = config.services!
      config.services = { ...others, coder: { ...rule!, was: 'code-llama', ...model } }
    })
  expect(renamed({ model: 'code-llama' })).toEqual([])
  expect(renamed({})).toEqual([
    expect.stringMatching(/^services\.coder\.model: is missing: .*say `model: 'code-llama'`/),
  ])
})
