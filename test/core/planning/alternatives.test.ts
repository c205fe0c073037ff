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
    expect(spot.why).toMatch(
      /^not the default: it costs \$[\d.]+ less at most, is done as soon, and is at risk on spot/,
    )
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

describe('an alternative that may wait until its pool opens', () => {
  /** 09:00 UTC is 10:00 in Berlin: nights begin in ten hours. */
  const hours = { zone: 'Europe/Berlin', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 8 }] }
  const NIGHT = { ...SPOT, maxGpus: 0, hours }
  const tonight = { night: { ...OTHERS.spot, whenOpens: true } }
  const OPENS = NOW + 10 * 3_600_000
  const closed = worldOf({ 'gpu-spot': { ceiling: 0, rises: { at: OPENS, gpus: 8 } } })

  it('begins then: its digest says so, and it is done by so much later', () => {
    const [, night] = planOf(tonight, closed, NIGHT).alternatives as Alternative[]
    expect([night?.bounds.from, night?.bounds.until, night?.done]).toEqual([
      OPENS,
      OPENS + 4 * 3_600_000,
      OPENS + 3.5 * 3_600_000,
    ])
    expect(night?.why).toContain('is done 10 h later in the bad case')
    const policy = policyOf(tonight, NIGHT)
    const chosen = { name: 'night', from: OPENS }
    const then = trainPlan({ policy, world: closed, chosen })
    expect([then.digest, then.effects.begins]).toEqual([night?.digest, '2026-11-24 19:00 UTC'])
    const open = worldOf({ 'gpu-spot': { ceiling: 8 } })
    // As it opens its NodePool may not be as high yet: it waits for that in line. Begun at once it would be something else.
    for (const world of [closed, open])
      expect(trainPlan({ policy, world, chosen, now: OPENS }).digest).toBe(night?.digest)
    expect(trainPlan({ policy, world: open, chosen: { name: 'night' } }).digest).not.toBe(night?.digest)
  })

  it('is what it is at once while that is open, is none where a rung caps it, or the policy does not say so', () => {
    const named = (world: World, alternatives: object = tonight) =>
      planOf(alternatives, world, NIGHT).alternatives?.map(({ name, bounds }) => [name, bounds.from])
    expect(named(worldOf({ 'gpu-spot': { ceiling: 8 } }))).toEqual([
      ['default', undefined],
      ['night', undefined],
    ])
    expect(named(closed, { night: OTHERS.spot })).toBeUndefined()
    const capped = worldOf({ 'gpu-spot': { ceiling: 0, rises: { at: OPENS, gpus: 8 }, capped: 'cap-pools' } })
    expect(named(capped)).toBeUndefined()
  })

  it('is none any more once its night is over', () => {
    const chosen = { name: 'night', from: OPENS }
    const now = OPENS + 11 * 3_600_000
    const planned = planPipeline(trainInput({ policy: policyOf(tonight, NIGHT), world: closed, chosen, now }))
    expect(planned).toMatchObject({ kind: 'refuse', reason: 'pool-too-small' })
  })
})

describe('an alternative that may wait until the month turns', () => {
  const TURN = Date.UTC(2026, 11, 1)
  const turning = { spot: { ...OTHERS.spot, whenTurns: true } }
  /** At twice the price of the default, so that the rest of a month may do for that alone. */
  const DEAR = { ...SPOT, price: { ...SPOT.price, perNodeHour: 120, spot: 120 } }
  const config = {
    dear: { stages: { train: { pool: 'gpu-spot', gpus: 8, hours: { p50: 1, p95: 1.5 } } }, whenTurns: true },
  }
  const { dollars } = policyOf(undefined).budget
  const most = planOf(undefined).bounds.dollars
  const spent = { dollars: { spent: dollars - most - 5, held: 0 } }
  const NIGHTS = { ...SPOT, maxGpus: 0, hours: { zone: 'UTC', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 8 }] } }
  const said = (world: World, alternatives: object, pool: object = SPOT) =>
    planOf(alternatives, world, pool).alternatives?.map(({ name, bounds }) => [name, bounds.from])

  it('begins then where this month’s budget has no room for it; it is reckoned with a month of which nothing is spent', () => {
    const policy = policyOf(config, DEAR)
    const chosen = { name: 'dear', from: TURN }
    const plan = trainPlan({ policy, world: worldOf({}, { dollars: { spent: dollars - 1, held: 0 } }), chosen })
    expect(plan.bounds).toMatchObject({ from: TURN, until: TURN + 4 * 3_600_000 })
    expect(plan.reasons).toContainEqual('it begins in another month, 2026-12, of which nothing is spent yet')
    expect(plan.reasons.at(-1)).toContain('$0.00 spent')
    // As it has turned it is the same.
    expect(trainPlan({ policy, world: worldOf(), chosen, now: TURN }).digest).toBe(plan.digest)
  })

  it('is offered beside a default that the rest of the month does for, and only where the policy says so', () => {
    // Less time on dearer nodes: it is done sooner than the default where both may begin, and dearer.
    const slow = { train: { pool: 'gpu-spot', gpus: 8, hours: { p50: 0.1, p95: 6 } } }
    const unlike = { other: { stages: slow, whenTurns: true } }
    const world = worldOf({}, spent)
    const [first, other] =
      planOf(unlike, world, { ...SPOT, price: { ...SPOT.price, perNodeHour: 60, spot: 60 } }).alternatives ?? []
    expect([first?.bounds.from, other?.name, other?.bounds.from]).toEqual([undefined, 'other', TURN])
    expect(other?.price.p50).toBeLessThan(first?.price.p50 ?? 0)
    const plan = planOf({ other: { stages: slow } }, world, { ...SPOT, price: { ...SPOT.price, spot: 60 } })
    expect([plan.alternatives, plan.reasons.at(-1)]).toEqual([
      undefined,
      expect.stringMatching(/other is not offered: .*over the/),
    ])
  })

  it('is what it is at once while the budget has room, and is none that is later and no better', () => {
    expect(said(worldOf(), turning)).toEqual([
      ['default', undefined],
      ['spot', undefined],
    ])
    const late = { later: { ...config.dear, whenTurns: true } }
    const plan = planOf(late, worldOf({}, spent), { ...DEAR, capacityTypes: ['spot'] })
    expect(plan.alternatives).toBeUndefined()
  })

  it('begins then where a rung of the budget caps its pool, which is in force until then; what hours alone keep low, it does not wait for', () => {
    const capped = worldOf({ 'gpu-spot': { ceiling: 0, capped: 'cap-pools' } })
    expect(said(capped, turning)).toEqual([
      ['default', undefined],
      ['spot', TURN],
    ])
    expect(said(capped, { spot: OTHERS.spot })).toBeUndefined()
    const closed = worldOf({ 'gpu-spot': { ceiling: 0, rises: { at: NOW + 11 * 3_600_000, gpus: 8 } } })
    expect(said(closed, turning, NIGHTS)).toBeUndefined()
    expect(said(closed, { spot: { ...turning.spot, whenOpens: true } }, NIGHTS)?.[1]).toEqual([
      'spot',
      NOW + 11 * 3_600_000,
    ])
  })

  it('that waits for both begins at the first time at which its pool is open and the budget has turned', () => {
    const both = { spot: { ...turning.spot, whenOpens: true } }
    const rises = { at: NOW + 11 * 3_600_000, gpus: 8 }
    const capped = worldOf({ 'gpu-spot': { ceiling: 0, rises, capped: 'cap-pools' } })
    // At midnight UTC its nights are on.
    expect(said(capped, both, NIGHTS)?.[1]).toEqual(['spot', TURN])
  })
})

