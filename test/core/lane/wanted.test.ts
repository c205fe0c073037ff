import { describe, expect, it } from 'vitest'
import { isWanted } from '../../../core/lane/wanted.ts'
import { desired } from '../training-fixture.ts'
import { docOf, runOf, viewOf } from './fixture.ts'

const wants = (wanted: typeof desired | null) => isWanted(viewOf({ doc: docOf({ desired: wanted }) }), runOf())

describe('what a run carries out is what its lane wants', () => {
  it('whichever generation wants it, and whoever asked', () => {
    expect(wants(desired)).toBe(true)
    expect(wants({ ...desired, requester: 'T0SIGNAL/U0BEN' })).toBe(true)
  })

  it('not another version, nor nothing', () => {
    expect(wants({ ...desired, version: 'f'.repeat(64) })).toBe(false)
    expect(wants(null)).toBe(false)
  })
})
