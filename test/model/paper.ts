import type { Baseline } from '../../core/lane/document.ts'
import { service } from '../../core/lane-kinds/service.ts'
import type { Plan, RollOutModelStep, Step, SwitchTrafficStep } from '../../core/plan.ts'
import { returnOf } from '../../core/planning/returns-to.ts'
import { planServe } from '../../core/planning/serve.ts'
import type { ServeInput } from '../../core/planning/serve-plan.ts'
import { isLedTo } from '../../core/planning/traffic.ts'
import { firstOf, touched } from '../../core/steps/moving.ts'
import { nextRollOut } from '../../core/steps/roll-out-model.ts'
import { whyNotLed } from '../../core/steps/switch-traffic.ts'
import type { GenerationView, PoolView, Traffic } from '../../core/world.ts'
import { given, identity, lane, none, serve } from '../core/planning/serve-fixture.ts'

/** Dice that fall the same for the same number. */
export const diceOf = (seed: number): ((sides: number) => number) => {
  let state = (seed * 7919 + 13) % 2 ** 31
  const roll = (sides: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * sides)
  }
  for (let i = 0; i < 5; i++) roll(2)
  return roll
}

/** What differs between the worlds that are drawn. */
export interface Drawn {
  /** Generations stand in two pools, not in one. */
  pools?: true
  /** Generations take other numbers of GPUs. */
  sizes?: true
  /** Some replicas are not ready as the plan is made. */
  unready?: true
  /** No version is promoted any more. */
  none?: true
  /** Somebody has taken replicas of the baseline away, which come back on a way back. */
  fewer?: true
}

const [HERE, ELSEWHERE] = ['gpu-serve', 'gpu-old']
const CEILING_ELSEWHERE = 64

/** A lane with up to three generations, of which one is the baseline, and what others have of its pool. */
export const worldOf = (seed: number, drawn: Drawn): { input: ServeInput; others: number; ceiling: number } => {
  const roll = diceOf(seed)
  const pick = <T>(list: readonly T[]): T => list[roll(list.length)] as T
  const [want, away, gpus, count] = [1 + roll(3), roll(4), pick([2, 4, 8]), 1 + roll(3)]
  const standing = Array.from({ length: count }, (_, index): [number, string, number] => [
    index + 1,
    String(7 + index),
    1 + roll(3),
  ])
  const generations = standing.map(([generation]) => generation)
  const base = pick(generations)
  const led = pick<Traffic>(['all', base, ...generations])
  const input = given({
    model: { replicas: want, gpusPerReplica: gpus, maxUnavailable: away },
    standing,
    baseline: [base, String(6 + base)],
    desired: drawn.none ? none : serve(String(7 + count)),
    generation: count + 1,
    led,
    revision: 3,
  })
  const views = input.world.generations.map((view): GenerationView => {
    const gpusPerReplica = drawn.sizes ? pick([gpus, gpus, 2, 4, 8]) : gpus
    const pool = drawn.pools ? pick([HERE, HERE, ELSEWHERE]) : HERE
    const ready = drawn.unready && roll(5) === 0 ? roll(view.replicas + 1) : view.replicas
    return { ...view, digest: `${view.digest}x`, gpusPerReplica, pool, ready }
  })
  const asked = (pool: string): number =>
    views.filter((view) => view.pool === pool).reduce((sum, view) => sum + view.replicas * view.gpusPerReplica, 0)
  const others = pick([0, 0, 2, 4, 8])
  // Where none is promoted nothing is weighed against the pool: what is to come back has room there.
  const more = pick([0, 2, 4, 8, 16]) + (drawn.none ? want * 8 : 0) + (drawn.fewer ? 40 : 0)
  const ceiling = Math.ceil((asked(HERE) + others + more) / 8) * 8
  const poolOf = (pool: string, most: number, theirs: number): PoolView => ({
    pool,
    ceiling: most,
    used: asked(pool) + theirs,
    usedByLane: asked(pool),
    heldByOthers: theirs,
    beyondHolds: 0,
    provisioned: most,
    provisioning: 0,
  })
  const pools = { [HERE]: poolOf(HERE, ceiling, others), [ELSEWHERE]: poolOf(ELSEWHERE, CEILING_ELSEWHERE, 0) }
  const had = (views.find(({ generation }) => generation === base)?.replicas ?? 1) + (drawn.fewer ? roll(3) : 0)
  const baseline = { ...(input.baseline as Baseline), replicas: had }
  return { input: { ...input, baseline, world: { ...input.world, generations: views, pools } }, others, ceiling }
}

