import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { daysBetween } from '../../../core/money/days.ts'
import type { InstanceRow, PodTime } from '../../../core/money/instance.ts'
import { billed, OTHERS } from '../../../core/money/instance.ts'
import { addCells, type Cell, cellsOf, IDLE, lineOf, rateOfInstance } from '../../../core/money/lines.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 29, 12)
const price = { perHour: 80, source: 'list', asOf: '2026-11-01' }
const what = { pool: 'gpu', instanceType: 'p5.48xlarge', capacityType: 'on-demand' }

const rowOf = (more: Partial<InstanceRow> = {}): InstanceRow => ({
  id: 'i-1',
  name: 'ip-1',
  gpus: 8,
  begin: { at: NOON, by: 'launched' },
  end: { at: NOON + 4 * HOUR, by: 'told' },
  seen: NOON,
  stretches: { [NOON]: { at: NOON, ...what, price } },
  pods: {},
  firstPod: null,
  ...more,
})
const podOf = (lane: string, gpus: number, from: number, to: number | null): PodTime => ({
  lane,
  gpus,
  from: NOON + from * HOUR,
  end: to === null ? null : { at: NOON + to * HOUR, by: 'told' },
  seen: NOON,
})
const withPods = (...pods: PodTime[]): InstanceRow =>
  rowOf({
    pods: Object.fromEntries(pods.map((pod, index) => [`u${index}`, pod])),
    firstPod: Math.min(...pods.map(({ from }) => from)),
  })
const dollars = (cells: readonly Cell[]): Record<string, number> =>
  Object.fromEntries(addCells(cells).map((cell) => [cell.payer, cell.dollars]))

describe('what a node costs', () => {
  it('is divided by GPUs among the lanes whose pods it has, and what is left is idle, by when', () => {
    const row = withPods(podOf('pipeline/a', 4, 1, 2), podOf('service/b', 8, 2.5, 3), podOf(OTHERS, 2, 1, 2))
    expect(dollars(cellsOf(row, '2026-11-29', NOON + 9 * HOUR))).toEqual({
      [IDLE.boot]: 80,
      'pipeline/a': 40,
      [OTHERS]: 20,
      [IDLE.free]: 20,
      [IDLE.gap]: 40,
      'service/b': 40,
      [IDLE.tail]: 80,
    })
  })

  it('is priced as it was at the time: the price may change, and so may the way it was bought', () => {
    const later = { at: NOON + HOUR, ...what, capacityType: 'spot', price: { ...price, perHour: 20 } }
    const row = rowOf({ stretches: { [NOON]: { at: NOON, ...what, price }, [later.at]: later } })
    const line = lineOf(row, '2026-11-29', NOON + 9 * HOUR)
    expect(line?.parts.map(({ capacityType, seconds, dollars }) => [capacityType, seconds, dollars])).toEqual([
      ['on-demand', 3600, 80],
      ['spot', 10_800, 60],
    ])
    expect(line?.parts[0]?.price).toEqual(price)
  })

  it('is not nothing where nobody knows a price: its hours are shown as such', () => {
    const row = rowOf({ stretches: { [NOON]: { at: NOON, ...what, price: null } } })
    const [cell] = cellsOf(row, '2026-11-29', NOON + 9 * HOUR)
    expect(cell).toEqual({ pool: 'gpu', payer: IDLE.boot, seconds: 14_400, dollars: 0, unpriced: 14_400 })
    expect(lineOf(row, '2026-11-29', NOON)?.parts[0]?.dollars).toBeNull()
  })

  it('of a pod that asks for more than there is is the whole node, and no more', () => {
    const row = withPods(podOf(OTHERS, 1e9, 0, 4), podOf('pipeline/a', 8, 0, 4))
    expect(dollars(cellsOf(row, '2026-11-29', NOON + 9 * HOUR))).toEqual({ [OTHERS]: 160, 'pipeline/a': 160 })
  })

  it('lies in the days (UTC) in which it was spent', () => {
    const row = rowOf({ begin: { at: NOON + 10 * HOUR, by: 'launched' }, end: { at: NOON + 15 * HOUR, by: 'told' } })
    const now = NOON + 20 * HOUR
    expect(dollars(cellsOf(row, '2026-11-29', now))).toEqual({ [IDLE.boot]: 160 })
    expect(dollars(cellsOf(row, '2026-11-30', now))).toEqual({ [IDLE.boot]: 240 })
    expect(lineOf(row, '2026-12-01', now)).toBeNull()
  })

  it('is a rate now, for whom it runs', () => {
    const row = { ...withPods(podOf('pipeline/a', 4, 1, null)), end: null }
    expect(dollars(rateOfInstance(row, NOON + 2 * HOUR))).toEqual({ 'pipeline/a': 40, [IDLE.free]: 40 })
    expect(rateOfInstance(rowOf(), NOON + 2 * HOUR)).toEqual([])
  })

  it('comes to the whole of it, whoever has it: no second is lost and none is paid twice', () => {
    const pod = fc.record({
      lane: fc.constantFrom('pipeline/a', 'service/b', OTHERS),
      gpus: fc.integer({ min: 1, max: 8 }),
      from: fc.integer({ min: 0, max: 60 }),
      lasts: fc.option(fc.integer({ min: 0, max: 40 })),
    })
    fc.assert(
      fc.property(
        fc.array(pod, { maxLength: 6 }),
        fc.integer({ min: 0, max: 60 }),
        fc.option(fc.integer({ min: 0, max: 60 })),
        (pods, begins, lasts) => {
          const at = NOON + begins * HOUR
          const row: InstanceRow = {
            ...withPods(
              ...pods.map(({ lane, gpus, from, lasts }) =>
                podOf(lane, gpus, from, lasts === null ? null : from + lasts),
              ),
            ),
            firstPod: pods.length === 0 ? null : NOON + Math.min(...pods.map(({ from }) => from)) * HOUR,
            begin: { at, by: 'launched' },
            end: lasts === null ? null : { at: at + lasts * HOUR, by: 'told' },
          }
          const now = NOON + 70 * HOUR
          const { from, to } = billed(row, now)
          const cells = daysBetween(from, Math.max(to, now)).flatMap((day) => cellsOf(row, day, now))
          const seconds = cells.reduce((sum, one) => sum + one.seconds, 0)
          expect(seconds).toBeCloseTo((to - from) / 1000, 3)
          expect(cells.every((cell) => cell.seconds >= 0)).toBe(true)
        },
      ),
    )
  })
})
