import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Alternative } from '../../../core/plan.ts'
import { bestOf, type Sketch } from '../../../core/planning/alternatives.ts'
import { planPipeline } from '../../../core/planning/pipeline.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import type { World } from '../../../core/world.ts'
import { emptyPool, emptyWorld, exampleConfig, exampleWith, NOW, trainInput, trainPlan } from '../training-fixture.ts'

const SPOT = {
  instanceType: 'p5.48xlarge',
  gpusPerNode: 8,
  maxGpus: 16,
  capacityTypes: ['spot'],
  price: { perNodeHour: 55.04, spot: 22, source: 'AWS price list', date: '2026-11-01' },
}
const HALF = { stages: { train: { pool: 'gpu-serve', gpus: 4, hours: { p50: 3, p95: 6 } } } }
const OTHERS = { spot: { stages: { train: { pool: 'gpu-spot' } } }, half: HALF }

const policyOf = (alternatives: object | undefined, pool: object = SPOT): ReturnType<typeof parsePolicy> => {
  const config: Config = exampleConfig()
  Object.assign(config.pools!, { 'gpu-spot': pool })
  if (alternatives !== undefined) Object.assign(config.pipelines!['support-chats']!, { alternatives })
  return parsePolicy(config)
}
const worldOf = (over: Record<string, Parameters<typeof emptyPool>[1]> = {}, more: Partial<World> = {}): World => {
  const names = ['gpu-train', 'gpu-serve', 'gpu-spot']
  return emptyWorld({ pools: Object.fromEntries(names.map((name) => [name, emptyPool(name, over[name])])), ...more })
}
const planOf = (alternatives: object | undefined, world = worldOf(), pool: object = SPOT) =>
  trainPlan({ policy: policyOf(alternatives, pool), world })
const named = (all: readonly { name: string }[] | undefined) => all?.map(({ name }) => name)

describe('alternatives to the plan that the stages say', () => {
  it('stand beside it, it first, each with what it costs at most, how long it takes, its risk and why it is not the default', () => {
    const plan = planOf(OTHERS)
    expect(named(plan.alternatives)).toEqual(['default', 'half', 'spot'])
    const [first, , spot] = plan.alternatives as [Alternative, Alternative, Alternative]
    expect([first.digest, first.bounds, first.price]).toEqual([plan.digest, plan.bounds, plan.price.total])
    expect(spot.uses[0]).toBe('train on 8 GPUs of gpu-spot (spot)')
    expect(spot.price.p95).toBeLessThan(first.price.p95)
    expect(spot.bounds.dollars).toBe(spot.price.p95)
    expect(spot.done).toBe(first.done)
    expect(spot.risks).toEqual([expect.stringContaining('may be taken back at any time')])
    expect(spot.why).toMatch(/^not the default: it costs \$[\d.]+ less at most, takes as long, and is at risk on spot/)
  })

  it('are each the plan that is made once one is chosen, to the digest and the dollar', () => {
    const policy = policyOf(OTHERS)
    for (const { name, digest, bounds } of planOf(OTHERS).alternatives?.slice(1) ?? []) {
      const plan = trainPlan({ policy, world: worldOf(), chosen: { name } })
      expect([plan.digest, plan.bounds]).toEqual([digest, bounds])
      expect(plan.title).toContain(`as its alternative ${name}`)
      expect(plan.alternatives).toBeUndefined()
    }
  })

  it('change nothing of the plan that they stand beside, nor of one that nobody is asked about', () => {
    const [without, beside] = [planOf(undefined), planOf(OTHERS)]
    const { alternatives: _, policy: __, reasons: ___, ...same } = beside
    expect(same).toEqual({ ...without, policy: undefined, reasons: undefined, alternatives: undefined })
    const config = exampleWith(['approvals.autoApproveBelow', 1e6], ['pools.gpu-spot', SPOT])
    const free = (alternatives?: object) => {
      const given = structuredClone(config)
      if (alternatives !== undefined) Object.assign(given.pipelines!['support-chats']!, { alternatives })
      return trainPlan({ policy: { ...parsePolicy(given), version: 'same' }, world: worldOf() })
    }
    expect(free(OTHERS)).toEqual(free())
  })

  it('are not offered beyond a ceiling, beyond the budget, or without a price; the plan says why', () => {
    const small = planOf(OTHERS, worldOf({ 'gpu-spot': { ceiling: 0 } }))
    expect(named(small.alternatives)).toEqual(['default', 'half'])
    expect(small.reasons).toContainEqual(
      expect.stringMatching(/its alternative spot is not offered: .*ceiling of gpu-spot is 0/),
    )
    const dear = { ...SPOT, price: { ...SPOT.price, perNodeHour: 50_000, spot: 50_000 } }
    const beyond = planOf({ spot: OTHERS.spot }, worldOf(), dear)
    expect([beyond.alternatives, beyond.reasons.at(-1)]).toEqual([
      undefined,
      expect.stringMatching(/spot is not offered: .*over the/),
    ])
    const unpriced = planOf({ spot: OTHERS.spot }, worldOf(), { ...SPOT, price: null })
    expect(unpriced.reasons.at(-1)).toMatch(/spot is not offered: .*price/)
  })

  it('say that they wait for room where there is none, and that the default does', () => {
    const waits = planOf(OTHERS, worldOf({ 'gpu-train': { heldByOthers: 16 } })).alternatives as Alternative[]
    expect(waits.map(({ name, done }) => [name, done === null])).toEqual([
      ['default', true],
      ['half', true],
      ['spot', true],
    ])
    const config = { spot: { stages: { train: { pool: 'gpu-spot' }, evaluate: { pool: 'gpu-spot' } } } }
    const [first, spot] = planOf(config, worldOf({ 'gpu-train': { heldByOthers: 16 } })).alternatives as Alternative[]
    expect([first?.done, first?.risks[0]]).toEqual([
      null,
      'it waits for room in gpu-train, and nobody knows until when',
    ])
    expect([spot?.done, spot?.why]).toEqual([expect.any(Number), expect.stringContaining('need not wait for room')])
  })

  it('are asked about whatever they cost: once chosen they are bound, however little that is', () => {
    const config = exampleWith(['approvals.autoApproveBelow', 200], ['pools.gpu-spot', SPOT])
    Object.assign(config.pipelines!['support-chats']!, { alternatives: OTHERS })
    const policy = parsePolicy(config)
    expect(named(trainPlan({ policy, world: worldOf() }).alternatives)).toEqual(['default', 'half', 'spot'])
    const { approval, price } = trainPlan({ policy, world: worldOf(), chosen: { name: 'spot' } })
    expect([approval.required, approval.need, price.total.p95 < 200]).toEqual([true, 1, true])
  })

  it('are refused once the policy has them no more', () => {
    const planned = planPipeline(
      trainInput({ policy: policyOf({ half: HALF }), chosen: { name: 'spot' }, world: worldOf() }),
    )
    expect(planned).toMatchObject({
      kind: 'refuse',
      reason: 'not-configured',
      detail: expect.stringContaining('no alternative `spot`'),
    })
  })

  it('come to the same bytes whatever the order of the policy’s keys', () => {
    const turned = { half: HALF, spot: OTHERS.spot }
    const bytes = (alternatives: object) => JSON.stringify({ ...planOf(alternatives), policy: '' })
    expect(bytes(turned)).toBe(bytes(OTHERS))
  })
})

