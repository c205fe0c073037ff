import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../core/desired.ts'
import { emptyDocument, type LaneDocument, type Mark, type Rest, type Run } from '../../core/lane/document.ts'
import type { OutRow, SideRow } from '../../core/rows.ts'
import {
  behindText,
  restText,
  type Sides,
  sideText,
  standingText,
  untoldOf,
  untoldText,
  wantedTitle,
} from '../../local/waiting.ts'

const TEN = Date.UTC(2026, 10, 23, 10, 2)
const LANE = 'service/support-llama'
const NONE: Sides = new Map()
const away: SideRow = { side: 'registry', since: TEN, said: '503', refuses: false, probe: LANE, until: 0 }
const rest = (more: Partial<Rest>): Rest => ({
  why: 'asked',
  text: 'waits',
  since: TEN,
  until: null,
  side: null,
  tries: 1,
  ...more,
})
const serve = (version: string): ServeDesired => ({
  kind: 'serve',
  model: 'support-llama',
  version,
  source: 's3://a/',
  runId: null,
  digest: 'd',
  requester: null,
})
const mark = (more: Partial<Mark>): Mark => ({
  name: 'train',
  kind: 'launch-job',
  title: 'Fine-tune it',
  key: 'k',
  state: 'running',
  way: 'forth',
  by: 'me',
  markedAt: TEN,
  fence: 1,
  touched: true,
  made: null,
  result: null,
  startedAt: TEN,
  ran: 0,
  ranTo: null,
  ranFrom: null,
  endedAt: null,
  note: 'running',
  ...more,
})
const run = (more: Partial<Run> = {}): Run => ({
  generation: 1,
  attempt: 1,
  desired: serve('1'),
  startedAt: TEN,
  phase: 'steps',
  digest: 'd',
  question: null,
  asked: 0,
  hold: null,
  steps: [mark({})],
  ending: null,
  cancelled: null,
  cleared: false,
  ...more,
})
const lane = (more: Partial<LaneDocument>): LaneDocument => ({
  ...emptyDocument({ installation: 'i', cluster: 'c' }, LANE),
  desired: serve('1'),
  generation: 1,
  attempt: 1,
  ...more,
})

describe('a far side', () => {
  it('is named with since when and its words, and whether it does not answer or does not let us', () => {
    expect(sideText(away)).toBe('registry does not answer since 2026-11-23 10:02 UTC: 503')
    expect(sideText({ ...away, refuses: true })).toContain('registry does not let us since')
  })

  it('that a lane waits for is named with when it went away, not with when the lane came to it', () => {
    const later = rest({
      why: 'unavailable',
      text: 'registry does not answer: 503',
      side: 'registry',
      since: TEN + 3.6e6,
    })
    expect(restText(later, new Map([['registry', away]]))).toBe(`waits: ${sideText(away)}`)
    expect(restText(later, NONE)).toBe('registry does not answer: 503 (since 2026-11-23 11:02 UTC)')
  })

  it('has nothing to do with a lane that waits for a person or for room', () => {
    for (const why of ['asked', 'no-room', 'frozen', 'working'] as const)
      expect(restText(rest({ why, text: 'so it is' }), new Map([['registry', away]]))).toBe('so it is')
  })
})

describe('what a lane is at', () => {
  it('at rest is why it rests; once it moves, what moves', () => {
    const asked = rest({ text: 'waits for 1 of the approvers', until: TEN + 5 })
    const doc = lane({ run: run(), rest: asked, due: TEN + 5 })
    expect(standingText(doc, NONE)).toBe('waits for 1 of the approvers')
    expect(standingText({ ...doc, due: TEN + 30_000 }, NONE)).toBe('Fine-tune it: running')
    expect(standingText({ ...doc, due: 1, run: run({ steps: [] }) }, NONE)).toBe('under way')
    expect(standingText({ ...doc, due: 1, run: run({ steps: [mark({ state: 'done' })] }) }, NONE)).toBe(
      'between two steps',
    )
  })

  it('on the way back says so, at rest and moving', () => {
    const doc = lane({ run: run({ phase: 'back' }), rest: rest({ why: 'working', text: 'Bring v1 back: 1 ready' }) })
    expect(standingText(doc, NONE)).toBe('goes back: Bring v1 back: 1 ready')
    expect(standingText({ ...doc, due: 1 }, NONE)).toBe('goes back: Fine-tune it: running')
  })

  it('when it is done is its outcome', () => {
    const outcome = {
      kind: 'succeeded',
      reason: null,
      detail: 'verified',
      generation: 1,
      attempt: 1,
      at: TEN,
      against: null,
      stages: [],
    } as const
    const doc = lane({ outcome: { ...outcome, stages: [] }, rest: rest({ why: 'done', text: 'serve it: verified' }) })
    expect(standingText(doc, NONE)).toBe('succeeded: verified')
    expect(behindText(doc)).toBeNull()
  })

  it('what waits behind a run is named with its generation, and what became of it', () => {
    const doc = lane({ run: run(), desired: serve('3'), generation: 3 })
    expect(behindText(doc)).toBe('then: serve support-llama v3, generation 3')
    const cancelled = {
      kind: 'cancelled',
      reason: null,
      detail: '',
      generation: 3,
      attempt: 1,
      at: 0,
      against: null,
      stages: [],
    } as const
    expect(behindText({ ...doc, outcome: { ...cancelled, stages: [] } })).toBe(
      'then: serve support-llama v3, generation 3, cancelled',
    )
    const aside = { ...doc, outcome: { ...cancelled, stages: [] } }
    const beside = behindText(lane({ run: run(), generation: 2, aside }))
    expect(beside).toBe('then: serve support-llama v3, generation 3, cancelled')
    expect(behindText(lane({ run: run() }))).toBeNull()
    expect(behindText(lane({ run: null, generation: 2 }))).toBeNull()
  })

  it('what is wanted is told in the words of the lane’s kind, also where this release has none', () => {
    expect(wantedTitle(LANE, serve('2'))).toBe('serve support-llama v2')
    expect(wantedTitle(LANE, null)).toBe('wants nothing yet')
    expect(wantedTitle('cave/deep', { kind: 'dig' })).toBe('dig')
  })
})

describe('what could not be told', () => {
  const out = (refused: string | null, more: Partial<OutRow> = {}): OutRow => ({
    lane: LANE,
    at: TEN,
    telling: { kind: 'card', generation: 1, attempt: 1 },
    tries: 1,
    refused,
    again: null,
    ...more,
  })

  it('is what was refused, alike ones as one; what only waits is none of it', () => {
    const finished = { kind: 'reply', to: 'x', text: 't' } as const
    const found = untoldOf([out(null), out('is_archived'), out('is_archived'), out('gone', { telling: finished })])
    expect(found).toEqual([
      { lane: LANE, side: 'chat', said: 'is_archived', count: 2 },
      { lane: LANE, side: 'replies', said: 'gone', count: 1 },
    ])
    expect(found.map(untoldText)).toEqual([
      'chat will not take 2 tellings: is_archived',
      'replies will not take what it is told: gone',
    ])
  })
})
