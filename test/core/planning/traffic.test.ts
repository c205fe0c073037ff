import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Step } from '../../../core/plan.ts'
import type { Point } from '../../../core/plan-point.ts'
import { planServe } from '../../../core/planning/serve.ts'
import { isLedTo, type Led, ledAt, ledBackAt, ledFirst, lostBy, named } from '../../../core/planning/traffic.ts'
import type { Traffic } from '../../../core/world.ts'
import { given, none, planned, planOf, serve, written } from './serve-fixture.ts'

/** `[generation, replicas, ready]` of what leaves; the first is the baseline. */
const led = (seen: Traffic, leaving: [number, number, number?][], more: Partial<Led> = {}): Led => {
  const views = given({
    standing: leaving.map(([generation, n, ready]) => [generation, '7', n, ready]),
    baseline: null,
  }).world.generations
  return {
    seen,
    rising: 9,
    judged: false,
    risen: 0,
    base: views[0],
    leaving: views.flatMap((view) =>
      Array.from({ length: view.replicas }, (_, n) => ({ view, gpus: 4, ready: n < view.ready })),
    ),
    ...more,
  }
}

describe('until what rises is judged nobody asks it', () => {
  it.each<[string, Led, Traffic]>([
    ['requests stay where they are answered', led(1, [[1, 2]]), 1],
    ['and where all that stands is led to, what was judged answers alone', led('all', [[1, 2]]), 1],
    [
      'the baseline first, though another has more',
      led('all', [
        [1, 1],
        [2, 3],
      ]),
      1,
    ],
    [
      'and what answers where the baseline does not',
      led('all', [
        [1, 1, 0],
        [2, 1],
      ]),
      2,
    ],
    ['where somebody leads them to, that stays', led(2, [[1, 2], [2, 1]]), 2], // biome-ignore format: a line
    [
      'but not to what a run has brought up that was stopped before it was judged',
      led(2, [[1, 2], [2, 1]], { unjudged: [2] }), // biome-ignore format: a line
      1,
    ],
    [
      'unless that alone answers',
      led(2, [[1, 2, 0], [2, 1]], { unjudged: [2] }), // biome-ignore format: a line
      2,
    ],
    ['a Service that is gone is made anew, for what answers', led(null, [[1, 1]]), 1],
    ['and is not made where nothing answers', led(null, []), null],
    ['what was never judged and does not answer now is not led to', led(null, [[2, 1]], { base: undefined }), null],
    [
      'nor where what was judged is not ready for a moment',
      led(1, [
        [1, 2, 0],
        [2, 1],
      ]),
      1,
    ],
    ['what may answer again is led to on', led(1, [[1, 2, 0]]), 1],
    ['what rose by an earlier release and does not answer yet is not led to', led('all', [], { risen: 0 }), 0],
    ['and what answers already is not cut off', led('all', [], { risen: 1 }), 'all'],
    ['what rises was led to by hand, and something judged stands', led(9, [[1, 1]]), 1],
    ['what was judged before is not kept from anything', led('all', [[1, 1]], { judged: true }), 'all'],
  ])('%s', (_, given, expected) => {
    expect(ledFirst(given)).toBe(expected)
  })

  it('and what fewer answer for that time is counted', () => {
    expect(lostBy(led(1, [[1, 2]]), 2)).toBe(0)
    expect(
      lostBy(
        led('all', [
          [1, 1],
          [2, 2],
        ]),
        3,
      ),
    ).toBe(2)
    expect(
      lostBy(
        led('all', [
          [1, 1],
          [2, 2],
        ]),
        1,
      ),
    ).toBe(0)
    expect(lostBy(led('all', [[1, 1]], { risen: 1 }), 2)).toBe(1)
  })
})

describe('once it is judged', () => {
  const at = (given: Led, point: Point, now: Traffic, want = 2) => ledAt(given, { point, want, now })
  it('it answers beside what it replaces until it stands with what is wanted, then alone', () => {
    const two = led(1, [[1, 2]])
    expect(at(two, { old: 2, new: 0 }, 1)).toBe(1)
    expect(at(two, { old: 2, new: 1 }, 1)).toBe('all')
    expect(at(two, { old: 1, new: 2 }, 'all')).toBe(9)
    expect(at(two, { old: 0, new: 1 }, 1)).toBe(9)
  })

  it('at once and alone where nothing answers that it would stand beside', () => {
    expect(at(led(1, [[1, 2, 0]]), { old: 2, new: 1 }, 1)).toBe(9)
    expect(at(led(3, [[1, 2]]), { old: 2, new: 1 }, 3)).toBe(9)
  })

  it('beside nothing that was not judged', () => {
    const beside = led(1, [[1, 1], [2, 1]]) // biome-ignore format: one world
    expect(at(beside, { old: 2, new: 1 }, 1, 3)).toBe(1)
  })
})

