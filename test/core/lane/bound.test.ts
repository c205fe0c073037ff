import { describe, expect, it } from 'vitest'
import { leftBeside } from '../../../core/lane/before.ts'
import { boundAt, onOtherMachines, reckonedUntil } from '../../../core/lane/bound.ts'
import type { Plan } from '../../../core/plan.ts'
import { approvedBy, HOUR, markOf, NOW, planRow, policyWith, questionOf, running, runOf, wanted } from './fixture.ts'

/** 8 GPUs for $55.04 an hour, of the $223.83 that the plan may cost, $29.35 of them before and after its pods. */
const RATE = 55.04
const MAY = 223.83 - 29.35
/** What its pods are given to end, which they cost too. Milliseconds. */
const GRACE = 120_000
const at = (steps: ReturnType<typeof markOf>[], approved: ReturnType<typeof wanted>['approved'] = null, now = NOW) => {
  const run = runOf({ phase: 'steps', steps })
  return boundAt({ doc: wanted({ run, approved }), plan: planRow, now }, run)
}
const cost = (hours: number) => Math.round(hours * RATE * 100) / 100

describe('work that nobody saw end', () => {
  const from = NOW - 100 * HOUR
  const mark = running({ touched: true, ranFrom: from })
  const until = (steps = [mark], can?: number) =>
    reckonedUntil({ doc: wanted({ run: runOf({ phase: 'steps', steps }) }), plan: planRow, now: NOW }, mark, can)

  it('ran until its run had cost all that it may, and no longer than until now or than it can have', () => {
    expect((until() - from) / HOUR).toBeCloseTo(MAY / RATE, 5)
    expect(until([mark], from + HOUR)).toBe(from + HOUR)
    const recent = { ...mark, ranFrom: NOW - HOUR }
    expect(reckonedUntil({ doc: wanted({ run: runOf({ steps: [recent] }) }), plan: planRow, now: NOW }, recent)).toBe(
      NOW,
    )
  })

  it('ran for what other work of the run, and its own before it stood still, has left of that', () => {
    const other = markOf({ name: 'evaluate', state: 'done', by: 'me', ranFrom: NOW - HOUR, endedAt: NOW })
    expect((until([mark, other]) - from) / HOUR).toBeCloseTo(MAY / RATE - 1, 5)
    const again = { ...mark, ran: 2 * HOUR }
    expect((until([again]) - from) / HOUR).toBeCloseTo(MAY / RATE, 5)
    const view = { doc: wanted({ run: runOf({ steps: [again] }) }), plan: planRow, now: NOW }
    expect((reckonedUntil(view, again) - from) / HOUR).toBeCloseTo(MAY / RATE - 2, 5)
    expect(reckonedUntil(view, { ...again, ran: 9 * HOUR })).toBe(from)
  })

  it('is reckoned until now where it costs nothing, or nobody knows what it may', () => {
    const free = { ...planRow.plan, steps: planRow.plan.steps.map((step) => ({ ...step, perHour: 0 })) as never }
    const doc = wanted({ run: runOf({ steps: [mark] }) })
    for (const plan of [{ plan: free, back: [] }, null]) expect(reckonedUntil({ doc, plan, now: NOW }, mark)).toBe(NOW)
  })
})

