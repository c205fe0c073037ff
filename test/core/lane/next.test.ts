import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leftBeside } from '../../../core/lane/before.ts'
import type { Before, LaneDocument, Mark, Run } from '../../../core/lane/document.ts'
import type { Letter } from '../../../core/lane/letters.ts'
import { next } from '../../../core/lane/next.ts'
import type { View } from '../../../core/lane/view.ts'
import type { SideRow } from '../../../core/rows.ts'
import { frozen } from '../../frozen.ts'
import { desired } from '../training-fixture.ts'
import {
  ANA,
  approvedBy,
  asking,
  command,
  docOf,
  HOUR,
  lookLetter,
  MINUTE,
  markOf,
  NOW,
  planRow,
  policy,
  policyWith,
  questionOf,
  running,
  runOf,
  viewOf,
  vote,
  wanted,
} from './fixture.ts'

const newer = { ...desired, version: 'f'.repeat(64) }
/** What is beside what is newly wanted: it has finished its training. */
const { before: keeps } = leftBeside(
  wanted({
    run: runOf(),
    attempt: 1,
    kept: [{ step: 'train', key: 'k', row: 'r' }],
    approved: approvedBy({ begun: true }),
  }),
  { onNewer: 'finish', now: NOW },
)

type Over = Partial<View> & { doc?: LaneDocument }
const acts = (over: Over) => next(viewOf(over))
/** The act, and why it rests where it does. */
const shortly = (over: Over): string => {
  const act = acts(over)
  if (act.kind === 'rest') return `rest ${act.rest.why}`
  if (act.kind === 'close') return `close ${act.outcome.kind}`
  if (act.kind === 'end') return `end ${act.ending.kind}`
  return 'step' in act ? `${act.kind} ${act.step}` : act.kind
}
const withRun = (run: Partial<Run>, doc: Partial<LaneDocument> = {}): LaneDocument =>
  wanted({ ...doc, run: runOf(run) })
const stepping = (...steps: Mark[]): Partial<Run> => ({ phase: 'steps', steps })
const ended = (over: Partial<NonNullable<LaneDocument['outcome']>>): LaneDocument['outcome'] => ({
  kind: 'failed',
  reason: 'node-lost',
  detail: 'the node is gone',
  generation: 1,
  attempt: 1,
  at: NOW,
  against: null,
  stages: ['train'],
  ...over,
})
const side = (over: Partial<SideRow> = {}): Record<string, SideRow> => ({
  cluster: {
    side: 'cluster',
    since: NOW,
    said: '503',
    refuses: false,
    probe: 'pipeline/other',
    until: NOW + HOUR,
    ...over,
  },
})
const shadowed = policyWith((config) => {
  config.pipelines!['support-chats']!.mode = 'shadow'
})
const gone = policyWith((config) => {
  config.pipelines = {}
})
const onSpot = policyWith((config) => {
  config.pools['gpu-train']!.capacityTypes = ['spot']
})
const train = markOf()
const evaluate = markOf({ name: 'evaluate', title: 'Evaluate' })
const done = (mark: Mark): Mark => ({ ...mark, state: 'done', by: 'me', touched: true, markedAt: NOW, endedAt: NOW })
const covered = {
  question: questionOf({ state: 'approved', votes: [{ by: ANA, verdict: 'approve', reason: null, at: NOW }] }),
  spent: 0,
  begun: false,
}
const ofOther = { ...planRow, plan: { ...planRow.plan, policy: 'another' } }
const theirs = (over: Partial<Mark> = {}): Mark => running({ by: 'another', ...over })

