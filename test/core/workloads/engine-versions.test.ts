import { describe, expect, it } from 'vitest'
import {
  ENGINE_NAMES,
  ENGINE_VERSIONS,
  knows,
  versionTold,
  whyOther,
  whyTooOld,
} from '../../../core/workloads/engine-versions.ts'

describe('the version that a tag tells', () => {
  it.each([
    ['vllm', 'vllm/vllm-openai', 'v0.18.0', '0.18.0'],
    ['vllm', 'mirror/vllm/vllm-openai', 'v0.30.0-x86_64', '0.30.0'],
    ['sglang', 'lmsysorg/sglang', 'v0.5.5.post3-cu129-amd64', '0.5.5.post3'],
    ['trtllm', 'nvidia/tensorrt-llm/release', '1.3.0rc22', '1.3.0rc22'],
    ['vllm', 'vllm/vllm-openai', '0.18', '0.18'],
  ] as const)('%s %s:%s is %s', (engine, repository, tag, version) => {
    expect(versionTold(engine, { repository, tag })).toBe(version)
  })

  it.each([
    ['vllm', 'vllm/vllm-openai', 'latest'],
    ['vllm', 'vllm/vllm-openai', 'nightly-2026.11.01'],
    ['sglang', 'lmsysorg/sglang', 'dev'],
    // Whoever made it numbers it in a way of their own.
    ['vllm', 'acme/serve', '3.1'],
    ['sglang', 'vllm/vllm-openai', 'v0.18.0'],
  ] as const)('none is told by %s %s:%s', (engine, repository, tag) => {
    expect(versionTold(engine, { repository, tag })).toBeNull()
  })
})

describe('what is too old', () => {
  it('is said with why, and what to take', () => {
    expect(whyTooOld('vllm', '0.17.1')).toBe(
      'vLLM 0.17.1 is too old, it knows no `--shutdown-timeout`, and would end at once: take an image of 0.18.0 or later',
    )
    expect(whyTooOld('trtllm', '0.21.0')).toContain('TensorRT-LLM 0.21.0 is too old')
    expect(whyTooOld('sglang', '0.4.5')).toContain('take an image of 0.4.6 or later')
  })

  it.each(ENGINE_NAMES)('of %s neither its first nor any later', (engine) => {
    const { minimum } = ENGINE_VERSIONS[engine]
    for (const one of [minimum, `${minimum}.post1`, `${minimum}rc2`, '9.0', '1000.0.0'])
      expect(whyTooOld(engine, one), one).toBeNull()
  })

  it('is told by numbers, not by letters', () => {
    expect(whyTooOld('vllm', '0.9.2')).not.toBeNull()
    expect(whyTooOld('vllm', '0.100.0')).toBeNull()
  })
})

it('a flag is known unless the version that is said is older than it', () => {
  const of = { engine: 'trtllm', flag: 'served_model_name' } as const
  expect([{}, { engineVersion: '1.3.0' }, { engineVersion: '2.0' }].map((one) => knows(one, of))).toEqual([
    true,
    true,
    true,
  ])
  expect(knows({ engineVersion: '1.2.1' }, of)).toBe(false)
  expect(knows({ engineVersion: '1.2.1' }, { ...of, flag: 'host' })).toBe(true)
})

describe('a tag beside what the policy says', () => {
  it('is to say the same, and what is not known by it is not to be sent', () => {
    expect(whyOther('trtllm', '1.2.1', '1.2.1')).toBeNull()
    expect(whyOther('trtllm', '1.3.0', undefined)).toBeNull()
    expect(whyOther('trtllm', '1.2.1', undefined)).toBe(
      "its tag says TensorRT-LLM 1.2.1, which does not know `--served_model_name`: say `engineVersion: '1.2.1'` of the service, and it is not told",
    )
    expect(whyOther('vllm', '0.19.0', '0.18.0')).toContain('write 0.19.0, or leave it out')
    expect(whyOther('vllm', '0.11.0', undefined)).toContain('too old')
  })
})
