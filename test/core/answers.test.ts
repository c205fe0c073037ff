import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  approvalNeed,
  asOfNow,
  type Groups,
  missingIn,
  stillApproved,
  whyVoteFails,
  withVote,
} from '../../core/answers.ts'
import type { Question } from '../../core/lane/question.ts'
import type { Vote } from '../../core/lane/vote.ts'
import type { ApprovalPolicy } from '../../core/policy.ts'

const ANA = 'T0SIGNAL/U0ANA'
const BEN = 'T0SIGNAL/U0BEN'
const CARLA = 'T0SIGNAL/U0CARLA'

const policy = (over: Partial<ApprovalPolicy> = {}): ApprovalPolicy => ({
  channel: 'C0',
  approvers: [
    { id: ANA, name: 'ana' },
    { id: BEN, name: 'ben' },
  ],
  need: 1,
  requesterMayApprove: false,
  unknownRequester: 'anyone',
  expiry: '4h',
  autoApproveBelow: 0,
  ...over,
})

const provenBy = (by: string | null) => (by === null ? null : { by, proven: true })

const under = (over: Partial<ApprovalPolicy> = {}, groups: Groups = new Map()) => ({ policy: policy(over), groups })

const row = (over: Partial<Question> = {}): Question => ({
  id: 'pipeline/a#1.0123456789abcdef.0',
  digest: 'd',
  openedAt: 0,
  until: 1000,
  state: 'open',
  bounds: { dollars: 1, gpus: {}, unavailable: 0, until: 1000 },
  need: 1,
  requester: CARLA,
  votes: [],
  reminded: false,
  ...over,
})

const vote = (by: string, over: Partial<Vote> = {}): Vote => ({
  by,
  verdict: 'approve',
  reason: null,
  at: 500,
  ...over,
})

describe('whether a plan must be asked about', () => {
  const need = (over: Partial<ApprovalPolicy>, about: { requester: string | null; dollars: number }) =>
    approvalNeed(policy(over), { ...about, requester: provenBy(about.requester) })

  it('always, when nothing passes by itself: a free plan too', () => {
    expect(need({}, { requester: CARLA, dollars: 0 })).toEqual({
      kind: 'need',
      need: { required: true, why: '$0.00 in the bad case', need: 1 },
    })
  })

  it('not below the amount that policy lets pass, and again from that amount on', () => {
    expect(need({ autoApproveBelow: 50 }, { requester: CARLA, dollars: 49.99 })).toMatchObject({
      need: { required: false, need: 0 },
    })
    expect(need({ autoApproveBelow: 50 }, { requester: CARLA, dollars: 50 })).toMatchObject({
      need: { required: true, need: 1 },
    })
  })

  it('of as many as policy says, and of one more when it says so for an unknown requester', () => {
    expect(need({ need: 2 }, { requester: CARLA, dollars: 1 })).toMatchObject({ need: { need: 2 } })
    expect(need({ unknownRequester: 'one-more' }, { requester: null, dollars: 1 })).toMatchObject({ need: { need: 2 } })
    const cheap = { unknownRequester: 'one-more' as const, autoApproveBelow: 50 }
    expect(need(cheap, { requester: null, dollars: 1 })).toMatchObject({ need: { required: true, need: 2 } })
    expect(need(cheap, { requester: CARLA, dollars: 1 })).toMatchObject({ need: { required: false } })
    expect(need({ unknownRequester: 'one-more' }, { requester: CARLA, dollars: 1 })).toMatchObject({
      need: { need: 1 },
    })
  })

  it('a claim is no knowledge: one more, or nothing, and who is claimed may not approve either', () => {
    const claimed = (over: Partial<ApprovalPolicy>, by = CARLA) =>
      approvalNeed(policy(over), { requester: { by, proven: false }, dollars: 1 })
    expect(claimed({})).toMatchObject({ need: { need: 1 } })
    expect(claimed({ unknownRequester: 'one-more' })).toMatchObject({
      need: { need: 2, why: `that ${CARLA} asked is only claimed, so one more person must agree` },
    })
    expect(claimed({ unknownRequester: 'refuse' })).toMatchObject({
      reason: 'requester-unknown',
      detail: `that ${CARLA} asked is only claimed, and approvals.unknownRequester is \`refuse\``,
    })
    expect(claimed({ need: 2 }, ANA)).toMatchObject({ reason: 'nobody-may-approve' })
    expect(claimed({ need: 2, requesterMayApprove: true }, ANA)).toMatchObject({ need: { need: 2 } })
  })

  it('whatever it costs where something else says why, and neither claims nor nobody are less unknown for it', () => {
    const open = (over: Partial<ApprovalPolicy>, requester: Parameters<typeof approvalNeed>[1]['requester'] = null) =>
      approvalNeed(policy({ autoApproveBelow: 50, ...over }), { requester, dollars: 0, asks: 'not pinned' })
    expect(open({})).toMatchObject({ need: { required: true, need: 1, why: 'not pinned' } })
    expect(open({}, { by: CARLA, proven: true })).toMatchObject({ need: { required: true, why: 'not pinned' } })
    expect(open({ unknownRequester: 'one-more' })).toMatchObject({
      need: { need: 2, why: 'who asked is unknown, so one more person must agree; not pinned' },
    })
    expect(open({ unknownRequester: 'refuse' })).toMatchObject({ reason: 'requester-unknown' })
    // What the policy itself wants is known to be asked by it.
    expect(open({ unknownRequester: 'refuse' }, 'policy')).toMatchObject({ need: { required: true, need: 1 } })
  })

  it('not at all when nobody knows who asked and policy refuses that, however cheap', () => {
    const refused = need({ unknownRequester: 'refuse', autoApproveBelow: 50 }, { requester: null, dollars: 1 })
    expect(refused).toMatchObject({ kind: 'refuse', detail: expect.stringContaining('approvals.unknownRequester') })
  })
})

