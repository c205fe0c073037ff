import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Mark, Run } from '../../../core/lane/document.ts'
import { pending } from '../../../core/lane/planning.ts'
import type { Plan } from '../../../core/plan.ts'
import { LOOKED_AT, learnedFrom, makingOf, tookBy, usualOf } from '../../../core/planning/learned.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { PastRow } from '../../../core/rows.ts'
import { type Otherwise, piped, stagesOf } from '../../variants.ts'
import { desired, exampleWith, NOW, trainInput, trainPlan } from '../training-fixture.ts'

const HOUR = 3_600_000

/** A run that has ended, in which `train` took so many hours. */
interface Was {
  hours: number
  generation: number
  attempt?: number
  bytes?: number
  train?: Partial<Mark>
  gate?: Mark['state']
  outcome?: PastRow['outcome']['kind']
  plan?: Plan | null
}

const rowOf = ({
  hours,
  generation,
  attempt = 1,
  bytes = desired.bytes,
  train,
  gate = 'done',
  ...was
}: Was): PastRow => {
  const wanted = { ...desired, bytes, version: String(generation).padStart(64, '0') }
  const made = trainPlan({
    desired: wanted,
    run: { lane: 'pipeline/support-chats', generation, attempt },
  })
  const plan = was.plan === undefined ? made : was.plan
  const steps = made.steps.map((step): Mark => {
    const mark: Mark = { ...pending(step, step.name, 'forth'), state: 'done', by: 'me', startedAt: NOW }
    if (step.name === 'train') return { ...mark, ran: hours * HOUR, endedAt: NOW, ...train }
    return step.kind === 'check-gate' ? { ...mark, state: gate } : mark
  })
  const run = { generation, attempt, desired: wanted, steps } as unknown as Run
  const outcome = { kind: was.outcome ?? ('succeeded' as const), reason: null, detail: '' }
  return { id: `g${generation}a${attempt}`, lane: plan?.lane ?? '', run, plan, outcome, endedAt: NOW, cost: 0 }
}

/** The newest first, as they are read. */
const rowsOf = (...was: Was[]): PastRow[] => was.map(rowOf).reverse()
const hoursOf = (...hours: number[]): Was[] => hours.map((one, n) => ({ hours: one, generation: n + 1 }))
const nodesIn = (plan: Plan) => plan.bounds.nodes!['gpu-train']!
const trainIn = (plan: Plan) => plan.steps.find(({ name }) => name === 'train')!
/** What a plan of the example would know of `train` by these. */
const known = (rows: readonly PastRow[], plan = trainPlan()) =>
  tookBy(learnedFrom(rows, plan.desired as typeof desired), trainIn(plan), nodesIn(plan))

