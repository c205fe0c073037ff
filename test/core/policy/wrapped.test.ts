import { describe, expect, it } from 'vitest'
import type { Config } from '../../../core/policy.ts'
import { problemsAfter } from '../training-fixture.ts'

const IMAGE = `acme/runner@sha256:${'ab'.repeat(32)}`
const sha256 = { amd64: '1'.repeat(64), arm64: '2'.repeat(64) }
type Stage = NonNullable<Config['pipelines']>[string]['stages'][number]

/** What is wrong where stages of the example say these, and the policy says where the program comes from. */
const problems = (
  [train = {}, evaluate = {}]: Partial<Stage>[],
  change: (config: Config) => void = () => undefined,
  runner: Config['runner'] = { image: IMAGE },
): string[] =>
  problemsAfter((config) => {
    Object.assign(config, runner === undefined ? {} : { runner })
    const { stages } = config.pipelines!['support-chats']!
    Object.assign(stages[0]!, train)
    Object.assign(stages[1]!, evaluate)
    change(config)
  }).map((problem) => problem.replace('pipelines.support-chats.stages.', ''))
const inputs = (...all: string[]): Partial<Stage> => ({ runner: { inputs: all } })
const COMMAND = { command: ['python', 'score.py'] }

describe('a stage that signalbox-run goes before', () => {
  it.each<[string, Partial<Stage>[]]>([
    ['has the command of its preset', [inputs('dataset')]],
    ['says its command', [{}, { ...inputs('dataset', 'train'), ...COMMAND }]],
    ['streams what it reads', [inputs()]],
    ['is given a model of S3', [{ ...inputs('model'), model: 's3://acme-results/models/llama/' }]],
    [
      'is given the model of an earlier one',
      [{ model: 's3://acme-results/models/l/' }, { ...inputs('model'), ...COMMAND }],
    ],
  ])('%s', (_, stages) => {
    expect(problems(stages)).toEqual([])
  })

  it.each<[string, Partial<Stage>[], string]>([
    [
      'has no command: what its image runs is not known',
      [{}, inputs('train')],
      '1.command: what its image would run is not known here, and `signalbox-run` takes its place: say `command`',
    ],
    [
      'fetches a model of elsewhere',
      [inputs('model')],
      '0.runner.inputs.0: it is fetched from S3 alone, and the model is',
    ],
    [
      'fetches what is nothing',
      [inputs('datasets')],
      '0.runner.inputs.0: found "datasets": it is one of dataset, model',
    ],
    [
      'fetches what a stage has made that it does not read',
      [{}, { ...inputs('train'), ...COMMAND, inputs: [] }],
      '1.runner.inputs.0: it does not read `train`: name that in `inputs` of the stage too',
    ],
    ['fetches itself', [inputs('train')], '0.runner.inputs.0: found "train": it is one of dataset, model'],
    ['fetches twice', [inputs('dataset', 'dataset')], '0.runner.inputs: one of them stands here twice'],
    [
      'has a stage before it of a name that is something else here',
      [{ name: 'model' }, { ...inputs('model'), ...COMMAND }],
      '1.runner.inputs.0: the model is meant by that here, and a stage is called so: give the stage another name',
    ],
    ['does not say what it fetches', [{ runner: {} as never }], '0.runner.inputs: is missing'],
  ])('is refused where it %s', (_, stages, problem) => {
    expect(problems(stages).at(-1)).toContain(problem)
  })

  it('is needed where a preset reads its folders, and not where the stage says a command of its own', () => {
    expect(problems([{}, { use: 'scan' }])).toEqual([
      '1.runner: is missing: what `scan` runs reads and writes the folders of `signalbox-run`: say `runner: { inputs: […] }`, with what it reads, or a `command` of yours',
    ])
    expect(problems([{}, { use: 'scan', ...inputs('train') }])).toEqual([])
    expect(problems([{}, { use: 'scan', ...COMMAND }])).toEqual([])
  })

  it('is refused where nobody says where the program comes from', () => {
    const found = problemsAfter(
      (config) => void Object.assign(config.pipelines!['support-chats']!.stages[0]!, inputs()),
    )
    expect(found).toEqual([
      'pipelines.support-chats.stages.0.runner: nobody knows where the program comes from: say `runner: { image }` of the whole config',
    ])
  })

  it('is refused a dataset and a model that there are none of', () => {
    const found = problems(
      [{ ...inputs('dataset', 'model'), use: undefined, ...COMMAND, model: undefined } as never],
      (config) => {
        config.pipelines!['support-chats']!.on = { hand: true }
      },
    )
    expect(found).toEqual([
      '0.runner.inputs.0: it runs on no dataset: leave it out, or say `on.dataset`',
      '0.runner.inputs.1: no stage up to this one says a `model`, and it runs on no version of one: leave it out, say one, or say `on.version`',
    ])
  })

  it('is given the version of a model that its pipeline runs on, where no stage says another', () => {
    const onVersion = (model?: string) =>
      problems([{ use: undefined, name: 'look', ...COMMAND, ...inputs('model'), model } as never], (config) => {
        config.pipelines!['support-chats']!.on = { version: { model: 'other-llama' } }
      })
    expect(onVersion()).toEqual([])
    expect(onVersion('meta-llama/Llama-3.1-8B')).toEqual([expect.stringContaining('it is fetched from S3 alone')])
  })

  it.each<[string, Stage['pod'], string]>([
    [
      'a container of its name',
      { initContainers: [{ name: 'signalbox-run', image: IMAGE }] },
      '0.pod.initContainers.0.name: `signalbox-run` is ours here: use another name',
    ],
    [
      'a volume of its name',
      { volumes: [{ name: 'signalbox-run', emptyDir: {} }] },
      '0.pod.volumes.0.name: `signalbox-run` is ours',
    ],
    [
      'a mount in its place',
      {
        volumes: [{ name: 'a', emptyDir: {} }],
        containers: [{ name: 'train', volumeMounts: [{ name: 'a', mountPath: '/signalbox/' }] }],
      },
      '0.pod.containers.0.volumeMounts.0.mountPath: `signalbox-run` lies there: mount it below',
    ],
  ])('is refused a patch with %s, which the pod of another stage may have', (_, pod, problem) => {
    expect(problems([{ ...inputs(), pod }])).toEqual([expect.stringContaining(problem)])
    expect(problems([{ pod }])).toEqual([])
  })

  it('may have a volume of its own for what it saves', () => {
    const pod = {
      volumes: [{ name: 'kept', persistentVolumeClaim: { claimName: 'kept' } }],
      containers: [{ name: 'train', volumeMounts: [{ name: 'kept', mountPath: '/signalbox/checkpoints' }] }],
    }
    expect(problems([{ ...inputs(), pod }])).toEqual([])
  })
})

