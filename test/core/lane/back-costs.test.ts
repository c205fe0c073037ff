import { describe, expect, it } from 'vitest'
import { backCosts } from '../../../core/lane/back-costs.ts'
import type { Baseline, Mark } from '../../../core/lane/document.ts'
import { halfwayAfter } from '../../../core/lane/halfway.ts'
import { service } from '../../../core/lane-kinds/service.ts'
import type { Plan } from '../../../core/plan.ts'
import { replicasOf } from '../../../core/planning/generations.ts'
import { planServe } from '../../../core/planning/serve.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import { costAtPoints } from '../../../core/planning/serve-price.ts'
import type { GenerationView } from '../../../core/world.ts'
import { given, identity, lane, movesOf } from '../planning/serve-fixture.ts'
import { docOf, HOUR, markOf, NOW, policy, runOf } from './fixture.ts'

const POOL = 'gpu-serve'
const begun = (name: string): Mark => markOf({ name, kind: 'roll-out-model', state: 'running', by: 'me' })
const baseline = (replicas: number | null): Baseline => ({ generation: 1, desired: {} as never, replicas })
const plan = {
  steps: [2, 1, 0].map((left, index) => ({
    kind: 'roll-out-model',
    name: `move-${index + 1}`,
    perHour: index === 1 ? 40 : 20,
    ...(index === 1 ? {} : { beside: 5 }),
    loadMinutes: 30,
    objects: [],
    replicas: [{ generation: 1, replicas: left, replicasReady: left }],
  })),
} as unknown as Plan

describe('what the way back may cost', () => {
  const of = (moves: number, base: Baseline | null = baseline(2)) =>
    backCosts(base, { run: { steps: plan.steps.slice(0, moves).map(({ name }) => begun(name)) }, plan })

  it('is nothing where all of the baseline stands, where there is none, or where nothing was moved', () => {
    expect([of(1), of(0), of(3, null)]).toEqual([0, 0, 0])
    expect(of(3, { ...baseline(2), stands: 7 })).toBe(0)
  })

  it('is the time in which each that is missing loads, at the dearest hour of the way, and what more nodes than ran yet would cost beside', () => {
    expect([of(2), of(3), of(3, baseline(null))]).toEqual([25, 40, 40])
  })

  it('is kept of what is left, so that what stands halfway goes back as much earlier', () => {
    const rollout = {
      ...plan,
      approval: { required: false },
      bounds: { dollars: 100, gpus: {}, unavailable: 0, until: NOW },
    } as unknown as Plan
    const run = runOf({ generation: 3, steps: ['move-1', 'move-2'].map(begun) })
    const doc = docOf({ baseline: baseline(2) })
    const after = halfwayAfter({ doc, policy, now: NOW }, { run, plan: rollout })
    expect(after).toMatchObject({ perHour: 40, left: 100, until: NOW + ((100 - 25) / 40) * HOUR })
    const late = { ...rollout, bounds: { ...rollout.bounds, dollars: 20 } }
    expect(halfwayAfter({ doc, policy, now: NOW }, { run, plan: late })?.until).toBe(NOW)
  })
})

/** What the nodes of the way back cost from one of the moves of a rollout, beyond what ran before, when each replica takes its bad case to load. */
const walked = (input: ServeInput, made: Plan, index: number): number => {
  const at = movesOf(made)[index]
  const [like] = input.world.generations as [GenerationView]
  const risen = { ...like, ref: { ...like.ref, name: 'new' }, generation: 2 }
  const generations = [...input.world.generations, risen].map((view) => {
    const replicas = at?.replicas.find((one) => one.generation === view.generation)?.replicas ?? 0
    return { ...view, replicas, ready: replicas }
  })
  const usedByLane = generations.reduce((sum, view) => sum + view.replicas * view.gpusPerReplica, 0)
  const pools = { [POOL]: { ...input.world.pools[POOL]!, used: usedByLane, usedByLane } }
  const steps = service.back({
    identity,
    run: { lane, generation: 2, attempt: 1 },
    lane,
    baseline: input.baseline,
    policy: input.policy,
    world: { ...input.world, pools, generations },
    brought: [2],
    halfway: true,
    held: made.bounds.gpus,
  })
  // Priced as the way forth is: of what ran before so many, and beside them so many of what was brought up.
  const moves = steps.filter((step) => step.kind === 'roll-out-model')
  const standAt = (generation: number, replicas: (typeof moves)[number]['replicas'] = []): number =>
    replicas.find((one) => one.generation === generation)?.replicas ?? 0
  const forth = movesOf(made).slice(0, index + 1)
  const path = [
    { old: input.world.generations[0]?.replicas ?? 0, new: 0 },
    ...[...forth, ...moves].map(({ replicas }) => ({ old: standAt(1, replicas), new: standAt(2, replicas) })),
  ]
  const costs = costAtPoints({
    ...{ policy: input.policy, desired: input.desired, pools, service: input.policy.services['support-llama']! },
    ...{ generations, before: input.world.generations, path, gateAfter: null },
    leaving: replicasOf(input.world.generations, (view) => view.gpusPerReplica),
    rising: { pool: POOL, gpus: like.gpusPerReplica },
  })
  const hours = (made.steps.find((step) => step.kind === 'roll-out-model')?.loadMinutes ?? 0) / 60
  return moves.reduce(
    (sum, step, move) => sum + (step.brings === 1 ? hours * (costs[forth.length + 1 + move]?.extra ?? 0) : 0),
    0,
  )
}

describe('what is kept for the way back', () => {
  const lanes = [1, 2, 3, 4].flatMap((replicas) =>
    [1, 2, 4, 8].flatMap((gpus) => [0, 8, 16].map((more): [number, number, number] => [replicas, gpus, more])),
  )
  it.each(lanes)('pays for it, of %i replicas of %i GPUs where %i are free', (replicas, gpus, more) => {
    const ceiling = Math.ceil((replicas * gpus) / 8) * 8 + more
    const input = given({
      model: { replicas, gpusPerReplica: gpus, maxUnavailable: 1 },
      standing: [[1, '7', replicas]],
      pool: { ceiling },
    })
    const made = planServe(input)
    if (made.kind !== 'plan') return
    const moves = movesOf(made.plan)
    for (const [index] of moves.entries()) {
      const run = { steps: moves.slice(0, index + 1).map(({ name }) => begun(name)) }
      const kept = backCosts(input.baseline, { run, plan: made.plan })
      expect(kept).toBeGreaterThanOrEqual(walked(input, made.plan, index) - 0.01)
    }
  })
})