describe('whatever the world is like', () => {
  const pools = ['gpu-train', 'gpu-serve', 'gpu-spot']
  const hours = { zone: 'UTC', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 16 }] }
  const view = fc.record({
    ceiling: fc.constantFrom(0, 4, 8, 16),
    heldByOthers: fc.nat(16),
    rises: fc.constantFrom(undefined, { at: NOW + 11 * 3_600_000, gpus: 16 }),
    capped: fc.constantFrom(undefined, undefined, 'cap-pools'),
  })
  const way = fc.record({
    pool: fc.constantFrom(...pools),
    gpus: fc.constantFrom(1, 2, 4, 8),
    hours: fc.record({ p50: fc.integer({ min: 1, max: 3 }), p95: fc.integer({ min: 3, max: 30 }) }),
  })
  const others = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), way, { maxKeys: 6 })

  it('what is shown beside the default is of the policy, and fits below ceilings and into the budget', () => {
    fc.assert(
      fc.property(others, fc.record({ a: view, b: view, c: view }), fc.nat(20_000), (all, { a, b, c }, spent) => {
        const kept = Object.entries(all).filter(([, { pool, gpus }]) => pool !== 'gpu-train' || gpus !== 8)
        const said = Object.fromEntries(
          kept.map(([name, train]) => [
            name,
            {
              stages: { train },
              whenOpens: train.pool === 'gpu-spot' || undefined,
              whenTurns: name < 'd' || undefined,
            },
          ]),
        )
        const seen = { 'gpu-train': a, 'gpu-serve': { ...b, rises: undefined }, 'gpu-spot': c }
        const views = Object.entries(seen).map(([name, { rises, capped, ...over }]) => [
          name,
          emptyPool(name, {
            ...over,
            ...(rises === undefined ? {} : { rises }),
            ...(capped === undefined ? {} : { capped }),
          }),
        ])
        const world = emptyWorld({ pools: Object.fromEntries(views), dollars: { spent, held: 0 } })
        const policy = policyOf(said, { ...SPOT, maxGpus: 0, hours })
        const planned = planPipeline(trainInput({ policy, world }))
        if (planned.kind !== 'plan') return
        const { alternatives = [], digest, reasons } = planned.plan
        expect([alternatives.length <= 3, alternatives[0]?.digest ?? digest]).toEqual([true, digest])
        const offered = alternatives.slice(1).map(({ name }) => name)
        for (const { name, bounds } of alternatives.slice(1)) {
          expect(said).toHaveProperty(name)
          const turns = (bounds.from ?? 0) >= Date.UTC(2026, 11, 1)
          expect((turns ? 0 : spent) + bounds.dollars).toBeLessThanOrEqual(policy.budget.dollars)
          if (turns) expect(name < 'd').toBe(true)
          for (const [pool, gpus] of Object.entries(bounds.gpus)) {
            const { ceiling = 0, capped } = world.pools[pool] ?? {}
            const opens = bounds.from !== undefined && pool === 'gpu-spot' && capped === undefined
            expect(gpus).toBeLessThanOrEqual(opens || (turns && capped !== undefined) ? 16 : (ceiling ?? 0))
          }
        }
        // Whatever is not shown is named with its reason.
        for (const name of Object.keys(said))
          expect(offered.includes(name)).not.toBe(
            reasons.some((text) => text.startsWith(`its alternative ${name} is not offered: `)),
          )
      }),
      { numRuns: 150 },
    )
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