describe('where the program comes from', () => {
  const of = (runner: unknown, change?: (config: Config) => void) => problems([inputs()], change, runner as never)

  it('is an image that has it, or one that fetches it by its digest', () => {
    expect(of({ image: IMAGE })).toEqual([])
    expect(of({ image: IMAGE, sha256 })).toEqual([])
    expect(of({ image: IMAGE, sha256, prefix: 'tools/' })).toEqual([])
  })

  it.each<[string, unknown, string]>([
    [
      'an image by tag that nobody has pinned',
      { image: 'acme/runner:1' },
      'runner.image: nobody has looked up which digest',
    ],
    [
      'what is fetched without a digest',
      { image: IMAGE, prefix: 'tools/' },
      'runner.sha256: is missing: what is fetched',
    ],
    ['a digest of one processor', { image: IMAGE, sha256: { amd64: sha256.amd64 } }, 'runner.sha256.arm64: is missing'],
    [
      'what is no digest',
      { image: IMAGE, sha256: { ...sha256, arm64: 'ab' } },
      'runner.sha256.arm64: write the 64 hex',
    ],
    [
      'a place that pods write',
      { image: IMAGE, sha256, prefix: 'results/x/' },
      'runner.prefix: found "results/x/", and pods write',
    ],
    [
      'another bucket',
      { image: IMAGE, sha256, uri: 's3://other/' },
      'runner: there is no key `uri`: say `prefix`: it lies in the bucket of results',
    ],
  ])('is not %s', (_, runner, problem) => {
    expect(of(runner)).toEqual([expect.stringContaining(problem)])
  })

  it('is not the usual place where that is where pods write', () => {
    const found = of({ image: IMAGE, sha256 }, (config) => {
      config.results.prefix = 'signalbox-run/'
    })
    expect(found).toEqual([expect.stringContaining('runner.prefix: found "signalbox-run/"')])
  })
})
