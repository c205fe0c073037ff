import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formFields, leaseAsked, USAGE } from '../../events/lease-asked.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('lease-asked')
const HOUR = 3_600_000
const parsed = (name: string) => {
  const fields = formFields(Buffer.from(samples.find((sample) => sample.name === name)?.request?.body ?? ''))
  return fields.ok ? leaseAsked.parse(fields.event) : fields
}
const said = (text: string) => leaseAsked.parse({ command: '/signalbox', text, user_id: 'U1', team_id: 'T1' })

describe('a lease that is asked for in Slack', () => {
  it.each(samples)('$name is what its sample says', ({ name, expect: expected }) => {
    expect(parsed(name)).toMatchObject(expected === 'accepted' ? { ok: true } : { ok: false, reason: expected.refused })
  })

  it('says of which pool, how many, for how long or until when, and who it is by ids', () => {
    const common = { type: 'lease-asked', pool: 'gpu-train', by: 'T0SIGNAL/U0APPROVER', byName: 'ana' }
    const replyTo = 'https://hooks.slack.com/commands/T0SIGNAL/1/abc'
    const none = { gpus: null, lasts: null, until: null, of: null }
    const eventOf = (name: string) => (parsed(name) as { event: object }).event
    expect(eventOf('take')).toEqual({ ...common, ...none, does: 'take', gpus: 8, lasts: 6 * HOUR, replyTo })
    const until = Date.UTC(2026, 10, 24, 18)
    expect(eventOf('take-until')).toEqual({ ...common, ...none, does: 'take', gpus: 16, until, replyTo })
    expect(eventOf('extend')).toEqual({ ...common, ...none, does: 'extend', lasts: 2 * HOUR, of: 'g4', replyTo })
    expect(eventOf('end')).toEqual({ ...common, ...none, does: 'end', replyTo })
  })

  it.each([
    '',
    'help',
    'lease',
    'lease gpu-train',
    'lease gpu-train +8',
    'lease gpu-train +8 for',
    'lease gpu-train +8 for ever',
    'lease gpu-train +0 for 6h',
    'lease gpu-train -8 for 6h',
    'lease gpu-train +8 for 6h please',
    'lease gpu-train +8 until tomorrow',
    'lease gpu-train +8 for 6h of g4',
    'lease GPU +8 for 6h',
    'lease pool/gpu-train +8 for 6h',
    'lease gpu-train end of g0',
    'lease gpu-train end of',
    'lease gpu-train extend',
    'lease gpu-train end now',
    `lease gpu-train +8 for 6h ${'x'.repeat(4000)}`,
  ])('%j is answered with what may be said', (text) => {
    expect(said(text)).toMatchObject({ ok: false, reason: 'bad-field', detail: expect.stringContaining(USAGE) })
  })

  it('of a person of no workspace is nobody’s', () => {
    expect(leaseAsked.parse({ command: '/signalbox', text: 'lease a end', user_id: 'U1' })).toMatchObject({
      ...{ ok: false, reason: 'missing-field' },
    })
  })

  it('with a field twice is refused: nobody knows which is meant', () => {
    expect(formFields(Buffer.from('text=lease+a+end&text=lease+b+end'))).toMatchObject({
      ok: false,
      reason: 'bad-field',
    })
  })

  it('is total: any value and any bytes give an event or a reason', () => {
    fc.assert(
      fc.property(fc.anything(), fc.uint8Array(), fc.string(), (input, bytes, text) => {
        for (const one of [leaseAsked.parse(input), formFields(bytes), said(`lease a ${text}`)])
          if (!one.ok) expect(one.detail.length).toBeGreaterThan(0)
      }),
    )
  })
})
