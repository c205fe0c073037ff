import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../core/policy.ts'
import { promotionOf, promotionsOf, signalAt } from '../../core/promotion.ts'
import config from '../example.ts'

const { alias: _alias, ...rule } = config.services!['support-llama']!
const policyWith = (signals: object) => parsePolicy({ ...config, services: { m: { ...rule, ...signals } } })

describe('what means "serve this"', () => {
  it('is an alias, a tag with a value, or a stage', () => {
    const signals = [{ alias: 'champion' }, { tag: { key: 'k', value: 'v' } }, { stage: 'Production' }]
    expect(signals.map((signal) => promotionOf(policyWith(signal).services['m']!))).toEqual([
      { kind: 'alias', name: 'champion' },
      { kind: 'tag', name: 'k', value: 'v' },
      { kind: 'stage', name: 'Production' },
    ])
  })

  it('is nothing that MLflow cannot be asked about', () => {
    for (const [tag, why] of [
      [
        { key: 'a`b', value: 'x' },
        'tag.key: MLflow cannot be asked about a tag’s key with a backtick: write it without',
      ],
      [{ key: 'k', value: `a'b"c` }, 'tag.value: MLflow cannot be asked about a text with quotes of both kinds'],
      [{ key: 'k', value: 'a\\' }, 'tag.value: MLflow cannot be asked about a text that ends with `\\`'],
    ] as const)
      expect(() => policyWith({ tag })).toThrow(why)
    expect(policyWith({ tag: { key: "a'b", value: `it's` } })).toBeDefined()
  })

  it.each([[{}], [{ alias: 'champion', stage: 'Production' }]])(
    'two that could disagree, or none, are refused: %j',
    (signals) => {
      expect(() => policyWith(signals)).toThrow('services.m: name exactly one of alias, tag and stage')
    },
  )

  it('is written as people write it', () => {
    expect(signalAt('m', { kind: 'alias', name: 'champion' })).toBe('m@champion')
    expect(signalAt('m', { kind: 'tag', name: 'promote' })).toBe('m#promote')
    expect(signalAt('m', { kind: 'stage', name: 'Production' })).toBe('m/Production')
    expect(promotionsOf({})).toEqual([])
    expect(() => promotionOf({})).toThrow('names no')
  })
})
