import type { Baseline } from '../../core/lane/document.ts'
import { service } from '../../core/lane-kinds/service.ts'
import { label } from '../../core/names.ts'
import type { Plan, RollOutModelStep, Step, SwitchTrafficStep, WayStep } from '../../core/plan.ts'
import { returnOf } from '../../core/planning/returns-to.ts'
import { planServe } from '../../core/planning/serve.ts'
import type { ServeInput } from '../../core/planning/serve-plan.ts'
import { isLedTo } from '../../core/planning/traffic.ts'
import { isRanked } from '../../core/planning/waiting.ts'
import { firstOf, isMove, standsAtEnd, touched } from '../../core/steps/moving.ts'
import { risenByHand } from '../../core/steps/risen-by-hand.ts'
import { nextRollOut } from '../../core/steps/roll-out-model.ts'
import { setOtherwise } from '../../core/steps/set-by-hand.ts'
import { nextSwitch, whyNotLed } from '../../core/steps/switch-traffic.ts'
import { ENGINES } from '../../core/workloads/engines.ts'
import type { GenerationView } from '../../core/world.ts'
import { type Given, given, identity, lane } from '../core/planning/serve-fixture.ts'
import type { RolloutConfig, RolloutState, Stand } from './rollout-state.ts'

/** What of the product the exploration walks: mutants take the place of these. */
export interface RolloutCore {
  planServe: typeof planServe
  back: typeof service.back
  returnOf: typeof returnOf
  touched: typeof touched
  firstOf: typeof firstOf
  standsAtEnd: typeof standsAtEnd
  setOtherwise: typeof setOtherwise
  nextRollOut: typeof nextRollOut
  whyNotLed: typeof whyNotLed
  nextSwitch: typeof nextSwitch
  risenByHand: typeof risenByHand
}
export const ROLLOUT_CORE: RolloutCore = {
  planServe,
  back: service.back,
  returnOf,
  touched,
  firstOf,
  standsAtEnd,
  setOtherwise,
  nextRollOut,
  whyNotLed,
  nextSwitch,
  risenByHand,
}

const [BASE, RISEN] = [1, 2]
const GPUS = 8
/** From this revision on what serves is of a class. */
const RANKED = 3
/** Of every move. */
const FENCE = 1
const NOW = 1_000_000_000_000
const LATE = NOW + 1_000_000_000

/** One thing that may happen next. `ours`: the product does it. */
export interface RolloutMove {
  label: string
  ours: boolean
  state: RolloutState
}

/** A rollout to explore: its plan is made once, a way back wherever it begins. */
export class Rollout {
  readonly initial: RolloutState
  readonly plan: Plan
  readonly #core: RolloutCore
  readonly #config: RolloutConfig
  readonly #input: ServeInput
  readonly #objects: { base: GenerationView | null; risen: GenerationView }
  readonly #backs: WayStep[][] = []
  readonly #known = new Map<string, number>()
  readonly #own: Baseline
  readonly #outage: boolean
  readonly #isFirst: boolean

