import fc from 'fast-check'
import { expect, it } from 'vitest'
import { costAnomaly } from '../../events/cost-anomaly.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('cost-anomaly')
const eventOf = (name: string) => samples.find((one) => one.name === name)?.event as { detail: Record<string, unknown> }

it.each(samples)('$name is what its sample says', ({ event, expect: expected }) => {
  expect(costAnomaly.parse(event)).toMatchObject(
    expected === 'accepted' ? { ok: true } : { ok: false, reason: expected.refused },
  )
})

it('one that grows has the same key, and more', () => {
  const [first, more] = ['base', 'grown'].map((name) => costAnomaly.parse(eventOf(name)))
  expect(first).toMatchObject({ event: { key: '12345678-abcd-ef12-3456-987654321a12', amount: { value: 1301 } } })
  expect(more).toMatchObject({ event: { key: '12345678-abcd-ef12-3456-987654321a12', amount: { value: 4120 } } })
})

it('goes on until now where it has no end yet, and its impact counts where no spend is said', () => {
  const { detail } = eventOf('base')
  const going = { ...detail, anomalyEndDate: null, impact: { totalImpact: 12 }, rootCauses: null }
  expect(costAnomaly.parse({ ...eventOf('base'), detail: going })).toMatchObject({
    event: { amount: { value: 12 }, threshold: null, days: { until: Date.UTC(2026, 10, 25) } },
  })
})

it('is total: any value gives an event or a refusal', () => {
  const keys = Object.keys(eventOf('base').detail)
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...keys), (value, key) => {
      expect(costAnomaly.parse(value)).toHaveProperty('ok')
      expect(
        costAnomaly.parse({ ...eventOf('base'), detail: { ...eventOf('base').detail, [key]: value } }),
      ).toHaveProperty('ok')
    }),
  )
})
