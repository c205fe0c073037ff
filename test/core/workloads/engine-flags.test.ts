import { expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { engineFlagWrongs } from '../../../core/workloads/engine-flags.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { exampleConfig } from '../training-fixture.ts'

it('what the engine is told of us is not told again; how it loads and what it logs may be other', () => {
  const service = { ...parsePolicy(exampleConfig()).services['code-llama']!, maxModelLen: 8192 }
  const desired = { kind: 'serve', model: 'm', version: '1', source: 's3://a/b/' } as never
  const told = ENGINES.vllm[0].args(desired, service).slice(1)
  const free = told.filter((one) => engineFlagWrongs({ args: [one] }).length === 0)
  expect(free.map((one) => one.split('=')[0])).toEqual(['--disable-access-log-for-endpoints', '--load-format'])
})

it.each([
  [['--max-model-len', '131072'], 0],
  [['--enforce-eager', '--max_model_len=131072'], 1],
  [['-tp', '8'], 0],
])('%j: the argument %i is found', (args, at) => {
  expect(engineFlagWrongs({ args })).toEqual([{ at, why: expect.stringMatching(/^found `-.*say `/) }])
})

it('others, values and empty ones are not', () => {
  expect(
    engineFlagWrongs({ args: ['--enforce-eager', 'port', '', '--', '--portal=1', '--kv-cache-dtype=fp8'] }),
  ).toEqual([])
})
