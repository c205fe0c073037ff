import { expect, it } from 'vitest'
import { broughtBy, broughtIn } from '../../../core/lane/brought.ts'
import type { LaneDocument, Mark } from '../../../core/lane/document.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { docOf, markOf, planRow, running, runOf, SERVICE } from './fixture.ts'

const move = (name: string, brings: number | null, replicas: object[] = []) =>
  ({ kind: 'roll-out-model', name, brings, replicas }) as RollOutModelStep
const plan = { ...planRow, plan: { ...planRow.plan, steps: [move('move-1', 2), move('move-2', 3)] } }
const brought = (steps: Mark[], doc: Partial<LaneDocument> = {}) =>
  broughtIn({ doc: docOf({ lane: SERVICE, ...doc }), plan }, runOf({ generation: 4, steps }))

it('a run has brought up its own generation and what moves that it began bring up, and those before it are known', () => {
  expect(brought([markOf({ name: 'move-1' })])).toEqual([])
  expect(brought([running({ name: 'move-1' }), markOf({ name: 'move-2' })])).toEqual([4, 2])
  expect(broughtBy(runOf({ generation: 4, steps: [running({ name: 'move-2' })] }), plan)).toEqual([4, 3])
  expect(brought([], { brought: [3] })).toEqual([3])
  expect(brought([running({ name: 'move-1' })], { brought: Array.from({ length: 99 }, () => 5) })).toEqual([5, 4, 2])
})

it('and what waits for the room that a move makes, before another brings it up', () => {
  const waits = move('move-1', null, [{ generation: 1 }, { generation: 3, waits: true }])
  const steps = { ...planRow, plan: { ...planRow.plan, steps: [waits, move('move-2', 3)] } }
  expect(broughtBy(runOf({ generation: 4, steps: [running({ name: 'move-1' })] }), steps)).toEqual([4, 3])
  expect(broughtBy(runOf({ generation: 4, steps: [markOf({ name: 'move-1' })] }), steps)).toEqual([])
})
