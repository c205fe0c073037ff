import { describe, expect, it } from 'vitest'
import type { Mark } from '../../../core/lane/document.ts'
import { costByMonth, costOf, nodeAgain, rateOf, reckonedOf, withoutNodes } from '../../../core/money/cost.ts'
import type { Step } from '../../../core/plan.ts'
import { HOUR, markOf } from '../lane/fixture.ts'

const move = (name: string, perHour?: number) =>
  ({ kind: 'roll-out-model', name, perHour, point: { old: 2, new: 1 } }) as Step
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

  it('what leaves counts until it has ended, as what stood before, for as long as servers have to end', () => {
    const ways = [
      move('up', 10),
      { ...move('down', 4), brings: null } as Step,
      { ...move('more', 10), brings: 2 } as Step,
    ]
    const up = mark('up', { state: 'done', startedAt: 0, ranFrom: HOUR, endedAt: 2 * HOUR })
    const down = mark('down', { state: 'running', startedAt: 3 * HOUR, ranFrom: null })
    const ended = mark('down', { ...down, state: 'done', endedAt: 3 * HOUR + HOUR / 12 })
    // Whoever could not look for hours has not seen when it ended.
    const unseen = mark('down', { ...ended, endedAt: 5 * HOUR })
    const cost = (hours: number, ...steps: Mark[]) =>
      costOf({ run: { steps }, plan: { steps: ways }, now: hours * HOUR })
    expect([cost(5, up, down), cost(6, up, ended), cost(6, up, unseen)]).toEqual([40, 32.5, 32.55])
    // What is brought and was done before anybody saw it runs from its begin.
    expect(cost(9, up, ended, mark('more', { state: 'done', startedAt: 6 * HOUR, endedAt: 8 * HOUR }))).toBe(52.5)
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

describe('what of a rollout waits for a node', () => {
  const up = mark('up', { state: 'done', startedAt: 0, ranFrom: HOUR, endedAt: 2 * HOUR })
  const plan = { steps, strategy: { path: [{ old: 2, new: 0 }] } } as never
  const run = { steps: [up], nodeless: { spared: { '1970-01': 5 }, since: 4 * HOUR, perHour: 10 } }

  it('costs nothing, nor is it any of what runs now', () => {
    expect([costOf({ run, plan, now: 4 * HOUR }), rateOf({ run, plan })]).toEqual([25, 0])
    expect(costOf({ run, plan, now: 9 * HOUR })).toBe(25)
    expect(costByMonth({ run, plan, now: 9 * HOUR })).toEqual({ '1970-01': 25 })
  })

  it('is what is missing of what stands by the plan; once the way is over nothing is', () => {
    expect([3, 2].map((placed) => withoutNodes({ run, plan }, placed))).toEqual([0, 10])
    const down = mark('down', { state: 'done', startedAt: 3 * HOUR, ranFrom: 3 * HOUR, endedAt: 4 * HOUR })
    expect(withoutNodes({ run: { steps: [up, down] }, plan }, 0)).toBe(0)
  })
})

describe('a stage that a rung had suspended and let go', () => {
  const stage = (name: string, more: object = {}) =>
    ({ kind: 'launch-job', name, pool: 'gpu-train', gpus: 8, perHour: 60, ...more }) as Step
  const desired = { priced: 2 } as never
  const again = (...all: [Step, ...Step[]]) => nodeAgain({ steps: [...all].reverse(), desired }, all[0])

  it.each<[string, Step[], number]>([
    ['what was planned for it', [stage('a', { again: 31, beside: 30 })], 31],
    ['what its first one does', [stage('a', { beside: 30 })], 30],
    [
      'another of its pool, where it was to have the node of the one before',
      [stage('b'), stage('a', { beside: 30 })],
      30,
    ],
    [
      'a node as a rule, where the plan says nothing of its pool',
      [stage('b'), stage('a', { beside: 30, pool: 'p' })],
      32,
    ],
  ])('is reckoned a node each time, which costs as much as %s', (_, [one, ...others], dollars) => {
    expect(again(one as Step, ...others)).toBe(dollars)
    const running = mark(one?.name ?? '', { state: 'running', ranTo: HOUR, ran: HOUR, letGo: 2, ranFrom: null })
    const plan = { steps: [one as Step, ...others], desired }
    const first = one?.kind === 'launch-job' ? (one.beside ?? 0) : 0
    expect(reckonedOf({ run: { steps: [running] }, plan, now: 9 * HOUR })).toBe(60 + first + 2 * dollars)
  })

  it('is reckoned none where nodes are not counted, or it needs none', () => {
    expect(nodeAgain({ steps: [], desired: {} as never }, stage('a'))).toBe(0)
    expect(again(stage('a', { pool: null, gpus: 0, perHour: 0 }))).toBe(0)
    expect(again(move('up', 10))).toBe(0)
  })
})
