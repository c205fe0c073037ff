import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VoteLetter } from '../../../core/lane/letters.ts'
import type { Question } from '../../../core/lane/question.ts'
import { foldVote, foldVoteUnread } from '../../../core/lane/votes.ts'
import { anyText } from '../../any-text.ts'
import { ANA, asking, BEN, HOUR, MALLORY, NOW, policyWith, questionOf, viewOf, vote, wanted } from './fixture.ts'

const two = policyWith((config) => {
  config.approvals.approvers = [
    { id: ANA, name: 'ana' },
    { id: BEN, name: 'ben' },
  ]
  config.approvals.need = 2
})
const one = policyWith((config) => {
  config.approvals.approvers = two.approvals.approvers
})
const fold = (
  letter: Partial<VoteLetter> = {},
  question: Partial<Question> = {},
  over: Parameters<typeof viewOf>[0] = {},
) => foldVote(viewOf({ doc: wanted({ run: asking(question) }), policy: two, ...over }), vote(letter))
const became = (change: ReturnType<typeof fold>) => change.moments.at(-1)?.data

describe('a vote that counts', () => {
  it('is kept with its time, answered by a moment that names its letter, and drawn on the card', () => {
    const change = fold({ reason: 'fine', id: 'l1' }, { need: 2 })
    expect(change.doc.run).toMatchObject({ phase: 'asked', question: { state: 'open', votes: [{ by: ANA, at: NOW }] } })
    expect(change.removed.map(({ id }) => id)).toEqual(['l1'])
    expect(became(change)).toMatchObject({ became: 'recorded', letters: ['l1'], by: ANA, state: 'open' })
    expect(change.moments[0]?.text).toBe('ana approves: fine')
    expect(change.tellings).toEqual([{ kind: 'card', generation: 1, attempt: 1 }])
    expect(change.counts).toEqual(['answer:approve'])
  })

  it('as the last that is needed binds what was asked, and lets the run go on', () => {
    const change = fold({}, { need: 1 }, { policy: one })
    expect(change.doc.run?.phase).toBe('planned')
    expect(change.doc.approved).toEqual({ question: change.doc.run?.question, spent: 0, begun: false })
    expect(change.doc.approved?.question.state).toBe('approved')
  })

  it('is not the last that is needed where another was revoked: it stays, and the question is open for who is missing', () => {
    const [ana, ben, mallory] = [ANA, BEN, MALLORY].map((by) => ({
      by,
      verdict: 'approve' as const,
      reason: null,
      at: NOW,
    }))
    const left = { ...two, approvals: { ...two.approvals, approvers: [BEN, MALLORY].map((id) => ({ id, name: id })) } }
    const change = fold({ by: BEN }, { need: 2, votes: [ana!] }, { policy: left })
    expect(change.doc.run?.question).toMatchObject({ state: 'open', votes: [ben] })
    expect(change.doc.approved).toBeNull()
    const more = fold({ by: MALLORY }, { need: 2, votes: [ben!] }, { policy: left })
    expect(more.doc.run?.question).toMatchObject({ state: 'approved', votes: [ben, mallory] })
  })

  it('nor where the policy needs more by now; nor does a requester’s own who may approve no more', () => {
    expect(fold({}, { need: 1 }).doc.run?.question).toMatchObject({ state: 'open', need: 2, votes: [{ by: ANA }] })
    const votes = [{ by: ANA, verdict: 'approve' as const, reason: null, at: NOW }]
    const change = fold({ by: BEN }, { need: 2, requester: ANA, votes })
    expect(change.doc.run?.question).toMatchObject({ state: 'open', votes: [{ by: BEN }] })
  })

  it('counts together with one of a group that nobody can read now: that is asked again before anything begins', () => {
    const approvers = [
      { id: BEN, name: 'ben' },
      { id: 'T0SIGNAL/S0GPUOPS', name: 'ops' },
    ]
    const votes = [{ by: MALLORY, verdict: 'approve' as const, reason: null, at: NOW }]
    const change = fold(
      { by: BEN },
      { need: 2, votes },
      { policy: { ...two, approvals: { ...two.approvals, approvers } } },
    )
    expect(change.doc.run?.question?.state).toBe('approved')
  })

  it('as a denial rejects, whoever approved before, and binds nothing', () => {
    const before = { need: 2, votes: [{ by: BEN, verdict: 'approve' as const, reason: null, at: NOW }] }
    const change = fold({ verdict: 'deny', reason: 'too expensive' }, before)
    expect(change.doc.run?.question?.state).toBe('rejected')
    expect(change.doc.approved).toBeNull()
    expect(change.moments[0]?.text).toBe('ana denies: too expensive')
  })

  it.each([
    ['generation', { generation: 2 }],
    ['attempt', { attempt: 2 }],
  ])('is too late for what something newer has taken the place of: the lane wants another %s', (_, newer) => {
    const change = fold({}, { need: 1 }, { doc: wanted({ ...newer, run: asking({ need: 1 }) }) })
    expect(change.doc.run?.question?.state).toBe('open')
    expect(change.doc.approved).toBeNull()
    expect(change.counts).toEqual(['refused:question-closed'])
  })

  it('given in time counts though it is read later', () => {
    expect(fold({ at: NOW + 4 * HOUR }, {}, { policy: one, now: NOW + 5 * HOUR }).doc.run?.question?.state).toBe(
      'approved',
    )
  })
})