describe('a vote', () => {
  it('counts when an approver gives it in time on an open question', () => {
    expect(whyVoteFails(row(), vote(ANA), under())).toBeNull()
    expect(whyVoteFails(row(), vote(ANA, { at: 1000 }), under())).toBeNull()
  })

  it.each<[string, Question, Vote]>([
    ['too-late', row(), vote(ANA, { at: 1001 })],
    ['question-closed', row({ state: 'closed' }), vote(ANA)],
    ['question-closed', row({ state: 'approved' }), vote(BEN)],
    ['not-an-approver', row(), vote('T0SIGNAL/U0MALLORY')],
    ['not-an-approver', row(), vote('T0OTHER/U0ANA')],
    ['requester-may-not-approve', row({ requester: ANA }), vote(ANA)],
    ['already-answered', row({ need: 2, votes: [vote(ANA)] }), vote(ANA)],
  ])('does not count: %s', (reason, question, given) => {
    expect(whyVoteFails(question, given, under())).toBe(reason)
  })

  it('of the requester counts against the plan, and for it only where policy allows', () => {
    expect(whyVoteFails(row({ requester: ANA }), vote(ANA, { verdict: 'deny' }), under())).toBeNull()
    expect(whyVoteFails(row({ requester: ANA }), vote(ANA), under({ requesterMayApprove: true }))).toBeNull()
  })
})

describe('a question', () => {
  it('is approved by the number of people that it needs, and not one earlier', () => {
    const one = withVote(row({ need: 2 }), vote(ANA))
    expect(one.state).toBe('open')
    expect(withVote(one, vote(BEN)).state).toBe('approved')
  })

  it('is rejected by one denial, whoever approved before', () => {
    expect(withVote(withVote(row({ need: 2 }), vote(ANA)), vote(BEN, { verdict: 'deny' })).state).toBe('rejected')
  })

  it('keeps every vote and leaves the question that it was given alone', () => {
    const before = row()
    expect(withVote(before, vote(ANA)).votes).toEqual([vote(ANA)])
    expect(before).toEqual(row())
  })

  it('is never approved by fewer different approvers than it needs, whatever arrives in whatever order', () => {
    const anyVote = fc.record({
      by: fc.constantFrom(ANA, BEN, CARLA, 'T0SIGNAL/U0MALLORY'),
      verdict: fc.constantFrom('approve' as const, 'deny' as const),
      reason: fc.constant(null),
      at: fc.integer({ min: 0, max: 2000 }),
    })
    fc.assert(
      fc.property(fc.array(anyVote, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), (votes, need) => {
        const end = votes.reduce(
          (now, next) => (whyVoteFails(now, next, under()) === null ? withVote(now, next) : now),
          row({ need }),
        )
        const inFavour = new Set(end.votes.filter(({ verdict }) => verdict === 'approve').map(({ by }) => by))
        if (end.state === 'approved') expect(inFavour.size).toBeGreaterThanOrEqual(need)
        if (end.state === 'open') expect(inFavour.size).toBeLessThan(need)
        expect(end.state === 'rejected').toBe(end.votes.some(({ verdict }) => verdict === 'deny'))
        for (const { by, at } of end.votes) expect(at <= end.until && [ANA, BEN].includes(by)).toBe(true)
      }),
    )
  })
})

describe('an approval that has waited', () => {
  const approved = withVote(row(), vote(ANA))

  it('still stands under the same policy', () => {
    expect(stillApproved(approved, 1, under())).toBe(true)
  })

  it('falls when its approver was revoked, when more are needed now, and when the requester may no longer approve', () => {
    expect(stillApproved(approved, 1, under({ approvers: [{ id: BEN, name: 'ben' }] }))).toBe(false)
    expect(stillApproved(approved, 2, under())).toBe(false)
    const own = withVote(row({ requester: ANA }), vote(ANA))
    expect(stillApproved(own, 1, under({ requesterMayApprove: true }))).toBe(true)
    expect(stillApproved(own, 1, under())).toBe(false)
  })

  it('does not get easier when policy now needs fewer than the question asked for', () => {
    const two = { ...withVote(withVote(row({ need: 2 }), vote(ANA)), vote(BEN)) }
    expect(stillApproved(two, 1, under({ approvers: [{ id: BEN, name: 'ben' }] }))).toBe(false)
  })

  it('never was one when the question is not approved', () => {
    for (const state of ['open', 'rejected', 'expired', 'closed'] as const)
      expect(stillApproved({ ...approved, state }, 1, under())).toBe(false)
  })
})

