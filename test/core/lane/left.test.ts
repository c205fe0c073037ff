import { expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { asLeft } from '../../../core/lane/left.ts'
import type { Wanted } from '../../../core/lane/wanted.ts'
import { desired } from '../training-fixture.ts'
import { asking, viewOf, wanted } from './fixture.ts'

const a: TrainDesired = { ...desired, version: 'a', key: 'support-chats/a/manifest.json' }
const saidBefore = [{ version: 'a', again: 'rejected' as const, detail: 'denied by ana' }]
const ended = {
  kind: 'succeeded' as const,
  reason: null,
  detail: '',
  generation: 1,
  attempt: 1,
  at: 0,
  against: null,
  stages: [],
}
const of = (doc: Partial<LaneDocument>, what = a) => {
  const was = wanted({ saidBefore, ...doc })
  const want: Wanted = { kind: 'want', doc: { ...was, desired: what, generation: 2, outcome: null }, why: '' }
  return asLeft(viewOf({ doc: was }), { desired: what, order: 'p', onNewer: 'finish' }, want)
}

it('is as people have left it once nothing else is under way', () => {
  expect(of({ outcome: ended })).toMatchObject({
    kind: 'note',
    doc: { desired: a, outcome: { kind: 'rejected', detail: 'denied by ana', generation: 2, untried: true } },
  })
})

it('waits for what is asked about or wanted, but where that is there no more', () => {
  expect(of({ run: asking() })).toMatchObject({ kind: 'later', reason: 'run-not-over' })
  expect(of({})).toMatchObject({ kind: 'later' })
  expect(of({ run: asking() }, { ...a, key: desired.key })).toMatchObject({ kind: 'note' })
})

it('waits for what was refused for now, or is repeated, which begins by itself', () => {
  const refused = { ...ended, kind: 'refused' as const, reason: 'budget-exceeded' as const, against: 'x' }
  expect(of({ outcome: refused })).toMatchObject({ kind: 'later', reason: 'run-not-over' })
  const lost = { ...ended, kind: 'failed' as const, reason: 'node-lost' as const }
  expect(of({ outcome: lost, attemptsLeft: 1 })).toMatchObject({ kind: 'later' })
  expect(of({ outcome: { ...lost, reason: 'exit-code' as const } })).toMatchObject({ kind: 'note' })
})

it('is wanted as anything new where nobody has ended it, and nothing where nothing would come of it', () => {
  expect(of({ outcome: ended }, { ...a, version: 'b' }).kind).toBe('want')
  const ignored: Wanted = { kind: 'ignore', reason: 'older-than-current', detail: '' }
  const view = viewOf({ doc: wanted({ saidBefore }) })
  expect(asLeft(view, { desired: a, order: 'p', onNewer: 'finish' }, ignored)).toBe(ignored)
})
