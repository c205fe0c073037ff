import { describe, expect, it } from 'vitest'
import type { Run } from '../../../core/lane/document.ts'
import { isOfAnother } from '../../../core/lane/ignoring.ts'
import type { LookLetter } from '../../../core/lane/letters.ts'
import { hasLooked, keptBack, lookingAgain, settleLookAgain, whyNoMore } from '../../../core/lane/looking-again.ts'
import type { View } from '../../../core/lane/view.ts'
import { reactions } from '../../../core/reactions/catalogue.ts'
import type { Facts, Unreadable } from '../../../core/reactions/reaction.ts'
import { desired } from '../training-fixture.ts'
import {
  ALIAS,
  AT,
  facts,
  HOUR,
  lookLetter,
  MINUTE,
  markOf,
  NOW,
  PIPELINE,
  planRow,
  policyWith,
  runOf,
  SERVICE,
  served,
  uploaded,
  viewOf,
  wanted,
} from './fixture.ts'

const steps = [markOf(), markOf({ name: 'evaluate' })]
const about = (over: Partial<View> = {}, run: Partial<Run> = {}): View =>
  viewOf({ doc: wanted({ order: '2026', run: runOf({ steps, ...run }) }), plan: planRow, ...over })
const letterOf = (view: View) => {
  const act = lookingAgain(view, view.doc.run as Run)
  if (act?.kind !== 'look-again') throw new Error('it is not looked at')
  return act.letter
}
const settled = (said: Facts, view = about()) =>
  settleLookAgain(view, letterOf(view), { facts: { [AT]: said }, seen: { kept: {} } })

describe('before anything of a run begins', () => {
  it('its source is asked where it was read, unless this invocation has read it or something was made from it', () => {
    expect(letterOf(about())).toMatchObject({ event: { bucket: desired.bucket, key: desired.key }, at: NOW, due: NOW })
    const none = (view: View) => expect(lookingAgain(view, view.doc.run as Run)).toBeNull()
    none(about({ looked: true }))
    none(about({}, { steps: [markOf({ state: 'done' }), markOf({ name: 'evaluate' })] }))
    none(about({}, { desired: { kind: 'none' } }))
  })

  it('what was wanted by a look of the same invocation was read', () => {
    const [view, look] = [about(), { kind: 'look' } as const]
    expect(hasLooked(view, look, { doc: { ...view.doc, generation: 2 } })).toBe(true)
    expect(hasLooked(view, look, view)).toBe(false)
    expect(hasLooked(view, { kind: 'fold' }, { doc: { ...view.doc, generation: 2 } })).toBe(false)
    expect(hasLooked(view, { kind: 'look-again', letter: letterOf(view) }, view)).toBe(true)
  })
})

describe('a run that has begun nothing ends, without a look', () => {
  const whyOf = (over: Partial<View>) => whyNoMore(about(over), runOf())
  it('where the policy gives its source to no lane, or another', () => {
    const policy = policyWith((config) => {
      config.pipelines!['support-chats']!.on = { dataset: { bucket: desired.bucket, prefix: 'elsewhere/' } }
    })
    expect(whyOf({ policy })).toMatchObject({ kind: 'cancelled', reason: 'not-configured' })
    expect(isOfAnother({ reactions, policy, doc: { lane: PIPELINE } }, { kind: 'none' })).toBe(false)
  })

  it('not where it carries over what was paid for: that goes on from there', () => {
    const held = { reason: 'bad-manifest', detail: 'no objects', at: NOW, place: AT } as const
    const run = runOf({
      steps: [markOf({ name: 'train', state: 'done' }), markOf({ name: 'evaluate', state: 'pending' })],
    })
    expect(whyNoMore(about({ doc: wanted({ held }) }), run)).toBeNull()
  })

  it('where its source was heard to say something that begins nothing; not while it does not answer', () => {
    const held = { reason: 'bad-manifest', detail: 'no objects', at: NOW, place: AT } as const
    expect(whyOf({ doc: wanted({ held }) })).toMatchObject({
      kind: 'superseded',
      detail: expect.stringContaining('no objects'),
    })
    const waits = { reason: 'objects-missing', detail: 'part-1', until: null, side: null } as const
    const waiting = (over: Partial<LookLetter>) => ({ later: [lookLetter({ waits, ...over })] })
    expect(whyOf(waiting({}))).toMatchObject({ kind: 'superseded' })
    expect(whyOf(waiting({ waits: { ...waits, reason: 'source-unreadable' } }))).toBeNull()
    expect(whyOf(waiting({ event: { ...uploaded, key: 'support-chats/b/manifest.json' } as never }))).toBeNull()
    expect(whyOf({})).toBeNull()
  })
})

