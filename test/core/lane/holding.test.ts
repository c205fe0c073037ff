import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { settleHold } from '../../../core/lane/holding.ts'
import { next } from '../../../core/lane/next.ts'
import { settlePlan } from '../../../core/lane/planning.ts'
import { settle } from '../../../core/lane/settle.ts'
import type { View } from '../../../core/lane/view.ts'
import {
  approvedBy,
  BEN,
  busy,
  free,
  HOUR,
  MINUTE,
  NOW,
  planRow,
  policyWith,
  poor,
  questionOf,
  runOf,
  seenWorld,
  viewOf,
} from './fixture.ts'

const NONE = { kept: {} }

/** The wanted attempt, planned in this invocation. */
const planned = (over: Partial<View> = {}): View => {
  const view = viewOf({ world: seenWorld, ...over })
  const change = settlePlan(view, NONE)
  return { ...view, doc: change.doc, plan: change.plan ?? null, fresh: false }
}
const holding = (doc: Partial<LaneDocument>, over: Partial<View> = {}): ReturnType<typeof settleHold> => {
  const view = planned()
  return settleHold({ ...view, ...over, doc: { ...view.doc, ...doc } }, NONE)
}

describe('holding', () => {
  it('sets GPUs and dollars aside, guarded by what is left, and the run goes to its steps', () => {
    const change = holding({ approved: approvedBy() })
    expect(change.doc.run).toMatchObject({
      phase: 'steps',
      hold: { gpus: { 'gpu-train': 8 }, budget: 'ml-monthly', dollars: 223.83 },
    })
    expect(change.doc.approved).toEqual(approvedBy())
    expect(change.guard).toEqual({ 'pool/gpu-train': 16, 'budget/ml-monthly': 2_000_000 })
    expect(change.beside).toEqual(['pool/gpu-train'])
    expect(change.doc.run?.line).toBeUndefined()
    expect(change.moments[0]?.text).toBe('holds 8 GPUs of gpu-train and $223.83')
  })

  it('waits in the line of each pool while it does not fit, until its time is over, and says so once', () => {
    const change = holding({ approved: approvedBy() }, { world: busy })
    expect(change.doc.run).toMatchObject({ phase: 'waiting-for-room', hold: null })
    expect(change.doc.run?.line).toEqual({
      place: `0${NOW}.00000003.pipeline/support-chats`,
      since: NOW,
      rooms: ['pool/gpu-train'],
      needs: { 'pool/gpu-train': 8, 'budget/ml-monthly': 22_383 },
      until: NOW + 4 * HOUR,
    })
    expect(change.rest).toMatchObject({
      why: 'no-room',
      text: expect.stringContaining('gpu-train has 4 of 16 GPUs free'),
    })
    expect(change.rest?.until).toBe(NOW + 4 * HOUR)
    const view = planned()
    const again = settleHold({ ...view, world: busy, doc: { ...change.doc, rest: change.rest } }, NONE)
    expect(again.moments).toEqual([])
    expect(again.doc.run?.line).toEqual(change.doc.run?.line)
  })

  it('waits for as long as it takes where it is to stand and needs nobody’s word; refused, it keeps its rank', () => {
    const view = planned({ policy: free })
    const stands = { ...view, world: busy, kind: { ...view.kind, lasts: 'standing' as const } }
    const late = (over: Partial<View>) => settleHold({ ...stands, now: NOW + 400 * HOUR, ...over }, NONE)
    const first = settleHold(stands, NONE)
    expect(first.doc.run?.line?.until).toBeNull()
    expect(late({ doc: first.doc }).doc.run).toMatchObject({ phase: 'waiting-for-room', line: { since: NOW } })
    const asked = { doc: { ...first.doc, approved: approvedBy() }, policy: policyWith() }
    const { doc } = late(asked)
    expect(doc).toMatchObject({ outcome: { kind: 'refused', reason: 'no-room' }, inLineFrom: NOW })
  })

  it('keeps its rank where it is asked about anew, or has no way by now; not where a freeze has kept it back', () => {
    const { doc } = holding({ approved: approvedBy() }, { world: busy })
    const asked = { ...approvedBy(), question: questionOf({ state: 'approved', digest: 'other' }) }
    const anew = holding({ ...doc, approved: asked })
    expect(anew.doc).toMatchObject({ run: { phase: 'planned' }, inLineFrom: NOW })
    expect(holding(doc, { world: poor }).doc).toMatchObject({ outcome: { kind: 'refused' }, inLineFrom: NOW })
    const frozen = { ...planned(), doc: { ...doc, inLineFrom: NOW } }
    expect(settle(frozen, { kind: 'leave-line' }, { kind: 'nothing' }).doc).not.toHaveProperty('inLineFrom')
  })

  it('waits on under the policy in force: what it waits for is written down anew, once, and it keeps its place', () => {
    const first = holding({ approved: approvedBy() }, { world: busy })
    expect(first.plan).toBeUndefined()
    const policy = policyWith((config) => {
      config.services = {}
    })
    const again = holding(first.doc, { world: busy, policy })
    expect(again.plan).toMatchObject({ plan: { policy: policy.version, digest: first.doc.run?.digest } })
    expect(again.doc.run).toEqual(first.doc.run)
    expect(holding(again.doc, { world: busy, policy, plan: again.plan! }).plan).toBeUndefined()
  })

  it('ends as expired when it has waited for room until the time that was approved', () => {
    const late = { now: NOW + 4 * HOUR + 1 }
    const run = runOf({ phase: 'waiting-for-room' })
    expect(holding({ approved: approvedBy(), run }, late).doc.outcome?.kind).toBe('expired')
    expect(holding({ approved: approvedBy({ begun: true }) }, late).doc.run?.phase).toBe('steps')
  })

  it('is planned anew, and asked about again, where a freeze or an outage has held it up for longer than that', () => {
    const late = { now: NOW + 4 * HOUR + 1 }
    const rest = {
      why: 'unavailable',
      text: 'cluster does not answer',
      since: NOW,
      until: NOW,
      side: 'cluster',
      tries: 1,
    } as const
    const waits = runOf({ phase: 'waiting-for-room', asked: 1 })
    for (const doc of [{ run: runOf({ asked: 1 }) }, { run: waits, rest }]) {
      const change = holding({ ...doc, approved: approvedBy() }, late)
      expect(change.doc).toMatchObject({ approved: null, run: { phase: 'planned', digest: '', asked: 0, hold: null } })
      expect(change.moments[0]?.text).toMatch(
        /^it was held up.* for longer than its answer counts: it is planned anew$/,
      )
      expect(next(viewOf({ doc: change.doc, plan: planRow, ...late }))).toEqual({ kind: 'plan' })
    }
  })

  it('begins after the vote’s end, while what was approved may begin: a yes at the last moment counts', () => {
    const question = { ...approvedBy().question, until: NOW - 1 }
    expect(holding({ approved: approvedBy({ question }) }).doc.run?.phase).toBe('steps')
  })

  it('asks again where what was approved no longer covers it, and binds nothing any more', () => {
    const other = { ...questionOf({ state: 'approved', digest: 'other' }) }
    const change = holding({ approved: approvedBy({ question: other }) })
    expect(change.doc).toMatchObject({ approved: null, run: { phase: 'planned', hold: null } })
    expect(change.moments.at(-1)?.text).toContain('no longer covers it')
  })

  it('gives whoever is asked again as long as any, though the first answer came at the last moment', () => {
    const question = questionOf({ state: 'approved', digest: 'other', until: NOW - MINUTE })
    const change = holding({ approved: approvedBy({ question }) })
    expect(change.plan?.plan.bounds.until).toBe(planned().plan?.plan.bounds.until)
    expect(change.plan?.plan.bounds.until).toBeGreaterThan(NOW)
  })

  it('of what needs no approval is bound by none: what is left of one before is let go', () => {
    const question = questionOf({ state: 'approved', digest: 'other', until: NOW - HOUR })
    const change = holding({ approved: approvedBy({ question, spent: 170, begun: true }) }, { policy: free })
    expect(change.doc).toMatchObject({ approved: null, run: { phase: 'steps', hold: { dollars: 223.83 } } })
  })

  it('frozen while it waits leaves the line: after the thaw it is planned anew and waits as long as any', () => {
    const waits = holding({}, { policy: free, world: busy })
    const frozenUntil = NOW + 10 * HOUR
    const view = { ...planned({ policy: free }), doc: waits.doc, frozenUntil }
    expect(next(view)).toEqual({ kind: 'leave-line' })
    const left = settle(view, { kind: 'leave-line' }, { kind: 'nothing' })
    expect(left.doc.run).toMatchObject({ phase: 'planned', hold: null })
    expect(left.doc.run?.line).toBeUndefined()
    expect(next({ ...view, doc: left.doc })).toMatchObject({ kind: 'rest', rest: { why: 'frozen' } })
    const thawed = { ...view, doc: left.doc, frozenUntil: null, now: NOW + 9 * HOUR }
    expect(settleHold(thawed, NONE).doc.run?.phase).toBe('steps')
  })

  it('frozen before its first step binds nobody who was revoked meanwhile: it has begun nothing yet', () => {
    const view = planned()
    const frozenUntil = NOW + HOUR
    const holds = { ...view, doc: holding({ approved: approvedBy() }).doc, frozenUntil }
    expect(next(holds)).toEqual({ kind: 'leave-line' })
    const { doc } = settle(holds, { kind: 'leave-line' }, { kind: 'nothing' })
    const revoked = policyWith((config) => {
      config.approvals.approvers = [{ id: BEN, name: 'ben' }]
    })
    const thawed = settleHold({ ...view, doc, policy: revoked, now: frozenUntil + 1 }, NONE)
    expect(thawed.doc).toMatchObject({ approved: null, run: { phase: 'planned', hold: null } })
  })

  it('plans again from what is seen now: a refusal is a refusal though it was approved', () => {
    expect(holding({ approved: approvedBy() }, { world: poor }).doc.outcome?.kind).toBe('refused')
  })

  it('of what was planned in this very invocation plans nothing twice', () => {
    const view = planned({ policy: free })
    const change = settleHold({ ...view, fresh: true, world: seenWorld }, NONE)
    expect(change.doc.run?.phase).toBe('steps')
    expect(change.plan?.plan.digest).toBe(view.plan?.plan.digest)
  })

  it('rests while nobody knows whether who approved still may', () => {
    const group = 'T0SIGNAL/S0OPS'
    const grouped = policyWith((config) => {
      config.approvals.approvers = [{ id: group, name: 'ops' }]
    })
    const view = planned({ policy: grouped })
    const change = settleHold(
      {
        ...view,
        groups: new Map([[group, null]]),
        doc: {
          ...view.doc,
          approved: approvedBy({
            question: questionOf({
              state: 'approved',
              digest: view.doc.run?.digest ?? '',
              votes: approvedBy().question.votes,
            }),
          }),
        },
      },
      NONE,
    )
    expect(change.rest).toMatchObject({ why: 'unavailable', side: 'chat', until: NOW + 15 * MINUTE })
    expect(change.doc.run?.hold).toBeNull()
  })
})
