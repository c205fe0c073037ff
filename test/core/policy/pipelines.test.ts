import { expect, it } from 'vitest'
import { registeredStage } from '../../../core/policy/pipelines.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { exampleConfig, exampleWith, problemsOf } from '../training-fixture.ts'

const AT = 'pipelines.support-chats'
const [train, evaluate] = exampleConfig().pipelines!['support-chats']!.stages
const { gates: _, use: __, ...rest } = evaluate!
const merge = { ...rest, name: 'merge' }
const gates = [{ metric: 'score', op: '>=', value: 0.5 }]
const withStages = (stages: object[], from?: string) =>
  exampleWith([`${AT}.stages`, stages], [`${AT}.register.from`, from])
const registered = (stages: object[], from?: string) =>
  registeredStage(parsePolicy(withStages(stages, from)).pipelines['support-chats']!)

it('what is registered is the last stage that judges nothing, and one with gates reads it, directly or through others', () => {
  expect(registered([train!, evaluate!])).toBe('train')
  expect(registered([train!, merge, evaluate!])).toBe('merge')
  expect(registered([train!, merge, evaluate!], 'train')).toBe('train')
  expect(registered([train!, merge, { ...evaluate!, inputs: ['train', 'merge'] }], 'train')).toBe('train')
  expect(registered([{ ...train!, gates }], 'train')).toBe('train')
  expect(registered([{ ...train!, gates }])).toBe('train')
})

it.each<[string, object[], string | undefined, string, string]>([
  ['made after all gates', [train!, evaluate!, merge], undefined, 'merge', 'train, evaluate'],
  ['made after all gates, by its name', [train!, evaluate!, merge], 'merge', 'merge', 'train, evaluate'],
  ['that a stage with gates does not read', [train!, { ...evaluate!, inputs: [] }], undefined, 'train', 'evaluate'],
  [
    'beside what a stage with gates reads',
    [train!, merge, { ...evaluate!, inputs: ['train'] }],
    undefined,
    'merge',
    'train, evaluate',
  ],
])('a stage %s is not registered, and it is said which may be', (_, stages, from, of, others) => {
  expect(problemsOf(withStages(stages, from))).toEqual([
    `${AT}.register: nothing is registered that was not measured, and no stage with gates reads \`${of}\`: give gates to it, or to one that reads it, or say \`from\` one that is measured, ${others}`,
  ])
})

it('an adapter is registered with what it was trained on, which is the model that its stage was told', () => {
  const registering = (model: string | undefined, artifact: string) =>
    problemsOf(
      exampleWith(
        [`${AT}.stages.0.model`, model],
        [`${AT}.stages.0.use`, undefined],
        [`${AT}.stages.0.name`, 'train'],
        [`${AT}.register.artifact`, artifact],
      ),
    )
  expect(registering('meta-llama/Llama-3.1-8B', 'adapter')).toEqual([])
  expect(registering(undefined, 'adapter')).toEqual([
    `${AT}.register.artifact: an adapter is registered with what it was trained on, and no stage up to \`train\` says a \`model\`: say it, \`hf://owner/name@COMMIT\`, \`owner/name\` or \`s3://…\``,
  ])
  expect(registering('my model', 'adapter')).toEqual([expect.stringContaining('is no plain address')])
  expect(registering('meta-llama/Llama-3.1-8B', 'model')).toEqual([
    expect.stringContaining('write `adapter`, or leave it out'),
  ])
})