describe('a service that was approved', () => {
  const serving = (over: Partial<View> = {}): View => {
    const run = runOf({ desired: served('2'), steps: [markOf()] })
    return viewOf({ doc: wanted({ lane: SERVICE, desired: served('2'), run }), plan: planRow, ...over })
  }
  const named = (version: string, status = 'READY'): Facts =>
    ({ kind: 'version', version, source: served(version).source, runId: null, status, requester: null }) as Facts
  const said = (facts: Facts) => {
    const view = serving()
    return settleLookAgain(view, letterOf(view), { facts: { [ALIAS]: facts }, seen: { kept: {} } })
  }

  it('goes on where its signal names it, and gives way to another, or to none', () => {
    expect(said(named('2')).doc).toEqual(serving().doc)
    expect(said(named('3')).doc).toMatchObject({ generation: 2, desired: { version: '3' } })
    expect(said({ kind: 'none' }).doc).toMatchObject({ generation: 2, desired: { kind: 'none' } })
  })

  it('waits for what is being registered there, keeps its run, and says so', () => {
    const { doc, later } = said(named('3', 'PENDING_REGISTRATION'))
    expect(doc).toMatchObject({ generation: 1, run: { phase: 'planned', hold: null } })
    expect(later).toMatchObject([{ waits: { reason: 'registry-pending' } }])
    const kept = keptBack(serving({ doc, later, looked: true }), doc.run as Run)
    expect(kept).toMatchObject({ rest: { why: 'registry-pending', until: later[0]?.due } })
    expect(keptBack(serving(), doc.run as Run)).toBeNull()
    const frozen = keptBack(serving({ later, frozenUntil: NOW + HOUR }), doc.run as Run)
    expect(frozen).toMatchObject({ rest: { why: 'frozen' } })
  })

  it('is another’s, or nobody’s, once its rule has another model', () => {
    const policy = policyWith((config) => {
      config.services!['support-llama']!.model = 'another'
    })
    expect(whyNoMore(serving({ policy }), serving().doc.run as Run)).toMatchObject({ reason: 'not-configured' })
    expect(whyNoMore(serving(), serving().doc.run as Run)).toBeNull()
  })
})

describe('what the source says then', () => {
  it('the same: it goes on, and nothing is written', () => {
    const { doc, moments, removed, later } = settled(facts())
    expect(doc).toEqual(about().doc)
    expect([moments, removed, later]).toEqual([[], [], []])
  })

  it('the same, when its time to begin is over: it expires', () => {
    const bounds = { ...planRow.plan.bounds, until: NOW - 1 }
    const plan = { ...planRow, plan: { ...planRow.plan, bounds } }
    const at = (phase: Run['phase']) => settled(facts(), about({ plan }, { phase })).doc
    expect(at('steps')).toMatchObject({ run: null, outcome: { kind: 'expired' } })
    expect(at('planned').run).not.toBeNull()
  })

  it('something newer: that is wanted, as if somebody had told', () => {
    const change = settled(facts({ sha256: 'f'.repeat(64), lastModified: Date.UTC(2100, 0) }))
    expect(change.doc).toMatchObject({ generation: 2, desired: { version: 'f'.repeat(64) } })
    expect([change.removed, change.later]).toEqual([[], []])
    expect(change.moments.map(({ kind }) => kind)).toEqual(['facts', 'decision'])
    expect(change.moments.at(-1)?.data).toMatchObject({ letters: [] })
  })

  it.each<[string, Facts, string]>([
    ['nothing', { kind: 'gone' }, 'is not there any more'],
    ['no manifest', { kind: 'bad', detail: 'no objects' } as Facts, 'no objects'],
    [
      'too late for what is missing',
      facts({ missing: ['x'], missingCount: 1, lastModified: NOW - 2 * HOUR }),
      'missing',
    ],
    ['something older', facts({ sha256: 'f'.repeat(64), lastModified: 0 }), 'says something else'],
  ])('%s: it begins nothing, and says why', (_, said, why) => {
    const { doc, later } = settled(said)
    expect(doc).toMatchObject({ run: null, outcome: { kind: 'superseded', detail: expect.stringContaining(why) } })
    expect(later).toEqual([])
  })

  it('that something is missing: it waits for that by a letter, what proves who asked stays, and what was approved binds', () => {
    const missing = facts({ missing: ['part-1'], missingCount: 1 })
    expect(settled(missing)).toMatchObject({
      doc: { run: null, outcome: { kind: 'superseded', detail: expect.stringContaining('part-1') } },
      later: [{ id: letterOf(about()).id, waits: { reason: 'objects-missing' } }],
      removed: [],
    })
    const event = { ...uploaded, etag: desired.etag, requester: '123456789012' }
    const waits = lookLetter({ id: 'l1', due: NOW + HOUR, event })
    expect(settled(missing, about({ later: [waits] })).later).toMatchObject([{ id: 'l1' }])
  })

  it('nothing, since it does not answer: it rests, and gives back what it was granted once that takes a while, but for its rank', () => {
    const away: Unreadable = { kind: 'unreadable', side: 'objects', detail: '503', retryAfter: 0 }
    const hold: Run['hold'] = { gpus: { 'gpu-train': 8 }, dollars: 9, budget: 'ml-monthly' }
    const held = about({}, { phase: 'steps', hold })
    const { doc, rest } = settled(away, held)
    expect(doc.run).toMatchObject({ phase: 'planned', hold })
    const later = { ...held, now: NOW + 5 * MINUTE, doc: { ...doc, rest, inLineFrom: NOW - HOUR } }
    expect(settled(away, later).doc).toMatchObject({
      run: { phase: 'planned', hold: null },
      inLineFrom: NOW - HOUR,
    })
    // Meanwhile it looks for itself, whoever else asks that side.
    expect(rest).toMatchObject({ why: 'unavailable', side: null, until: NOW + 5000 })
    expect(settled(away, later).rest).toMatchObject({ why: 'unavailable', side: 'objects' })
    const view = about()
    const unasked = settleLookAgain(view, letterOf(view), { facts: {}, seen: { kept: {} } })
    expect(unasked.rest).toMatchObject({ why: 'unavailable', side: null })
  })
})
