import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { approvalAnswered, formPayload } from '../../events/approval-answered.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('approval-answered')
const parse = (name: string) => {
  const payload = formPayload(Buffer.from(samples.find((sample) => sample.name === name)?.request?.body ?? ''))
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

  it.each([
    ['a team of their own', { team: null, enterprise: { id: 'E0ORG' }, user: { id: 'U1', team_id: 'T1' } }, 'T1/U1'],
    ['none, of the organisation alone', { team: null, enterprise: { id: 'E0ORG' }, user: { id: 'W1' } }, 'E0ORG/W1'],
  ])('where a whole organisation has the app, a person has %s', (_, who, by) => {
    const actions = [{ action_id: 'approve', value: 'q', action_ts: '1.5' }]
    const press = { type: 'block_actions', is_enterprise_install: true, ...who, actions }
    expect(approvalAnswered.parse(press)).toMatchObject({ ok: true, event: { by, workspace: null } })
    const view = { callback_id: 'reason', private_metadata: 'q', state: { values: {} } }
    expect(approvalAnswered.parse({ type: 'view_submission', ...who, view })).toMatchObject({ event: { by } })
  })

  it('of nobody is none', () => {
    const actions = [{ action_id: 'approve', value: 'q', action_ts: '1.5' }]
    expect(approvalAnswered.parse({ type: 'block_actions', team: null, user: { id: 'U1' }, actions })).toMatchObject({
      ok: false,
      reason: 'missing-field',
      detail: expect.stringContaining('team, user.team_id and enterprise'),
    })
  })

  it.each([
    ['twice', 'payload=%7B%7D&payload=%7B%7D', 'payload: the form field is there 2 times'],
    ['not at all', 'other=1', 'payload: the form field is missing'],
    ['in bytes that are no text', Buffer.from([0x70, 0xff, 0xfe]), 'the body is not UTF-8 text'],
  ])('the form field %s is refused', (_, body, detail) => {
    expect(formPayload(Buffer.from(body as string))).toMatchObject({ ok: false, detail })
  })

  it('is total, the form field too', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (input, body) => {
        for (const parsed of [approvalAnswered.parse(input), formPayload(Buffer.from(body))])
          if (!parsed.ok) expect(parsed.detail).not.toBe('')
      }),
    )
  })
})
