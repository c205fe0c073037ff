import { describe, expect, it } from 'vitest'
import { emptyDocument, hasBegun, runKeyOf, SCHEMA, sameRun, wantedRun } from '../../../core/lane/document.ts'
import { markOf, PIPELINE, policy, running, wanted } from './fixture.ts'

describe('the document of a lane', () => {
  it('begins empty, with a name that is minted once, of place and lane', () => {
    const doc = emptyDocument(policy, PIPELINE)
    expect(doc).toMatchObject({ schema: SCHEMA, lane: PIPELINE, desired: null, generation: 0, attempt: 0, run: null })
    expect(doc.name).toMatch(/^pipeline-support-chats-[0-9a-f]{8}$/)
    expect(emptyDocument({ ...policy, cluster: 'other' }, PIPELINE).name).not.toBe(doc.name)
    expect(emptyDocument(policy, PIPELINE)).toEqual(doc)
  })

  it('is data: JSON takes it there and back', () => {
    expect(JSON.parse(JSON.stringify(wanted()))).toEqual(wanted())
  })

  it('names the attempt that it wants, and tells two attempts apart', () => {
    expect(wantedRun(wanted())).toEqual({ lane: PIPELINE, generation: 1, attempt: 1 })
    expect(runKeyOf(wanted(), { generation: 4, attempt: 2 })).toEqual({ lane: PIPELINE, generation: 4, attempt: 2 })
    expect(sameRun({ generation: 1, attempt: 2 }, { generation: 1, attempt: 2 })).toBe(true)
    expect(sameRun({ generation: 1, attempt: 2 }, { generation: 2, attempt: 2 })).toBe(false)
    expect(sameRun(null, wanted())).toBe(false)
  })
})

describe('a run has begun', () => {
  it.each([
    ['with no step', [], false],
    ['with steps that nobody marked', [markOf(), markOf({ name: 'b' })], false],
    ['with a step that was kept from an earlier attempt', [markOf({ state: 'done', touched: true })], false],
    ['with a step that somebody marked', [running()], true],
    ['with one that has failed', [running({ state: 'failed' })], true],
  ])('%s: %s', (_, steps, begun) => {
    expect(hasBegun({ steps })).toBe(begun)
  })
})
