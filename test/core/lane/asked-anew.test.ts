import { expect, it } from 'vitest'
import { isToAskAnew } from '../../../core/lane/asked-anew.ts'
import { newRun } from '../../../core/lane/attempts.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { planOnPaper } from '../../../core/lane/planning.ts'
import type { Question } from '../../../core/lane/question.ts'
import type { View } from '../../../core/lane/view.ts'
import { emptyWorld, standing } from '../training-fixture.ts'
import { docOf, MINUTE, NOW, SERVICE, served, viewOf } from './fixture.ts'

const baseline = { generation: 1, desired: served('7'), replicas: 2 }
const wants = docOf({ lane: SERVICE, desired: served('7'), generation: 1, attempt: 2, baseline })
const worldOf = (replicas: number) => emptyWorld({ generations: [{ ...standing(1, replicas), ready: replicas }] })
/** People were asked ten minutes ago, as `asked` of it stood; `now` of it stands. */
const viewWith = (asked: number, now: number, lacks?: LaneDocument['lacks']): View => {
  const run = newRun(wants, NOW)
  const doc = { ...wants, run, ...(lacks && { lacks }) }
  const paper = planOnPaper(viewOf({ doc, world: worldOf(asked) }), run, { kept: {} })
  if (paper.kind !== 'plan') throw new Error(paper.kind)
  const { digest, bounds } = paper.plan
  const question = { digest, bounds, openedAt: NOW - 10 * MINUTE, state: 'open' } as Question
  return viewOf({ doc: { ...doc, run: { ...run, phase: 'asked', digest, question } }, world: worldOf(now) })
}
const out = (ago: number, told = true): LaneDocument['lacks'] => {
  const since = NOW - ago * MINUTE
  return { since, none: { since, ...(told ? { told } : {}) } }
}

it('people are asked anew once it was told that nobody answers, where their answer would not count', () => {
  expect(isToAskAnew(viewWith(1, 0, out(6)))).toBe(true)
})

it.each<[string, View]>([
  ['somebody answers', viewWith(1, 0)],
  ['it was not told yet', viewWith(1, 0, out(4, false))],
  ['they were asked since', viewWith(1, 0, out(12))],
  ['their answer counts', viewWith(1, 1, out(6))],
  ['nobody has looked', { ...viewWith(1, 0, out(6)), world: null }],
])('and not where %s', (_, view) => {
  expect(isToAskAnew(view)).toBe(false)
})
