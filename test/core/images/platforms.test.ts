import { describe, expect, it } from 'vitest'
import { besideTypes, lacking, onTypes } from '../../../core/images/platforms.ts'

describe('what an image needs', () => {
  it.each([
    ['p5.48xlarge', 'linux/amd64'],
    ['p6-b200.48xlarge', 'linux/amd64'],
    ['g6e.12xlarge', 'linux/amd64'],
    ['g4ad.xlarge', 'linux/amd64'],
    ['gr6.4xlarge', 'linux/amd64'],
    ['p5en.48xlarge', 'linux/amd64'],
    ['trn2.48xlarge', 'linux/amd64'],
    ['g5g.16xlarge', 'linux/arm64'],
    ['g5g.metal', 'linux/arm64'],
    ['p6e-gb200.36xlarge', 'linux/arm64'],
    ['p6e-gb300.36xlarge', 'linux/arm64'],
    ['c7gn.16xlarge', 'linux/arm64'],
    ['a1.metal', 'linux/arm64'],
  ])('on %s is %s', (type, platform) => expect(onTypes([type])).toEqual([[platform]]))

  it('on a pool of both is both; beside one it is what most nodes are, or what these are', () => {
    expect(onTypes(['g5g.xlarge', 'g5.xlarge', 'g6.xlarge'])).toEqual([['linux/amd64'], ['linux/arm64']])
    expect(besideTypes(['g5g.xlarge'])).toEqual([['linux/amd64', 'linux/arm64']])
    expect(besideTypes([])).toEqual([['linux/amd64']])
  })
})

describe('what an image lacks', () => {
  it('is nothing where it has each, or one of several, of any variant', () => {
    expect(lacking(['linux/amd64/v3', 'linux/arm64'], onTypes(['g5g.xlarge', 'g5.xlarge']))).toBeNull()
    expect(lacking(['linux/arm64'], besideTypes(['g5g.xlarge']))).toBeNull()
    expect(lacking([], [])).toBeNull()
  })

  it('is said with what it has', () => {
    expect(lacking(['linux/arm64'], [...onTypes(['p5.48xlarge']), ...onTypes(['p4d.24xlarge'])])).toBe(
      'it does not run on linux/amd64: it has linux/arm64',
    )
    expect(lacking([], besideTypes(['g5g.xlarge']))).toBe(
      'it does not run on linux/amd64 or linux/arm64: it names no platform',
    )
    expect(lacking(['windows/amd64'], onTypes(['p5.48xlarge']))).toContain('it does not run on linux/amd64')
  })
})