describe('approvers by user group', () => {
  const GROUP = 'T0SIGNAL/S0GPUOPS'
  const approvers = [{ id: GROUP, name: 'GPU ops' }]
  const knowing = (members: string[] | null) => under({ approvers }, new Map([[GROUP, members]]))

  it('whoever is in the group may answer, nobody else, and nobody while that is not known', () => {
    expect(whyVoteFails(row(), vote(ANA), knowing([ANA]))).toBeNull()
    expect(whyVoteFails(row(), vote(BEN), knowing([ANA]))).toBe('not-an-approver')
    expect(whyVoteFails(row(), vote(ANA), knowing([]))).toBe('not-an-approver')
    expect(whyVoteFails(row(), vote(ANA), knowing(null))).toBe('group-unreadable')
    expect(whyVoteFails(row(), vote(ANA), under({ approvers }))).toBe('group-unreadable')
    expect(whyVoteFails(row({ requester: ANA }), vote(ANA), knowing([ANA]))).toBe('requester-may-not-approve')
  })

  it('who is named as a person may answer whatever is known of groups', () => {
    const both = under({ approvers: [...approvers, { id: BEN, name: 'ben' }] }, new Map([[GROUP, null]]))
    expect(whyVoteFails(row(), vote(BEN), both)).toBeNull()
  })

  it('an approval falls with its giver’s membership, and while that is not known', () => {
    const approved = withVote(row(), vote(ANA))
    expect(stillApproved(approved, 1, knowing([ANA]))).toBe(true)
    expect(stillApproved(approved, 1, knowing([BEN]))).toBe(false)
    expect(stillApproved(approved, 1, knowing(null))).toBe(false)
  })

  it('may be enough for any need: on paper nobody knows how many are in it', () => {
    expect(approvalNeed(policy({ approvers, need: 3 }), { requester: provenBy(CARLA), dollars: 1 })).toMatchObject({
      need: { need: 3 },
    })
  })
})

describe('votes on ways among which people choose', () => {
  const bounds = { dollars: 7, gpus: {}, unavailable: 0, until: 1000 }
  const chosen = (name: string) => ({ id: `q-${name}`, name, digest: name, bounds, votes: [] })
  const among = (over: Partial<Question> = {}) => row({ need: 2, choices: [chosen('a'), chosen('b')], ...over })
  const buttons = [among().id, 'q-a', 'q-b']

  it('bind what enough people pressed, by whatever order: nothing else, and never two half ways', () => {
    const people = [ANA, BEN, 'T0SIGNAL/U0DAN']
    const press = fc.record({ by: fc.constantFrom(...people), button: fc.constantFrom(...buttons) })
    fc.assert(
      fc.property(fc.array(press, { maxLength: 12 }), (presses) => {
        let question = among()
        const last = new Map<string, string>()
        for (const { by, button } of presses) {
          if (question.state !== 'open') break
          question = withVote(question, vote(by), button)
          last.set(by, button)
        }
        const counts = buttons.map((button) => [...last.values()].filter((one) => one === button).length)
        const won = counts.findIndex((count) => count >= 2)
        expect(question.state).toBe(won < 0 ? 'open' : 'approved')
        if (won < 0) expect(missingIn(question)).toBe(2 - Math.max(...counts))
        else {
          expect([question.digest, question.chosen?.name]).toEqual([['d', 'a', 'b'][won], [undefined, 'a', 'b'][won]])
          expect(question.bounds.dollars).toBe(won === 0 ? 1 : 7)
          expect([question.votes.length, question.choices]).toEqual([2, undefined])
          expect(stillApproved(question, 2, under({ approvers: people.map((id) => ({ id, name: id })) }))).toBe(true)
        }
      }),
    )
  })

  it('are taken back by a denial, which is of all; and count no more once who gave them was revoked', () => {
    const half = withVote(among(), vote(ANA), 'q-a')
    expect(withVote(half, vote(ANA, { verdict: 'deny' }), 'q-b')).toMatchObject({
      state: 'rejected',
      votes: [{ by: ANA, verdict: 'deny' }],
      choices: [{ votes: [] }, { votes: [] }],
    })
    expect(whyVoteFails(half, vote(ANA), { ...under(), button: 'q-a' })).toBe('already-answered')
    expect(whyVoteFails(half, vote(ANA), { ...under(), button: 'q-b' })).toBeNull()
    expect(asOfNow(half, under({ approvers: [{ id: BEN, name: 'ben' }] })).choices?.[0]?.votes).toEqual([])
  })
})