describe('a vote that does not count', () => {
  const group = 'T0SIGNAL/S0OPS'
  const grouped = policyWith((config) => {
    config.approvals.approvers = [{ id: group, name: 'ops' }]
  })

  it.each<[string, Partial<VoteLetter>, Partial<Question>, Parameters<typeof viewOf>[0]?]>([
    ['not-an-approver', { by: MALLORY }, {}],
    ['too-late', { at: NOW + 4 * HOUR + 1 }, {}],
    ['question-closed', { question: `${questionOf().id}x` }, {}],
    ['question-closed', {}, { state: 'closed' }],
    ['question-closed', {}, { state: 'expired' }],
    ['already-answered', {}, { need: 2, votes: [{ by: ANA, verdict: 'approve', reason: null, at: NOW }] }],
    ['requester-may-not-approve', {}, { requester: ANA }],
    ['wrong-workspace', { workspace: 'T0OTHER' }, {}],
    ['group-unreadable', {}, {}, { policy: grouped, groups: new Map([[group, null]]) }],
    ['question-closed', {}, {}, { doc: wanted() }],
  ])('%s', (reason, letter, question, over = {}) => {
    const change = fold({ ...letter, id: 'l1' }, question, over)
    expect(change.doc).toEqual(over?.doc ?? wanted({ run: asking(question) }))
    expect(became(change)).toMatchObject({ became: 'refused', reason, letters: ['l1'] })
    expect(change.removed.map(({ id }) => id)).toEqual(['l1'])
    expect(change.counts).toEqual([`refused:${reason}`])
    expect(change.tellings).toEqual([])
  })

  it('is told to whoever pressed, and nobody else', () => {
    const change = fold({ by: MALLORY, replyTo: 'https://hooks.slack.com/x' })
    expect(change.tellings).toEqual([
      {
        kind: 'reply',
        to: 'https://hooks.slack.com/x',
        text: 'Your answer does not count: you are not among approvals.approvers.',
      },
    ])
    expect(JSON.stringify(change.moments)).not.toContain('hooks.slack.com')
  })
})

describe('whatever votes come', () => {
  it('a question is approved by N different approvers and none fewer, and what the document keeps of it is short', () => {
    const letter = fc.record({
      by: fc.oneof(
        fc.constantFrom(ANA, BEN, MALLORY),
        fc.nat(40).map((n) => `T0SIGNAL/U0${n}`),
      ),
      verdict: fc.constantFrom<'approve' | 'deny'>('approve', 'approve', 'approve', 'deny'),
      reason: fc.option(anyText({ maxLength: 20 }).map((text) => `${text}\u001b[2J\u202e`.repeat(200))),
      at: fc.integer({ min: NOW - HOUR, max: NOW + 5 * HOUR }),
    })
    const everybody = policyWith((config) => {
      config.approvals.approvers = [ANA, BEN, ...Array.from({ length: 41 }, (_, n) => `T0SIGNAL/U0${n}`)].map((id) => ({
        id,
        name: id,
      }))
    })
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 40 }), fc.integer({ min: 1, max: 25 }), (letters, need) => {
        let view = viewOf({
          doc: wanted({ run: asking({ need }) }),
          policy: { ...everybody, approvals: { ...everybody.approvals, need } },
        })
        for (const [index, given] of letters.entries())
          view = { ...view, doc: foldVote(view, vote({ ...given, id: String(index) })).doc }
        const question = view.doc.run?.question as Question
        const people = new Set(question.votes.map(({ by }) => by))
        expect(people.size).toBe(question.votes.length)
        if (question.state === 'approved') expect(people.size).toBeGreaterThanOrEqual(need)
        expect(view.doc.approved === null).toBe(question.state !== 'approved')
        expect(question.votes.length).toBeLessThanOrEqual(20)
        for (const { reason } of question.votes) expect(reason ?? '').not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a vote while nobody can read the policy', () => {
  const more = { dollars: 50, why: 'it goes on', step: 'train' }
  const doc = wanted({ run: { ...asking({ more, need: 1 }), phase: 'steps' } })
  const approvals = { need: 1, requesterMayApprove: false, approvers: [{ id: ANA, name: ANA }] }
  const unread = (letter: Partial<VoteLetter> = {}) =>
    foldVoteUnread({ doc, plan: viewOf({}).plan, groups: new Map(), policy: { approvals } }, vote(letter))

  it('counts as it ever does where it counts, and is left for whoever reads the policy where it does not', () => {
    expect(unread({ verdict: 'deny' })?.doc.run?.question).toMatchObject({ state: 'rejected', votes: [{ by: ANA }] })
    expect(unread({ by: BEN })).toBeNull()
    expect(unread({ by: MALLORY, verdict: 'deny' })).toBeNull()
    expect(unread({ at: NOW + 100 * HOUR })).toBeNull()
  })
})
