import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { cli } from '../running.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-prices-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const product = (instanceType: string, usd: string) => ({
  product: {
    attributes: {
      instanceType,
      regionCode: 'eu-central-1',
      operatingSystem: 'Linux',
      preInstalledSw: 'NA',
      tenancy: 'Shared',
      capacitystatus: 'Used',
    },
  },
  terms: {
    OnDemand: {
      T: { effectiveDate: '2026-11-01T00:00:00Z', priceDimensions: { D: { unit: 'Hrs', pricePerUnit: { USD: usd } } } },
    },
  },
})

it('prints what to paste for each pool, says what is missing, and exits with 1 then', async () => {
  const list = file('list.json', JSON.stringify({ PriceList: [JSON.stringify(product('p5.48xlarge', '55.04'))] }))
  const { code, out } = await cli('prices', '--from', list, '--region', 'eu-central-1')
  expect(code).toBe(1)
  expect(out).toMatch(/pools\.gpu-train\.price +\{ perNodeHour: 55\.04, source: 'AWS price list.*' \} {2}\(as it is\)/)
  expect(out).toMatch(/pools\.gpu-serve\.price +the list has no price of it in eu-central-1/)
})

it('what is no price list is told with how to get one', async () => {
  const { code, err } = await cli('prices', '--from', file('bad.json', '{'), '--region', 'eu-central-1')
  expect(code).not.toBe(0)
  expect(err).toContain('aws pricing get-products')
})