describe('what is done next', () => {
  it.each<[string, Over, string]>([
    ['nothing was ever wanted', { doc: docOf() }, 'rest done'],
    ['a letter of an event', { doc: docOf(), letters: [lookLetter()] }, 'look'],
    ['letters of people alone', { letters: [vote()] }, 'fold'],
    ['letters of both', { letters: [vote(), lookLetter({ id: 'b' })] }, 'look'],
    ['something is wanted', {}, 'plan'],
    [
      'it waits for its source',
      {
        doc: docOf(),
        later: [
          lookLetter({ due: NOW + 1, waits: { reason: 'objects-missing', detail: 'a', until: null, side: null } }),
        ],
      },
      'rest objects-missing',
    ],
    ['it has succeeded', { doc: wanted({ outcome: ended({ kind: 'succeeded', reason: null }) }) }, 'rest done'],
    [
      'it has succeeded and something is held back',
      {
        doc: wanted({
          outcome: ended({ kind: 'succeeded', reason: null }),
          held: { reason: 'attempts-exhausted', detail: 'x', at: NOW },
        }),
      },
      'rest parked',
    ],
    [
      'nothing was ever wanted, and what came is amiss',
      { doc: docOf({ held: { reason: 'bad-manifest', detail: 'x', at: NOW, place: 'p' } }) },
      'rest parked',
    ],
    ['it was denied', { doc: wanted({ outcome: ended({ kind: 'rejected', reason: null }) }) }, 'rest parked'],
    ['it failed by what another attempt may cure', { doc: wanted({ outcome: ended({}) }) }, 'rest pause'],
    ['the pause is over', { doc: wanted({ outcome: ended({}) }), now: NOW + 5 * MINUTE }, 'again'],
    ['no attempt is left', { doc: wanted({ outcome: ended({}), attemptsLeft: 0 }), now: NOW + HOUR }, 'rest parked'],
    [
      'it failed by its own fault',
      { doc: wanted({ outcome: ended({ reason: 'exit-code' }) }), now: NOW + HOUR },
      'rest parked',
    ],

    ['planned, and its plan is another', { doc: withRun({ digest: 'other' }), plan: planRow }, 'plan'],
    ['planned, and its plan is not there', { doc: withRun({}) }, 'plan'],
    ['planned, and it needs an answer', { doc: withRun({}), plan: planRow }, 'ask'],
    ['planned and approved, by now', { doc: withRun({}, { approved: covered }), plan: planRow }, 'look-again'],
    ['planned, and read just now', { doc: withRun({}, { approved: covered }), plan: planRow, looked: true }, 'hold'],
    [
      'planned, and something of it is kept',
      { doc: withRun({ steps: [{ ...done(train), by: null }] }, { approved: covered }), plan: planRow },
      'hold',
    ],
    ['planned, and it was asked about twice already', { doc: withRun({ asked: 2 }), plan: planRow }, 'close refused'],
    [
      'planned and approved, and frozen, by the plan of another policy',
      { doc: withRun({}, { approved: covered }), plan: ofOther, frozenUntil: NOW + 1 },
      'plan',
    ],
    ['planned by another policy, and it needs an answer', { doc: withRun({}), plan: ofOther }, 'plan'],
    [
      'planned by another policy, and approved',
      { doc: withRun({}, { approved: covered }), plan: ofOther, looked: true },
      'hold',
    ],
    [
      'planned and approved, and frozen',
      { doc: withRun({}, { approved: covered }), plan: planRow, frozenUntil: NOW + 1 },
      'rest frozen',
    ],
    [
      'a freeze that is over holds nothing',
      { doc: withRun({}, { approved: covered }), plan: planRow, frozenUntil: NOW, looked: true },
      'hold',
    ],
    ['asked', { doc: wanted({ run: asking() }) }, 'rest asked'],
    [
      'asked where the policy asks',
      { doc: wanted({ run: asking({ channel: policy.approvals.channel }) }) },
      'rest asked',
    ],
    ['asked where the policy asked before', { doc: wanted({ run: asking({ channel: 'C0BEFORE' }) }) }, 'move-card'],
    ['asked, an hour before its end', { doc: wanted({ run: asking() }), now: NOW + 3 * HOUR }, 'remind'],
    ['asked, reminded', { doc: wanted({ run: asking({ reminded: true }) }), now: NOW + 3 * HOUR }, 'rest asked'],
    [
      'asked for an hour only: no reminder',
      { doc: wanted({ run: asking({ until: NOW + HOUR }) }), now: NOW + MINUTE },
      'rest asked',
    ],
    [
      'asked, at its end: a vote in time may still come',
      { doc: wanted({ run: asking({ reminded: true }) }), now: NOW + 4 * HOUR },
      'rest asked',
    ],
    [
      'asked, a minute after its end',
      { doc: wanted({ run: asking({ reminded: true }) }), now: NOW + 4 * HOUR + MINUTE },
      'expire',
    ],
    ['asked and denied', { doc: wanted({ run: asking({ state: 'rejected' }) }) }, 'close rejected'],
    ['it waits for room', { doc: withRun({ phase: 'waiting-for-room' }), plan: planRow }, 'hold'],
    [
      'it waits for room, and is frozen',
      { doc: withRun({ phase: 'waiting-for-room' }), plan: planRow, frozenUntil: NOW + 1 },
      'leave-line',
    ],

    ['a step that has not begun', { doc: withRun(stepping(train)), plan: planRow, looked: true }, 'mark train'],
    [
      'the same, since who waits for room was granted it',
      { doc: withRun(stepping(train)), plan: planRow },
      'look-again',
    ],
    [
      'the same, and its pool has other machines by now',
      { doc: withRun(stepping(train)), plan: planRow, policy: onSpot },
      'leave-line',
    ],
    [
      'a later step, and its pool has other machines by now',
      { doc: withRun(stepping(done(train), evaluate)), plan: planRow, policy: onSpot },
      'end failed',
    ],
    [
      'the same, and a freeze: the pool may be as it was once that ends',
      { doc: withRun(stepping(done(train), evaluate)), plan: planRow, policy: onSpot, frozenUntil: NOW + 1 },
      'rest frozen',
    ],
    [
      'a step that has not begun, and a freeze',
      { doc: withRun(stepping(done(train), evaluate)), plan: planRow, frozenUntil: NOW + 1 },
      'rest frozen',
    ],
    ['a step that we marked', { doc: withRun(stepping(running())), plan: planRow }, 'begin train'],
    [
      'a step that another marked',
      { doc: withRun(stepping(theirs())), plan: planRow, now: NOW + 1000 },
      'rest marked-by-another',
    ],
    [
      'a step that another marked T ago',
      { doc: withRun(stepping(theirs())), plan: planRow, now: NOW + 90_000 },
      'mark train',
    ],
    [
      'a step that is made, whoever made it',
      { doc: withRun(stepping(theirs({ touched: true }))), plan: planRow },
      'see train',
    ],
    [
      'a step that is made is seen in a freeze too',
      { doc: withRun(stepping(running({ touched: true }))), plan: planRow, frozenUntil: NOW + HOUR },
      'see train',
    ],
    [
      'the step after one that is done',
      { doc: withRun(stepping(done(train), evaluate)), plan: planRow },
      'mark evaluate',
    ],
    ['every step is done', { doc: withRun(stepping(done(train), done(evaluate))), plan: planRow }, 'close succeeded'],

    ['cancelled before anything began', { doc: withRun({ cancelled: { by: 'c', at: NOW } }) }, 'close cancelled'],
    [
      'cancelled while asked',
      { doc: wanted({ run: { ...asking(), cancelled: { by: 'c', at: NOW } } }) },
      'close cancelled',
    ],
    [
      'cancelled later',
      { doc: withRun({ ...stepping(running({ touched: true })), cancelled: { by: 'c', at: NOW } }), plan: planRow },
      'end cancelled',
    ],
    [
      'something newer, before anything began',
      { doc: withRun({}, { generation: 2, onNewer: 'finish' }) },
      'close superseded',
    ],
    ['another attempt, before anything began', { doc: withRun({}, { attempt: 2 }) }, 'close superseded'],
    [
      'something newer, of what keeps something and waits to begin',
      {
        doc: withRun(
          { steps: [{ ...done(train), by: null }] },
          { generation: 2, onNewer: 'finish', before: keeps as Before },
        ),
        plan: planRow,
      },
      'hold',
    ],
    [
      'something newer that stops what keeps something and waits to begin',
      {
        doc: withRun(
          { steps: [{ ...done(train), by: null }] },
          { generation: 2, onNewer: 'stop', before: keeps as Before },
        ),
        plan: planRow,
      },
      'close superseded',
    ],
    [
      'something newer, of what has just been wanted again and has no plan',
      { doc: withRun({ digest: '' }, { generation: 2, onNewer: 'finish', before: keeps as Before }) },
      'plan',
    ],
    [
      'something newer that lets it finish',
      { doc: withRun(stepping(running({ touched: true })), { generation: 2, onNewer: 'finish' }), plan: planRow },
      'see train',
    ],
    [
      'something newer that stops it',
      {
        doc: withRun(stepping(running({ touched: true })), { generation: 2, onNewer: 'stop', desired: newer }),
        plan: planRow,
      },
      'end superseded',
    ],
    [
      'something newer that would stop it, and is what it carries out',
      { doc: withRun(stepping(running({ touched: true })), { generation: 3, onNewer: 'stop' }), plan: planRow },
      'see train',
    ],
    ['its rule is gone, before anything began', { doc: withRun({}), policy: gone }, 'close cancelled'],
    ['its rule is shadow now, before anything began', { doc: withRun({}), policy: shadowed }, 'close cancelled'],
    [
      'its rule is gone later: the plan ends by itself',
      { doc: withRun(stepping(running({ touched: true }))), plan: planRow, policy: gone },
      'see train',
    ],

    [
      'it ends, and its Job may run',
      { doc: withRun({ ...stepping(running({ touched: true })), ending: FAILED }), plan: planRow },
      'clear',
    ],
    [
      'it ends, and another may be making its Job',
      { doc: withRun({ ...stepping(theirs()), ending: FAILED }), plan: planRow, now: NOW + 1 },
      'rest marked-by-another',
    ],
    [
      'it ends, nothing of it runs, and nothing stands',
      { doc: withRun({ ...stepping(running()), ending: FAILED, cleared: true }), plan: planRow },
      'close failed',
    ],
    [
      'it ends frozen: what goes back goes on',
      { doc: withRun({ ...stepping(running()), ending: FAILED }), plan: planRow, frozenUntil: NOW + HOUR },
      'clear',
    ],

    ['a newer release wrote it', { doc: { ...wanted(), schema: 2 }, letters: [lookLetter()] }, 'rest newer-schema'],
    ['the cluster is away for another lane', { sides: side() }, 'rest unavailable'],
    [
      'the cluster does not let another lane in: rights differ, so this one asks for itself',
      { sides: side({ refuses: true }) },
      'plan',
    ],
    ['the cluster is away, and this lane asks next', { sides: side({ probe: 'pipeline/support-chats' }) }, 'plan'],
    ['the cluster was away, and the probe’s time is over', { sides: side({ until: NOW }) }, 'plan'],
    ['the cluster is away, and people have said something', { sides: side(), letters: [command('cancel')] }, 'fold'],
    ['the cluster is away, and a question is open', { sides: side(), doc: wanted({ run: asking() }) }, 'rest asked'],
  ])('%s', (_, over, act) => {
    expect(shortly(over)).toBe(act)
  })
})

