import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { driftReported } from '../../events/drift-reported.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('drift-reported')

describe('S3’s event of a report', () => {
  it.each(samples)('$name is what its sample says', ({ event, expect: expected }) => {
    const parsed = driftReported.parse(event)
    expect(parsed.ok ? 'accepted' : { refused: parsed.reason }).toEqual(expected)
  })

  it('says where it lies, and nothing of what it says', () => {
    expect(driftReported.parse(samples.find(({ name }) => name === 'base')?.event)).toMatchObject({
      event: { bucket: 'acme-datasets', key: 'monitors/support-llama/2026-11-24T09/drift.json', replayed: false },
    })
  })

  it('any JSON is an event or a refusal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(driftReported.parse(value)).toHaveProperty('ok')
      }),
    )
  })
})
