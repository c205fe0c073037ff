import { expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { fold } from '../../../core/lane/fold.ts'
import { knownInShadow } from '../../../core/lane/in-shadow.ts'
import type { LookLetter } from '../../../core/lane/letters.ts'
import type { Decision, Facts } from '../../../core/reactions/reaction.ts'
import { ANA, AT, docOf, facts, lookLetter, MINUTE, NOW, policyWith, seenWorld, viewOf } from './fixture.ts'

const shadowed = policyWith((config) => {
  config.pipelines!['support-chats']!.mode = 'shadow'
})
const folded = (letters: LookLetter[], said: Facts, over: Parameters<typeof viewOf>[0] = {}) =>
  fold(viewOf({ doc: docOf(), letters, policy: shadowed, world: seenWorld, ...over }), { [AT]: said }, { kept: {} })
const away: Facts = { kind: 'unreadable', side: 'objects', detail: '503', retryAfter: 0 }
const waits = { reason: 'run-not-over', detail: 'behind another', until: null, side: null } as const
const ids = (letters: readonly { id: string }[]): string[] => letters.map(({ id }) => id)

it('what waits since its rule acted waits on, and moves nothing: what would be done is on record once', () => {
  const change = folded([lookLetter({ id: 'l1', waits })], facts())
  expect([ids(change.later), change.removed, change.shadows.length]).toEqual([['l1'], [], 1])
  expect(change.later[0]).toMatchObject({ waits: { reason: 'run-not-over' } })
  expect(change.doc).toEqual(docOf())
  const again = folded([...(change.later as LookLetter[]), lookLetter({ id: 'l2', from: 'resync' })], facts(), {
    doc: change.doc,
  })
  expect([ids(again.later), ids(again.removed), again.shadows, again.moments]).toEqual([['l1'], ['l2'], [], []])
  // Once its rule acts again it is what its place says.
  const acts = folded(again.later as LookLetter[], facts(), { doc: again.doc, policy: viewOf().policy })
  expect([acts.doc.generation, ids(acts.removed)]).toEqual([1, ['l1']])
})

it('what waits is told of once each, and so is what resync finds beside it as often as it looks', () => {
  const other = 's3://acme-datasets/support-chats/other/manifest.json'
  const key = 'support-chats/other/manifest.json'
  const beside = (id: string) => {
    const letter = lookLetter({ id, from: 'resync' })
    return { ...letter, event: { ...letter.event, key } as LookLetter['event'] }
  }
  const said = { [AT]: facts(), [other]: facts({ sha256: 'other', etag: 'other' }) }
  const round = (doc: LaneDocument, letters: LookLetter[]) =>
    fold(viewOf({ doc, letters, policy: shadowed, world: seenWorld }), said, { kept: {} })
  const first = round(docOf(), [lookLetter({ id: 'l1', waits }), beside('l2')])
  expect([first.shadows.length, first.counts.filter((one) => one === 'shadow').length]).toEqual([2, 2])
  const again = round(first.doc, [...(first.later as LookLetter[]), beside('l3')])
  expect([again.shadows, again.counts, again.moments, ids(again.later)]).toEqual([[], [], [], ['l1']])
  // Something else at its place is told of.
  const anew = fold(
    viewOf({ doc: again.doc, letters: again.later as LookLetter[], policy: shadowed, world: seenWorld }),
    { [AT]: facts({ sha256: 'f'.repeat(64), lastModified: NOW }) },
    { kept: {} },
  )
  expect(anew.shadows.length).toBe(1)
})

it('what came in shadow is on record and over, though its source did not answer as it came', () => {
  const late = folded([lookLetter({ id: 'l1' })], away)
  expect(late.later).toMatchObject([{ id: 'l1', waits: { reason: 'source-unreadable', inShadow: true } }])
  const change = folded(late.later as LookLetter[], facts(), { now: NOW + MINUTE })
  expect([ids(change.removed), change.later, change.shadows.length]).toEqual([['l1'], [], 1])
  // What its source did not answer about while its rule acted waits on.
  const before = folded([lookLetter({ id: 'l1' })], away, { policy: viewOf().policy })
  const still = folded(before.later as LookLetter[], away, { now: NOW + MINUTE })
  expect(ids(folded(still.later as LookLetter[], facts(), { now: NOW + 2 * MINUTE }).later)).toEqual(['l1'])
})

it('what came in shadow and proves who asked waits with that, is told of once, and is over once something newer comes', () => {
  const letter = lookLetter({ id: 'l1' })
  const { etag } = facts() as { etag: string }
  const event = { ...letter.event, etag, requester: '000000000000' } as LookLetter['event']
  const policyIn = (mode: 'act' | 'shadow') =>
    policyWith((config) => {
      config.pipelines!['support-chats']!.mode = mode
      config.approvals = { ...config.approvals, requesters: { '000000000000': ANA } }
    })
  const at = (doc: LaneDocument, letters: LookLetter[], over: Partial<Parameters<typeof viewOf>[0]> = {}) =>
    folded(letters, facts(), { doc, policy: policyIn('shadow'), ...over })
  const first = at(docOf(), [{ ...letter, event }])
  expect([ids(first.later), first.shadows.length, first.doc.order === null]).toEqual([['l1'], 1, false])
  const again = at(first.doc, [...(first.later as LookLetter[]), lookLetter({ id: 'l2', from: 'resync' })])
  expect([ids(again.later), again.shadows, again.moments]).toEqual([['l1'], [], []])
  const acts = at(again.doc, again.later as LookLetter[], { policy: policyIn('act') })
  expect(acts.doc.desired).toMatchObject({ requester: ANA, proven: true })
  const older = at({ ...again.doc, order: 'z', shadow: 'another' }, [
    { ...(again.later[0] as LookLetter), waits: { ...waits, inShadow: true } },
  ])
  expect([ids(older.removed), older.later]).toEqual([['l1'], []])
})

it('what waits uses up neither its time nor its version, and is the newest version still beside what comes in shadow', () => {
  const known: Pick<LaneDocument, 'schedule' | 'versions'> = {
    schedule: { of: 'nightly', last: NOW },
    versions: { of: 'support-llama', last: 2, made: NOW },
  }
  const decision = { kind: 'wait', reason: 'run-not-over', detail: '', until: null, ...known } as Decision
  const { schedule: _, versions: __, ...nothing } = decision
  const own = [lookLetter({ id: 'l1', waits })]
  expect(knownInShadow(viewOf({ letters: own }), own, decision)).toEqual(nothing)
  const other = [lookLetter({ id: 'l2' })]
  expect(knownInShadow(viewOf({ later: own, letters: other }), other, decision)).toEqual({
    ...nothing,
    schedule: known.schedule,
  })
  expect(knownInShadow(viewOf({ letters: other }), other, decision)).toEqual(decision)
})
