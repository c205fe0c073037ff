import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Act } from '../../../core/lane/act.ts'
import type { LaneDocument, Run } from '../../../core/lane/document.ts'
import { type Result, settle } from '../../../core/lane/settle.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import type { Trouble, View } from '../../../core/lane/view.ts'
import { frozen } from '../../frozen.ts'
import {
  AT,
  after,
  asking,
  command,
  docOf,
  facts,
  goOn,
  HOUR,
  looked,
  lookLetter,
  MINUTE,
  NOTHING,
  NOW,
  planRow,
  policyWith,
  running,
  runOf,
  SEEN,
  seenWorld,
  viewOf,
  vote,
  wanted,
} from './fixture.ts'
import { histories, type Settled } from './histories.ts'

const LIMIT = 32 * 1024
const bytesOf = (doc: LaneDocument): number => Buffer.byteLength(JSON.stringify(doc))
const DIRTY = /[\p{Cc}\p{Cf}\p{Cs}]/u

describe('a life of a run', () => {
  const free = policyWith((config) => {
    config.approvals.autoApproveBelow = 1000
  })
  const done: Result = {
    kind: 'stepped',
    stepped: { kind: 'done', note: 'ok', values: { score: 0.9, model: 's3://b/m' } },
  }
  const begun: Result = { kind: 'stepped', stepped: { kind: 'begun', made: null, note: 'made' } }
  const answers = (act: Act): Result => {
    if (act.kind === 'begin') return begun
    if (act.kind === 'see') return done
    if (act.kind === 'look' || act.kind === 'look-again') return looked({ [AT]: facts() })
    return act.kind === 'clear' ? { kind: 'cleared', left: null, looks: [] } : SEEN
  }

  it('that needs no answer goes from its letter to its end, each step marked before it is touched', () => {
    const start = viewOf({ doc: docOf(), letters: [lookLetter()], policy: free, world: seenWorld })
    const { acts, view } = goOn(start, answers)
    const steps = ['train', 'evaluate', 'judge-evaluate', 'register', 'notify']
    expect(acts).toEqual([
      'look',
      'plan',
      'hold',
      ...steps.flatMap((name) => [`mark ${name}`, `begin ${name}`, `see ${name}`]),
      'close',
      'rest done',
    ])
    expect(view.doc).toMatchObject({ run: null, outcome: { kind: 'succeeded' } })
    expect(view.doc.kept.map(({ step }) => step)).toEqual(['train', 'evaluate'])
  })

  it('that needs one rests at its question, and goes on from there with the answer', () => {
    const start = viewOf({ doc: docOf(), letters: [lookLetter()], world: seenWorld })
    const asked = goOn(start, answers)
    expect(asked.acts).toEqual(['look', 'plan', 'ask', 'rest asked'])
    const question = asked.view.doc.run?.question?.id ?? ''
    const answered = { ...asked.view, letters: [vote({ question, at: NOW + 1 })], world: seenWorld, looked: false }
    const acts = ['fold', 'look-again', 'hold', 'mark train', 'begin train']
    expect(goOn(answered, answers).acts.slice(0, 5)).toEqual(acts)
  })

  it('that is cancelled in a step takes its Job away, and closes', () => {
    const doc = wanted({ run: runOf({ phase: 'steps', steps: [running({ touched: true })] }) })
    const start = viewOf({ doc, plan: planRow, letters: [command('cancel')] })
    expect(goOn(start, answers).acts).toEqual(['fold', 'end', 'clear', 'close', 'rest parked'])
  })
})

