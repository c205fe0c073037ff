import { expect, it } from 'vitest'
import { agreedBefore } from '../../../core/lane/agreed-before.ts'
import { firstAttempt } from '../../../core/lane/attempts.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import type { Ended } from '../../../core/lane/ended.ts'
import { planOnPaper } from '../../../core/lane/planning.ts'
import type { Approved } from '../../../core/lane/question.ts'
import type { PoolView } from '../../../core/world.ts'
import { emptyWorld } from '../training-fixture.ts'
import { docOf, NOW, questionOf, SERVICE, served, viewOf } from './fixture.ts'

const baseline = { generation: 1, desired: served('7'), replicas: 2 }
const wants = docOf({ lane: SERVICE, desired: served('7'), generation: 1, attempt: 2, baseline })
const kept = { kind: 'kept', model: 'support-llama' } as const
/** Nothing of it stands, and others hold so many GPUs of its pool. */
const worldWith = (others: number) => {
  const world = emptyWorld({ generations: [] })
  const pool = { ...world.pools['gpu-serve'], heldByOthers: others, used: others } as PoolView
  return { ...world, pools: { ...world.pools, 'gpu-serve': pool } }
}
const paper = (others: number, of: { generation: number; attempt: number; desired: LaneDocument['desired'] }) => {
  const planned = planOnPaper(viewOf({ doc: wants, world: worldWith(others) }), of as never, { kept: {} })
  if (planned.kind !== 'plan') throw new Error(planned.kind)
  return planned.plan
}
const whole = paper(0, wants)
const own = paper(12, { generation: 2, attempt: 1, desired: kept })
/** What counts of a yes to both replicas where that was refused, as others hold so much by then. */
const counted = (
  change: Partial<Approved> = {},
  { kind = 'refused', others = 12, digest = whole.digest, now = NOW } = {},
) => {
  const approved: Approved = { question: questionOf({ state: 'approved', digest, bounds: whole.bounds }), spent: 0, begun: false, ...change } // biome-ignore format: a line
  const outcome = { kind, reason: 'would-deadlock', detail: '', generation: 1, attempt: 2, at: NOW, against: 'a', stages: [] } as Ended // biome-ignore format: a line
  const view = viewOf({ doc: { ...wants, approved, outcome }, world: worldWith(others), now })
  return agreedBefore(view, firstAttempt(view, kept))
}

it('a yes to all of what was refused then counts for as much of it as has room, under its own name', () => {
  expect([own.effects.replicas, own.digest === whole.digest]).toEqual([1, false])
  expect(counted()).toMatchObject({ spent: 0, begun: false, question: { digest: own.digest, bounds: whole.bounds } })
})

it.each([
  ['it has begun', counted({ begun: true })],
  ['it has cost what was agreed to', counted({ spent: whole.bounds.dollars })],
  ['it was about something else', counted({}, { digest: 'other' })],
  ['it has ended otherwise', counted({}, { kind: 'rejected' })],
  ['none of it has room', counted({}, { others: 16 })],
  ['it is too late to begin under it', counted({}, { now: whole.bounds.until + 1 })],
])('and not where %s', (_, came) => {
  expect(came).toBe(null)
})