const FAILED = { kind: 'failed', reason: 'exit-code', detail: 'x' } as const

describe('a rest', () => {
  const rested = (why: 'unavailable' | 'bug' | 'working', over: Partial<LaneDocument> = {}): LaneDocument =>
    wanted({
      ...over,
      rest: {
        why,
        text: '503',
        since: NOW - MINUTE,
        until: NOW + MINUTE,
        side: why === 'working' ? null : 'cluster',
        tries: 3,
      },
    })

  it('at a far side is kept until its pause is over, whoever wakes the lane', () => {
    const away = { sides: side({ probe: 'pipeline/support-chats' }) }
    expect(acts({ doc: rested('unavailable'), ...away })).toMatchObject({
      kind: 'rest',
      rest: { tries: 3, until: NOW + MINUTE },
    })
    expect(shortly({ doc: rested('unavailable'), ...away, now: NOW + MINUTE })).toBe('plan')
  })

  it('at a far side that answers others again ends at once; a bug of ours does not', () => {
    expect(shortly({ doc: rested('unavailable') })).toBe('plan')
    expect(shortly({ doc: rested('bug') })).toBe('rest bug')
  })

  it('is no reason not to read what people and events say', () => {
    expect(shortly({ doc: rested('bug'), letters: [command('cancel')] })).toBe('fold')
  })

  it('counts no longer once something has changed in this invocation', () => {
    expect(shortly({ doc: rested('bug'), moved: true })).toBe('plan')
  })

  it('of any other sort is decided anew each time', () => {
    expect(shortly({ doc: rested('working') })).toBe('plan')
  })

  it('says until when, at most, and goes on where the last for the same reason was', () => {
    const question = wanted({ run: asking({ reminded: true }) })
    expect(acts({ doc: question })).toMatchObject({ rest: { until: NOW + 4 * HOUR + MINUTE, since: NOW, tries: 1 } })
    const rest = { why: 'asked' as const, text: '', since: NOW - HOUR, until: null, side: null, tries: 4 }
    expect(acts({ doc: { ...question, rest } })).toMatchObject({ rest: { since: NOW - HOUR, tries: 5 } })
    expect(acts({ doc: withRun({}, { approved: covered }), plan: planRow, frozenUntil: NOW + 7 })).toMatchObject({
      rest: { until: NOW + 7 },
    })
    expect(acts({ doc: docOf() })).toMatchObject({ rest: { until: null } })
  })
})

