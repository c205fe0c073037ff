import { describe, expect, it } from 'vitest'
import { decisionOf } from '../../../core/lane/deciding.ts'
import type { LookLetter } from '../../../core/lane/letters.ts'
import type { RunAsked } from '../../../events/occasions.ts'
import { docOf, NOW, PIPELINE, SERVICE, viewOf, wanted } from './fixture.ts'

const event: RunAsked = {
  ...{ type: 'run-asked', id: 'r1', at: NOW, pipeline: 'support-chats', by: 'ana', set: {}, replayed: false },
}
const letter = (of: RunAsked = event): LookLetter => ({
  ...{ kind: 'look', id: '1', lane: PIPELINE, at: NOW, due: NOW, event: of, from: 'door', waits: null, tries: 0 },
})
const nowhere = { kind: 'nowhere' }

describe('what a letter comes to', () => {
  it('is what a person says only where a person’s letter brings it: an event of the same words asks for nothing', () => {
    const view = viewOf({ doc: wanted() })
    expect(decisionOf(view, letter(), nowhere, true).kind).toBe('intend')
    expect(decisionOf(view, letter(), nowhere)).toMatchObject({ kind: 'ignore', reason: 'not-by-hand' })
  })

  it('is nothing where no rule of this lane is about it', () => {
    const gone = decisionOf(viewOf(), letter({ ...event, pipeline: 'other' }), nowhere, true)
    expect(gone).toMatchObject({ reason: 'not-configured', detail: 'the policy has no pipeline `other`' })
    const elsewhere = decisionOf(viewOf({ doc: docOf({ lane: SERVICE }) }), letter(), nowhere, true)
    expect(elsewhere).toMatchObject({
      reason: 'not-configured',
      detail: expect.stringContaining(`is about ${PIPELINE}`),
    })
  })
})
