import { describe, expect, it } from 'vitest'
import type { LaneDocument, Mark, Run } from '../../../core/lane/document.ts'
import { next } from '../../../core/lane/next.ts'
import { ending, SUPERSEDED, stepping } from '../../../core/lane/next-step.ts'
import type { View } from '../../../core/lane/view.ts'
import { docOf, HOUR, markOf, NOW, planRow, running, runOf, SERVICE, served, viewOf, wanted } from './fixture.ts'

type Over = Partial<View> & { doc?: LaneDocument }
const FAILED = { kind: 'failed', reason: 'exit-code', detail: 'x' } as const
const done = (mark: Mark): Mark => ({ ...mark, state: 'done', by: 'me', touched: true, markedAt: NOW, endedAt: NOW })
const shortly = (over: Over): string => {
  const act = next(viewOf(over))
  if (act.kind === 'rest') return `rest ${act.rest.why}`
  if (act.kind === 'close') return `close ${act.outcome.kind}`
  return 'step' in act ? `${act.kind} ${act.step}` : act.kind
}

describe('the way back of what stands', () => {
  const service = (run: Partial<Run>, doc: Partial<LaneDocument> = {}): LaneDocument =>
    docOf({
      lane: SERVICE,
      desired: served('8'),
      generation: 2,
      attempt: 1,
      ...doc,
      run: runOf({ desired: served('8'), generation: 2, ...run }),
    })
  const back = markOf({ name: 'back-1', kind: 'roll-out-model', way: 'back' })
  const waits: Mark = { ...back, state: 'running', by: 'another', markedAt: NOW, touched: true, waits: true }
  const move = done(markOf({ name: 'move-1', kind: 'roll-out-model' }))
  const [judge, notify] = [markOf({ name: 'judge', kind: 'check-gate' }), markOf({ name: 'notify', kind: 'notify' })]
  const failing = { ending: FAILED, cleared: true }
  const baseline = { generation: 1, desired: served('7'), replicas: 2 }
  const again = { generation: 3, desired: served('7') }

  it.each<[string, Over, string]>([
    ['is planned once nothing of the run’s own runs', { doc: service({ ...failing, phase: 'steps' }) }, 'go-back'],
    ['is walked move by move', { doc: service({ ...failing, phase: 'back', steps: [back] }) }, 'mark back-1'],
    [
      'is walked in a freeze',
      { doc: service({ ...failing, phase: 'back', steps: [back] }), frozenUntil: NOW + HOUR },
      'mark back-1',
    ],
    [
      'is begun by who marked it',
      { doc: service({ ...failing, phase: 'back', steps: [{ ...back, state: 'running', by: 'me', markedAt: NOW }] }) },
      'begin back-1',
    ],
    [
      'ends the run as it was to end',
      { doc: service({ ...failing, phase: 'back', steps: [done(back)] }) },
      'close failed',
    ],
    [
      'is left to something newer, between moves',
      { doc: service({ ...failing, phase: 'back', steps: [back] }, { generation: 3 }) },
      'close failed',
    ],
    [
      'goes on to its end where what it leads to is wanted again',
      { doc: service({ ...failing, phase: 'back', steps: [back] }, { ...again, baseline }) },
      'mark back-1',
    ],
    [
      'is walked from where something newer superseded it, where that is what it leads to',
      { doc: service({ ending: SUPERSEDED, cleared: true, phase: 'steps' }, { ...again, baseline }) },
      'go-back',
    ],
    [
      'and where no version is wanted any more',
      {
        doc: service(
          { ending: SUPERSEDED, cleared: true, phase: 'steps' },
          { ...again, baseline, desired: { kind: 'none', model: 'support-llama' } as never },
        ),
      },
      'go-back',
    ],
    [
      'is none where the service shall stand no more',
      {
        doc: service(
          { ending: SUPERSEDED, cleared: true, phase: 'steps' },
          { ...again, baseline, desired: { kind: 'retired', model: 'support-llama' } as never },
        ),
      },
      'close superseded',
    ],
    [
      'is left to something newer as superseded, where a person had cancelled',
      {
        doc: service(
          { ending: { kind: 'cancelled', reason: null, detail: '' }, cleared: true, phase: 'back', steps: [back] },
          { generation: 3 },
        ),
      },
      'close superseded',
    ],
    [
      'is not left in the middle of a move',
      {
        doc: service(
          { ...failing, phase: 'back', steps: [{ ...back, state: 'running', by: 'me', markedAt: NOW, touched: true }] },
          { generation: 3 },
        ),
      },
      'see back-1',
    ],
    [
      'is looked at where its move touches nothing yet, in a freeze too',
      { doc: service({ ...failing, phase: 'back', steps: [waits] }), frozenUntil: NOW + HOUR },
      'see back-1',
    ],
    [
      'is left to something newer where its move touches nothing yet',
      { doc: service({ ...failing, phase: 'back', steps: [waits] }, { generation: 3 }) },
      'close failed',
    ],
    [
      'forth, a move that touches nothing yet is looked at',
      { doc: service({ phase: 'steps', steps: [{ ...waits, way: 'forth' }] }) },
      'see back-1',
    ],
    [
      'forth, a move that touches nothing yet begins nothing in a freeze',
      { doc: service({ phase: 'steps', steps: [{ ...waits, way: 'forth' }] }), frozenUntil: NOW + HOUR },
      'rest frozen',
    ],
    [
      'forth, a judgement touches nothing, and is made in a freeze: what it is against goes back',
      { doc: service({ phase: 'steps', steps: [move, judge] }), frozenUntil: NOW + HOUR },
      'mark judge',
    ],
    [
      'forth, what tells somebody begins nothing in a freeze',
      { doc: service({ phase: 'steps', steps: [move, notify] }), frozenUntil: NOW + HOUR },
      'rest frozen',
    ],
    [
      'is none where something newer superseded it',
      {
        doc: service(
          { ending: { kind: 'superseded', reason: null, detail: '' }, cleared: true, phase: 'steps' },
          { generation: 3 },
        ),
      },
      'close superseded',
    ],
    [
      'goes on to its end where that was cancelled meanwhile',
      {
        doc: service(
          { ...failing, ending: { kind: 'superseded', reason: null, detail: '' }, phase: 'back', steps: [back] },
          {
            generation: 3,
            outcome: {
              ...SUPERSEDED,
              kind: 'cancelled',
              generation: 3,
              attempt: 1,
              at: NOW,
              against: null,
              stages: [],
            },
          },
        ),
      },
      'mark back-1',
    ],
  ])('%s', (_, over, act) => {
    expect(shortly({ plan: planRow, ...over })).toBe(act)
  })
})

describe('the steps of a run', () => {
  const run = runOf({ phase: 'steps', steps: [running({ by: 'another', markedAt: NOW })] })
  const view = viewOf({ doc: wanted({ run }), plan: planRow })

  it('are taken over from another T after its mark, to the millisecond, and rested for until then', () => {
    expect(stepping({ ...view, now: NOW + 89_999 }, run)).toMatchObject({
      rest: { why: 'marked-by-another', until: NOW + 90_000 },
    })
    expect(stepping({ ...view, now: NOW + 90_000 }, run)).toEqual({ kind: 'mark', step: 'train' })
  })

  it('end with what the run came to, and nothing is cleared before whoever is at a step had its time', () => {
    expect(ending({ ...view, now: NOW + 1 }, run, SUPERSEDED)).toMatchObject({ rest: { why: 'marked-by-another' } })
    expect(ending({ ...view, now: NOW + 90_000 }, run, SUPERSEDED)).toEqual({ kind: 'clear' })
    expect(ending(view, { ...run, cleared: true }, SUPERSEDED)).toEqual({ kind: 'close', outcome: SUPERSEDED })
  })
})
