import { describe, expect, it } from 'vitest'
import { changed } from '../../../core/lane/change.ts'
import { unasked, withoutEdited, withoutQuestion } from '../../../core/lane/unasked.ts'
import { asking, planRow, questionOf, runOf, viewOf, wanted } from './fixture.ts'

describe('what is planned anew', () => {
  it('is asked about no more, uses no question up, and says so on its card', () => {
    const run = asking()
    expect(withoutQuestion(run)).toMatchObject({ asked: 0, question: { state: 'closed' } })
    expect(withoutQuestion(runOf({ asked: 1 })).asked).toBe(1)
    const view = viewOf({ doc: wanted({ run }), plan: planRow })
    const change = unasked(view, run, changed(view.doc))
    expect(change.moments[0]?.text).toBe(
      'nobody answers by now, and it is asked about as it stands: the question was closed',
    )
    expect(change.tellings).toEqual([{ kind: 'card', generation: 1, attempt: 1 }])
    expect(unasked(view, runOf(), changed(view.doc)).moments).toEqual([])
  })

  it('uses no question up where an edit has taken it from under what was approved, and one where it changed by itself', () => {
    const approved = { question: questionOf({ state: 'approved', digest: 'other' }), spent: 0, begun: false }
    const run = runOf({ asked: 1 })
    const view = viewOf({ doc: wanted({ run, approved }), plan: planRow })
    const edited = { ...planRow.plan, policy: 'edited' }
    expect(withoutEdited(view, run, edited).asked).toBe(0)
    expect(withoutEdited(view, run, planRow.plan).asked).toBe(1)
    // What is covered still, or was approved by nobody, is as it was.
    const covered = { ...approved, begun: true, question: questionOf({ state: 'approved' }) }
    expect(withoutEdited({ ...view, doc: { ...view.doc, approved: covered } }, run, edited).asked).toBe(1)
    expect(withoutEdited({ ...view, doc: { ...view.doc, approved: null } }, run, edited).asked).toBe(1)
  })
})
