import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasFloors, policyNow } from '../../../core/lane/floors.ts'
import { kindOf, laneKinds } from '../../../core/lane-kinds/catalogue.ts'
import type { LaneKind } from '../../../core/lane-kinds/kind.ts'
import { monthBegin } from '../../../core/money/months.ts'
import type { RungRow } from '../../../core/money/rungs.ts'
import { HOUR, NOW, PIPELINE, policyWith, SERVICE } from './fixture.ts'

const MODEL = 'support-llama'
const kind = (lane: string) => kindOf(laneKinds, lane) as LaneKind
const policyOf = ({
  replicas = 4,
  floor = 1 as number | null,
  serving = true,
  mode = 'act' as 'act' | 'shadow',
} = {}) =>
  policyWith((config) => {
    const rung = { at: 1, do: 'cap-pools' as const, ...(serving ? { serving: 'floor' as const } : {}) }
    config.budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.9, do: 'no-new-runs' }, rung], mode }
    const service = config.services?.[MODEL]
    if (service !== undefined) Object.assign(service, { replicas }, floor === null ? {} : { floor })
  })
const row = (name: string, over: Partial<RungRow> = {}): RungRow => ({
  ...{ lane: 'budget/ml-monthly', name, at: 1, since: NOW - HOUR, until: monthBegin(NOW, 1) },
  ...{ spent: 1001, dollars: 1000, saves: 0 },
  ...over,
})
const rungs = [row('no-new-runs'), row('cap-pools')]
const serves = (policy: ReturnType<typeof policyOf>, seen: { rungs: RungRow[]; now: number }) =>
  policyNow(policy, { kind: kind(SERVICE), lane: SERVICE }, seen).services[MODEL]?.replicas

describe('a service with a floor', () => {
  it('is planned with it while a rung says so, by a policy of another version that says why', () => {
    const policy = policyOf()
    const now = policyNow(policy, { kind: kind(SERVICE), lane: SERVICE }, { rungs, now: NOW })
    expect(now).toEqual({
      ...policy,
      services: { ...policy.services, [MODEL]: { ...policy.services[MODEL], replicas: 1 } },
      version: `${policy.version}-floor`,
      floored: expect.stringMatching(/^it makes do with its `floor`, as `serving: 'floor'` of cap-pools says: \$1,001/),
    })
    expect(hasFloors(policy)).toBe(true)
    // Nobody else’s lane is planned otherwise.
    for (const lane of [PIPELINE, 'pool/gpu-serve', 'budget/ml-monthly', 'service/other'])
      expect(policyNow(policy, { kind: kind(lane), lane }, { rungs, now: NOW })).toBe(policy)
  })

  it.each<[string, Parameters<typeof policyOf>[0], { rungs?: RungRow[]; now?: number }]>([
    ['no rung is crossed', {}, { rungs: [] }],
    ['the rung that says so is not', {}, { rungs: [row('no-new-runs')] }],
    ['its month is over', {}, { now: monthBegin(NOW, 1) }],
    ['somebody has lifted it', {}, { rungs: [row('cap-pools', { lifted: { by: 'ben', at: NOW } })] }],
    ['no rung says so', { serving: false }, {}],
    ['the ladder is in shadow', { mode: 'shadow' }, {}],
    ['it has none', { floor: null }, {}],
    ['that is what it has', { replicas: 2, floor: 2 }, {}],
  ])('is planned as the policy says where %s, by the very same policy', (_, given, seen) => {
    const policy = policyOf(given)
    expect(policyNow(policy, { kind: kind(SERVICE), lane: SERVICE }, { rungs, now: NOW, ...seen })).toBe(policy)
  })

  it('never has more than its replicas nor fewer than its floor, and the same once it is over, whatever came between', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.boolean(), { maxLength: 8 }),
        (a, b, crossed) => {
          const [floor, replicas] = [Math.min(a, b), Math.max(a, b)]
          const policy = policyOf({ replicas, floor })
          for (const is of crossed)
            expect(serves(policy, { rungs: is ? rungs : [], now: NOW })).toBe(is ? floor : replicas)
          expect(serves(policy, { rungs: [], now: NOW })).toBe(replicas)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('says which share of it goes then', () => {
    expect(kind(SERVICE).atFloor?.(policyOf(), MODEL)?.goes).toBe(0.75)
    expect(kind(SERVICE).atFloor?.(policyOf({ floor: null }), MODEL)).toBeNull()
    expect(kind(PIPELINE).atFloor).toBeUndefined()
  })
})