describe('a failed attempt', () => {
  it('is repeated after a pause that grows with its attempts', () => {
    const pause = (attempt: number): number => {
      const act = acts({ doc: wanted({ attempt, outcome: ended({ attempt }) }) })
      return act.kind === 'rest' ? (act.rest.until ?? 0) - NOW : 0
    }
    expect(pause(1)).toBeGreaterThan(0)
    expect(pause(2)).toBeGreaterThan(pause(1))
    expect(pause(9)).toBe(5 * MINUTE)
  })
})

/** Any document whose parts fit together, in any view. */
const anyView = (): fc.Arbitrary<View> => {
  const time = fc.integer({ min: -HOUR, max: HOUR }).map((ms) => NOW + ms)
  const state = fc.constantFrom<Mark['state']>('pending', 'running', 'done', 'failed', 'skipped')
  const mark = fc
    .record({
      state,
      way: fc.constantFrom<Mark['way']>('forth', 'back'),
      by: fc.constantFrom(null, 'me', 'another'),
      markedAt: fc.option(time),
      touched: fc.boolean(),
      ranFrom: fc.option(time),
    })
    .map(markOf)
  const ending = fc.option(
    fc.constantFrom<NonNullable<Run['ending']>>(
      FAILED,
      { kind: 'cancelled', reason: null, detail: '' },
      { kind: 'superseded', reason: null, detail: '' },
    ),
  )
  const question = fc
    .record({ state: fc.constantFrom<'open' | 'rejected'>('open', 'rejected'), until: time, reminded: fc.boolean() })
    .map(questionOf)
  const run = fc
    .record({
      generation: fc.integer({ min: 1, max: 3 }),
      attempt: fc.integer({ min: 1, max: 3 }),
      phase: fc.constantFrom<Run['phase']>('planned', 'asked', 'waiting-for-room', 'steps', 'back'),
      question,
      asked: fc.integer({ min: 0, max: 3 }),
      digest: fc.constantFrom(planRow.plan.digest, 'other', ''),
      steps: fc.array(mark, { maxLength: 24 }),
      ending,
      cancelled: fc.option(fc.constant({ by: 'c', at: NOW })),
      cleared: fc.boolean(),
    })
    .map(runOf)
  const outcome = fc.option(
    fc
      .record({
        kind: fc.constantFrom('succeeded' as const, 'failed' as const, 'refused' as const, 'superseded' as const),
        reason: fc.constantFrom('node-lost' as const, 'gate' as const, null),
        at: time,
      })
      .map(ended),
  )
  const rest = fc.option(
    fc.record({
      why: fc.constantFrom('unavailable' as const, 'bug' as const, 'asked' as const),
      text: fc.string(),
      since: time,
      until: fc.option(time),
      side: fc.constantFrom(null, 'cluster', 'chat'),
      tries: fc.nat(9),
    }),
  )
  const doc = fc
    .record({
      schema: fc.constantFrom(1, 1, 1, 2),
      desired: fc.constant(desired),
      generation: fc.integer({ min: 1, max: 3 }),
      attempt: fc.integer({ min: 1, max: 3 }),
      attemptsLeft: fc.integer({ min: 0, max: 2 }),
      onNewer: fc.constantFrom<'finish' | 'stop'>('finish', 'stop'),
      approved: fc.option(fc.constant(covered)),
      run: fc.option(run),
      outcome,
      rest,
    })
    .map(docOf)
  const letters = fc.subarray<Letter>([lookLetter(), vote(), command('cancel')])
  return fc
    .record({
      doc,
      letters,
      now: time,
      plan: fc.option(fc.constant(planRow)),
      frozenUntil: fc.option(time),
      sides: fc.option(time).map((until) => (until === null ? {} : side({ until }))),
      policy: fc.constantFrom(viewOf().policy, gone, shadowed),
      moved: fc.boolean(),
    })
    .map(viewOf)
}

