import { describe, expect, it } from 'vitest'
import { enginesOnPaper } from '../../../core/policy/engines-on-paper.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { exampleConfig, problemsAfter } from '../training-fixture.ts'

type Service = NonNullable<Config['services']>[string]
const runner = { image: `acme/runner@sha256:${'ab'.repeat(32)}` }
const change =
  (service: Partial<Service>, rest: Partial<Config> = {}) =>
  (config: Config): void => {
    Object.assign(config, rest)
    Object.assign(config.services!['support-llama']!, service)
  }
const found = (...of: Parameters<typeof change>): string[] => {
  const config = exampleConfig()
  // Of nobody's making: what it is called says nothing of its engine.
  config.services!['support-llama']!.image = `acme/engine@sha256:${'cd'.repeat(32)}`
  change(...of)(config)
  return enginesOnPaper(parsePolicy(config)).map(({ path, why }) => `${path}: ${why}`)
}
const problems = (...of: Parameters<typeof change>): string[] => problemsAfter(change(...of))

describe('what adapters are served on', () => {
  const base = 'hf://meta-llama/Llama-3.1-8B'
  const sources = { sources: ['hf://meta-llama/'] }

  it('may be whole weights from where they may come', () => {
    expect(found({ base }, { runner, ...sources })).toEqual([])
  })

  it.each<[string, Partial<Service>, Partial<Config>, string]>([
    ['by another engine', { base, engine: 'sglang' }, { runner, ...sources }, 'serve it by vLLM'],
    ['that nobody brings', { base }, sources, 'say `runner: { image }` of the whole config'],
    ['from elsewhere', { base: 'hf://other/llama' }, { runner, ...sources }, 'add `hf://other/llama` to sources'],
    [
      'that is an adapter',
      { base: 's3://acme-results/results/a/adapter' },
      { runner },
      'is one itself: name whole weights',
    ],
  ])('none %s', (_, service, rest, words) => {
    expect(found(service, rest)).toEqual([expect.stringMatching(/^services\.support-llama\.base: /)])
    expect(found(service, rest)[0]).toContain(words)
  })

  it.each([
    ['meta-llama/Llama-3.1-8B', 'write where whole weights lie'],
    ['s3://bucket', 'write where whole weights lie'],
    ['s3://bucket/../x/', 'leads elsewhere'],
  ])('%s is no address of them', (at, words) => {
    expect(problems({ base: at })).toEqual([expect.stringContaining(words)])
  })
})

describe('the version of an engine', () => {
  it('is one that does what it is told', () => {
    expect(problems({ engineVersion: '0.18.0' })).toEqual([])
    expect(problems({ engineVersion: '0.17.0' })).toEqual([
      'services.support-llama.engineVersion: vLLM 0.17.0 is too old, it knows no `--shutdown-timeout`, and would end at once: take an image of 0.18.0 or later',
    ])
    expect(problems({ engineVersion: 'latest' })).toEqual([expect.stringContaining('as its makers do')])
  })
})

it('secrets are named by what Kubernetes knows, and none takes the place of what we say', () => {
  const secret = { secret: 'hugging-face', key: 'token' }
  expect(problems({ secrets: { HF_TOKEN: secret } })).toEqual([])
  expect(problems({ secrets: { HF_ENDPOINT: secret } })).toEqual([
    expect.stringContaining('from elsewhere than its card'),
  ])
})

it.each<['sglang' | 'trtllm', string[], number, string]>([
  ['sglang', ['--context-length=8192'], 0, 'say `maxModelLen`'],
  ['sglang', ['--tp', '8'], 0, 'say `gpusPerReplica`'],
  ['sglang', ['--lora-paths', 'a=org/lora'], 0, 'it would be loaded from elsewhere'],
  ['sglang', ['--enable-metrics', 'org/model'], 1, 'SGLang would not begin'],
  ['sglang', ['--api-key=x'], 0, 'whoever reads a card would know it'],
  ['sglang', ['--model=org/x'], 0, 'the registry says'],
  ['trtllm', ['--tp_size=8'], 0, 'say `gpusPerReplica`'],
  ['trtllm', ['--max_seq_len', '8192'], 0, 'say `maxModelLen`'],
  ['trtllm', ['--extra_llm_api_options=s3://x/y.yaml'], 0, 'name one of its image'],
  ['trtllm', ['--served_model_name=x'], 0, 'by the name of its model'],
  ['trtllm', ['--host=127.0.0.1'], 0, 'ask at the address of its pod'],
])('%s is told %j of what is said elsewhere', (engine, args, at, words) => {
  expect(found({ engine, args })).toEqual([expect.stringContaining(words)])
  expect(found({ engine, args })[0]).toContain(`services.support-llama.args.${at}: `)
})

it.each<['sglang' | 'trtllm', string[]]>([
  [
    'sglang',
    ['--mem-fraction-static=0.85', '--chunked-prefill-size', '4096', '--trust-remote-code', '--dtype=bfloat16'],
  ],
  ['sglang', ['--speculative-draft-model-path=/models/draft', '--reasoning-parser', 'qwen3']],
  ['trtllm', ['--max_batch_size=128', '--config=/etc/trtllm.yaml', '--ep_size', '4', '--trust_remote_code']],
])('%s may be told %j', (engine, args) => {
  expect(found({ engine, args })).toEqual([])
})

it('an image that the makers of another engine call so is told, and refuses no plan', () => {
  const config = exampleConfig()
  const digest = `@sha256:${'ab'.repeat(32)}`
  change({ engine: 'sglang', image: `vllm/vllm-openai${digest}` }, { runner })(config)
  expect(enginesOnPaper(parsePolicy(config))).toContainEqual({
    path: 'services.support-llama.image',
    why: "`vllm/vllm-openai` is vLLM, and `engine` says SGLang: say `engine: 'vllm'`, or take an image of SGLang",
    lanes: [],
  })
  for (const image of [`lmsysorg/sglang${digest}`, `ghcr.io/acme/mine${digest}`])
    expect(found({ engine: 'sglang', image }, { runner }).filter((one) => one.includes('.image:'))).toEqual([])
})
