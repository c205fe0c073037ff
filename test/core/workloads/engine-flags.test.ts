import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { engineFlagWrongs as wrongsOf } from '../../../core/workloads/engine-flags.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { exampleConfig } from '../training-fixture.ts'

const engineFlagWrongs = ({ args }: { args: string[] }) => wrongsOf({ engine: 'vllm', args })

it('what the engine is told of us is not told again; how it loads and what it logs may be other', () => {
  const service = { ...parsePolicy(exampleConfig()).services['code-llama']!, maxModelLen: 8192 }
  const desired = { kind: 'serve', model: 'm', version: '1', source: 's3://a/b/' } as never
  const told = ENGINES.vllm[0].args(desired, service).slice(1)
  const free = told.filter((one) => engineFlagWrongs({ args: [one] }).length === 0)
  expect(free.map((one) => one.split('=')[0])).toEqual(['--disable-access-log-for-endpoints', '--load-format'])
})

it('nor which commit of Hugging Face', () => {
  const service = parsePolicy(exampleConfig()).services['code-llama']!
  const desired = { kind: 'serve', model: 'm', version: '1', source: `hf://a/b@${'a'.repeat(40)}` } as never
  const revisions = ENGINES.vllm[0].args(desired, service).filter((one) => one.includes('revision'))
  expect(revisions).toHaveLength(2)
  for (const one of revisions) expect(engineFlagWrongs({ args: [one] })).toHaveLength(1)
})

it.each<[string[], number, RegExp]>([
  [['--max-model-len', '131072'], 0, /^found `--max-model-len`: say `maxModelLen`/],
  [['--enforce-eager', '--max_model_len=131072'], 1, /say `maxModelLen`/],
  [['-tp', '8'], 0, /say `gpusPerReplica`/],
  [['--max-model-len 131072'], 0, /^found `--max-model-len 131072`: say `maxModelLen`/],
  [[' --port=80'], 0, /a port of ours/],
  [['--dtype bfloat16'], 0, /a space in it, and no flag: write '--dtype', 'bfloat16'$/],
  [['--hf-overrides {"a": 1}'], 0, /write '--hf-overrides', '{"a": 1}'$/],
  [['--enforce-eager '], 0, /a space in it, and no flag/],
  [['--max-model=8192'], 0, /vLLM reads `max-model-len`: say `maxModelLen`/],
  [['--max_mod', '8192'], 0, /vLLM reads `max-model-len`/],
  [['--tensor-par=8'], 0, /say `gpusPerReplica`/],
  [['-t', '8'], 0, /vLLM reads `tp`/],
  [['--host=127.0.0.1'], 0, /^found `--host`: `127.0.0.1`: its gate, its probes and its Services ask at the address/],
  [['--host', 'localhost'], 0, /ask at the address of its pod/],
  [['--uds=/tmp/x'], 0, /it is asked on a port/],
  [['--ssl_keyfile=/a', '--enforce-eager'], 0, /plain HTTP/],
  [['--enable-ssl-refresh'], 0, /plain HTTP/],
  [['--headless'], 0, /it would answer nothing/],
  [['--help'], 0, /and end/],
  [['-h'], 0, /and end/],
  [['--version'], 0, /and end/],
  [['--api-key', 'x'], 0, /^found `--api-key`: whoever reads a card would know it/],
  [['--nnodes=2'], 0, /would wait for others/],
  [['-pcp', '2'], 0, /say `gpusPerReplica`/],
  [['--config=/x.yaml'], 0, /neither judged nor shown/],
  [['--config', '/x.yaml'], 0, /neither judged nor shown/],
  [['--revision=main'], 0, /the registry says/],
  [['--load-format=dummy'], 0, /no weights at all/],
  [['--load_format', 'dummy'], 0, /no weights at all/],
  [
    ['--tokenizer=other/repo', '--trust-remote-code'],
    0,
    /^found `--tokenizer`: `other\/repo`: it belongs to the weights/,
  ],
  [['--enforce-eager', '--tokenizer', 'other/repo'], 1, /`other\/repo`: it belongs to the weights/],
  [['--hf_config_path=other/repo'], 0, /leave it out, or name a folder of its image, `\/…`$/],
  [['--hf-config=other/repo'], 0, /^found `--hf-config`: vLLM reads `hf-config-path`: `other\/repo`/],
  [['--generation-config=other/repo'], 0, /belongs to the weights/],
  [['--code-revision=main'], 0, /`main`: a branch or a tag is moved: write a whole commit/],
  [['--enable-lora', '--lora-modules', 'a=/in/image', 'b=org/b'], 1, /`b=org\/b`: it would be loaded from elsewhere/],
  [['--lora-modules', '{"name": "a", "path": "org/a"}'], 0, /`org\/a`: it would be loaded from elsewhere/],
  [['--default-mm-loras={"audio": "org/a"}'], 0, /from elsewhere/],
  [['--speculative-config={"method": "eagle3", "model": "org/draft"}'], 0, /`org\/draft`: it would be loaded from/],
  [['-sc', '{"model": "org/draft"}'], 0, /from elsewhere/],
  [['--speculative_config.model', 'org/draft'], 0, /from elsewhere/],
  [['--spec-model=org/draft'], 0, /from elsewhere/],
  [['--model-loader-extra-config={"tensorizer_config": {"tensorizer_uri": "s3://a/b"}}'], 0, /from elsewhere/],
  [['--weight-transfer-config={"backend": "nccl"}'], 0, /changed while it serves/],
  [['meta/other'], 0, /^found `meta\/other`: it is no flag’s value/],
  [['--dtype=bfloat16', 'meta/other'], 1, /no flag’s value/],
  [['--dtype', 'bfloat16', 'meta/other'], 2, /no flag’s value/],
  [['--dtype', 'bfloat16', 's3://evil/other'], 2, /no flag’s value/],
  [['--enforce_eager', 'other'], 1, /no flag’s value/],
  [['--no-enable-prefix-caching', ''], 1, /no flag’s value/],
  [['--enforce-eager', '--'], 1, /leave it out/],
])('%j: the argument %i is found', (args, at, why) => {
  expect(engineFlagWrongs({ args })).toEqual([{ at, why: expect.stringMatching(why) }])
})

