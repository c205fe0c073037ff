import { describe, expect, it } from 'vitest'
import { type Idle, WARM_UP, WINDOW } from '../../../core/idle.ts'
import { changed } from '../../../core/lane/change.ts'
import type { Run } from '../../../core/lane/document.ts'
import { askingIdle, idleEnding, measureAt, ofItsPod, settleAskIdle, withIdle } from '../../../core/lane/idle.ts'
import type { VoteLetter } from '../../../core/lane/letters.ts'
import { moreAt, openMore, settleNoMore } from '../../../core/lane/more.ts'
import { foldVote } from '../../../core/lane/votes.ts'
import { parsePolicy } from '../../../core/policy.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'
import {
  ANA,
  approvedBy,
  HOUR,
  NOW,
  planRow,
  questionOf,
  running,
  runOf,
  seenWorld,
  viewOf,
  wanted,
} from './fixture.ts'

const MINUTE = 60_000
const policyOf = (idle: object | undefined = {}, more: object = {}) =>
  parsePolicy({ ...example, pipelines: { 'support-chats': { ...piped(), idle, ...more } } })
const policy = policyOf()
/** By one of whom Ana is. */
const asked = parsePolicy({
  ...example,
  approvals: { ...example.approvals, approvers: [{ id: ANA, name: 'Ana' }], need: 1 },
  pipelines: { 'support-chats': { ...piped(), idle: {} } },
})
const hold = { gpus: { 'gpu-train': 8 }, budget: 'ml-monthly', dollars: 223.83 }
const mark = running({ touched: true, ranFrom: NOW })
const under = (idle?: Idle, over: Partial<Run> = {}): Run =>
  runOf({ phase: 'steps', hold, steps: [idle === undefined ? mark : { ...mark, idle }], ...over })
const view = (run: Run, over: object = {}) =>
  viewOf({
    policy,
    doc: wanted({ run, approved: approvedBy({ begun: true }) }),
    plan: planRow,
    world: seenWorld,
    ...over,
  })
const act = (run: Run, over: object = {}) => {
  const ends = idleEnding(view(run, over), run)
  return ends === null ? askingIdle(view(run, over), run) : { kind: 'end', ending: ends }
}
const since = NOW + WARM_UP
const idleFor = (lasts: number, over: Partial<Idle> = {}): Idle => ({ since, at: since + lasts, ...over })
const then = (idle: Idle) => ({ now: idle.at })

describe('GPUs of a stage at work', () => {
  it('are looked at once it had time to load, then every few minutes; not where the policy says nothing, or nothing runs', () => {
    const at = (run: Run, over: object = {}) => measureAt(view(run, over), run)
    expect(at(under())).toBe(NOW + WARM_UP)
    expect(at(under(idleFor(0)))).toBe(since + WINDOW)
    expect(at(under(), { policy: parsePolicy(example) })).toBeNull()
    expect(at(under(undefined, { steps: [{ ...mark, ranFrom: null }] }))).toBeNull()
    expect(at(under(undefined, { ending: { kind: 'cancelled', reason: null, detail: 'c' } }))).toBeNull()
  })

  it('that idle are told of once, with since when and what the run has cost', () => {
    const look = (run: Run, now: number, worked: 'idle' | 'busy' | 'unknown') =>
      withIdle(view(run, { now }), changed(view(run).doc), worked)
    const idle = idleFor(10 * MINUTE)
    const told = look(under(idle), since + 15 * MINUTE, 'idle')
    expect(told.tellings).toMatchObject([
      { kind: 'note', card: { lines: [expect.stringMatching(/8 GPUs of .* do nothing since .* cost \$/)] } },
    ])
    expect(told.doc.run?.steps[0]?.idle).toEqual({ since, at: since + 15 * MINUTE, told: true })
    expect(look(told.doc.run as Run, since + 20 * MINUTE, 'idle').tellings).toEqual([])
    for (const worked of ['busy', 'unknown'] as const) {
      const { doc, tellings } = look(under(idle), since + 15 * MINUTE, worked)
      expect([doc.run?.steps[0]?.idle?.since, tellings]).toEqual([null, []])
    }
  })
})

