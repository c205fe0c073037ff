import { expect, it } from 'vitest'
import { engineTagProblems } from '../../../core/images/engine-tags.ts'

const problemsOf = (service: object) => engineTagProblems({ services: { 'support-llama': service } })

it('an engine that is too old for what it is told is told before anything is planned', () => {
  expect(problemsOf({ image: 'vllm/vllm-openai:v0.11.0' })).toEqual([
    'services.support-llama.image: vllm/vllm-openai:v0.11.0: vLLM 0.11.0 is too old, it knows no `--shutdown-timeout`, and would end at once: take an image of 0.18.0 or later',
  ])
  expect(problemsOf({ engine: 'sglang', image: 'lmsysorg/sglang:v0.4.1' })).toHaveLength(1)
})

it('one that knows less than others has its version said, as its tag has it', () => {
  const image = 'nvcr.io/nvidia/tensorrt-llm/release:1.2.1'
  expect(problemsOf({ engine: 'trtllm', image })[0]).toContain("say `engineVersion: '1.2.1'`")
  expect(problemsOf({ engine: 'trtllm', image, engineVersion: '1.2.1' })).toEqual([])
  expect(problemsOf({ engine: 'trtllm', image, engineVersion: '1.3.0' })[0]).toContain('write 1.2.1')
})

it.each([
  { image: 'vllm/vllm-openai:v0.30.0' },
  { image: 'vllm/vllm-openai:latest' },
  { image: 'acme/serve:1.0' },
  { image: `vllm/vllm-openai:v0.11.0@sha256:${'a'.repeat(64)}` },
  { image: 7 },
  { engine: 'tgi', image: 'vllm/vllm-openai:v0.11.0' },
])('nothing is told of %j', (service) => {
  expect(problemsOf(service)).toEqual([])
})

it.each([null, 7, [], { services: null }, { services: { a: null } }])('nor of what is no config: %j', (config) => {
  expect(engineTagProblems(config)).toEqual([])
})
