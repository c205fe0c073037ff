import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Point } from '../../../core/plan-point.ts'
import { availabilityFloor, type PathInput } from '../../../core/planning/path-input.ts'
import { type ChosenPath, choosePath, minReplicas, peakReplicas, walkBackPath } from '../../../core/planning/paths.ts'

const ready = (count: number, gpus = 4) => Array.from({ length: count }, () => ({ gpus, ready: true }))
const input = (change: Partial<PathInput> = {}): PathInput => ({
  old: ready(2),
  present: { asked: 0, ready: 0 },
  want: 2,
  gpusPerReplica: 4,
  freeGpus: 0,
  maxUnavailable: 1,
  baselineReplicas: 2,
  ...change,
})
const pathOf = (chosen: ChosenPath): Point[] => (chosen.kind === 'path' ? chosen.strategy.path : [])
const written = (chosen: ChosenPath): string =>
  chosen.kind === 'path'
    ? `${chosen.strategy.name} ${pathOf(chosen)
        .map((point) => `(${point.old},${point.new})`)
        .join('')}`
    : chosen.kind

describe('the strategy of a rollout', () => {
  it.each([
    ['surges when one more replica fits', { freeGpus: 4 }, 'surge (2,0)(2,1)(1,1)(1,2)(0,2)'],
    ['takes one out before one comes in when the pool is full', {}, 'one-out-one-in (2,0)(1,0)(1,1)(0,1)(0,2)'],
    ['starts with one replica where nothing stands', { old: [], freeGpus: 12, want: 3 }, 'first (0,0)(0,1)(0,3)'],
    [
      'starts with all of them where what was judged before has no replica',
      { old: [], freeGpus: 12, want: 3, judged: true },
      'first (0,0)(0,3)',
    ],
    ['judges nothing, and still keeps what answers', { freeGpus: 4, judged: true }, 'surge (2,0)(2,1)(1,1)(1,2)(0,2)'],
    [
      'only scales where nothing else stands',
      { old: [], present: { asked: 1, ready: 1 }, freeGpus: 4 },
      'scale (0,1)(0,2)',
    ],
    ['scales down', { old: [], present: { asked: 3, ready: 3 } }, 'scale (0,3)(0,2)'],
    [
      'shrinks 3 to 2 without another GPU and without fewer than 2',
      { old: ready(3), maxUnavailable: 0 },
      'one-out-one-in (3,0)(2,0)(2,1)(1,1)(1,2)(0,2)',
    ],
    [
      'grows 1 to 4 after one new replica was judged',
      { old: ready(1), want: 4, freeGpus: 16 },
      'surge (1,0)(1,1)(1,4)(0,4)',
    ],
    [
      'continues from where a superseded rollout stopped',
      { old: ready(1), present: { asked: 1, ready: 1 }, freeGpus: 4 },
      'surge (1,1)(1,2)(0,2)',
    ],
    [
      'puts a whole second set beside the old one when none may be away',
      { old: ready(3), want: 3, freeGpus: 12, maxUnavailable: 0 },
      'blue-green (3,0)(3,3)(0,3)',
    ],
    [
      'surges though none may be away when a whole set does not fit',
      { old: ready(3), want: 3, freeGpus: 8, maxUnavailable: 0 },
      'surge (3,0)(3,1)(2,1)(2,2)(1,2)(1,3)(0,3)',
    ],
    [
      'takes away what is not ready, since nobody loses it',
      {
        old: [
          { gpus: 4, ready: false },
          { gpus: 4, ready: true },
        ],
        maxUnavailable: 0,
      },
      'one-out-one-in (2,0)(1,0)(1,1)(0,1)(0,2)',
    ],
    [
      'gives up replicas that wait for GPUs beyond the ceiling',
      { old: ready(2), present: { asked: 1, ready: 0 }, freeGpus: -4 },
      'one-out-one-in (2,1)(2,0)(1,0)(1,1)(0,1)(0,2)',
    ],
    ['frees nothing by what leaves another pool', { old: ready(2, 0), freeGpus: 8 }, 'surge (2,0)(2,1)(2,2)(0,2)'],
    [
      'makes room for one large replica by several small ones',
      { old: ready(4, 2), want: 2, maxUnavailable: 2 },
      'one-out-one-in (4,0)(2,0)(2,1)(0,1)(0,2)',
    ],
  ] satisfies [string, Partial<PathInput>, string][])('%s', (_, change, expected) => {
    expect(written(choosePath(input(change)))).toBe(expected)
  })

  it('is not chosen where each would wait for ever, and says what is short and what would cure it', () => {
    const chosen = choosePath(input({ maxUnavailable: 0 }))
    expect(chosen).toMatchObject({
      kind: 'deadlock',
      shortGpus: 4,
      remedies: { replicas: 1, maxUnavailable: 1 },
      why: 'by surge needs 4 more GPUs at its peak',
    })
    expect(chosen).toMatchObject({
      rejected: expect.arrayContaining([
        { name: 'one Deployment with maxSurge: 1', why: expect.stringContaining('Pending for ever') },
      ]),
    })
  })

  it('never takes the only replica away unless maxUnavailable is above it', () => {
    const only = { old: ready(1), want: 1, baselineReplicas: 1 }
    expect(choosePath(input(only))).toMatchObject({ kind: 'deadlock', remedies: { replicas: null, maxUnavailable: 2 } })
    expect(written(choosePath(input({ ...only, maxUnavailable: 2 })))).toBe('one-out-one-in (1,0)(0,0)(0,1)')
  })

  it('says why the others were left', () => {
    const chosen = choosePath(input())
    if (chosen.kind === 'deadlock') throw new Error('there is a path')
    expect(chosen.strategy.rejected.map(({ name }) => name)).toEqual([
      'surge',
      'blue-green',
      'one Deployment with maxSurge: 1',
    ])
    expect(chosen.strategy.why).toBe(
      '0 GPUs are free and a replica needs 4, so an old one goes before each new one comes: 1 stay ready',
    )
  })

  it('speaks of no number where a pool has no ceiling', () => {
    const chosen = choosePath(input({ freeGpus: Number.POSITIVE_INFINITY }))
    expect(written(chosen)).toBe('surge (2,0)(2,1)(1,1)(1,2)(0,2)')
    expect(JSON.stringify(chosen)).not.toMatch(/Infinity|null/)
  })
})