describe('asking whether it shall end', () => {
  const idle = idleFor(HOUR)

  it('is after so long as the policy says, once, and not while or after more was asked for and denied', () => {
    expect(act(under(idleFor(HOUR - 1)), then(idle))).toBeNull()
    expect(act(under(idle), then(idle))).toEqual({ kind: 'ask-idle' })
    expect(act(under({ ...idle, asked: true }), then(idle))).toBeNull()
    for (const state of ['open', 'rejected', 'expired'] as const) {
      const more = { dollars: 100, why: 'it goes on', step: mark.name }
      expect(act(under(idle, { question: questionOf({ state, more }) }), then(idle))).toBeNull()
    }
  })

  it('goes on while it is asked, and where nobody answers; ends where people agree', () => {
    const run = under(idle)
    const { doc, tellings } = settleAskIdle(view(run, then(idle)))
    const open = doc.run as Run
    expect(openMore(open)).toMatchObject({ more: { ends: true, dollars: 0, step: mark.name } })
    expect([open.hold, tellings.length, open.steps[0]?.idle?.asked]).toEqual([run.hold, 1, true])
    expect(act(open, then(idle))).toBeNull()
    const gone = settleNoMore(view(open, { now: (open.question?.until ?? 0) + HOUR }))
    expect([gone.doc.run?.question?.state, gone.doc.run?.ending, gone.doc.run?.hold]).toEqual([
      'expired',
      null,
      run.hold,
    ])
    const yes = { ...open, question: questionOf({ ...open.question, state: 'approved' }) }
    expect(act(yes, then(idle))).toMatchObject({ kind: 'end', ending: { kind: 'failed', reason: 'gpus-idle' } })
    // Another stage is not what they agreed to end.
    const other = {
      ...yes,
      steps: [
        { ...mark, state: 'done' as const },
        { ...mark, name: 'evaluate' },
      ],
    }
    expect(act(other, then(idle))).toBeNull()
  })

  it('binds nothing else: what was approved of the run, and what it may cost, stays', () => {
    const { doc } = settleAskIdle(view(under(idle), then(idle)))
    const { question } = doc.run as Run
    const letter: VoteLetter = {
      ...{ kind: 'vote', id: '9.a', lane: doc.lane, at: idle.at, due: idle.at, question: question?.id ?? '' },
      ...{ verdict: 'approve', by: ANA, byName: 'Ana', workspace: null, reason: null, replyTo: null },
    }
    const voted = foldVote({ ...view(under(idle), then(idle)), doc, policy: asked }, letter)
    expect(voted.doc.run?.question?.state).toBe('approved')
    expect([voted.doc.approved, voted.plan, voted.doc.run?.hold]).toEqual([doc.approved, undefined, doc.run?.hold])
  })

  it('is over before people are asked for more of the same run, and is no word about that', () => {
    const asks = policyOf({ tell: '10m', ask: '20m' }, { onBound: 'ask' })
    const over = { policy: asks, ...then(idle) }
    const { doc } = settleAskIdle(view(under(idle), over))
    const at = moreAt(view(under(idle), over), under(idle)) as number
    expect(doc.run?.question?.until).toBeLessThan(at)
    const denied = { ...(doc.run as Run), question: questionOf({ ...doc.run?.question, state: 'rejected' }) }
    expect(moreAt(view(denied, over), denied)).toBe(at)
  })
})

it('only a rule that says so ends it without a question', () => {
  const idle = idleFor(3 * HOUR, { told: true, asked: true })
  expect(act(under(idle), then(idle))).toBeNull()
  const ends = policyOf({ end: '2h' })
  expect(act(under(idle), { policy: ends, ...then(idle) })).toMatchObject({
    ...{ kind: 'end', ending: { reason: 'gpus-idle', detail: expect.stringContaining('`idle.end`') } },
  })
  const short = idleFor(2 * HOUR - 1, { told: true, asked: true })
  expect(act(under(short), { policy: ends, ...then(short) })).toBeNull()
})

it('are known of the pod at work alone: nothing of one that is over, or of another', () => {
  const idle = { ...idleFor(3600_000), told: true as const, asked: true as const }
  const known = { ...mark, pod: 'a', idle }
  expect([ofItsPod(known, 'a'), ofItsPod(known, undefined)]).toEqual([known, known])
  expect(ofItsPod({ ...mark, idle }, 'a')).toEqual(known)
  const { idle: _, ...none } = known
  expect(ofItsPod(known, 'b')).toEqual({ ...none, pod: 'b' })
  expect(ofItsPod({ ...known, ranFrom: null }, undefined)).toEqual({ ...none, ranFrom: null })
})
