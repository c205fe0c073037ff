import { describe, expect, it } from 'vitest'
import { MEASURED } from '../../../core/policy/probe.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'

const runner = { image: `acme/runner@sha256:${'ab'.repeat(32)}` }
const checks = [{ metric: 'error_rate', op: '<=', value: 0 }]
const problems = (gate: object, more: object = { runner }): string => {
  const config = structuredClone(example) as Config
  Object.assign(config.services!['support-llama']!, { gate })
  try {
    parsePolicy({ ...config, ...more })
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('a gate without an image', () => {
  it('is asked by signalbox-run, in as few words', () => {
    expect(problems({ checks })).toBe('')
    const prompts = [
      { prompt: 'Capital of France?', contains: ['paris'] },
      { prompt: 'Hello', maxTokens: 8 },
    ]
    const all = MEASURED.map((metric) => ({ metric, op: '>=', value: 0 }))
    expect(problems({ checks: all, probe: { prompts, requests: 40, concurrency: 8 } })).toBe('')
  })

  it.each<[string, object, object | undefined, string]>([
    [
      'needs to be told where the program comes from',
      { checks },
      {},
      'services.support-llama.gate.image: is missing: name what asks the new generation; or say `runner: { image }`',
    ],
    [
      'has no figure that nobody measures',
      { checks: [{ metric: 'exact_match', op: '>=', value: 0.8 }] },
      undefined,
      'gate.checks.0.metric: without `image` it is measured by `signalbox-run probe`, which knows no `exact_match`: it is one of health,',
    ],
    [
      'has no right answers where no prompt says one',
      {
        checks: [{ metric: 'golden_rate', op: '>=', value: 0.8 }],
        probe: { prompts: [{ prompt: 'Hello', contains: [] }] },
      },
      undefined,
      'gate.checks.0.metric: no prompt says what its answer has',
    ],
    [
      'matches what Go reads',
      { checks, probe: { prompts: [{ prompt: 'Hello', matches: '(?=a)' }] } },
      undefined,
      'gate.probe.prompts.0.matches: Go looks neither ahead nor behind',
    ],
    ['asks no more than the program does', { checks, probe: { requests: 20_000 } }, undefined, 'gate.probe.requests: '],
    [
      'asks nothing where an image of yours does',
      { checks, probe: {}, image: runner.image },
      undefined,
      'gate.probe: is for who leaves `image` out',
    ],
    ['knows where prompts are said', { checks, prompts: [] }, undefined, 'say `probe: { prompts }`'],
  ])('%s', (_, gate, more, wrong) => {
    expect(problems(gate, more)).toContain(wrong)
  })
})
