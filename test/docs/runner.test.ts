import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pinned } from '../../core/images/pinned.ts'
import { wantedImages } from '../../core/images/places.ts'
import { RUNNER_ENDS } from '../../core/pods/runner-ends.ts'
import { enginesOnPaper } from '../../core/policy/engines-on-paper.ts'
import { parsePolicy } from '../../core/policy.ts'
import { TRANSIENT_FAILURES } from '../../core/reasons.ts'
import example from '../example.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/runner.md'), 'utf8')

it('docs/runner.md shows a policy that is one, once its tags are pinned and what it leaves out is said', () => {
  const shown = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const rest = { image: `a@sha256:${'a'.repeat(64)}`, pool: 'gpu-train', gpus: 1, hours: { p50: 1, p95: 2 } }
  const said = new Function('rest', `return {${shown.replaceAll('…', '...rest')}}`)(rest)
  const { on } = example.pipelines!['support-chats']!
  const config = { ...example, ...said, pipelines: { 'support-chats': { on, ...said.pipelines['support-chats'] } } }
  const one = { digest: `sha256:${'b'.repeat(64)}`, platforms: ['linux/amd64'], from: 'x', resolved: 'y' }
  const images = wantedImages(config)
  expect(images.map(({ paths }) => paths)).toEqual([['runner.image']])
  const { config: policy } = pinned(config, Object.fromEntries(images.map(({ image }) => [image, one])))
  expect(parsePolicy(policy).pipelines['support-chats']!.stages.map(({ runner }) => runner)).toEqual([
    { inputs: ['dataset'] },
    { inputs: ['train'] },
  ])
})

it('and services that have their files brought', () => {
  const [, shown = ''] = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, one]) => one)
  const { engine: _, ...others } = example.services!['code-llama']!
  // The page leaves images out: each engine has its own.
  const rest = { ...others, image: `acme/engine@sha256:${'c'.repeat(64)}` }
  const said = new Function('rest', `return {${shown.replaceAll('…', '...rest')}}`)(rest)
  const runner = { image: `a@sha256:${'a'.repeat(64)}` }
  const policy = parsePolicy({ ...example, ...said, runner, sources: ['hf://meta-llama/'], pipelines: {} })
  expect(Object.values(policy.services).map(({ engine }) => engine)).toEqual(['vllm', 'trtllm'])
  expect(enginesOnPaper(policy)).toEqual([])
})

it('and a stage that reads a volume', () => {
  const shown = [...page.matchAll(/```ts\n([\s\S]*?)```/g)][2]?.[1] ?? ''
  const rest = { image: `a@sha256:${'a'.repeat(64)}`, pool: 'gpu-train', gpus: 8, hours: { p50: 1, p95: 2 }, gates: [] }
  const stage = new Function('rest', `return ${shown.replaceAll('…', '...rest')}`)(rest)
  const { on } = example.pipelines!['support-chats']!
  const config = { ...example, runner: { image: rest.image }, pipelines: { 'support-chats': { on, stages: [stage] } } }
  expect(parsePolicy(config).pipelines['support-chats']!.stages[0]?.pod?.volumes).toEqual(stage.pod.volumes)
})

it('its table of ends says of each code whether another attempt begins by itself, as it does', () => {
  const rows = [...page.matchAll(/^\| ([\d, ]+) \| (.+?) \| (.+?) \|$/gm)].flatMap(([, codes = '', , again = '']) =>
    codes.split(', ').map((code) => [Number(code), /^(yes|perhaps)/.test(again)] as const),
  )
  const told = [...RUNNER_ENDS].map(([code, { failure }]) => [code, TRANSIENT_FAILURES.has(failure)] as const)
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(told))
})
