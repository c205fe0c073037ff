import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pricesFromList } from '../../../core/money/price-list.ts'

const attributes = {
  instanceType: 'p5.48xlarge',
  regionCode: 'eu-central-1',
  operatingSystem: 'Linux',
  preInstalledSw: 'NA',
  tenancy: 'Shared',
  capacitystatus: 'Used',
}
const term = (usd: string, unit = 'Hrs') => ({
  T: { effectiveDate: '2026-11-01T00:00:00Z', priceDimensions: { D: { unit, pricePerUnit: { USD: usd } } } },
})
type Entry = [Partial<typeof attributes>, object]
const file = (...entries: Entry[]) => ({
  products: Object.fromEntries(entries.map(([changed], n) => [`S${n}`, { attributes: { ...attributes, ...changed } }])),
  terms: { OnDemand: Object.fromEntries(entries.map(([, terms], n) => [`S${n}`, terms])) },
})
const answer = (...entries: Entry[]) => ({
  PriceList: entries.map(([changed, terms]) =>
    JSON.stringify({ product: { attributes: { ...attributes, ...changed } }, terms: { OnDemand: terms } }),
  ),
})
const wanted = { region: 'eu-central-1', instanceTypes: ['p5.48xlarge'] }

describe.each([
  ['the list’s file', file],
  ['what `aws pricing get-products` prints', answer],
])('prices from %s', (_name, list) => {
  it('are those of Linux on demand on shared hardware, of the region, with their day', () => {
    const others: Entry[] = [
      [{ operatingSystem: 'Windows' }, term('99')],
      [{ preInstalledSw: 'SQL Std' }, term('98')],
      [{ tenancy: 'Dedicated' }, term('97')],
      [{ capacitystatus: 'UnusedCapacityReservation' }, term('96')],
      [{ regionCode: 'us-east-1' }, term('95')],
      [{ instanceType: 'p5.4xlarge' }, term('94')],
      [{}, term('93', 'Quantity')],
      [{}, term('0.0000000000')],
    ]
    expect(pricesFromList(list([{}, term('55.0400000000')], ...others), wanted)).toEqual({
      prices: [
        {
          instanceType: 'p5.48xlarge',
          perNodeHour: 55.04,
          source: 'AWS price list, eu-central-1, on-demand Linux',
          date: '2026-11-01',
        },
      ],
      missing: [],
    })
  })

  it('are never guessed: none and two are told', () => {
    expect(pricesFromList(list([{ regionCode: 'us-east-1' }, term('1')]), wanted)).toMatchObject({
      prices: [],
      missing: [{ instanceType: 'p5.48xlarge', why: 'the list has no price of it in eu-central-1' }],
    })
    expect(pricesFromList(list([{}, term('1')], [{}, term('2')]), wanted).missing[0]?.why).toBe('the list says 1 and 2')
  })
})

it('anything else has no prices', () => {
  fc.assert(
    fc.property(fc.anything(), (list) => {
      expect(pricesFromList(list, wanted).prices).toEqual([])
    }),
  )
})
