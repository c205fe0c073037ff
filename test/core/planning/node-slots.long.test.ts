import { expect, it } from 'vitest'
import { service } from '../../../core/lane-kinds/service.ts'
import type { Plan, RollOutModelStep } from '../../../core/plan.ts'
import { planServe } from '../../../core/planning/serve.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import type { GenerationView, PoolView } from '../../../core/world.ts'
import { diceOf } from '../../model/paper.ts'
import { NodesInPlay, withSizes } from './nodes-in-play.ts'
import { given, identity, lane, movesOf } from './serve-fixture.ts'

const POOL = 'gpu-serve'

/** A lane whose generations have other sizes than what is wanted, on nodes where dice have put them, beside others' pods. */
const playOf = (seed: number) => {
  const roll = diceOf(seed)
  const pick = <T>(list: readonly T[]): T => list[roll(list.length)] as T
  const [nodes, want, away] = [1 + roll(4), 1 + roll(3), roll(4)]
  const wants = pick([1, 2, 4, 5, 8])
  const standing = Array.from({ length: 1 + roll(2) }, (_, index) => ({
    generation: index + 1,
    gpus: pick([1, 2, 3, 4, 5, 8]),
    replicas: 1 + roll(3),
  }))
  const play = new NodesInPlay({ gpusPerNode: 8, nodes, roll })
  for (let others = roll(3); others > 0; others--)
    play.scale({ generation: 0, gpus: pick([1, 2, 4]), replicas: others })
  for (const one of standing) play.scale(one)
  const sizes = new Map([...standing.map(({ generation, gpus }): [number, number] => [generation, gpus]), [9, wants]])
  const input = given({
    model: { replicas: want, gpusPerReplica: wants, maxUnavailable: away },
    standing: standing.map(({ generation, replicas }) => [generation, String(6 + generation), replicas]),
    baseline: [1, '7'],
    generation: 9,
    led: 1,
    pool: poolIn(play, nodes * 8),
  })
  const had = { ...input, baseline: input.baseline && { ...input.baseline, replicas: standing[0]?.replicas ?? 1 } }
  return { play, sizes, roll, nodes, isSettled: play.isSettled(), input: withSizes(had, sizes) }
}

const poolIn = (play: NodesInPlay, ceiling: number): Partial<PoolView> => ({
  ceiling,
  used: play.used() + play.others(),
  usedByLane: play.used(),
  heldByOthers: play.others(),
  nodes: play.seen(),
})

/** What is wrong with a plan once it is walked up to one of its moves, and back from there; undefined: there is none. */
const wrongInPlay = (seed: number): string | null | undefined => {
  const { play, sizes, roll, nodes, isSettled, input } = playOf(seed)
  const made = planServe(input)
  if (!isSettled || made.kind !== 'plan') return undefined
  const moves = movesOf(made.plan)
  const cut = 1 + roll(moves.length)
  for (const step of moves.slice(0, cut)) {
    const wrong = play.move(step, sizes)
    if (wrong !== null) return `seed ${seed}: ${wrong}`
    if (play.used() > (made.plan.bounds.gpus[POOL] ?? 0)) return `seed ${seed}: more than was approved`
  }
  for (const step of backFrom(moves[cut - 1], { input, play, nodes, plan: made.plan, wants: sizes.get(9) ?? 0 })) {
    const wrong = play.move(step, sizes)
    if (wrong !== null) return `seed ${seed}, back from move ${cut}: ${wrong}`
  }
  return null
}

const backFrom = (
  at: RollOutModelStep | undefined,
  {
    input,
    play,
    nodes,
    plan,
    wants,
  }: { input: ServeInput; play: NodesInPlay; nodes: number; plan: Plan; wants: number },
): RollOutModelStep[] => {
  const stands = (generation: number): number =>
    at?.replicas.find((one) => one.generation === generation)?.replicas ?? 0
  const [like] = input.world.generations as [GenerationView]
  const risen = { ...like, ref: { ...like.ref, name: 'new' }, generation: 9, gpusPerReplica: wants }
  const generations = [...input.world.generations, risen].map((view) => {
    const replicas = stands(view.generation)
    return { ...view, replicas, ready: replicas }
  })
  const pools = { [POOL]: { ...input.world.pools[POOL], ...poolIn(play, nodes * 8) } as PoolView }
  const steps = service.back({
    identity,
    run: { lane, generation: 9, attempt: 1 },
    lane,
    baseline: input.baseline,
    policy: input.policy,
    world: { ...input.world, pools, generations },
    brought: [9],
    halfway: true,
    held: plan.bounds.gpus,
  })
  return steps.filter((step) => step.kind === 'roll-out-model')
}

it('every plan whose pods share nodes with others of another size can be walked, forth and back, whichever pods go, and wherever they are put', () => {
  const found = Array.from({ length: 1500 }, (_, seed) => wrongInPlay(seed + 1))
  expect(found.filter((one) => one !== undefined).length).toBeGreaterThan(500)
  expect(found.filter((one) => one != null)).toEqual([])
}, 60_000)