/** A way with few values of each kind, so that many are alike in some. */
const sketch = fc.record({
  dollars: fc.nat(3),
  more: fc.nat(2),
  hours: fc.nat(3),
  waits: fc.boolean(),
  exposed: fc.nat(2),
  digest: fc.nat(9),
})
const sketches = fc.array(sketch, { minLength: 1, maxLength: 7 }).map((all) =>
  all.map(
    ({ dollars, more, hours, waits, exposed, digest }, index): Sketch => ({
      ...{ name: index === 0 ? 'default' : `w${index}`, digest: String(digest), uses: [], risks: [], exposed },
      bounds: { dollars: dollars + more, gpus: {}, unavailable: 0, until: NOW },
      price: { p50: dollars, p95: dollars + more },
      hours: { p50: hours, p95: hours },
      done: waits ? null : NOW + hours * 3_600_000,
    }),
  ),
)
/** Said anew, of what people see. */
const laterOrAsLate = (a: Sketch, b: Sketch): boolean =>
  a.done === null ? b.done !== null || a.hours.p95 >= b.hours.p95 : b.done !== null && a.done >= b.done
const noBetter = (a: Sketch, b: Sketch): boolean =>
  a.price.p50 >= b.price.p50 && a.price.p95 >= b.price.p95 && laterOrAsLate(a, b) && a.exposed >= b.exposed

describe('what is shown of all that could be chosen', () => {
  it('is the default and two more at most, none dearer, later and riskier than another, and none twice', () => {
    fc.assert(
      fc.property(sketches, ([first, ...others]) => {
        const { shown, left } = bestOf(first as Sketch, others)
        const all = [first as Sketch, ...shown]
        expect(shown.length).toBeLessThanOrEqual(2)
        expect(new Set(all.map(({ digest }) => digest)).size).toBe(all.length)
        for (const one of shown)
          for (const other of [first as Sketch, ...others])
            expect(noBetter(one, other) && !noBetter(other, one), `${one.name} beside ${other.name}`).toBe(false)
        expect([...named(shown)!, ...named(left)!].sort()).toEqual(named(others)!.sort())
      }),
    )
  })

  it('leaves none out without a reason: what is not shown is worse than another, the same, or one of more than two', () => {
    fc.assert(
      fc.property(sketches, ([first, ...others]) => {
        const { shown, left } = bestOf(first as Sketch, others)
        if (shown.length < 2) expect(left.filter(({ why }) => why.startsWith('two others'))).toEqual([])
        if (shown.length === 2) expect(shown[0]!.price.p95).toBeLessThanOrEqual(shown[1]!.price.p95)
      }),
    )
  })

  it('is the same whatever the order in which they are given', () => {
    fc.assert(
      fc.property(sketches, fc.nat(), ([first, ...others], turn) => {
        const at = turn % (others.length || 1)
        const turned = [...others.slice(at), ...others.slice(0, at)].reverse()
        expect(bestOf(first as Sketch, turned)).toEqual(bestOf(first as Sketch, others))
      }),
    )
  })
})
