import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AlertRule, stillOf } from '../../core/alerting.ts'

const SINCE = 1_000_000_000
const MINUTE = 60_000
const labels = { alertname: 'Drifts', model: 'support-llama', cluster: 'prod' }
const rule = (over: Partial<AlertRule> = {}): AlertRule => ({
  ...{ alert: 'Drifts', evaluatedAt: SINCE + 10 * MINUTE, every: MINUTE, healthy: true, alerts: [] },
  ...over,
})
const still = (...rules: AlertRule[]) => stillOf(rules, { labels, since: SINCE })

describe('an alert that somebody was told of', () => {
  it('is over where its rule was evaluated a while after it began and does not hold of it', () => {
    expect(still(rule())).toBe('over')
    expect(still(rule({ alerts: [{ labels: { ...labels, model: 'code-llama' }, firing: true }] }))).toBe('over')
  })

  it('fires where its rule holds of it: with fewer labels than went out, or more than were kept; pending counts', () => {
    for (const known of [
      { alertname: 'Drifts', model: 'support-llama' },
      { ...labels, replica: 'a' },
    ])
      for (const firing of [true, false]) expect(still(rule({ alerts: [{ labels: known, firing }] }))).toBe('fires')
  })

  it.each([
    ['no such rule is there', []],
    ['it was never evaluated', [rule({ evaluatedAt: 0 })]],
    ['it was evaluated just after the alert began', [rule({ evaluatedAt: SINCE + MINUTE })]],
    ['it cannot be evaluated', [rule({ healthy: false })]],
    ['one of two says so, and the other cannot', [rule(), rule({ healthy: false })]],
  ])('is as it was told where %s', (_, rules) => {
    expect(still(...rules)).toBe('unknown')
  })

  it('is over for nobody who holds of it, whatever else is said', () => {
    const arbitrary = fc.record({
      evaluatedAt: fc.nat({ max: 2 * SINCE }),
      every: fc.nat({ max: 10 * MINUTE }),
      healthy: fc.boolean(),
      alerts: fc.array(
        fc.record({
          labels: fc.dictionary(fc.constantFrom('model', 'x'), fc.constantFrom('a', 'b')),
          firing: fc.boolean(),
        }),
      ),
    })
    fc.assert(
      fc.property(fc.array(arbitrary), fc.nat(5), (given, at) => {
        const rules: AlertRule[] = given.map((one) => ({ alert: 'Drifts', ...one }))
        const holds = rule({ alerts: [{ labels: { model: 'support-llama' }, firing: true }] })
        expect(still(...rules.toSpliced(at, 0, holds))).toBe('fires')
      }),
    )
  })
})
