import type { Baseline } from '../../core/lane/document.ts'
import { service } from '../../core/lane-kinds/service.ts'
import type { Plan, RollOutModelStep, Step, SwitchTrafficStep, WayStep } from '../../core/plan.ts'
import { changedOnWayBack, returnOf, returnsTo } from '../../core/planning/returns-to.ts'
import { planServe } from '../../core/planning/serve.ts'
import type { ServeInput } from '../../core/planning/serve-plan.ts'
import { isLedTo } from '../../core/planning/traffic.ts'
import { touched } from '../../core/steps/moving.ts'
import { nextRollOut } from '../../core/steps/roll-out-model.ts'
import { whyNotLed } from '../../core/steps/switch-traffic.ts'
import type { GenerationView, Traffic } from '../../core/world.ts'
import { given, identity, lane, serve } from '../core/planning/serve-fixture.ts'
import type { Had, OvertakenConfig, OvertakenState, Stands } from './overtaken-state.ts'

/** What of the product the exploration walks: mutants take the place of these. */
export interface OvertakenCore {
  planServe: typeof planServe
  back: typeof service.back
  returnOf: typeof returnOf
  returnsTo: typeof returnsTo
  changedOnWayBack: typeof changedOnWayBack
}
export const OVERTAKEN_CORE: OvertakenCore = { planServe, back: service.back, returnOf, returnsTo, changedOnWayBack }

const GPUS = 8
/** What serves is of no class: it waits for no room, which has an exploration of its own. */
const REVISION = 2
const NOW = 1_000_000_000_000
/** Why requests are not led back to what somebody has changed. */
const EDITED = 'edited-by-hand'

/** One thing that may happen next. `ours`: the product does it. */
export interface OvertakenMove {
  label: string
  ours: boolean
  state: OvertakenState
}

const versionOf = (generation: number): string => String(6 + generation)
const baselineOf = (had: Had | null): Baseline | null =>
  had === null ? null : { ...had, stands: had.generation, desired: serve(versionOf(had.generation)) }
const hadOf = (baseline: Baseline | null): Had | null =>
  baseline === null ? null : { generation: baseline.stands ?? baseline.generation, replicas: baseline.replicas ?? 0 }

/** Versions of a service, each of which may come while the one before it is anywhere on its way, and begin or not. */
export class Overtaken {
  readonly initial: OvertakenState
  readonly #core: OvertakenCore
  readonly #config: OvertakenConfig
  readonly #plans: Plan[] = []
  readonly #backs: WayStep[][] = []
  readonly #known = new Map<string, number>()
  readonly #inputs = new Map<string, ServeInput>()

  constructor(config: OvertakenConfig, core: OvertakenCore = OVERTAKEN_CORE) {
    this.#config = config
    this.#core = core
    const { old, newer, hands } = config
    const first = { replicas: old, ready: old, edited: false }
    this.initial = {
      stands: old === 0 ? [] : [first],
      traffic: old === 0 ? null : 1,
      generation: old === 0 ? 1 : 2,
      phase: 'asked',
      ...{ plan: -1, back: -1, at: 0, touched: false, begun: false, gate: null, judged: false, told: 0 },
      baseline: old === 0 ? null : { generation: 1, replicas: old },
      ...{
        before: [],
        halfway: false,
        brought: [],
        newer,
        hands,
        deleted: false,
        late: false,
        ending: null,
        bad: null,
      },
    }
  }

