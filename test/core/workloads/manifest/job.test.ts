import { describe, expect, it } from 'vitest'
import { job, mainOf, podsOf } from '../../../../core/workloads/manifest/job.ts'
import { gangSpec } from '../../../../core/workloads/over-nodes.ts'

describe('how many pods a Job has', () => {
  it.each([
    ['nothing is said', {}, 1],
    [
      'one is said',
      { completions: 1, parallelism: 1, completionMode: 'NonIndexed', backoffLimit: 0, suspend: false },
      1,
    ],
    ['four, each of which knows which it is', { completions: 4, parallelism: 4, completionMode: 'Indexed' }, 4],
  ])('%s', (_, spec, pods) => {
    expect(podsOf(spec)).toBe(pods)
  })

  it.each([1, 2, 64])('as a stage of %i nodes has them', (nodes) => {
    expect(podsOf({ ...gangSpec(nodes) })).toBe(nodes)
  })

  it.each([
    ['completions', { completions: 2.5, parallelism: 2.5, completionMode: 'Indexed' }],
    ['completions', { completions: '2' }],
    ['completions', { completions: -1 }],
    ['parallelism', { parallelism: 0 }],
    ['parallelism', { completions: 4, parallelism: 2, completionMode: 'Indexed' }],
    ['parallelism', { parallelism: 3 }],
    ['completionMode', { completions: 2, parallelism: 2 }],
    ['completionMode', { completionMode: 'Indexed' }],
    ['completionMode', { completionMode: 'indexed' }],
    ['backoffLimit', { backoffLimit: 6 }],
    ['suspend', { suspend: true }],
  ])('is none where %s does not go: %j', (key, spec) => {
    expect(podsOf(spec)).toMatchObject([{ path: [key] }])
  })
})

it('comes to itself', () => {
  expect(job.jobOf({ spec: { completions: 2 } }, 'train')).toEqual({ at: [], spec: { completions: 2 } })
})

it.each([
  ['the only one, whatever it is called', [{ name: 'x' }], 0],
  ['the one that is called as its stage', [{ name: 'x' }, { name: 'train' }], 1],
  ['none of several that are called otherwise', [{ name: 'x' }, { name: 'y' }], -1],
])('a stage is about %s', (_, containers, index) => {
  expect(mainOf(containers, 'train')).toBe(index)
})
