import { expect, it } from 'vitest'
import { withMark } from '../../../core/lane/marks.ts'
import type { Suspended } from '../../../core/lane/suspension.ts'
import { toldSuspended } from '../../../core/lane/suspension-told.ts'
import { NOW, running, runOf, viewOf, wanted } from './fixture.ts'

const mark = running({ touched: true })
const view = viewOf({ doc: wanted({ run: runOf({ phase: 'steps', steps: [mark] }) }) })
const has = { is: true, since: NOW, at: NOW, by: 'me', fence: 4 }
const toldOf = (came: Suspended, what: 'is suspended' | 'goes on') =>
  toldSuspended(view, withMark(view.doc, mark, null), { mark, has, came, what })
const linesOf = (came: Suspended, what: 'is suspended' | 'goes on') =>
  toldOf(came, what)
    .tellings.flatMap((one) => (one.kind === 'note' ? one.card.lines : []))
    .at(-1)

it('says what becomes of it meanwhile: in a pool of ours it keeps its GPUs, in one of Kueue’s it waits in its queue afterwards', () => {
  expect(linesOf({ kind: 'so' }, 'is suspended')).toBe(
    'it costs nothing meanwhile, keeps its GPUs held, and goes on by itself',
  )
  expect(linesOf({ kind: 'so', queue: 'gpu' }, 'is suspended')).toBe(
    'it costs nothing meanwhile, Kueue lends its GPUs to others, and afterwards it waits in the LocalQueue gpu by itself',
  )
  expect(linesOf({ kind: 'so' }, 'goes on')).toBe('its hours count on from where they stood')
  expect(linesOf({ kind: 'so', queue: 'gpu' }, 'goes on')).toBe(
    'it waits in the LocalQueue gpu until Kueue admits it; its hours count on from where they stood',
  )
})

it('tells nothing where nothing has become of the Job', () => {
  expect(toldOf({ kind: 'over' }, 'is suspended')).toEqual(withMark(view.doc, mark, null))
})