describe('on the way back', () => {
  const back = (point: Point, now: Traffic) => {
    const { leaving, base } = led(2, [[1, 1], [2, 2]]) // biome-ignore format: one world
    return ledBackAt({ base: base!, leaving: leaving.filter(({ view }) => view !== base) }, { point, want: 2, now })
  }
  it('requests go to the baseline once it stands, and to both where one leaves for each that comes', () => {
    expect(back({ old: 2, new: 0 }, 2)).toBe(2)
    expect(back({ old: 1, new: 1 }, 2)).toBe('all')
    expect(back({ old: 2, new: 2 }, 2)).toBe(1)
    expect(back({ old: 0, new: 1 }, 'all')).toBe(1)
    expect(back({ old: 1, new: 1 }, 1)).toBe(1)
  })
})

it('steps that lead requests are counted by themselves', () => {
  const steps = ['switch-traffic', 'notify', 'switch-traffic'].map((kind) => ({ kind, name: kind }) as unknown as Step)
  expect(named(steps, 'back-').map(({ name }) => name)).toEqual(['back-traffic-1', 'notify', 'back-traffic-2'])
})

describe('a service that stands as it is wanted', () => {
  it.each<[string, Traffic, string]>([
    ['is led to again where somebody has led elsewhere', 1, 'to g2 → notify'],
    ['or has deleted its Service', null, 'to g2 → notify'],
  ])('%s', (_, seen, expected) => {
    const plan = planOf({ standing: [[2, '8', 2]], baseline: [2, '8'], led: seen })
    expect(written(plan)).toBe(expected)
    expect(plan.title).toBe('Lead requests to support-llama v8, which stands already')
    expect(written(planOf({ desired: none, standing: [[2, '8', 2]], baseline: [2, '8'], led: seen }))).toBe(expected)
  })

  it.each<Traffic>([2, 'all'])('and nothing is done where %s is led to', (seen) => {
    expect(planned({ standing: [[2, '8', 2]], baseline: [2, '8'], led: seen })).toMatchObject({ kind: 'nothing' })
  })
})

it('a card says how many fewer answer while something is judged, and the plan is bound to that', () => {
  const change = {
    model: { replicas: 3, maxUnavailable: 0 },
    desired: serve('9'),
    generation: 3,
    pool: { ceiling: 24 },
  }
  const plan = planOf({ ...change, standing: [[1, '7', 1], [2, '8', 2]], led: 'all' }) // biome-ignore format: one world
  expect(plan.reasons.join()).toContain('2 replicas fewer answer until v9 is judged')
  expect(plan.bounds.unavailable).toBe(2)
  expect(planOf({ ...change, standing: [[1, '7', 3]] }).bounds.unavailable).toBe(0)
})

describe('over every path', () => {
  const world = fc.record({
    replicas: fc.integer({ min: 1, max: 4 }),
    maxUnavailable: fc.integer({ min: 0, max: 4 }),
    free: fc.integer({ min: 0, max: 4 }),
    old: fc.integer({ min: 0, max: 4 }),
  })
  /** Ready replicas that requests are led to after each step, all that is asked for being ready; and whether what is not judged was led to. */
  const walked = ({
    replicas,
    maxUnavailable,
    free,
    old,
  }: {
    replicas: number
    maxUnavailable: number
    free: number
    old: number
  }) => {
    const input = given({
      model: { replicas, maxUnavailable, gpusPerReplica: 1 },
      standing: old === 0 ? [] : [[1, '7', old]],
      baseline: old === 0 ? null : [1, '7'],
      pool: { ceiling: 16, used: 16 - free, usedByLane: old, heldByOthers: 16 - free - old },
    })
    const result = planServe(input)
    if (result.kind !== 'plan') return null
    let [stands, traffic, judged] = [new Map([[1, old]]), input.world.traffic ?? null, false]
    const answering: number[] = []
    let askedEarly = false
    for (const step of result.plan.steps) {
      if (step.kind === 'check-gate') judged = true
      if (step.kind === 'switch-traffic') traffic = step.to
      if (step.kind === 'roll-out-model') stands = new Map(step.replicas.map((one) => [one.generation, one.replicas]))
      const led = [...stands].filter(([generation]) => traffic !== null && isLedTo(traffic, generation))
      answering.push(led.reduce((sum, [, n]) => sum + n, 0))
      askedEarly ||= !judged && led.some(([generation, n]) => generation === 2 && n > 0)
    }
    return { answering, askedEarly, traffic, unavailable: result.plan.bounds.unavailable }
  }

  it('what is not judged is asked by nobody, no fewer answer than may be away, and in the end what was wanted answers alone', () => {
    let [seen, moved] = [0, 0]
    fc.assert(
      fc.property(world, (given) => {
        const went = walked(given)
        if (went === null) return
        seen += 1
        expect(went.askedEarly).toBe(false)
        expect(went.traffic).toBe(2)
        if (given.old === 0) return
        moved += 1
        const kept = Math.min(given.old, given.replicas)
        expect(Math.min(...went.answering)).toBeGreaterThanOrEqual(Math.min(kept, Math.max(0, kept - went.unavailable)))
      }),
      { seed: 7, numRuns: 500 },
    )
    expect([seen, moved].every((count) => count > 100)).toBe(true)
  })
})
