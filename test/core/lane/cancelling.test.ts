import { describe, expect, it } from 'vitest'
import { leftBeside } from '../../../core/lane/before.ts'
import { cancel } from '../../../core/lane/cancelling.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import type { Ended } from '../../../core/lane/ended.ts'
import { desired } from '../training-fixture.ts'
import { command, docOf, NOW, running, runOf, viewOf, wanted } from './fixture.ts'

const kept = [{ step: 'train', key: 'k', row: 'r' }]
const other = { ...desired, version: 'cd'.repeat(32) } as never
const passing: Ended = {
  ...{ kind: 'failed', reason: 'image-pull', detail: 'x', generation: 1, attempt: 1, at: NOW, against: null },
  stages: ['train', 'evaluate'],
}
const first = wanted({ kept, attemptsLeft: 2, outcome: passing, order: 'o1' })
/** A second dataset waits behind what is repeated first. */
const behind = (over: Partial<LaneDocument> = {}): LaneDocument => {
  const { before } = leftBeside({ ...first, ...over }, { onNewer: 'finish', now: NOW })
  const { outcome: _, ...doc } = first
  const newer = {
    desired: other,
    generation: 2,
    attempt: 1,
    order: 'o2',
    outcome: null,
    kept: [],
    onNewer: 'finish' as const,
  }
  return { ...doc, ...newer, ...(before === undefined ? {} : { before }), run: over.run ?? null }
}
const done = (doc: LaneDocument) => {
  const answer = cancel(viewOf({ doc }), command('cancel', { saw: { generation: 1, attempt: 1 } }))
  return answer.kind === 'did' ? answer.doc : null
}

describe('what a person would not have repeated', () => {
  it('is over for good, and known as that once what waits behind it begins', () => {
    const after = done(behind())
    expect(after?.before).toBeUndefined()
    expect(after?.doneWith).toMatchObject({ order: 'o1' })
  })

  it('also where it ends still', () => {
    const ending = { kind: 'failed', reason: 'image-pull', detail: 'x' } as const
    const run = runOf({ phase: 'steps', steps: [running()], ending })
    expect(done(behind({ run, outcome: null }))?.doneWith).toMatchObject({ order: 'o1' })
  })

  it('is what the lane wants itself where nothing waits behind it', () => {
    expect(done(first)).toMatchObject({ attemptsLeft: -1, outcome: passing })
    expect(done(first)?.doneWith ?? null).toBeNull()
  })
})

it('reaches nothing where nothing is in progress', () => {
  expect(cancel(viewOf({ doc: docOf() }), command('cancel'))).toMatchObject({ kind: 'refused' })
})

it('a yes to what was refused then counts no more once that is cancelled', () => {
  const refused = { ...passing, kind: 'refused', reason: 'no-room' } as Ended
  const question = { id: 'q', digest: 'd' } as never
  const cancelled = (begun: boolean) =>
    cancel(
      viewOf({ doc: wanted({ outcome: refused, attemptsLeft: 0, approved: { question, begun } as never }) }),
      command('cancel'),
    )
  expect(cancelled(false)).toMatchObject({ kind: 'did', doc: { approved: null } })
  expect(cancelled(true)).toMatchObject({ kind: 'refused' })
})