describe('a far side that fails', () => {
  const at = (over: Partial<View> = {}) =>
    viewOf({ doc: wanted({ run: runOf({ phase: 'steps', steps: [running()] }) }), plan: planRow, ...over })
  const see: Act = { kind: 'see', step: 'train' }
  const failing = (trouble: Partial<Trouble>, act: Act = see, over: Partial<View> = {}) =>
    settle(at(over), act, {
      kind: 'trouble',
      trouble: { kind: 'unavailable', side: 'cluster', said: '503', retryAfter: 0, ...trouble } as Trouble,
    })

  it('that does not answer, or does not let us, is a rest with its words, and nothing of the run ends', () => {
    for (const kind of ['unavailable', 'not-allowed'] as const) {
      const change = failing({ kind })
      expect(change.rest).toMatchObject({ why: kind, side: 'cluster', tries: 1, until: NOW + 5000 })
      expect(change.rest?.text).toContain('503')
      expect(change.doc).toEqual(at().doc)
      expect(change.counts).toEqual([`${kind}:cluster`])
    }
  })

  it('keeps what the pods of a Job that is over have said themselves, and rests as ever', () => {
    const trouble: Trouble = { kind: 'unavailable', side: 'objects', said: '503', retryAfter: 0 }
    const ref = { kind: 'Job' as const, namespace: 'n', name: 'j' }
    const made = { ref, uid: 'u', result: { bucket: 'b', key: 'k' }, message: { pod: 'p', text: '{}' } }
    const away = settle(at(), see, { kind: 'stepped', stepped: { kind: 'away', trouble, made } })
    expect(away).toMatchObject({ rest: { why: 'unavailable', side: 'objects' }, doc: { run: { ending: null } } })
    expect(away.doc.run?.steps[0]).toEqual({ ...running(), made })
    const result: Result = { kind: 'stepped', stepped: { kind: 'done', note: '', values: { loss: 1 } } }
    const over = settle(at({ doc: away.doc }), see, result)
    expect([over.doc.run?.steps[0]?.made, over.results[0]?.made]).toEqual([
      { ref, uid: 'u', result: made.result },
      { ref, uid: 'u', result: made.result },
    ])
  })

  it('is told once, and looked at again with growing pauses, never sooner than it asks for', () => {
    const rest = { why: 'unavailable' as const, text: '', since: NOW - HOUR, until: NOW, side: 'cluster', tries: 5 }
    const again = failing({}, see, { doc: { ...at().doc, rest } })
    expect([again.moments, again.counts]).toEqual([[], []])
    expect(again.rest).toMatchObject({ since: NOW - HOUR, tries: 6, until: NOW + 160_000 })
    expect(failing({ retryAfter: 900 }).rest?.until).toBe(NOW + 15 * MINUTE)
  })

  it('while something is being made is left alone for as long as that may still come to be', () => {
    expect(failing({}, { kind: 'begin', step: 'train' }).rest?.until).toBe(NOW + 90_000)
  })

  it('that refuses for good ends the step in its own words; elsewhere than at a step it is ours', () => {
    expect(failing({ kind: 'refused', said: '422: no' }).doc.run?.ending).toMatchObject({
      reason: 'refused',
      detail: '422: no',
    })
    expect(failing({ kind: 'refused', side: 'registry' }).doc.run?.ending?.reason).toBe('not-registered')
    expect(failing({ kind: 'refused' }, { kind: 'plan' }).rest?.why).toBe('bug')
  })

  it('in a way that is ours is a rest that alarms, and ends nothing', () => {
    const change = failing({ kind: 'bug', said: 'x is not a function' })
    expect(change.rest).toMatchObject({ why: 'bug', text: 'a bug of ours, at cluster: x is not a function' })
    expect(change.counts).toEqual(['bug:cluster'])
    expect(change.doc.run?.ending).toBeNull()
  })
})

it('a step that nobody could look at waits', () => {
  const view = viewOf({ doc: wanted({ run: runOf({ phase: 'steps', steps: [running()] }) }), plan: planRow })
  expect(settle(view, { kind: 'see', step: 'train' }, NOTHING).rest?.why).toBe('working')
})

