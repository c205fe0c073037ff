import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../core/policy.ts'
import { promotionOf, promotionsOf, signalAt } from '../../core/promotion.ts'
import config from '../../signalbox.config.ts'

const { serveAlias: _alias, ...rule } = config.models!['support-llama']!
const policyWith = (signals: object) => parsePolicy({ ...config, models: { m: { ...rule, ...signals } } })

describe('what means "serve this"', () => {
  it('is an alias, a tag with a value, or a stage', () => {
    const signals = [{ serveAlias: 'champion' }, { serveTag: { key: 'k', value: 'v' } }, { serveStage: 'Production' }]
    expect(signals.map((signal) => promotionOf(policyWith(signal).models['m']!))).toEqual([
      { kind: 'alias', name: 'champion' },
      { kind: 'tag', name: 'k', value: 'v' },
      { kind: 'stage', name: 'Production' },
    ])
  })

  it.each([[{}], [{ serveAlias: 'champion', serveStage: 'Production' }]])(
    'two that could disagree, or none, are refused: %j',
    (signals) => {
      expect(() => policyWith(signals)).toThrow('models.m: name exactly one of serveAlias, serveTag and serveStage')
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
