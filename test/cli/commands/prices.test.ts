import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Config } from '../../../core/policy.ts'
import config from '../../example.ts'
import { cli } from '../running.ts'

const example = config as Config

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

it('of a pool of several types gives the dearest, keeps what it says of spot nodes, and nothing where one has no price', async () => {
  const { instanceType: _, ...train } = example.pools['gpu-train']!
  const price = { ...train.price!, spot: 21.5 }
  const types = { instanceTypes: ['p5.48xlarge', 'p5en.48xlarge'], capacityTypes: ['spot', 'on-demand'] }
  const pools = { ...example.pools, 'gpu-train': { ...train, ...types, price } }
  const config = file('several.json', JSON.stringify({ ...example, pools }))
  const listed = (...all: object[]) => JSON.stringify({ PriceList: all.map((one) => JSON.stringify(one)) })
  const [p5, p5en] = [product('p5.48xlarge', '55.04'), product('p5en.48xlarge', '63.296')]
  const read = (list: string) => cli('prices', '--from', list, '--region', 'eu-central-1', '--config', config)
  expect((await read(file('both.json', listed(p5en, p5)))).out).toMatch(
    /pools\.gpu-train\.price +\{ perNodeHour: 63\.296, spot: 21\.5, source: .* \(is 55\.04\)/,
  )
  expect((await read(file('one.json', listed(p5)))).out).toMatch(
    /pools\.gpu-train\.price +p5en\.48xlarge: the list has no price of it in eu-central-1/,
  )
})

it('what is no price list is told with how to get one', async () => {
  const { code, err } = await cli('prices', '--from', file('bad.json', '{'), '--region', 'eu-central-1')
  expect(code).not.toBe(0)
  expect(err).toContain('aws pricing get-products')
})