describe('a document', () => {
  const everybody = policyWith((config) => {
    config.approvals.approvers = Array.from({ length: 40 }, (_, n) => ({ id: `T0SIGNAL/U0${n}`, name: `p${n}` }))
    config.approvals.need = 20
  })
  const long = '漢'.repeat(5000)
  const names = Array.from({ length: 24 }, (_, n) => `step-${n}`)
  const steps = names.map((name) =>
    running({
      name,
      title: `${name} ${long}`,
      state: 'done',
      touched: true,
      made: {
        ref: { kind: 'Job', namespace: 'training', name: `${'j'.repeat(50)}-${name}` },
        uid: 'u'.repeat(36),
        result: { bucket: 'b'.repeat(63), key: 'k'.repeat(300) },
      },
    }),
  )

  it('stays below 32 KB with 24 steps, 20 votes and texts of any length, and keeps what matters of each', () => {
    let view = viewOf({ doc: wanted({ run: { ...asking({ need: 20 }), steps } }), policy: everybody, plan: planRow })
    for (let n = 0; n < 20; n++) {
      const letter = vote({ id: String(n), by: `T0SIGNAL/U0${n}`, byName: long, reason: long, at: NOW + n })
      view = { ...view, letters: [letter] }
      const change = settle(view, { kind: 'fold' }, NOTHING)
      expect(bytesOf(change.doc)).toBeLessThanOrEqual(LIMIT)
      view = after(view, { kind: 'fold' }, change)
    }
    expect(view.doc.approved?.question.votes).toHaveLength(20)
    expect(view.doc.approved?.question.state).toBe('approved')
    let doc: LaneDocument = {
      ...view.doc,
      run: {
        ...(view.doc.run as Run),
        phase: 'steps',
        steps: steps.map((mark) => ({ ...mark, state: 'running', touched: true })),
      },
    }
    for (const name of names) {
      const stepped: Stepped = { kind: 'wait', note: long, until: null, running: false }
      const change = settle({ ...view, doc }, { kind: 'see', step: name }, { kind: 'stepped', stepped })
      expect(bytesOf(change.doc)).toBeLessThanOrEqual(LIMIT)
      doc = change.doc
    }
    const failed = settle(
      { ...view, doc },
      { kind: 'see', step: 'step-3' },
      { kind: 'stepped', stepped: { kind: 'failed', reason: 'exit-code', note: long } },
    )
    expect(bytesOf(failed.doc)).toBeLessThanOrEqual(LIMIT)
    const { run } = failed.doc
    expect(run?.steps.map(({ name }) => name)).toEqual(names)
    expect(run?.steps.map(({ key, made }) => [key, made?.uid])).toEqual(steps.map(({ key, made }) => [key, made?.uid]))
    expect(run?.ending).toMatchObject({ kind: 'failed', reason: 'exit-code' })
    expect(run?.question?.votes.map(({ by }) => by)).toEqual(Array.from({ length: 20 }, (_, n) => `T0SIGNAL/U0${n}`))
    expect(run?.ending?.detail.length).toBeGreaterThan(30)
  })
})

/** The same on every run; `SEED=7` draws others. Made once: every promise is then held against all of them. */
const all: Settled[] = []
beforeAll(() => void all.push(...histories(60, fc.readConfigureGlobal().seed ?? 0)))