const anyInput = fc
  .record({
    old: fc.array(fc.record({ gpus: fc.integer({ min: 0, max: 5 }), ready: fc.boolean() }), { maxLength: 5 }),
    asked: fc.integer({ min: 0, max: 4 }),
    unready: fc.integer({ min: 0, max: 4 }),
    want: fc.integer({ min: 1, max: 5 }),
    gpusPerReplica: fc.integer({ min: 1, max: 5 }),
    freeGpus: fc.integer({ min: 0, max: 20 }),
    maxUnavailable: fc.integer({ min: 0, max: 6 }),
    baselineReplicas: fc.integer({ min: 0, max: 5 }),
  })
  .map(
    ({ asked, unready, ...rest }): PathInput => ({ ...rest, present: { asked, ready: Math.max(0, asked - unready) } }),
  )

const useAt = ({ old, gpusPerReplica }: PathInput, point: Point): number =>
  old.slice(old.length - point.old).reduce((sum, { gpus }) => sum + gpus, 0) + point.new * gpusPerReplica
const readyAt = ({ old }: PathInput, point: Point): number =>
  old.slice(old.length - point.old).filter((one) => one.ready).length + point.new
const startOf = ({ old, present }: PathInput): Point => ({ old: old.length, new: present.asked })

/** Whether any order of single moves leads to the end: a search that knows nothing of strategies. */
const reachable = (given: PathInput): boolean => {
  const room = useAt(given, startOf(given)) + given.freeGpus
  const floor = availabilityFloor(given)
  const seen = new Set<string>()
  const open = [startOf(given)]
  for (let point = open.pop(); point !== undefined; point = open.pop()) {
    if (point.old === 0 && point.new === given.want) return true
    const next = [
      { old: point.old - 1, new: point.new },
      { old: point.old, new: point.new + 1 },
      { old: point.old, new: point.new - 1 },
    ]
    for (const to of next) {
      const key = `${to.old},${to.new}`
      const allowed =
        to.old >= 0 &&
        to.new >= 0 &&
        to.new <= Math.max(given.want, given.present.asked) &&
        useAt(given, to) <= room &&
        readyAt(given, to) >= floor
      if (allowed && !seen.has(key)) {
        seen.add(key)
        open.push(to)
      }
    }
  }
  return false
}