/** A plan on paper: whatever is asked for is ready as soon as there are GPUs for it. What it does wrong is said; null: nothing. */
export class Paper {
  readonly #plan: Plan
  readonly #input: ServeInput
  readonly #room: Record<string, number>
  readonly #isReady: boolean
  #views: GenerationView[]
  #traffic: Traffic
  #judged = false

  constructor(plan: Plan, { input, others, ceiling }: ReturnType<typeof worldOf>) {
    this.#plan = plan
    this.#input = input
    this.#room = { [HERE]: ceiling - others, [ELSEWHERE]: CEILING_ELSEWHERE }
    this.#views = input.world.generations.map((view) => ({ ...view }))
    this.#traffic = input.world.traffic ?? null
    this.#isReady = this.#views.every(({ ready, replicas }) => ready === replicas)
  }

  /** The way that was planned, up to one of its steps. */
  forth(until = this.#plan.steps.length): string | null {
    return this.#walked(this.#plan.steps.slice(0, until), this.#plan.steps, false)
  }

  /** From where it stands back to the baseline. */
  back(): string | null {
    const { world, baseline, desired, policy, run } = this.#input
    const pools = Object.fromEntries(Object.entries(world.pools).map(([pool, view]) => [pool, this.#asUsed(view)]))
    const seen = { ...world, pools, generations: this.#seen(), traffic: this.#traffic }
    const replicas = this.#viewOf(run.generation)?.replicas ?? null
    const own = this.#judged ? { generation: run.generation, stands: run.generation, desired, replicas } : null
    const { to, stay } = returnOf(seen, { baseline, judged: [], own, isCancelled: false })
    const steps = service.back({
      identity,
      run: { lane, generation: run.generation, attempt: 1 },
      lane,
      baseline: to,
      policy,
      world: seen,
      brought: [run.generation],
      stay,
      held: this.#plan.bounds.gpus,
      halfway: true,
    } as Parameters<typeof service.back>[0])
    const answered = this.#answering()
    const wrong = this.#walked(steps, steps, true)
    // What alone answers goes for nothing that has no room beside it: it stops there, and says so.
    if (wrong !== null) return this.#hasRoomBack() ? wrong : null
    return this.#answering() > 0 || answered === 0 ? null : 'nobody answers in the end'
  }

  /** What is wrong with how it stands once it has succeeded. */
  wrongEnd(): string | null {
    const stand = this.#views.filter(({ replicas }) => replicas > 0)
    return stand.length === 1 && this.#answering() === stand[0]?.replicas ? null : 'it does not end alone, and asked'
  }

  #walked(steps: readonly Step[], way: readonly Step[], isBack: boolean): string | null {
    for (const step of steps) {
      const before = this.#answering()
      const why = this.#taken(step, way, isBack)
      const after = this.#answering()
      const least = isBack || !this.#isReady ? 0 : (this.#plan.bounds.answering ?? 0)
      if (why !== null) return `“${step.title}”: ${why}`
      if (after < least) return `“${step.title}”: ${after} answer, and ${least} are promised`
      if (before > 0 && after === 0 && this.#plan.bounds.answering !== 0) return `“${step.title}”: nobody answers`
    }
    return null
  }

  #taken(step: Step, way: readonly Step[], isBack: boolean): string | null {
    if (step.kind === 'check-gate') this.#judged = true
    if (step.kind === 'switch-traffic') return this.#led(step, way)
    return step.kind === 'roll-out-model' ? this.#moved(step, way, isBack) : null
  }

  #led(step: SwitchTrafficStep, way: readonly Step[]): string | null {
    this.#settle()
    const why = whyNotLed(step, { traffic: this.#traffic, generations: this.#seen(), way })
    if (why === null) this.#traffic = step.to
    return why
  }

  /** Made to wait first, and then all of it. */
  #moved(step: RollOutModelStep, way: readonly Step[], isBack: boolean): string | null {
    this.#settle()
    this.#make(step)
    for (let pass = 0; pass < 2; pass++) {
      const targets = touched(
        step.replicas.filter(({ generation }) => this.#viewOf(generation) !== undefined),
        {
          step,
          way,
          generations: this.#seen(),
          approved: this.#plan.steps,
          unavailable: isBack ? null : this.#plan.bounds.unavailable,
          traffic: this.#traffic,
          judged: !isBack || this.#judged,
        },
      )
      if (typeof targets === 'string') return targets
      const first = firstOf(targets, this.#seen())
      for (const { generation, replicas } of first.length > 0 ? first : targets) {
        const view = this.#viewOf(generation) as GenerationView
        Object.assign(view, { replicas, ready: Math.min(view.ready, replicas), made: replicas })
      }
    }
    return this.#asPlanned(step, way)
  }

  #asPlanned(step: RollOutModelStep, way: readonly Step[]): string | null {
    this.#settle()
    const seen = nextRollOut(step, {
      generations: this.#seen(),
      pods: [],
      since: 0,
      logs: [],
      strays: [],
      now: 0,
      gone: new Map(),
      goneFrom: 0,
      way,
      edited: null,
      startedAt: 0,
      patience: 1_000,
    })
    if (seen.kind !== 'done') return 'note' in seen ? seen.note : seen.kind
    const over = Object.keys(this.#room).find((pool) => this.#gpusIn(pool) > (this.#plan.bounds.gpus[pool] ?? 0))
    return over === undefined ? null : `${this.#gpusIn(over)} GPUs of ${over}, more than were approved`
  }

  /** Who came last gets room first: the hardest on what answers. */
  #settle(): void {
    for (const view of this.#views.toReversed())
      while (
        view.ready < view.replicas &&
        this.#gpusIn(view.pool) + view.gpusPerReplica <= (this.#room[view.pool] ?? 0)
      )
        view.ready++
  }

  #make({ objects }: RollOutModelStep): void {
    const object = objects.find(({ kind }) => kind === 'Deployment') as GenerationView['object'] | undefined
    const { generation } = this.#input.run
    if (object === undefined || this.#viewOf(generation) !== undefined) return
    const [like] = this.#views as [GenerationView]
    const ref = { ...like.ref, name: object.metadata.name }
    const gpusPerReplica = this.#input.policy.services['support-llama']?.gpusPerReplica ?? 0
    const made = { ref, uid: 'new', generation, replicas: 0, ready: 0, gpusPerReplica, pool: HERE, object }
    this.#views.push({ ...like, ...made, digest: this.#plan.template ?? '' })
  }

  #viewOf(generation: number): GenerationView | undefined {
    return this.#views.find((view) => view.generation === generation)
  }

  #seen(): GenerationView[] {
    return this.#views.map((view) => {
      const status = { observedGeneration: 1, updatedReplicas: view.replicas, readyReplicas: view.ready }
      return { ...view, object: { ...view.object, status } }
    })
  }

  #answering(): number {
    return this.#views
      .filter(({ generation }) => this.#traffic !== null && isLedTo(this.#traffic, generation))
      .reduce((sum, { ready }) => sum + ready, 0)
  }

  /** Whether one replica of the baseline has room beside what answers, in what was approved. */
  #hasRoomBack(): boolean {
    const base = this.#viewOf(this.#input.baseline?.generation ?? 0) as GenerationView
    const asked = this.#views.filter(
      (view) => view.pool === base.pool && view.ready > 0 && isLedTo(this.#traffic, view.generation),
    )
    const gpus = asked.reduce((sum, { ready, gpusPerReplica }) => sum + ready * gpusPerReplica, 0)
    return gpus + base.gpusPerReplica <= (this.#plan.bounds.gpus[base.pool] ?? 0)
  }

  #asUsed(view: PoolView): PoolView {
    const usedByLane = this.#gpusIn(view.pool)
    return { ...view, usedByLane, used: usedByLane + view.used - view.usedByLane }
  }

  #gpusIn(pool: string): number {
    return this.#views
      .filter((view) => view.pool === pool)
      .reduce((sum, { ready, gpusPerReplica }) => sum + ready * gpusPerReplica, 0)
  }
}

/** What is wrong with the plan that is made in a world, walked to its end, or back from one of its steps; null: nothing, or there is no plan. */
export const wrongOnPaper = (seed: number, drawn: Drawn): string | null | undefined => {
  const world = worldOf(seed, drawn)
  const planned = planServe(world.input)
  if (planned.kind !== 'plan') return undefined
  const { plan } = planned
  const wrong = (paper: Paper, cut: number | undefined): string | null =>
    paper.forth(cut) ?? (cut === undefined ? paper.wrongEnd() : paper.back())
  const cut = diceOf(seed + 1_000_000)(plan.steps.length)
  const found = wrong(new Paper(plan, world), undefined) ?? wrong(new Paper(plan, world), cut)
  return found === null ? null : `seed ${seed}, back from step ${cut}: ${found}`
}