describe('whatever happens to a lane', () => {
  it('reaches every act and every end', () => {
    const acts = new Set<string>()
    for (const { act, change } of all) {
      acts.add(act.kind)
      for (const { outcome } of change.past) acts.add(outcome.kind)
    }
    expect([...acts].sort()).toEqual(
      expect.arrayContaining([
        'again',
        'ask',
        'begin',
        'cancelled',
        'clear',
        'close',
        'end',
        'expire',
        'failed',
        'fold',
        'go-back',
        'hold',
        'look',
        'look-again',
        'mark',
        'plan',
        'refused',
        'rejected',
        'rest',
        'see',
        'succeeded',
        'superseded',
      ]),
    )
  })

  it('settling the same again gives the same to the byte, and touches nothing that it was given', () => {
    for (const { view, act, result, change } of all.filter((_, index) => index % 7 === 0)) {
      const { kind, reactions, policy, groups, ...data } = view
      const again = settle({ ...frozen(structuredClone(data)), kind, reactions, policy, groups }, act, frozen(result))
      expect(JSON.stringify(again)).toBe(JSON.stringify(change))
    }
  })

  it('its document is data, and below 32 KB', () => {
    for (const { change } of all) {
      expect(JSON.parse(JSON.stringify(change.doc))).toEqual(change.doc)
      expect(bytesOf(change.doc)).toBeLessThanOrEqual(LIMIT)
      expect(change.doc.run?.steps.length ?? 0).toBeLessThanOrEqual(24)
    }
  })

  it('generations only grow, but back to that of the run under way; attempts restart at 1 with each, and the order falls only to that of what is done with, once its source says no more what was wanted', () => {
    const greatest = ({ generation, newest = 0 }: LaneDocument): number => Math.max(generation, newest)
    for (const { view, change } of all) {
      const [before, doc] = [view.doc, change.doc]
      expect(greatest(doc)).toBeGreaterThanOrEqual(greatest(before))
      if (doc.generation === before.generation) expect(doc.attempt).toBeGreaterThanOrEqual(before.attempt)
      else if (doc.generation > greatest(before)) expect([doc.attempt, doc.newest]).toEqual([1, undefined])
      else expect(doc.generation).toBe(before.run?.generation)
      if (doc.before !== undefined) expect(doc.before.generation).toBe(doc.run?.generation)
      if ((doc.order ?? '') < (before.order ?? ''))
        expect([doc.outcome?.kind, doc.order]).toEqual(['superseded', doc.doneWith?.order ?? null])
      expect([doc.lane, doc.name, doc.schema]).toEqual([before.lane, before.name, before.schema])
    }
  })

  it('exactly the letters that were due are removed or postponed, each once, and only by folding', () => {
    for (const { view, act, change } of all) {
      const gone = [...change.removed, ...change.later].map(({ id }) => id)
      expect(new Set(gone).size).toBe(gone.length)
      const folds = act.kind === 'look' || act.kind === 'look-again' || act.kind === 'fold'
      const due = folds ? view.letters.map(({ id }) => id) : []
      // What is looked at again waits by a letter of its own.
      if (act.kind === 'look-again') due.push(...change.later.map(({ id }) => id).filter((id) => id === act.letter.id))
      const known = [...due, ...(folds ? view.later.map(({ id }) => id) : [])]
      expect(gone).toEqual(expect.arrayContaining(due))
      for (const id of gone) expect(known).toContain(id)
      for (const { due: at } of change.later) expect(at).toBeGreaterThan(view.now)
    }
  })

  it('every letter is answered by a moment that names it, unless resync or a wait told nothing new', () => {
    for (const { view, change } of all) {
      const named = change.moments.flatMap(({ data }) => (data?.['letters'] as string[] | undefined) ?? [])
      for (const letter of change.removed) {
        if (letter.kind === 'look' && letter.from === 'resync') continue
        if (letter.kind === 'look' && view.later.includes(letter)) continue
        if (letter.kind === 'look' && letter.waits !== null) continue
        expect(named).toContain(letter.id)
      }
    }
  })

  it('a run that is closed has no hold and no open question, and is over', () => {
    for (const { view, change } of all)
      for (const { run, outcome } of change.past) {
        expect(run.hold).toBeNull()
        expect(run.question?.state).not.toBe('open')
        expect(change.doc.run).toBeNull()
        expect(run.line).toBeUndefined()
        expect(change.counts).toContain(`outcome:${outcome.kind}`)
        expect(view.doc.run === null || view.doc.run.generation === run.generation).toBe(true)
      }
  })

  it('a run is never left but by closing, never holds twice, and a step that is over stays so', () => {
    for (const { view, change } of all) {
      const [before, now] = [view.doc.run, change.doc.run]
      if (before !== null && now === null) expect(change.past).toHaveLength(1)
      if (before !== null && now !== null)
        expect([now.generation, now.attempt]).toEqual([before.generation, before.attempt])
      if (before?.hold != null && now !== null) {
        expect(now.hold).toMatchObject({ budget: before.hold.budget, dollars: before.hold.dollars })
        // What is held of a pool only falls.
        for (const [pool, gpus] of Object.entries(now.hold?.gpus ?? {}))
          expect(gpus).toBeLessThanOrEqual(before.hold.gpus[pool] ?? 0)
      }
      if (now?.phase !== before?.phase) continue
      for (const [index, mark] of (before?.steps ?? []).entries())
        if (mark.state === 'done' || mark.state === 'failed') expect(now?.steps[index]?.state).toBe(mark.state)
    }
  })

  it('an approval is spent by what it approved alone: a later generation never has it', () => {
    for (const { view, change } of all) {
      if (change.doc.generation !== view.doc.generation) expect(change.doc.approved).toBeNull()
      const { approved, run } = change.doc
      if (run?.phase === 'steps' && view.doc.run?.phase !== 'steps' && change.plan?.plan.approval.required)
        expect(approved?.question.digest).toBe(run.digest)
    }
  })

  it('every text is clean and short, wherever it comes from', () => {
    for (const { change } of all) {
      const { doc, moments, rest } = change
      const notes = [doc.run, ...change.past.map(({ run }) => run)].flatMap(
        (run) => run?.steps.flatMap(({ note, title }) => [note, title]) ?? [],
      )
      const reasons = (doc.run?.question?.votes ?? []).map(({ reason }) => reason ?? '')
      const short = [doc.held?.detail, ...notes, ...reasons]
      const long = [
        rest?.text,
        doc.outcome?.detail,
        doc.run?.ending?.detail,
        ...moments.flatMap(({ text, data }) => [text, data?.['detail'], data?.['words']]),
      ]
      for (const text of [...short, ...long]) expect(String(text ?? '')).not.toMatch(DIRTY)
      for (const text of short) expect(String(text ?? '').length).toBeLessThanOrEqual(300)
      for (const text of long) expect(String(text ?? '').length).toBeLessThanOrEqual(2000)
    }
  })
})