describe('how long a stage takes', () => {
  it('is the median of its last five runs, with the longest of them', () => {
    expect(known(rowsOf(...hoursOf(9, 2, 2.2, 2.1, 3, 1)))).toEqual({ hours: 2.1, most: 3, of: 5 })
    expect(known(rowsOf(...hoursOf(2, 3, 2.2, 2.4)))).toEqual({ hours: 2.3, most: 3, of: 4 })
  })

  it('is what the policy says until three are known', () => {
    expect(known(rowsOf(...hoursOf(2, 2)))).toBeUndefined()
    expect(known(rowsOf(...hoursOf(2, 2, 2)))).toMatchObject({ of: 3 })
    expect(usualOf({ p50: 8, p95: 12 }, undefined)).toEqual({ p50: 8, p95: 12 })
  })

  it('is never more than the policy has at most, which is never learned', () => {
    const range = fc.tuple(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.double({ min: 1, max: 5, noNaN: true }))
    fc.assert(
      fc.property(range, fc.double({ min: 0.01, max: 500, noNaN: true }), ([p50, more], hours) => {
        const usual = usualOf({ p50, p95: p50 * more }, { hours, most: hours, of: 5 })
        expect(usual.p95).toBe(p50 * more)
        expect(usual.p50).toBe(Math.min(hours, usual.p95))
      }),
    )
  })

  it('is what a run took whose later stage failed, and not of one whose gate did', () => {
    expect(known(rowsOf(...hoursOf(2, 2), { hours: 4, generation: 3, outcome: 'failed' }))).toMatchObject({ most: 4 })
    expect(known(rowsOf(...hoursOf(2, 2), { hours: 4, generation: 3, gate: 'failed' }))).toBeUndefined()
  })

  it.each<[string, Was]>([
    ['failed itself', { hours: 9, generation: 4, train: { state: 'failed' } }],
    ['was carried over', { hours: 9, generation: 4, train: { by: null, startedAt: null } }],
    ['was suspended and went on', { hours: 9, generation: 4, train: { letGo: 1 } }],
    ['was never seen at work', { hours: 0, generation: 4 }],
    ['had no plan', { hours: 9, generation: 4, plan: null }],
    ['had an input more than twice as large', { hours: 9, generation: 4, bytes: 2 * desired.bytes + 2 }],
    ['had one of less than half', { hours: 9, generation: 4, bytes: Math.floor(desired.bytes / 2) - 1 }],
  ])('says nothing by a run that %s', (_, was) => {
    expect(known(rowsOf(...hoursOf(2, 2, 2), was))).toEqual({ hours: 2, most: 2, of: 3 })
  })

  it('says nothing by an attempt that went on from another’s checkpoints, be they of one that is not read any more', () => {
    const first = { hours: 1, generation: 4, train: { state: 'failed' as const }, outcome: 'failed' as const }
    const second = { hours: 9, generation: 4, attempt: 2 }
    expect(known(rowsOf(...hoursOf(2, 2, 2), first, second))).toMatchObject({ of: 3, most: 2 })
    // One that failed before it began it has left nothing.
    const early = { ...first, train: { state: 'pending' as const, by: null, startedAt: null } }
    expect(known(rowsOf(...hoursOf(2, 2, 2), early, second))).toMatchObject({ of: 4, most: 9 })
    const others = Array.from(
      { length: LOOKED_AT - 1 },
      (_, n): Was => ({ hours: 2, generation: n + 5, gate: n < 9 ? 'failed' : 'done' }),
    )
    expect(known(rowsOf(second, ...others))).toBeUndefined()
    expect(known(rowsOf({ ...second, attempt: 1 }, ...others))).toMatchObject({ most: 9, of: 3 })
  })
})

describe('what runs are compared by', () => {
  const making = (plan: Plan) => makingOf(trainIn(plan) as Parameters<typeof makingOf>[0], nodesIn(plan))
  const madeWith = (...changes: [path: string, value: unknown][]): string =>
    making(trainPlan({ policy: parsePolicy(exampleWith(...changes)) }))
  const trained = (train: Otherwise['train']): string =>
    madeWith(['pipelines.support-chats', piped({ train: train ?? {} })])
  const same = making(trainPlan())

  it('is the same for another dataset, attempt, hours, and build of its image', () => {
    const key = 'support-chats/2026-12-01/manifest.json'
    const other = { ...desired, version: 'cd'.repeat(32), key, bytes: 4_000_000 }
    expect(making(trainPlan({ desired: other, run: { ...trainInput().run, generation: 7, attempt: 3 } }))).toBe(same)
    expect(trained({ hours: { p50: 1, p95: 9 } })).toBe(same)
    const image = stagesOf(piped()).train.image as string
    expect(trained({ image: `${image.split('@')[0]}@sha256:${'9'.repeat(64)}` })).toBe(same)
  })

  it('is another with other arguments, variables, GPUs, machines or ways to buy them', () => {
    const others = [
      trained({ args: ['--epochs', '9'] }),
      trained({ env: { EPOCHS: '9' } }),
      trained({ gpus: 4 }),
      trained({ model: 'another/model' }),
      trained({ image: `another/trainer@sha256:${'9'.repeat(64)}` }),
      madeWith(
        ['pools.gpu-train.capacityTypes', ['spot']],
        ['pools.gpu-train.price', { perNodeHour: 55.04, spot: 22, source: 'AWS', date: '2026-11-01' }],
      ),
    ]
    expect(new Set([same, ...others]).size).toBe(others.length + 1)
  })
})
