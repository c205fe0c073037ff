import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import example from '../../example.ts'
import { CPU } from '../../without-gpus.ts'
import { openRunning, type Running } from '../running.ts'

const POOL = 'pool/gpu-train'
const HOUR = 3_600_000
const config = (autoApproveBelow = 1000) => ({
  ...example,
  pools: {
    ...example.pools,
    'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8, leases: { maxGpus: 16, maxHours: 12 } },
  },
  approvals: { ...example.approvals, autoApproveBelow },
})
let product: Running

beforeEach(async () => {
  product = await openRunning()
  product.town.setPolicy(config())
})
afterEach(() => product.close())

const lease = (...argv: string[]) => product.cli('lease', ...argv, '--by', 'ben')

describe('lease', () => {
  it('takes GPUs for a while from the product’s now, and lists them with the time left', async () => {
    expect(await lease('gpu-train', '+8', '--for', '6h')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^lease of 8 GPUs until 2026-11-23 18:00 UTC of gpu-train/),
    })
    await product.town.advance(HOUR)
    const { code, out } = await product.cli('lease')
    expect(code).toBe(0)
    expect(out).toMatch(/gpu-train +16 +8 +g1 +\+8 +ben +2026-11-23 18:00 UTC +5h 0m/)
    expect(out).toMatch(/gpu-serve +16 +16 +- /)
    expect(await product.json('lease', 'gpu-train')).toMatchObject({
      pools: [{ pool: 'gpu-train', ceiling: 16, own: 8, leases: [{ id: 'g1', gpus: 8, by: 'ben', left: 5 * HOUR }] }],
    })
  })

  it('takes and lists nodes of a pool without GPUs', async () => {
    const cpu = { ...CPU, leases: { maxNodes: 2, maxHours: 12 } }
    product.town.setPolicy({ ...config(), pools: { ...config().pools, cpu } })
    expect(await lease('cpu', '+1', '--for', '6h')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^lease of 1 node until 2026-11-23 18:00 UTC of cpu/),
    })
    expect((await product.cli('lease')).out).toMatch(/gpu-train +8 +8 +- /)
    expect((await product.cli('lease', 'cpu')).out).toContain('2 nodes')
    expect(await lease('cpu', '+3', '--for', '6h')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/pools\.cpu\.leases lets 2 nodes be leased together/),
    })
  })

  it('lets one go on, by how long or until when, and ends it', async () => {
    await lease(POOL, '8', '--until', '2026-11-23T14:00Z')
    expect(await lease('gpu-train', '--extend', '90m')).toMatchObject({ code: 0 })
    expect((await product.cli('lease')).out).toMatch(/2026-11-23 15:30 UTC/)
    expect(await lease('gpu-train', '--for', '5h', '--of', 'g1')).toMatchObject({ code: 0 })
    expect((await product.cli('lease')).out).toMatch(/2026-11-23 17:00 UTC/)
    expect(await lease('gpu-train', '--end')).toMatchObject({ code: 0, out: expect.stringMatching(/g1 .* is over/) })
    expect((await product.cli('lease')).out).toMatch(/gpu-train +8 +8 +- /)
  })

  it('is asked about, and says what is refused and why', async () => {
    product.town.setPolicy(config(0))
    expect(await lease('gpu-train', '+8', '--for', '6h')).toMatchObject({ code: 0 })
    expect((await product.cli('why', POOL)).out).toMatch(/waits for ana or ben to answer/)
    expect(await lease('gpu-train', '+8', '--for', '6h')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/asked about/),
    })
    expect(await lease('gpu-serve', '+4', '--for', '6h')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/write `leases: \{ maxGpus: 4/),
    })
  })

  it.each([
    [['gpu-train', '+8'], /one of --for, --until, --extend and --end/],
    [['gpu-train', '+8', '--for', '6h', '--until', '2026-11-24T18:00Z'], /one of --for/],
    [['gpu-train', '+8', '--extend', '6h'], /leave the number of GPUs out/],
    [['gpu-train', 'many', '--for', '6h'], /no number of GPUs, nor of nodes of a pool without: say \+8/],
    [['gpu-train', '+8', '--for', 'a while'], /--for is a duration such as 6h/],
    [['gpu-train', '+8', '--until', 'tomorrow'], /--until is a duration such as 4h, or a time/],
    [['--end'], /say which pool/],
    [['nowhere'], /no pool nowhere: it has gpu-train, gpu-serve/],
  ])('%j is wrong usage, with what to say', async (argv, say) => {
    expect(await lease(...argv)).toMatchObject({ code: 2, err: expect.stringMatching(say) })
  })

  it('without a product that runs is listed from its folder', async () => {
    await lease('gpu-train', '+8', '--for', '6h')
    const { ports } = product.town.house
    expect(await ports.ledger.list('contribution', { prefix: `${POOL}#` })).toHaveLength(1)
  })
})