  /** Everything that may happen next, each with what must never be of it. */
  movesOf(state: OvertakenState): OvertakenMove[] {
    const moves = [...this.#ours(state), ...this.#pods(state), ...this.#people(state), ...this.#newer(state)]
    return moves.map((move) => ({ ...move, state: { ...move.state, bad: move.state.bad ?? this.#wrong(state, move) } }))
  }

  isOver({ phase }: OvertakenState): boolean {
    return phase === 'over'
  }

  /** How many ready replicas are asked. */
  answering({ stands, traffic }: Pick<OvertakenState, 'stands' | 'traffic'>): number {
    if (traffic === null) return 0
    return stands.reduce((sum, one, index) => sum + (isLedTo(traffic, index + 1) ? (one?.ready ?? 0) : 0), 0)
  }

  /** What the product itself must never do (design.md, "Rollout"). No plan of these worlds names an outage. */
  #wrong(from: OvertakenState, { ours, label, state }: OvertakenMove): string | null {
    if (!ours) return null
    // Nothing that was judged served before it: it goes where a person cancels it, or it answered nobody as it ended.
    const isUndone = state.phase === 'back' && state.baseline === null
    if (this.answering(from) > 0 && this.answering(state) === 0 && !isUndone) return `nobody answers after “${label}”`
    if (this.#asksUnjudged(state) && !this.#asksUnjudged(from)) return `what was not judged is asked after “${label}”`
    if (this.#goesForChanged(from, state)) return `what was judged goes for what was changed after “${label}”`
    if (state.phase !== 'over' || from.phase === 'over') return null
    const standing = state.stands.filter((one) => (one?.replicas ?? 0) > 0)
    if (standing.length > 1 && state.hands === this.#config.hands && !from.late)
      return 'it is over, and more than one generation stands'
    return null
  }

  /** Whether a way back takes away what was judged, was not changed and answered, for a baseline that was. */
  #goesForChanged(from: OvertakenState, { phase, stands, traffic }: OvertakenState): boolean {
    if (phase !== 'back' || from.phase !== 'back') return false
    const judged = [from.baseline, ...from.before].flatMap((had) => had?.generation ?? [])
    const isJudged = (generation: number): boolean =>
      judged.includes(generation) || (from.judged && generation === from.generation)
    const sound = (all: OvertakenState['stands'], led: Traffic): number =>
      all.reduce((sum, one, index) => {
        const counts = one !== null && !one.edited && isJudged(index + 1) && led !== null && isLedTo(led, index + 1)
        return sum + (counts ? one.ready : 0)
      }, 0)
    const isChanged = stands[(from.baseline?.generation ?? 0) - 1]?.edited === true
    return isChanged && sound(from.stands, from.traffic) > 0 && sound(stands, traffic) === 0
  }

  #asksUnjudged({ generation, judged, traffic, stands }: OvertakenState): boolean {
    const isThere = (stands[generation - 1]?.replicas ?? 0) > 0
    return !judged && isThere && (traffic === 'all' || traffic === generation)
  }

  #ours(state: OvertakenState): OvertakenMove[] {
    if (state.phase === 'over' || state.phase === 'asked') return []
    const step = this.#stepsOf(state)[state.at]
    if (step === undefined) return [{ label: 'it is over', ours: true, state: this.#over(state) }]
    if (step.kind === 'roll-out-model') return state.touched ? this.#see(state, step) : this.#move(state, step)
    if (step.kind === 'switch-traffic') return this.#switch(state, step)
    if (step.kind === 'launch-job') {
      const results = (state.stands[state.generation - 1]?.ready ?? 0) > 0 ? [true, false] : [false]
      return results.map((gate) => ({
        label: `the gate measures ${gate}`,
        ours: true,
        state: { ...next(state), gate },
      }))
    }
    if (step.kind !== 'check-gate') return [{ label: step.title, ours: true, state: next(state) }]
    return state.gate === true
      ? [{ label: 'the gate passes', ours: true, state: { ...next(state), judged: true } }]
      : [{ label: 'the gate fails', ours: true, state: this.#goesBack(state, 'gate') }]
  }

  #stepsOf({ phase, plan, back }: OvertakenState): readonly Step[] {
    return phase === 'back' ? (this.#backs[back] ?? []) : (this.#plans[plan]?.steps ?? [])
  }

  #over(state: OvertakenState): OvertakenState {
    const baseline =
      state.phase === 'back' ? state.baseline : { generation: state.generation, replicas: this.#config.want }
    return {
      ...state,
      phase: 'over',
      baseline,
      before: [],
      halfway: false,
      brought: [],
      plan: -1,
      back: -1,
      at: 0,
      told: 0,
      late: false,
    }
  }

  #move(state: OvertakenState, step: RollOutModelStep): OvertakenMove[] {
    if (this.#isChanged(state)) return [this.#fails(state, EDITED)]
    const generations = this.#input(state).world.generations
    const way = this.#stepsOf(state)
    const isForth = state.phase === 'forth'
    const plan = this.#plans[state.plan]
    const isMade = (generation: number): boolean => generations.some((view) => view.generation === generation)
    const rises = (generation: number): boolean => generation === state.generation && step.objects.length > 0
    const there = step.replicas.filter(({ generation }) => isMade(generation) || rises(generation))
    const end = way.findLast((one) => one.kind === 'roll-out-model')?.replicas ?? []
    const isLost = step.replicas.some(
      (one) =>
        one.replicas > 0 &&
        !there.includes(one) &&
        end.some((at) => at.generation === one.generation && at.replicas > 0),
    )
    if (isLost) return [this.#fails(state, 'deleted')]
    const targets = touched(there, {
      step,
      way,
      generations,
      approved: state.begun ? (plan?.steps ?? []) : [],
      unavailable: isForth ? (plan?.bounds.unavailable ?? 0) : null,
      traffic: state.traffic,
      judged: isForth || state.judged,
    })
    if (typeof targets === 'string') return [this.#fails(state, targets)]
    const stands = [...state.stands]
    for (const { generation, replicas } of targets) {
      while (stands.length < generation) stands.push(null)
      const { ready = 0, edited = false } = stands[generation - 1] ?? {}
      stands[generation - 1] = { replicas, ready: Math.min(ready, replicas), edited }
    }
    const told = isForth
      ? (step.replicas.find((one) => one.generation === state.generation)?.replicas ?? 0)
      : state.told
    const begun = state.begun || isForth
    return [{ label: step.title, ours: true, state: { ...state, stands, touched: true, begun, told } }]
  }

  #see(state: OvertakenState, step: RollOutModelStep): OvertakenMove[] {
    if (this.#isChanged(state)) return [this.#fails(state, EDITED)]
    const { generations } = this.#input(state).world
    const lacks = ({ generation }: { generation: number }) =>
      !generations.some((view) => view.generation === generation)
    const gone = step.replicas.filter((one) => one.replicas > 0 && lacks(one))
    const seen = nextRollOut(step, {
      ...{
        generations,
        pods: [],
        strays: [],
        since: NOW,
        logs: [],
        now: NOW,
        goneFrom: NOW,
        startedAt: NOW,
        patience: 1_000,
      },
      gone: new Map(gone.map(({ generation }) => [generation, `generation ${generation} is gone`])),
      way: this.#stepsOf(state),
    })
    if (seen.kind === 'done') return [{ label: `${step.title}: done`, ours: true, state: next(state) }]
    return [this.#fails(state, seen.kind === 'failed' ? seen.reason : 'not ready')]
  }

  #switch(state: OvertakenState, step: SwitchTrafficStep): OvertakenMove[] {
    const { generations } = this.#input(state).world
    const isJudged = state.judged || state.before.length > 0
    const isEdited = state.phase === 'back' && typeof step.to === 'number' && state.stands[step.to - 1]?.edited
    if ((isEdited && isJudged) || this.#isChanged(state)) return [this.#fails(state, EDITED)]
    const why = whyNotLed(step, { traffic: state.traffic, generations, way: this.#stepsOf(state) })
    return why === null
      ? [{ label: step.title, ours: true, state: { ...next(state), traffic: step.to, begun: true } }]
      : [this.#fails(state, why)]
  }

  /** Patience ends before what is waited for comes: it must be something that may come. */
  #fails(state: OvertakenState, why: string): OvertakenMove {
    const label = `${this.#stepsOf(state)[state.at]?.title}: ${why}`
    const isForEver =
      why !== 'deleted' && why !== EDITED && !state.deleted && !state.late && this.#pods(state).length === 0
    const after = state.phase === 'back' ? this.#goesOnBack(state, why) : this.#goesBack(state, 'failed')
    return { label, ours: true, state: { ...after, bad: isForEver ? `it waits for ever: “${label}”` : null } }
  }

  /** What somebody has changed says anew where the way leads; where that is the same, the moves after it are made. */
  #goesOnBack(state: OvertakenState, why: string): OvertakenState {
    const after = { ...next(state), late: true }
    if (why !== EDITED) return after
    const anew = this.#goesBack(state, state.ending ?? 'failed')
    return anew.baseline?.generation === state.baseline?.generation ? after : { ...anew, late: true }
  }

  #isChanged(state: OvertakenState): boolean {
    if (state.phase !== 'back') return false
    const { judged, own } = this.#judgedIn(state)
    const since = own === null ? judged : [...judged, own]
    const known = { baseline: baselineOf(state.baseline), judged: since }
    return this.#core.changedOnWayBack(this.#input(state).world, known) !== null
  }

  #judgedIn({ judged, generation, before }: OvertakenState): { judged: Baseline[]; own: Baseline | null } {
    const own = judged ? baselineOf({ generation, replicas: 0 }) : null
    return { own, judged: before.flatMap((had) => baselineOf(had) ?? []) }
  }

  #goesBack(state: OvertakenState, ending: string): OvertakenState {
    if (!state.begun && !state.halfway) return this.#over({ ...state, phase: 'back', ending })
    const input = this.#input(state)
    const known = { ...this.#judgedIn(state), isCancelled: ending === 'cancelled' }
    const { to, stay } = this.#core.returnOf(input.world, { ...known, baseline: baselineOf(state.baseline) })
    const { halfway, begun } = state
    const brought = begun ? [state.generation] : []
    const held = { 'gpu-serve': this.#config.slots * GPUS }
    const steps = this.#core.back({ ...input, identity, lane, baseline: to, stay, halfway, brought, held })
    const back = this.#kept(this.#backs, steps)
    const after: OvertakenState = { ...state, phase: 'back', baseline: hadOf(to), back, at: 0, touched: false, ending }
    return this.#leadsBackWrong(state, hadOf(to))
      ? { ...after, bad: 'it leads from what was judged to what was changed' }
      : after
  }

  /** Whether that was changed by hand, and something that was judged, and was not, answers. */
  #leadsBackWrong({ stands, traffic, before, judged, generation }: OvertakenState, to: Had | null): boolean {
    if (to === null || !stands[to.generation - 1]?.edited || traffic === to.generation) return false
    const all = [...before.map((had) => had.generation), ...(judged ? [generation] : [])]
    return all.some((one) => {
      const view = stands[one - 1]
      return view != null && !view.edited && view.ready > 0 && traffic !== null && isLedTo(traffic, one)
    })
  }

  /** What is the same is one state, whatever it was made for. */
  #kept<T>(all: T[], made: T): number {
    const key = `${all === (this.#plans as unknown) ? 'plan' : 'back'} ${JSON.stringify(made)}`
    const known = this.#known.get(key) ?? all.length
    if (!this.#known.has(key)) {
      this.#known.set(key, known)
      all.push(made)
    }
    return known
  }

  #pods(state: OvertakenState): OvertakenMove[] {
    const used = state.stands.reduce((sum, one) => sum + (one?.ready ?? 0), 0)
    if (used >= this.#config.slots) return []
    return state.stands.flatMap((one, index): OvertakenMove[] =>
      one === null || one.ready >= one.replicas
        ? []
        : [
            {
              label: `one of g${index + 1} is ready`,
              ours: false,
              state: withStands(state, index, { ...one, ready: one.ready + 1 }),
            },
          ],
    )
  }

  #people(state: OvertakenState): OvertakenMove[] {
    if (state.phase === 'over') return []
    const said = state.phase === 'asked' ? [this.#approved(state), this.#ended(state, 'denied')] : []
    const cancelled =
      state.phase === 'forth' && state.hands > 0 ? [this.#ended({ ...state, hands: state.hands - 1 }, 'cancelled')] : []
    return [...said, ...cancelled, ...(state.hands > 0 ? this.#hands({ ...state, hands: state.hands - 1 }) : [])]
  }

  #approved(state: OvertakenState): OvertakenMove {
    const planned = this.#core.planServe(this.#input(state))
    const label = `g${state.generation} is approved`
    if (planned.kind === 'plan') {
      const plan = this.#kept(this.#plans, planned.plan)
      return { label, ours: false, state: { ...state, phase: 'forth', plan, at: 0, touched: false } }
    }
    const why = 'detail' in planned ? planned.detail : planned.reason
    const refused = this.#goesBack(state, 'refused')
    return { label: why, ours: true, state: { ...refused, bad: state.deleted ? null : `no way from here: ${why}` } }
  }

  #ended(state: OvertakenState, ending: string): OvertakenMove {
    return { label: `g${state.generation} is ${ending}`, ours: false, state: this.#goesBack(state, ending) }
  }

  /** What somebody does by hand to what has served, and what a node takes with it. */
  #hands(state: OvertakenState): OvertakenMove[] {
    const judged = new Set([state.baseline, ...state.before].flatMap((had) => had?.generation ?? []))
    return state.stands.flatMap((one, index): OvertakenMove[] => {
      if (one === null) return []
      const as = (label: string, to: Stands | null, deleted = state.deleted): OvertakenMove => ({
        label: `${label} g${index + 1}`,
        ours: false,
        state: { ...withStands(state, index, to), deleted },
      })
      return [
        ...(one.ready > 0 ? [as('a node takes one of', { ...one, ready: one.ready - 1 })] : []),
        ...(judged.has(index + 1) && !one.edited ? [as('somebody repairs', { ...one, edited: true })] : []),
        ...(judged.has(index + 1) ? [as('somebody deletes', null, true)] : []),
      ]
    })
  }

  /** A newer version comes: what is at work stops where it is, and what it was is remembered. */
  #newer(state: OvertakenState): OvertakenMove[] {
    if (state.newer === 0 || (state.phase === 'back' && state.touched)) return []
    const { generation, begun, judged, told } = state
    const isOver = state.phase === 'over'
    const own = judged && !isOver ? [{ generation, replicas: told }] : []
    return [
      {
        label: `g${generation + 1} is promoted`,
        ours: false,
        state: {
          ...state,
          generation: generation + 1,
          phase: 'asked',
          ...{
            plan: -1,
            back: -1,
            at: 0,
            touched: false,
            begun: false,
            gate: null,
            judged: false,
            told: 0,
            ending: null,
          },
          before: [...state.before, ...own],
          halfway: !isOver && (state.halfway || begun),
          brought: begun && !isOver ? [...state.brought, generation] : state.brought,
          newer: state.newer - 1,
        },
      },
    ]
  }

  /** As a look would find what stands; what is the same is made once. */
  #input(state: OvertakenState): ServeInput {
    const { stands, traffic, generation, baseline, before, brought } = state
    const key = JSON.stringify([stands, traffic, generation, baseline, before, brought])
    const known = this.#inputs.get(key) ?? this.#inputFrom(state)
    this.#inputs.set(key, known)
    return known
  }

  #inputFrom(state: OvertakenState): ServeInput {
    const { want, maxUnavailable, slots } = this.#config
    const { generation, traffic, brought } = state
    const known = state.stands.flatMap((one, index) => (one === null ? [] : [{ ...one, generation: index + 1 }]))
    const input = given({
      model: { replicas: want, gpusPerReplica: GPUS, maxUnavailable },
      standing: known.map(({ generation: g, replicas, ready }) => [g, versionOf(g), replicas, ready]),
      baseline: null,
      desired: serve(versionOf(generation)),
      generation,
      pool: { ceiling: slots * GPUS },
      led: traffic,
      revision: REVISION,
    })
    const generations = input.world.generations.map((view, index) => (known[index]?.edited ? edited(view) : view))
    const world = { ...input.world, generations }
    const since = state.before.flatMap((had) => baselineOf(had) ?? [])
    return { ...input, world, baseline: this.#core.returnsTo(world, baselineOf(state.baseline), since), brought }
  }
}

const edited = (view: GenerationView): GenerationView => {
  const object = structuredClone(view.object)
  const [container] = object.spec?.template.spec?.containers ?? []
  if (container !== undefined) container.image = 'somebody/else'
  return { ...view, object, edited: [{ field: 'image', by: 'kubectl' }] }
}

const withStands = (state: OvertakenState, index: number, to: Stands | null): OvertakenState => ({
  ...state,
  stands: state.stands.map((one, at) => (at === index ? to : one)),
})

const next = (state: OvertakenState): OvertakenState => ({ ...state, at: state.at + 1, touched: false })
