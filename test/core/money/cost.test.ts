import { describe, expect, it } from 'vitest'
import type { Mark } from '../../../core/lane/document.ts'
import { costOf, rateOf } from '../../../core/money/cost.ts'
import type { Step } from '../../../core/plan.ts'
import { HOUR, markOf } from '../lane/fixture.ts'

const move = (name: string, perHour?: number) => ({ kind: 'roll-out-model', name, perHour }) as Step
const gate = { kind: 'launch-job', name: 'gate', perHour: 0 } as Step
const steps = [move('up', 10), gate, move('down', 4)]
const mark = (name: string, more: Partial<Mark>) => markOf({ name, way: 'forth', ...more })
const at = (hours: number, ...marks: Mark[]) => {
  const costing = { run: { steps: marks }, plan: { steps } }
  return [costOf({ ...costing, now: hours * HOUR }), rateOf(costing)]
}

describe('a rollout costs what runs beyond what ran before', () => {
  it('from when a move has pods on nodes to when the next has, whatever is judged or waited for between', () => {
    expect(at(9, mark('up', { state: 'running', startedAt: 0, ranFrom: null }))).toEqual([0, 0])
    const up = mark('up', { state: 'running', startedAt: 0, ranFrom: HOUR })
    expect(at(3, up)).toEqual([20, 10])
    const done = mark('up', { state: 'done', startedAt: 0, ranFrom: HOUR, endedAt: 2 * HOUR })
    // Frozen, or away: what stands costs on.
    expect(at(49, done)).toEqual([480, 10])
    expect(at(6, done, mark('down', { state: 'running', startedAt: 4 * HOUR, ranFrom: 5 * HOUR }))).toEqual([44, 4])
  })

  it('and what stands once its last move is done is the running cost of the lane', () => {
    const up = mark('up', { state: 'done', startedAt: 0, ranFrom: HOUR, endedAt: 2 * HOUR })
    const down = mark('down', { state: 'done', startedAt: 3 * HOUR, ranFrom: 3 * HOUR, endedAt: 4 * HOUR })
    for (const hours of [5, 50]) expect(at(hours, up, down)).toEqual([24, 0])
  })

  it('also what nobody saw before it was done', () => {
    expect(at(13, mark('up', { state: 'done', startedAt: HOUR, ranFrom: null, endedAt: 13 * HOUR }))).toEqual([120, 10])
  })

  it('and what stood still is taken off', () => {
    expect(
      at(9, mark('up', { state: 'running', startedAt: 0, ran: HOUR, ranTo: 2 * HOUR, ranFrom: 8 * HOUR })),
    ).toEqual([20, 10])
  })
})