it('a lane that is parked says first what stands beside what it returned to, then why it is', () => {
  const doc = wanted({ outcome: ended({ kind: 'rejected', reason: null, detail: 'no' }), beside: 'v1 and v3 stand' })
  expect(next(viewOf({ doc }))).toMatchObject({
    rest: { text: expect.stringMatching(/^v1 and v3 stand; rejected: no; it stays so until its source changes/) },
  })
})

describe('what is parked says what moves it', () => {
  const textOf = (over: Parameters<typeof ended>[0], held: LaneDocument['held'] = null): string => {
    const act = next(viewOf({ doc: wanted({ outcome: ended({ reason: 'gate', ...over }), held }) }))
    return act.kind === 'rest' ? act.rest.text : act.kind
  }
  const heldBy = (reason: NonNullable<LaneDocument['held']>['reason']) => ({ reason, detail: 'x', at: NOW })
  const onlySource = /; it stays so until its source changes or a person says retry$/
  const pods = /; it stays so until its source changes, the policy wants its pods to be others, or a person says retry$/
  const refused =
    /; it begins once that has changed, in its source, the policy or what there is, or a person says retry$/

  it.each([
    ['a pipeline whose gate failed: no policy does', textOf({}), onlySource],
    ['the same once it was compared with its source', textOf({}, heldBy('held-failed')), onlySource],
    ['one that was denied', textOf({ kind: 'rejected', reason: null }, heldBy('held-rejected')), onlySource],
    ['a service whose gate failed: other pods do', textOf({ template: 't' }), pods],
    ['the same, compared', textOf({ template: 't' }, heldBy('held-failed')), pods],
    ['what was refused on paper', textOf({ kind: 'refused', against: 'a' }), refused],
    ['the same, compared', textOf({ kind: 'refused', against: 'a' }, heldBy('held-refused')), refused],
  ])('%s', (_, text, moves) => {
    expect(text).toMatch(moves)
    expect(text.match(/retry/g)).toHaveLength(1)
  })
})