describe('when a run will have cost all that it may', () => {
  it('counts from when its work was first seen running, at the price of its pool', () => {
    const bound = at([running({ touched: true, ranFrom: NOW })])
    expect((bound?.at ?? 0) - NOW).toBeCloseTo((MAY / RATE) * HOUR - GRACE, -1)
    expect(bound?.ending).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
    expect(bound?.ending.detail).toContain('$223.83')
  })

  it('counts what earlier steps have cost', () => {
    const first = markOf({ state: 'done', by: 'me', ranFrom: NOW - 3 * HOUR, endedAt: NOW })
    const second = running({ name: 'evaluate', touched: true, ranFrom: NOW })
    const left = MAY - cost(3)
    expect((at([first, second])?.at ?? 0) - NOW).toBeCloseTo((left / RATE) * HOUR - GRACE, -2)
  })

  it('counts what was approved, over all attempts, where somebody approved', () => {
    const question = questionOf({ bounds: { ...planRow.plan.bounds, dollars: 129.35 } })
    const bound = at([running({ touched: true, ranFrom: NOW })], { question, spent: 90, begun: true })
    expect((bound?.at ?? 0) - NOW).toBeCloseTo((10 / RATE) * HOUR - GRACE, -1)
  })

  it('counts what was approved of it while something newer waits, too', () => {
    const run = runOf({ phase: 'steps', steps: [running({ touched: true, ranFrom: NOW })] })
    const approved = { question: questionOf(), spent: MAY - 10, begun: true }
    const doc = {
      ...wanted({ generation: 2, run }),
      ...leftBeside(wanted({ run, approved }), { onNewer: 'finish', now: NOW }),
    }
    const bound = boundAt({ doc, plan: planRow, now: NOW }, run)
    expect((bound?.at ?? 0) - NOW).toBeCloseTo((10 / RATE) * HOUR - GRACE, -1)
  })

  it('counts what its own plan may cost where nobody had to approve that, whatever is left of an approval of before', () => {
    const question = questionOf()
    const approved = { question, spent: question.bounds.dollars + 1.61, begun: true }
    const plan = { ...planRow.plan, approval: { ...planRow.plan.approval, required: false } }
    const run = runOf({ phase: 'steps', steps: [running({ touched: true, ranFrom: NOW })] })
    const bound = boundAt({ doc: wanted({ run, approved }), plan: { plan, back: [] }, now: NOW }, run)
    expect((bound?.at ?? 0) - NOW).toBeCloseTo((MAY / RATE) * HOUR - GRACE, -1)
    expect(bound?.ending.detail).toContain('$223.83')
  })

  it('counts what ran before it stood still, and nothing of that time', () => {
    const again = running({ touched: true, ran: 2 * HOUR, ranTo: NOW - 9 * HOUR, ranFrom: NOW })
    expect((at([again])?.at ?? 0) - NOW).toBeCloseTo(((MAY - cost(2)) / RATE) * HOUR - GRACE, -2)
    expect(at([running({ touched: true, ran: 2 * HOUR, ranTo: NOW })])).toBeNull()
  })

  it('is now once it has cost that and more, never before', () => {
    const over = at([running({ touched: true, ranFrom: NOW - 9 * HOUR })])
    expect(over?.at).toBe(NOW)
    expect(over?.ending.detail).toContain(
      'it has cost $524.71 of the $223.83 that it may at most ($29.35 of it for its nodes before and after its pods)',
    )
  })

  it('says of a rollout of which nothing ever got ready that its pods are to be looked at, not that hours are to be raised alone', () => {
    const bring = (name: string, risen: number) =>
      ({ kind: 'roll-out-model', name, title: name, objects: [], perHour: 10, brings: 2, point: { old: 2, new: risen } }) as unknown as Plan['steps'][number] // biome-ignore format: one step
    const plan = { ...planRow, plan: { ...planRow.plan, steps: [bring('move-1', 1), bring('move-2', 2)] } }
    const move = (name: string, state: 'done' | 'running') =>
      markOf({
        name,
        kind: 'roll-out-model',
        state,
        by: 'me',
        startedAt: NOW - HOUR,
        ranFrom: NOW - HOUR,
        endedAt: NOW,
      })
    const detail = (...steps: ReturnType<typeof markOf>[]) => {
      const run = runOf({ phase: 'steps', steps })
      const bound = boundAt({ doc: wanted({ run }), plan, now: NOW + 99 * HOUR }, run)
      return bound?.ending.detail
    }
    expect(detail(move('move-1', 'running'))).toMatch(/none of it got ready in 6000 minutes: see what its pods say/)
    expect(detail(move('move-1', 'done'), move('move-2', 'running'))).toMatch(/raise its hours/)
  })

  it('is never while nothing runs that costs anything', () => {
    expect(at([running()])).toBeNull()
    expect(at([markOf({ state: 'done', ranFrom: NOW - HOUR, endedAt: NOW })])).toBeNull()
    expect(at([running({ name: 'notify', ranFrom: NOW })])).toBeNull()
    expect(boundAt({ doc: wanted(), plan: null, now: NOW }, runOf({ steps: [running({ ranFrom: NOW })] }))).toBeNull()
  })
})

