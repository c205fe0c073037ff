import { describe, expect, it } from 'vitest'
import { baseOf, isAdapter, saysAdapter } from '../../../core/workloads/adapters.ts'

describe('an adapter, as far as paper tells', () => {
  it.each([
    's3://b/results/a/adapter',
    's3://b/x/lora/',
    's3://b/x/adapter_model.safetensors',
    's3://b/x/adapter_config.json',
  ])('is told by its address: %s', (source) => {
    expect(saysAdapter(source)).toBe(true)
    expect(isAdapter({ source })).toBe(true)
  })

  it.each(['s3://b/adapters/7', 's3://b/lora-merged/', 'hf://acme/merged'])('whole weights are none: %s', (source) => {
    expect(isAdapter({ source })).toBe(false)
  })

  it('or by its tag', () => {
    expect(isAdapter({ source: 's3://b/m/', adapter: true })).toBe(true)
  })
})

describe('its base', () => {
  const adapter = { source: 's3://b/m/', adapter: true } as const

  it('is what the policy says, which people have read, else what the version says', () => {
    expect(baseOf({ ...adapter, base: 'hf://a/b' }, {})).toBe('hf://a/b')
    expect(baseOf({ ...adapter, base: 'hf://a/b' }, { base: 's3://c/d/' })).toBe('s3://c/d/')
    expect(baseOf(adapter, {})).toBeNull()
  })

  it('is nothing to whole weights, whatever is said', () => {
    expect(baseOf({ source: 's3://b/m/', base: 'hf://a/b' }, { base: 's3://c/d/' })).toBeNull()
  })
})