  constructor(config: RolloutConfig, core: RolloutCore = ROLLOUT_CORE) {
    const { old, oldReady = old, want, maxUnavailable, slots, foreign, revision = ENGINES.vllm.length } = config
    this.#config = config
    this.#core = core
    const { from = revision } = config
    const asked = {
      model: { replicas: want, gpusPerReplica: GPUS, maxUnavailable },
      standing: old === 0 ? [] : [[BASE, '7', old, oldReady]],
      baseline: old === 0 ? null : [BASE, '7'],
      pool: { ceiling: slots * GPUS },
      revision,
    } satisfies Given
    const { world, baseline } = given({ ...asked, revision: from })
    this.#input = { ...given(asked), world, baseline }
    const planned = core.planServe(this.#input)
    if (planned.kind !== 'plan') throw new Error(`${config.name}: ${JSON.stringify(planned)}`)
    this.plan = planned.plan
    this.#objects = { base: this.#input.world.generations[0] ?? null, risen: this.#risenView() }
    this.#outage = (planned.plan.bounds.answering ?? 0) === 0
    // Before the first version nothing answered: a person's cancel undoes it, as its plan says.
    this.#isFirst = old === 0
    this.#own = { generation: RISEN, stands: RISEN, desired: this.#input.desired, replicas: null }
    const base = old === 0 ? null : { replicas: old, ready: oldReady, made: old, edited: false }
    this.initial = {
      base,
      risen: null,
      traffic: this.#input.world.traffic ?? null,
      way: 'forth',
      at: 0,
      touched: false,
      waits: false,
      gate: null,
      judged: false,
      ending: null,
      back: -1,
      left: foreign,
      byHand: false,
      late: false,
      rival: 'away',
      bad: null,
    }
  }

  /** Everything that may happen next, each with what must never be of it. */
  movesOf(state: RolloutState): RolloutMove[] {
    const moves = [...this.#ours(state), ...this.#pods(state), ...this.#rival(state), ...this.#people(state)]
    return moves.map((move) => ({
      ...move,
      state: { ...move.state, bad: this.#taken(state, move) ?? this.#wrong(state, move) },
    }))
  }

  isOver({ way }: RolloutState): boolean {
    return way === 'over'
  }

  /** How many ready replicas are asked. */
  answering({ base, risen, traffic }: Pick<RolloutState, 'base' | 'risen' | 'traffic'>): number {
    const of = (stand: Stand | null, generation: number): number =>
      stand !== null && isLedTo(traffic, generation) && traffic !== null ? stand.ready : 0
    return of(base, BASE) + of(risen, RISEN)
  }

  /** What a rollout frees is for what takes the place of what left: on its way back too, as long as pods are made in time. */
  #taken(from: RolloutState, { label, state }: RolloutMove): string | null {
    const { old, want, slots } = this.#config
    const isBound = from.rival === 'waits' && state.rival === 'runs'
    return isBound && !state.byHand && !state.late && slots - 1 < Math.min(old, want)
      ? `a GPU that was freed is lost: ${label}`
      : null
  }

  /** What the product itself must never do (design.md, "Rollout"). */
  #wrong(from: RolloutState, { ours, label, state }: RolloutMove): string | null {
    if (!ours) return null
    // What somebody does at the last moment is seen by the next look at the lane.
    const isUntouched = state.left === this.#config.foreign
    if (this.answering(from) > 0 && this.answering(state) === 0 && !this.#mayEnd(from, state))
      return `nobody answers after “${label}”`
    if (asksUnjudged(state) && !asksUnjudged(from)) return `what was not judged is asked after “${label}”`
    if (isUntouched && this.#gpusOf(state) > (this.plan.bounds.gpus['gpu-serve'] ?? 0))
      return `more GPUs than were approved after “${label}”`
    if (state.way === 'over' && from.way !== 'over' && (isUntouched || state.ending === null))
      return this.#wrongEnd(state)
    return null
  }

  /** On a full pool with an outage approved what stands goes before what comes, on the way back too: not what is to stand in the end. */
  #mayEnd(from: RolloutState, { way }: RolloutState): boolean {
    return (
      (this.#isFirst && from.ending === 'cancelled') ||
      (this.#outage && (way === 'forth' || (from.base?.ready ?? 0) === 0))
    )
  }

  #wrongEnd(state: RolloutState): string | null {
    const { base, risen, ending } = state
    if (ending === null && !(risen?.replicas === this.#config.want && state.traffic !== BASE))
      return 'it succeeded, and the new version does not stand as it is wanted'
    // Whatever somebody has done of it before the last look.
    if (ending === null && ((risen?.ready ?? 0) < this.#config.want || (base?.replicas ?? 0) > 0))
      return 'it succeeded, and the new version is not ready, or stands beside the old one'
    const ready = [
      { stand: base, judged: true, generation: BASE },
      { stand: risen, judged: state.judged, generation: RISEN },
    ].filter(({ stand, judged }) => (stand?.ready ?? 0) > 0 && judged)
    if (ready.length > 0 && this.answering(state) === 0 && state.traffic !== null)
      return 'it is over, and what is ready and judged is not asked'
    return null
  }

  /** What is asked for, as far as the pool has it: what waits for others to leave has none. */
  #gpusOf({ base, risen }: RolloutState): number {
    return Math.min(this.#config.slots, (base?.replicas ?? 0) + (risen?.replicas ?? 0)) * GPUS
  }

  #stepsOf(state: RolloutState): readonly Step[] {
    return state.way === 'back' ? (this.#backs[state.back] ?? []) : this.plan.steps
  }

  #ours(state: RolloutState): RolloutMove[] {
    if (state.way === 'over') return []
    const step = this.#stepsOf(state)[state.at]
    if (step === undefined) return [{ label: 'it is over', ours: true, state: { ...state, way: 'over' } }]
    switch (step.kind) {
      case 'roll-out-model':
        return state.touched ? this.#see(state, step) : this.#move(state, step)
      case 'switch-traffic':
        return this.#switch(state, step)
      case 'launch-job':
        return this.#gate(state)
      case 'check-gate':
        return state.gate === true
          ? [{ label: 'the gate passes', ours: true, state: next({ ...state, judged: true }) }]
          : [this.#fails(state, 'gate-failed')]
      default:
        return this.#tell(state, step)
    }
  }

  /** The last act before its run closes looks, and moves what does not stand as the last move has it. */
  #tell(state: RolloutState, { title }: Step): RolloutMove[] {
    const last = this.plan.steps.findLast(isMove)
    const isSame = this.#core.standsAtEnd(this.plan.steps, this.#views(state))
    if (last === undefined || (isSame && !state.touched))
      return [{ label: title, ours: true, state: { ...next(state), way: 'over' } }]
    const moves = state.touched ? this.#see(state, last) : this.#move(state, last)
    // What it has seen done is told and closed at once.
    const isDone = ({ way, at }: RolloutState): boolean => way === state.way && at > state.at
    return moves.map((move) => (isDone(move.state) ? { ...move, state: { ...move.state, way: 'over' } } : move))
  }

  /** Looked at first, and then made. */
  #move(state: RolloutState, step: RollOutModelStep): RolloutMove[] {
    const generations = this.#views(state)
    const edited = state.way === 'forth' ? this.#core.risenByHand(this.plan.steps, generations) : null
    if (edited !== null) return [this.#fails(state, 'edited-by-hand')]
    const isMade = (generation: number): boolean =>
      generations.some((view) => view.generation === generation) || (generation === RISEN && step.objects.length > 0)
    const way = this.#stepsOf(state)
    const end = way.findLast((one) => one.kind === 'roll-out-model')?.replicas ?? []
    const stays = (one: number): boolean => end.some(({ generation, replicas }) => generation === one && replicas > 0)
    const lost = step.replicas.find(
      ({ generation, replicas }) => replicas > 0 && !isMade(generation) && stays(generation),
    )
    if (lost !== undefined) return [this.#fails(state, 'deleted')]
    const targets = this.#core.touched(
      step.replicas.filter(({ generation }) => isMade(generation)),
      {
        step,
        way,
        generations,
        approved: this.plan.steps,
        unavailable: this.#unavailable(state),
        traffic: state.traffic,
        judged: state.way === 'forth' || state.judged,
      },
    )
    if (typeof targets === 'string') return [this.#fails(state, 'not-healthy')]
    const first = this.#core.firstOf(targets, generations)
    if (state.waits && first.some(({ generation }) => !generations.some((view) => view.generation === generation)))
      return [this.#fails(state, 'deleted')]
    if (first.length === 0)
      return [{ label: step.title, ours: true, state: { ...this.#scaled(state, step, targets), touched: true } }]
    if (state.waits) return [this.#fails(state, 'not-healthy')]
    return [{ label: 'it waits for the room', ours: true, state: { ...this.#scaled(state, step, first), waits: true } }]
  }

  #unavailable({ way }: RolloutState): number | null {
    return way === 'forth' ? this.plan.bounds.unavailable : null
  }

  #scaled(state: RolloutState, step: RollOutModelStep, targets: RollOutModelStep['replicas']): RolloutState {
    const scaled = { base: state.base, risen: state.risen }
    if (step.objects.length > 0 && scaled.risen === null)
      scaled.risen = { replicas: 0, ready: 0, made: 0, edited: false }
    for (const { generation, replicas } of targets) {
      const of = generation === BASE ? 'base' : 'risen'
      const stand = scaled[of]
      if (stand !== null) scaled[of] = fewer(stand, replicas)
    }
    return { ...state, ...scaled }
  }

  #see(state: RolloutState, step: RollOutModelStep): RolloutMove[] {
    const generations = this.#views(state)
    const otherwise = this.#core.setOtherwise(
      { step, way: this.#stepsOf(state), generations, unavailable: this.#unavailable(state) },
      FENCE,
    )
    if (otherwise.length > 0)
      return [{ label: `${step.title}: set again`, ours: true, state: { ...state, touched: false } }]
    const gone = step.replicas.filter(
      ({ generation, replicas }) => replicas > 0 && !generations.some((view) => view.generation === generation),
    )
    const edited = state.way === 'forth' ? this.#core.risenByHand(this.plan.steps, generations) : null
    const seen = (now: number) =>
      this.#core.nextRollOut(step, {
        generations,
        pods: [],
        since: NOW,
        logs: [],
        strays: [],
        now,
        gone: new Map(gone.map(({ generation }) => [generation, `generation ${generation} is gone`])),
        goneFrom: NOW,
        way: this.#stepsOf(state),
        edited,
        startedAt: NOW,
        patience: 1_000,
      })
    const now = seen(NOW)
    if (now.kind === 'done') return [{ label: `${step.title}: done`, ours: true, state: next(state) }]
    // Patience may end before what is waited for comes.
    return [this.#fails(state, seen(LATE).kind === 'failed' ? 'not-healthy' : 'waits')]
  }

  #switch(state: RolloutState, step: SwitchTrafficStep): RolloutMove[] {
    const generations = this.#views(state)
    if (state.touched) {
      const seen = this.#core.nextSwitch(step, { traffic: state.traffic, now: NOW, startedAt: NOW, patience: 1_000 })
      return seen.kind === 'done'
        ? [{ label: `${step.title}: done`, ours: true, state: next(state) }]
        : [this.#fails(state, 'conflict')]
    }
    if (state.way === 'forth' && this.#core.risenByHand(this.plan.steps, generations) !== null)
      return [this.#fails(state, 'edited-by-hand')]
    const forth = state.way === 'forth' ? { way: this.plan.steps, promised: true } : {}
    return this.#core.whyNotLed(step, { traffic: state.traffic, generations, ...forth }) === null
      ? [{ label: step.title, ours: true, state: { ...state, traffic: step.to, touched: true } }]
      : [this.#fails(state, 'not-healthy')]
  }

  #gate(state: RolloutState): RolloutMove[] {
    const results = (state.risen?.ready ?? 0) > 0 ? [true, false] : [false]
    return results.map((gate) => ({ label: `the gate measures ${gate}`, ours: true, state: next({ ...state, gate }) }))
  }

  /** Forth it ends the run, which goes back from where it stands; back, the next move is made. */
  #fails(state: RolloutState, why: string): RolloutMove {
    const label = `${this.#stepsOf(state)[state.at]?.title}: ${why}`
    return {
      label,
      ours: true,
      state: state.way === 'back' ? { ...next(state), late: true } : this.#goesBack(state, why),
    }
  }

  #goesBack(state: RolloutState, ending: string): RolloutState {
    const { world, policy, baseline } = this.#input
    const generations = this.#views(state)
    const usedByLane = ((state.base?.made ?? 0) + (state.risen?.made ?? 0)) * GPUS
    const used = usedByLane + (state.rival === 'away' ? 0 : GPUS)
    const pools = { 'gpu-serve': { ...world.pools['gpu-serve']!, used, usedByLane } }
    const own = state.judged ? { ...this.#own, replicas: state.risen?.replicas ?? null } : null
    const seen = { ...world, pools, generations, traffic: state.traffic }
    const isCancelled = ending === 'cancelled'
    const { to, stay } = this.#core.returnOf(seen, { baseline, judged: [], own, isCancelled })
    const steps = this.#core.back({
      identity,
      run: { lane, generation: RISEN, attempt: 1 },
      lane,
      baseline: to,
      policy,
      world: seen,
      brought: [RISEN],
      stay,
      held: this.plan.bounds.gpus,
    })
    const key = JSON.stringify(
      steps.map((step) => [step.kind, step.name, 'replicas' in step ? step.replicas : step.to]),
    )
    const known = this.#known.get(key) ?? this.#backs.length
    if (!this.#known.has(key)) {
      this.#known.set(key, known)
      this.#backs.push(steps)
    }
    return { ...state, way: 'back', at: 0, touched: false, waits: false, back: known, ending }
  }

  /** What is asked for is made, and comes to be ready where the pool has room. */
  #pods(state: RolloutState): RolloutMove[] {
    return (['base', 'risen'] as const).flatMap((of): RolloutMove[] => {
      const stand = state[of]
      if (stand === null) return []
      const as = (label: string, changed: Stand): RolloutMove => ({
        label,
        ours: false,
        state: { ...state, [of]: changed },
      })
      return [
        ...(stand.made < stand.replicas ? [as(`pods of ${of} are made`, { ...stand, made: stand.replicas })] : []),
        ...(stand.ready < stand.made && this.#hasRoom(state)
          ? [as(`one of ${of} is ready`, { ...stand, ready: stand.ready + 1 })]
          : []),
      ]
    })
  }

  #hasRoom({ base, risen, rival }: RolloutState): boolean {
    return (base?.ready ?? 0) + (risen?.ready ?? 0) + (rival === 'runs' ? 1 : 0) < this.#config.slots
  }

  /** Somebody else's pod gets a GPU where there is one, unless one of a class waits for it. */
  #rival(state: RolloutState): RolloutMove[] {
    if (state.rival !== 'waits' || !this.#hasRoom(state)) return []
    const waiting = [
      { stand: state.base, view: this.#objects.base },
      { stand: state.risen, view: this.#objects.risen },
    ].filter(({ stand }) => stand !== null && stand.ready < stand.made)
    if (!this.#config.classless && waiting.some(({ view }) => view !== null && isRanked(view.object))) return []
    return [{ label: 'somebody else’s pod gets a GPU', ours: false, state: { ...state, rival: 'runs' } }]
  }

  /** What nobody here does. */
  #people(state: RolloutState): RolloutMove[] {
    const left = state.left - 1
    if (left < 0 || state.way === 'over') return []
    const each = (['base', 'risen'] as const).flatMap((of): RolloutMove[] => {
      const stand = state[of]
      if (stand === null) return []
      const as = (label: string, changed: Stand | null): RolloutMove => ({
        label: `${label} ${of}`,
        ours: false,
        state: { ...state, [of]: changed, left, byHand: true },
      })
      return [
        ...(stand.ready > 0
          ? [as('a node takes one of', { ...stand, ready: stand.ready - 1, made: stand.made - 1 })]
          : []),
        ...[0, stand.replicas - 1, stand.replicas + 1]
          .filter((replicas) => replicas >= 0 && replicas !== stand.replicas)
          .map((replicas) => as(`somebody scales to ${replicas}`, fewer(stand, replicas))),
        ...(stand.edited ? [] : [as('somebody edits', { ...stand, edited: true })]),
        as('somebody deletes', null),
      ]
    })
    const cancel: RolloutMove[] =
      state.way === 'forth'
        ? [{ label: 'cancelled', ours: false, state: { ...this.#goesBack(state, 'cancelled'), left } }]
        : []
    const rival: RolloutMove[] =
      state.rival === 'away' && Math.min(this.#config.revision ?? RANKED, this.#config.from ?? RANKED) >= RANKED
        ? [{ label: 'somebody else’s pod waits for a GPU', ours: false, state: { ...state, rival: 'waits', left } }]
        : []
    return [...each, ...cancel, ...rival]
  }

  #views({ base, risen }: RolloutState): GenerationView[] {
    const of = (view: GenerationView | null, stand: Stand | null): GenerationView[] =>
      view === null || stand === null ? [] : [this.#seenAs(view, stand)]
    return [...of(this.#objects.base, base), ...of(this.#objects.risen, risen)]
  }

  #seenAs(view: GenerationView, { replicas, ready, made, edited }: Stand): GenerationView {
    const status = { observedGeneration: 1, updatedReplicas: made, readyReplicas: ready }
    const annotations = { ...view.object.metadata.annotations, [label('fence-scale')]: String(FENCE) }
    const metadata = { ...view.object.metadata, annotations }
    const seen = { ...view, replicas, ready, object: { ...view.object, metadata, status } }
    if (!edited) return seen
    const object = structuredClone(seen.object)
    const [container] = object.spec?.template.spec?.containers ?? []
    if (container !== undefined) container.image = 'somebody/else'
    return { ...seen, object, edited: [{ field: 'image', by: 'kubectl' }] }
  }

  /** As a look would find the Deployment that the first move applies. */
  #risenView(): GenerationView {
    const made = this.plan.steps
      .flatMap((step) => (step.kind === 'roll-out-model' ? step.objects : []))
      .find(({ kind }) => kind === 'Deployment') as GenerationView['object']
    const { name, namespace } = made.metadata
    return {
      ref: { kind: 'Deployment', ...(namespace === undefined ? {} : { namespace }), name } as GenerationView['ref'],
      uid: name,
      generation: RISEN,
      replicas: 0,
      ready: 0,
      gpusPerReplica: GPUS,
      pool: 'gpu-serve',
      digest: this.plan.template ?? '',
      ownedBy: null,
      scaledBy: null,
      object: made,
    }
  }
}

const asksUnjudged = ({ judged, traffic, risen }: RolloutState): boolean =>
  !judged && (risen?.replicas ?? 0) > 0 && (traffic === 'all' || traffic === RISEN)

const next = (state: RolloutState): RolloutState => ({ ...state, at: state.at + 1, touched: false, waits: false })

/** Those that are too many go, what waits first. */
const fewer = (stand: Stand, replicas: number): Stand => ({
  ...stand,
  replicas,
  ready: Math.min(stand.ready, replicas),
  made: Math.min(stand.made, replicas),
})