describe('machines that a run’s next step would be at work on', () => {
  const changed = (pool: object) =>
    policyWith((config) => {
      Object.assign(config.pools['gpu-train']!, pool)
    })
  const [train, gate] = [markOf(), markOf({ name: 'judge-evaluate', kind: 'check-gate', title: 'Judge' })]
  const on = (pool: object, mark = train, over: Partial<Parameters<typeof wanted>[0]> = {}, row = planRow) =>
    onOtherMachines({ doc: wanted(over), plan: row, policy: changed(pool), now: NOW }, mark)

  it('are those that its card says, or are bought in fewer ways: it goes on', () => {
    const nodes = { 'gpu-train': { instanceType: 'p5.48xlarge', capacityTypes: ['on-demand', 'spot'] } }
    const either = approvedBy({ question: questionOf({ bounds: { ...planRow.plan.bounds, nodes } }) })
    expect(on({})).toBeNull()
    expect(on({ capacityTypes: ['spot'] }, train, { approved: either })).toBeNull()
    expect(on({ maxGpus: 8 })).toBeNull()
  })

  it.each<[string, object, string]>([
    [
      'may be of one more',
      { instanceType: undefined, instanceTypes: ['p5en.48xlarge', 'p5.48xlarge'] },
      'p5.48xlarge or p5en.48xlarge (on-demand) now',
    ],
    ['are of another type', { instanceType: 'p4d.24xlarge' }, 'p4d.24xlarge (on-demand) now'],
    ['are bought in another way', { capacityTypes: ['on-demand', 'spot'] }, 'p5.48xlarge (on-demand or spot) now'],
  ])('%s: it ends before that, and says so', (_, pool, said) => {
    const ending = { kind: 'failed', reason: 'other-machines', detail: expect.stringContaining(said) }
    expect(on(pool)).toMatchObject(ending)
    expect(on(pool, train, { approved: approvedBy() })?.detail).toContain('may run on p5.48xlarge (on-demand)')
  })

  it('are in a pool that the policy has no more: it ends, unless the node of the stage before is there yet', () => {
    const { 'gpu-train': _, ...pools } = policyWith(() => {}).pools
    const left = (endedAt: number) => {
      const steps = [markOf({ state: 'done', endedAt }), markOf({ name: 'evaluate', title: 'Evaluate' })]
      const doc = wanted({ run: runOf({ phase: 'steps', steps }) })
      return onOtherMachines({ doc, plan: planRow, policy: { ...policyWith(() => {}), pools }, now: NOW }, steps[1]!)
    }
    expect(left(NOW - 11 * 60_000)).toMatchObject({
      ...{ kind: 'failed', reason: 'other-machines' },
      detail: expect.stringContaining('the policy has no pool gpu-train any more: it was ended before “Evaluate”'),
    })
    expect(left(NOW - 9 * 60_000)).toBeNull()
  })

  it('are none where it starts no pod there, nor known where an earlier release bound none', () => {
    const other = { instanceType: 'p4d.24xlarge' }
    expect(on(other, gate)).toBeNull()
    expect(on(other, markOf({ name: 'not-in-the-plan' }))).toBeNull()
    const { nodes: _, ...bounds } = planRow.plan.bounds
    expect(on(other, train, {}, { ...planRow, plan: { ...planRow.plan, bounds } })).toBeNull()
    expect(onOtherMachines({ doc: wanted(), plan: null, policy: changed(other), now: NOW }, train)).toBeNull()
  })
})