describe('the table', () => {
  it('is total and pure: any view has one act, which changes nothing of it', () => {
    fc.assert(
      fc.property(anyView(), (view) => {
        const { kind, reactions, policy, ...data } = view
        const act = next({ ...frozen(data), kind, reactions, policy })
        expect(next(view)).toEqual(act)
        expect(JSON.parse(JSON.stringify(act))).toEqual(act)
      }),
      { numRuns: 1000 },
    )
  })

  it('never touches a far side that was not marked by this invocation, and never anything while it rests', () => {
    fc.assert(
      fc.property(anyView(), (view) => {
        const act = next(view)
        if (act.kind !== 'begin') return
        const marks = view.doc.run?.steps.filter(({ name, state }) => name === act.step && state === 'running') ?? []
        expect(marks.some(({ by }) => by === view.me)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('names only steps that the run has, and a reason for each rest', () => {
    fc.assert(
      fc.property(anyView(), (view) => {
        const act = next(view)
        if ('step' in act) expect(view.doc.run?.steps.map(({ name }) => name)).toContain(act.step)
        if (act.kind === 'rest') expect(act.rest).toMatchObject({ why: expect.any(String), text: expect.any(String) })
      }),
      { numRuns: 500 },
    )
  })
})

it('what was asked about is over once its own source says what begins nothing; what has begun goes on', () => {
  const held = (place: string) => ({ reason: 'bad-manifest' as const, detail: 'no objects', at: NOW, place })
  const [here, elsewhere] = [`s3://${desired.bucket}/${desired.key}`, 's3://b/other'].map(held)
  const open: Partial<Run> = { phase: 'asked', question: questionOf() }
  expect(acts({ doc: withRun(open, { held: here! }), plan: planRow })).toMatchObject({
    kind: 'close',
    outcome: { kind: 'superseded', detail: expect.stringContaining('no objects') },
  })
  expect(shortly({ doc: withRun(open, { held: elsewhere! }), plan: planRow })).toBe('rest asked')
  const begun = stepping({ ...train, state: 'running', by: 'me', touched: true, markedAt: NOW })
  expect(shortly({ doc: withRun(begun, { held: here! }), plan: planRow })).not.toContain('close')
})
