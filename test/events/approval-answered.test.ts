import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { approvalAnswered, formPayload } from '../../events/approval-answered.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('approval-answered')
const parse = (name: string) => {
  const payload = formPayload(samples.find((sample) => sample.name === name)?.request?.body ?? '')
  return payload.ok ? approvalAnswered.parse(payload.event) : payload
}

describe('an answer in Slack', () => {
  it.each(samples)('$name is what its sample says', ({ name, expect: expected }) => {
    expect(parse(name)).toMatchObject(expected === 'accepted' ? { ok: true } : { ok: false, reason: expected.refused })
  })

  it('a press names who, in which workspace, on which message, about what', () => {
    expect(parse('approve-form')).toMatchObject({
      event: {
        question: 'apr_01JD0000000000000000000000',
        verdict: 'approve',
        by: 'T0SIGNAL/U0APPROVER',
        workspace: 'T0SIGNAL',
        message: { channel: 'C0GPUOPS', ts: '1795428000.000100' },
        at: 1795428012346,
      },
    })
    expect(parse('approve-uri')).toEqual(parse('approve-form'))
    expect(parse('reject')).toMatchObject({ event: { verdict: 'deny', reason: null } })
  })

  it('the modal is a denial with its reason, letter for letter', () => {
    expect(parse('reason')).toMatchObject({
      event: {
        verdict: 'deny',
        reason: 'Budget + risk = "no" & 100% sure\nline 2',
        question: 'apr_01JD0000000000000000000000',
        message: null,
      },
    })
  })

  it('a guest keeps the team that they are of', () => {
    const press = {
      type: 'block_actions',
      team: { id: 'T0SIGNAL' },
      user: { id: 'U1', team_id: 'T9OTHER' },
      actions: [{ action_id: 'approve', value: 'q', action_ts: '1.5' }],
    }
    expect(approvalAnswered.parse(press)).toMatchObject({ event: { by: 'T9OTHER/U1', workspace: 'T0SIGNAL' } })
  })

  it('is total, the form field too', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (input, body) => {
        for (const parsed of [approvalAnswered.parse(input), formPayload(body)])
          if (!parsed.ok) expect(parsed.detail).not.toBe('')
      }),
    )
  })
})