describe('every path', () => {
  it('exists exactly when the arithmetic permits one', () => {
    fc.assert(
      fc.property(anyInput, (given) => (choosePath(given).kind === 'path') === reachable(given)),
      { numRuns: 3000 },
    )
  })

  it('starts here, ends at the wanted replicas alone, and moves one side at a time', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const path = pathOf(choosePath(given))
        if (path.length === 0) return
        expect(path[0]).toEqual(startOf(given))
        expect(path.at(-1)).toEqual({ old: 0, new: given.want })
        for (const [index, point] of path.slice(1).entries()) {
          const before = path[index]!
          expect(Number(point.old !== before.old) + Number(point.new !== before.new)).toBe(1)
          expect(point.old).toBeLessThanOrEqual(before.old)
        }
      }),
    )
  })

  it('stays within the room and above the floor at every point, and tells its peak', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const chosen = choosePath(given)
        if (chosen.kind === 'deadlock') return
        const room = useAt(given, startOf(given)) + given.freeGpus
        for (const point of chosen.strategy.path)
          expect(useAt(given, point)).toBeLessThanOrEqual(Math.min(room, chosen.peakGpus))
        for (const point of chosen.strategy.path.slice(1))
          expect(readyAt(given, point)).toBeGreaterThanOrEqual(availabilityFloor(given))
        expect(chosen.peakGpus).toBeLessThanOrEqual(room)
      }),
    )
  })

  it('holds nothing for what waits beyond the ceiling and leaves, and all that stands for what is ready', () => {
    const waits = { gpus: 4, ready: false }
    const peak = (old: PathInput['old'], freeGpus: number) => {
      const chosen = choosePath(input({ old, want: 1, maxUnavailable: 2, baselineReplicas: 1, freeGpus }))
      return chosen.kind === 'path' ? chosen.peakGpus : null
    }
    expect([peak([waits, ...ready(1)], -4), peak([waits, waits, ...ready(1)], -8)]).toEqual([4, 4])
    expect(peak([waits, ...ready(1)], 0)).toBe(8)
    expect(peak(ready(2), -4)).toBe(8)
  })

  it('gets over a pool above its ceiling without ever taking more', () => {
    fc.assert(
      fc.property(anyInput, fc.integer({ min: -20, max: -1 }), (given, freeGpus) => {
        const path = pathOf(choosePath({ ...given, freeGpus }))
        for (const point of path) expect(useAt(given, point)).toBeLessThanOrEqual(useAt(given, startOf(given)))
      }),
    )
  })

  it('has its gate after the first new replica, before any other comes', () => {
    fc.assert(
      fc.property(anyInput, (given) => {
        const chosen = choosePath(given)
        if (chosen.kind === 'deadlock') return
        const { path, name } = chosen.strategy
        expect(path[chosen.gateAfter]?.new).toBeGreaterThan(0)
        expect(path.slice(0, chosen.gateAfter).every((point) => point.new === 0)).toBe(true)
        if (given.present.asked === 0 && name !== 'blue-green') expect(path[chosen.gateAfter]?.new).toBe(1)
      }),
    )
  })

  it('of one size can be walked back from every point, within the same peak and floor', () => {
    const uniform = fc.record({
      old: fc.integer({ min: 1, max: 5 }),
      want: fc.integer({ min: 1, max: 5 }),
      freeGpus: fc.integer({ min: 0, max: 6 }),
      maxUnavailable: fc.integer({ min: 0, max: 6 }),
    })
    fc.assert(
      fc.property(uniform, ({ old, ...rest }) => {
        const given = input({ ...rest, old: ready(old, 1), gpusPerReplica: 1, baselineReplicas: old })
        const chosen = choosePath(given)
        for (const point of pathOf(chosen)) {
          const back = walkBackPath(point, old, peakReplicas(pathOf(chosen)))
          expect(back[0]).toEqual(point)
          expect(back.at(-1)).toEqual({ old, new: 0 })
          expect(peakReplicas(back)).toBeLessThanOrEqual(peakReplicas(pathOf(chosen)))
          expect(minReplicas(back)).toBeGreaterThanOrEqual(minReplicas(pathOf(chosen)))
        }
      }),
    )
  })
})

describe('walking back', () => {
  it.each([
    [{ old: 1, new: 1 }, 3, '(1,1)(2,1)(2,0)'],
    [{ old: 1, new: 1 }, 2, '(1,1)(1,0)(2,0)'],
    [{ old: 0, new: 2 }, 2, '(0,2)(0,1)(1,1)(1,0)(2,0)'],
    [{ old: 2, new: 2 }, 4, '(2,2)(2,0)'],
    [{ old: 2, new: 0 }, 2, '(2,0)'],
    [{ old: 0, new: 1 }, 0, '(0,1)(1,1)(1,0)(2,0)'],
  ])('from %o in room for %i goes the way that keeps most ready', (point, room, expected) => {
    const back = walkBackPath(point, 2, room)
    expect(back.map(({ old, new: up }) => `(${old},${up})`).join('')).toBe(expected)
  })

  it('ends at nothing where nothing served before', () => {
    expect(walkBackPath({ old: 0, new: 2 }, 0)).toEqual([
      { old: 0, new: 2 },
      { old: 0, new: 0 },
    ])
  })
})
