import { expect, it } from 'vitest'
import { changed, joined } from '../../core/lane/change.ts'
import type { Loaded } from '../../flows/view.ts'
import { rowKey } from '../../flows/view-rows.ts'
import { writesOf } from '../../flows/writing.ts'
import { HOUR, lookLetter, NOW, viewOf, wanted } from '../core/lane/fixture.ts'

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
