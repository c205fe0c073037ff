import { describe, expect, it } from 'vitest'
import type { Pattern } from '../../../events/contract.ts'
import { patternsOf } from '../../../infra/constructs/patterns.ts'

const pattern: Pattern = { source: ['aws.s3'], detail: { object: { key: [{ suffix: 'manifest.json' }] } } }
const via = { bus: 'default' as const, pattern, bucketAt: ['detail', 'bucket', 'name'] }
const bucketsOf = (one: Pattern): unknown[] => (one as { detail: { bucket: { name: string[] } } }).detail.bucket.name

describe('what is deployed of a contract’s pattern', () => {
  it('asks for the buckets besides all that it asks', () => {
    const bucket = { name: ['a', 'b'] }
    expect(patternsOf(via, ['a', 'b'])).toEqual([
      { ...pattern, detail: { object: { key: [{ suffix: 'manifest.json' }] }, bucket } },
    ])
  })

  it('is as it is where its source knows no buckets, and nothing where the policy has none', () => {
    expect(patternsOf({ bus: 'signalbox', pattern }, ['a'])).toEqual([pattern])
    expect(patternsOf(via, [])).toEqual([])
  })

  it('is as many rules as EventBridge needs, with each bucket in one of them', () => {
    const buckets = Array.from({ length: 90 }, (_, n) => `${'b'.repeat(60)}${n}`)
    const patterns = patternsOf(via, buckets)
    expect(patterns.flatMap(bucketsOf)).toEqual(buckets)
    expect(patterns.length).toBeLessThan(5)
    for (const one of patterns) expect(JSON.stringify(one).length).toBeLessThanOrEqual(2048)
  })
})