it.each([
  [['--enforce-eager', '--portal=1', '--kv-cache-dtype=fp8']],
  [['--dtype', 'bfloat16', '--max-num-seqs', '-1', '-O3']],
  [['--hf-overrides', '{"a": 1}', '--hf-overrides={"a": 1}', '--compilation-config.level', '3']],
  [['--tokenizer', '/in/image', '--max-model-length-of-another-flag=1', '--model-impl=auto']],
  [['--tokenizer-mode=mistral', '--generation-config=vllm', `--code-revision=${'a'.repeat(40)}`]],
  [
    [
      '--lora-modules',
      'a=/a',
      '{"name": "b", "path": "/b"}',
      '--cuda-graph-sizes',
      '1',
      '2',
      '4',
      '--response-role',
      '',
    ],
  ],
  [['--speculative-config={"method": "ngram", "num_speculative_tokens": 4}', '-sc', '{"method": "mtp"}']],
  [['--speculative-config.method=mtp', '--model-loader-extra-config={"concurrency": 16, "distributed": true}']],
  [['--chat-template', 'a b', '--chat-template=a b', '--load-format', 'auto']],
])('%j is free', (args) => {
  expect(engineFlagWrongs({ args })).toEqual([])
})

it.each([
  ['vllm', ['--tokenizer=/signalbox/in/m'], /belongs to the weights/],
  ['vllm', ['--hf-config-path', '//signalbox/in/m'], /belongs to the weights/],
  ['vllm', ['--generation-config=/signalbox/in/m'], /belongs to the weights/],
  ['vllm', ['--lora-modules', 'x=/signalbox/in/m'], /loaded from elsewhere/],
  ['vllm', ['--speculative-config={"model":"/a/../signalbox/in/m"}'], /loaded from elsewhere/],
  ['sglang', ['--tokenizer-path=/./signalbox/in/m'], /belongs to the weights/],
  ['sglang', ['--lora-paths', '/signalbox/in/m'], /loaded from elsewhere/],
  ['sglang', ['--enable-custom-logit-processor'], /Python of their own/],
  ['trtllm', ['--custom_module_dirs=/signalbox/in/m'], /loaded from elsewhere/],
  ['trtllm', ['--extra_llm_api_options=/signalbox/in/m/x.yaml'], /neither judged nor shown/],
  ['trtllm', ['--config', '/signalbox'], /neither judged nor shown/],
] as const)('%s takes nothing of what is fetched for a part of its image: %j', (engine, args, why) => {
  expect(wrongsOf({ engine, args: [...args] }).map((one) => one.why)).toEqual([expect.stringMatching(why)])
})

it.each([
  ['vllm', ['--tokenizer=/opt/signalbox/tok']],
  ['vllm', ['--lora-modules', 'x=/opt/a..b']],
  ['vllm', ['--speculative-config={"model":"ngram"}', '--generation-config=auto']],
  ['sglang', ['--lora-paths', '/opt/a', 'x=/signalboxes/b']],
  ['trtllm', ['--extra_llm_api_options=/opt/x.yaml']],
] as const)('%s may be told of its image: %j', (engine, args) => {
  expect(wrongsOf({ engine, args: [...args] })).toEqual([])
})

it('any arguments end in an answer, each said once', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.string().map((one) => `--${one}`),
        ),
        { maxLength: 6 },
      ),
      (args) => {
        const at = engineFlagWrongs({ args }).map((wrong) => wrong.at)
        expect(new Set(at).size).toBe(at.length)
      },
    ),
  )
})
