import { expect, it } from 'vitest'
import { behaving, datasetOf, eventOf } from '../../../cli/commands/emit.ts'
import { welcome } from '../../../cli/commands/start.ts'
import { DATA } from '../../../cli/typed.ts'
import { parsePolicy } from '../../../core/policy.ts'
import life from '../../../examples/life.config.ts'
import example from '../../example.ts'
import { withDigests } from '../../journeys/life.ts'
import { piped } from '../../variants.ts'

const said = (config: unknown, data = DATA): string =>
  welcome('http://127.0.0.1:4680/#t', parsePolicy(config), { data, speed: '1', port: '', config: '' })

it('under the example’s policy it names the tour and its samples', () => {
  expect(said(example)).toMatch(/Tour.*emit dataset-uploaded\/base\n.*why pipeline\/support-chats$/s)
})

it('under another policy it names that policy’s buckets, pipelines and services, and nothing of the example', () => {
  const { 'support-llama': served } = example.services ?? {}
  const services = { chat: { ...served, model: 'chat-llama' } }
  const text = said(
    { ...example, pipelines: { mine: piped({ bucket: 'my-data', prefix: 'mine/' }) }, services },
    'here',
  )
  expect(text).toContain(
    '1. Put a dataset, and last its manifest.json, into the folder buckets/my-data/mine/… of here:',
  )
  expect(text).toContain('2. Promote a version of chat-llama in the registry: it is planned for service/chat')
  expect(text).toMatch(/3\. npx signalbox plans --data here\n.*why pipeline\/mine --data here$/)
  expect(text).not.toMatch(/Tour|emit|acme|support/)
})

it('under a policy that nothing can begin it says so', () => {
  const { pipelines: _, services: __, ...nothing } = example
  expect(said(nothing)).toMatch(/1\. The policy has neither `pipelines` nor `services`/)
})

it('each pipeline and service is said to begin by something, and what their gates must be told', () => {
  const next = structuredClone(withDigests(life))
  next.services!['support-llama']!.gate.checks.push({ metric: 'tokens_per_s', op: '>=', value: 3 })
  const [quantize] = next.pipelines!['support-chats']!.stages.filter(({ use }) => use === 'quantize')
  next.pipelines!['fit'] = {
    on: { version: { model: 'other-llama' } },
    stages: [
      {
        ...quantize!,
        use: undefined,
        name: 'fit',
        inputs: [],
        runner: undefined,
        pod: undefined,
        gates: [{ metric: 'fit', op: '>=', value: 1 }],
      },
    ],
  }
  const out = said(next)
  for (const told of [
    'Press Tour',
    'it begins pipeline/support-chats.',
    'beside manifest.json, before it: {"tasks":{"benchmark":{"metrics":{"ifeval_prompt_level_strict_acc":0.6}}}}',
    'Say signalbox run support-watch: it begins pipeline/support-watch, as the schedule 0 3 * * * Europe/Berlin does.',
    'Register a version of other-llama in the registry: it begins pipeline/fit.',
    'beside its weights: {"tasks":{"fit":{"metrics":{"fit":1}}}}',
    'it is planned for service/support-llama.',
    '"tokens_per_s":3',
  ])
    expect(out).toContain(told)
})

it('a sample’s dataset is laid down with what gates of the pipeline must be told, before its manifest', async () => {
  const objects = datasetOf(eventOf('dataset-uploaded/base'))
  const [first, ...rest] = await behaving(objects, 'examples/life.config.ts')
  expect(first?.key).toBe(objects.at(-1)?.key.replace('manifest.json', 'simulation.json'))
  expect(JSON.parse(first?.text ?? '')).toHaveProperty('tasks.benchmark.metrics')
  expect(rest).toEqual(objects)
  expect(await behaving(objects, 'signalbox.config.ts')).toBe(objects)
})
