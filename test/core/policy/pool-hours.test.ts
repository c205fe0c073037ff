import { describe, expect, it } from 'vitest'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { PolicyError, parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const withPool = (pool: Record<string, unknown>): unknown => ({
  ...config,
  pools: { ...config.pools, 'gpu-train': { ...config.pools['gpu-train'], ...pool } },
})
const problems = (pool: Record<string, unknown>): string[] => {
  try {
    parsePolicy(withPool(pool))
    return []
  } catch (error) {
    if (error instanceof PolicyError) return error.problems
    throw error
  }
}
const hours = (ceilings: object[], zone = 'Europe/Berlin') => ({ hours: { zone, ceilings } })
const NIGHT = { days: ['mon', 'tue'], from: '20:00', to: '06:00', maxGpus: 32 }

describe('hours of a pool', () => {
  it('are ceilings by the clock of a zone, on each day where none is named', () => {
    const policy = parsePolicy(withPool(hours([{ from: '20:00', to: '24:00', maxGpus: 32 }])))
    expect(policy.pools['gpu-train']?.hours).toEqual({
      zone: 'Europe/Berlin',
      ceilings: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '20:00', to: '24:00', maxGpus: 32 }],
    })
  })

  it.each([
    ['a zone that is none', hours([NIGHT], 'Europe/Berln'), /hours\.zone.*no such zone.*Europe\/Berlin/],
    ['an offset in place of a zone', hours([NIGHT], '+01:00'), /hours\.zone.*no such zone/],
    ['no whole nodes', hours([{ ...NIGHT, maxGpus: 20 }]), /ceilings\.0\.maxGpus.*no whole nodes of 8: write 16 or 24/],
    ['less than a node', hours([{ ...NIGHT, maxGpus: 4 }]), /no whole nodes of 8: write 8/],
    [
      'two at once',
      hours([NIGHT, { days: ['wed'], from: '05:00', to: '07:00', maxGpus: 8 }]),
      /ceilings\.1.*in force at the same time as hours\.ceilings\.0/,
    ],
    ['an end that is its beginning', hours([{ ...NIGHT, to: '20:00' }]), /ceilings\.0\.to.*ends when it begins/],
    ['a time that is none', hours([{ ...NIGHT, from: '8 pm' }]), /ceilings\.0\.from.*22:00/],
    ['a day twice', hours([{ ...NIGHT, days: ['mon', 'mon'] }]), /days.*once/],
    ['a day that is none', hours([{ ...NIGHT, days: ['Monday'] }]), /days\.0/],
    ['none at all', hours([]), /ceilings/],
    ['a pool that Kueue lends', { ...hours([NIGHT]), queue: 'train' }, /hours.*nominalQuota/],
  ])('with %s are refused on paper, in words that say what to write', (_, pool, say) => {
    expect(problems(pool)).toEqual([expect.stringMatching(say)])
  })

  it('count with the highest of them where it is asked on paper whether a stage could ever have room', () => {
    const small = { maxGpus: 0, ...hours([{ ...NIGHT, maxGpus: 8 }]) }
    expect(onPaper(parsePolicy(withPool({ maxGpus: 0 }))).map(({ path }) => path)).toContain(
      'pipelines.support-chats.stages.0.gpus',
    )
    expect(onPaper(parsePolicy(withPool(small)))).toEqual([])
  })
})

describe('what may be leased of a pool', () => {
  it('is so many GPUs for so many hours', () => {
    expect(problems({ leases: { maxGpus: 16, maxHours: 12 } })).toEqual([])
  })

  it.each([
    ['no whole nodes', { maxGpus: 12, maxHours: 12 }, /leases\.maxGpus.*no whole nodes of 8: write 8 or 16/],
    ['nothing', { maxGpus: 0, maxHours: 12 }, /leases\.maxGpus/],
    ['no end', { maxGpus: 8 }, /leases\.maxHours/],
    ['more than a month', { maxGpus: 8, maxHours: 745 }, /at most 744/],
  ])('is not %s', (_, leases, say) => {
    expect(problems({ leases })).toEqual([expect.stringMatching(say)])
  })

  it('is nothing of a pool that Kueue lends', () => {
    expect(problems({ queue: 'train', leases: { maxGpus: 8, maxHours: 1 } })).toEqual([
      expect.stringMatching(/leases.*nominalQuota/),
    ])
  })
})
