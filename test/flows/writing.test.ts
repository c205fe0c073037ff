import { expect, it } from 'vitest'
import { changed, joined } from '../../core/lane/change.ts'
import type { LaneDocument } from '../../core/lane/document.ts'
import type { Loaded } from '../../flows/view.ts'
import { rowKey } from '../../flows/view-rows.ts'
import { writesOf } from '../../flows/writing.ts'
import { HOUR, lookLetter, NOW, policyWith, running, runOf, viewOf, wanted } from '../core/lane/fixture.ts'

it('a letter that one change of a commit puts off and the next one answers goes as it was read', () => {
  const letter = lookLetter({ id: 'l1', due: NOW })
  const doc = wanted()
  const view = viewOf({ doc, letters: [letter] })
  const id = `${letter.lane}#${letter.id}`
  const rows: Loaded['rows'] = new Map([[rowKey('look', id), { id, revision: 3, value: letter } as never]])
  const late = { ...letter, due: NOW + HOUR }
  const made = { ...late, id: 'l2' }
  const change = joined(changed(doc, { later: [late, made] }), changed(doc, { removed: [late, made] }))
  const writes = writesOf({ view, rows } as Loaded, { doc, revision: 7 }, change)
  const about = writes.filter((write) => 'due' in write || ('remove' in write && write.remove === 'look'))
  expect(about).toEqual([
    { remove: 'look', id, revision: 3 },
    { due: { group: letter.lane, by: 'l1' }, at: null, was: NOW, side: null },
  ])
  // What was never written is not taken away.
  expect(JSON.stringify(writes)).not.toContain('l2')
})

it('who rests on a rung, and who begins, does so only while the rung is as it was read; others do not ask', () => {
  const policy = policyWith((config) => {
    config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.9, do: 'no-new-runs' }] }
  })
  const id = 'budget/ml-monthly#no-new-runs'
  const rows: Loaded['rows'] = new Map([[rowKey('rung', id), { id, revision: 4, value: {} } as never]])
  const checks = (doc: LaneDocument, given = policy) => {
    const before = wanted({ run: runOf() })
    const view = viewOf({ doc: before, policy: given })
    const writes = writesOf({ view, rows } as Loaded, { doc: before, revision: 7 }, changed(doc))
    return writes.filter((write) => 'check' in write && write.check === 'rung')
  }
  const resting = { why: 'rung', text: '', since: NOW, until: null, side: null, tries: 1 } as const
  const check = [{ check: 'rung', id, revision: 4 }]
  expect(checks(wanted({ run: runOf(), rest: resting }))).toEqual(check)
  expect(checks(wanted({ run: runOf({ phase: 'steps', steps: [running()] }) }))).toEqual(check)
  expect(checks(wanted({ run: runOf(), rest: { ...resting, why: 'asked' } }))).toEqual([])
  expect(checks(wanted({ run: runOf(), rest: resting }), policyWith())).toEqual([])
})
