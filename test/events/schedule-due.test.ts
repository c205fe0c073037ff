import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scheduleDue } from '../../events/schedule-due.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('schedule-due')

describe('the time of a pipeline', () => {
  it.each(samples)('$name is what its sample says', ({ event, expect: expected }) => {
    expect(scheduleDue.parse(event)).toMatchObject(
      expected === 'accepted' ? { ok: true } : { ok: false, reason: expected.refused },
    )
  })

  it('says of which pipeline, and which time; what is replayed says so', () => {
    const base = samples.find(({ name }) => name === 'base')?.event as object
    const event = { type: 'schedule-due', pipeline: 'support-chats', slot: Date.UTC(2026, 10, 24, 1), replayed: false }
    expect(scheduleDue.parse(base)).toMatchObject({ ok: true, event })
    expect(scheduleDue.parse({ ...base, 'replay-name': 'r' })).toMatchObject({ event: { replayed: true } })
    expect(scheduleDue.parse({ ...base, source: 'aws.s3' })).toMatchObject({ reason: 'not-this-event' })
  })

  it('is total', () => {
    fc.assert(
      fc.property(fc.anything(), (detail) => {
        const base = samples.find(({ name }) => name === 'base')?.event as object
        const answer = scheduleDue.parse({ ...base, detail })
        expect(answer.ok || answer.detail.length > 0).toBe(true)
      }),
    )
  })
})
