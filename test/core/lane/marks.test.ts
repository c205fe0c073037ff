import { expect, it } from 'vitest'
import { markOf as markIn, withMark } from '../../../core/lane/marks.ts'
import { markOf, runOf, wanted } from './fixture.ts'

it('the mark of a step is the one of the way that is walked now, where a step is on both', () => {
  const doc = wanted({ run: runOf({ steps: [markOf({ state: 'done' }), markOf({ way: 'back' })] }) })
  expect(markIn(doc, 'train').way).toBe('back')
  const steps = [markOf({ state: 'running' }), markOf({ way: 'back' })]
  expect(markIn(wanted({ run: runOf({ phase: 'back', steps }) }), 'train').way).toBe('back')
  expect(markIn(wanted({ run: runOf({ phase: 'steps', steps }) }), 'train').way).toBe('forth')
  expect(markIn(wanted({ run: runOf({ steps: [markOf({ state: 'done' })] }) }), 'train').state).toBe('done')
  expect(() => markIn(wanted({ run: runOf() }), 'train')).toThrow('no step train')
})

it('a mark takes the place of that of its step and way alone, with a line of the timeline where there is one to say', () => {
  const steps = [markOf({ state: 'running' }), markOf({ way: 'back' })]
  const doc = wanted({ run: runOf({ steps }) })
  const done = markOf({ state: 'done' })
  const change = withMark(doc, done, 'it is done')
  expect(change.doc.run?.steps).toEqual([done, markOf({ way: 'back' })])
  expect(change.moments).toMatchObject([{ text: 'it is done', data: { step: 'train', state: 'done' } }])
  expect(withMark(doc, done, null).moments).toEqual([])
})
