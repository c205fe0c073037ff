import type { ServeDesired } from '../desired.ts'
import { refOf } from '../kube.ts'
import type { Identity, RunKey } from '../names.ts'
import type { CheckGateStep, LaunchJobStep, RollOutModelStep, Step } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import { counted } from '../text.ts'
import { gateCheckJob } from '../workloads/gate-check.ts'
import type { ServingObjects } from '../workloads/serving.ts'
import type { GenerationView, Traffic } from '../world.ts'
import { isEditedByHand, leavingAt, type Replica, replicaCount, titleOf } from './generations.ts'
import { replicasText } from './scaled.ts'
import type { ScaledRange } from './scaled-range.ts'
import { scaledStep, unscaledStep } from './scaled-steps.ts'
import type { AtPoint } from './serve-price.ts'
import { asService } from './serve-standing.ts'
import { calledOf, isLedTo, type Led, ledOn, named, switchStep } from './traffic.ts'
import { risingTo } from './waiting.ts'

/** The steps that ask the new generation and judge its answer. */
export const GATE_STEP = 'gate'
export const JUDGE_STEP = 'judge'

/** What the steps of a rollout are made from. */
export interface Rollout {
  identity: Identity
  run: RunKey
  policy: Policy
  /** Name of the service in the policy. */
  name: string
  service: ServicePolicy
  desired: ServeDesired
  /** Generation of the Deployment that rises. */
  generation: number
  objects: ServingObjects
  leaving: readonly Replica[]
  path: Point[]
  /** The gate stands after this point of the path; null when this very generation was judged before. */
  gateAfter: number | null
  led: Led
  /** At each point of the path, replicas that wait for what leaves there; null: none do. */
  waiting: readonly (number | null)[]
  /** What each point of the path costs beyond what the lane cost before. */
  costs: readonly AtPoint[]
  /** Between how many replicas it is scaled from its end on; null: nothing scales it. */
  range: ScaledRange | null
  /** What scales it no more though it does not move; null: nothing did, or a move takes that away. */
  unscales: GenerationView | null
}

/** One move after another, the gate where the path says, requests led where they may be answered, a word to the channel at the end. */
export const rolloutSteps = (rollout: Rollout): Step[] => {
  const { path, gateAfter, led, waiting } = rollout
  const isMoved = (index: number): boolean => index > 0 || gateAfter === 0
  const applies = path.findIndex((point, index) => isMoved(index) && (point.new > 0 || (waiting[index] ?? 0) > 0))
  const { first, at } = ledOn(led, { path, gateAfter, want: rollout.service.replicas })
  const steps = [...leading(rollout, { from: led.seen, to: first, point: path[0] ?? NOTHING })]
  let moves = 0
  for (const [index, point] of path.entries()) {
    if (isMoved(index)) steps.push(moveStep(rollout, { index, name: `move-${++moves}`, applies: index === applies }))
    if (index === gateAfter) steps.push(gateStep(rollout), judgeStep(rollout.service))
    steps.push(...leading(rollout, { from: at[index - 1] ?? first, to: at[index] ?? first, point }))
  }
  return named([...steps, ...scaledSteps(rollout, `move-${++moves}`), notifyStep(rollout)])
}

/** How it is scaled from its end on, where that is otherwise than it was. */
const scaledSteps = (rollout: Rollout, name: string): Step[] => {
  const { range, unscales, objects, path, costs, generation, desired, service } = rollout
  const loadMinutes = service.loadMinutes.p95
  if (range === null) return unscales === null ? [] : [unscaledStep([unscales], { name, loadMinutes })]
  const [point, perHour] = [path.at(-1) ?? NOTHING, costs.at(-1)?.extra ?? 0]
  const { deployment, autoscaler = null } = objects
  const at = { autoscaler, target: { ref: refOf(deployment), generation }, point, perHour, loadMinutes }
  return [scaledStep({ name, called: `v${desired.version}`, range }, at)]
}

const NOTHING: Point = { old: 0, new: 0 }

/** The step that leads requests from here to there, if that is elsewhere. */
const leading = (rollout: Rollout, { from, to, point }: { from: Traffic; to: Traffic; point: Point }): Step[] => {
  if (to === from || to === null) return []
  const { led, identity, run, policy, service, desired, generation } = rollout
  const remaining = led.leaving.slice(led.leaving.length - point.old).filter(({ ready }) => ready)
  const answering = remaining.filter(({ view }) => isLedTo(to, view.generation)).length
  const where = { identity, run, namespace: policy.namespaces.serving, loadMinutes: service.loadMinutes.p95 }
  const it = `v${desired.version}`
  const called =
    to === generation ? it : to === 'all' ? `all that stands, ${it} beside what it replaces` : calledOf(led, to)
  const why =
    to === generation
      ? 'it was judged'
      : to === 'all'
        ? whyAll(remaining.map(({ view }) => view))
        : `nobody asks ${it} before it is judged`
  return [switchStep(where, { to, called, why, ready: answering + (isLedTo(to, generation) ? point.new : 0) })]
}

/** What was changed by hand since it was judged answers already: it is led to until what was judged suffices. */
const whyAll = (remaining: readonly GenerationView[]): string => {
  const edited = [...new Set(remaining.filter(isEditedByHand).map(titleOf))]
  return edited.length === 0
    ? 'each of them was judged, and one alone would be too few'
    : `one alone would be too few; ${edited.join(' and ')}, changed by hand since it was judged, answers already`
}

const moveStep = (
  rollout: Rollout,
  { index, name, applies }: { index: number; name: string; applies: boolean },
): RollOutModelStep => {
  const { path, objects, leaving, generation } = rollout
  const point = path[index] ?? { old: 0, new: 0 }
  const before = path[index - 1] ?? point
  const { extra = 0, beside = 0 } = rollout.costs[index] ?? {}
  const { deployment, generationService, disruptionBudget } = objects
  const waits = rollout.waiting[index] ?? null
  const risen = risingTo({ ref: refOf(deployment), generation }, { ready: point.new, waits })
  return {
    kind: 'roll-out-model',
    name,
    ...wordsOf(rollout, { point, before, waits }),
    // A drain is held back before there is anything to drain; and what may not be written is known before anything is.
    objects: applies
      ? [...(disruptionBudget === undefined ? [] : [disruptionBudget]), deployment, generationService]
      : [],
    replicas: [
      ...leavingAt(leaving, { left: point.old, wait: true }),
      ...(risen.replicas > 0 || before.new > 0 ? [risen] : []),
    ],
    point,
    perHour: extra,
    ...(beside === 0 ? {} : { beside }),
    brings: point.new > before.new || (point.new === before.new && point.old === before.old) ? generation : null,
    loadMinutes: rollout.service.loadMinutes.p95,
  }
}

const wordsOf = (
  { desired, leaving }: Rollout,
  { point, before, waits }: { point: Point; before: Point; waits: number | null },
): { title: string; why: string } => {
  const it = `v${desired.version}`
  const others = [...new Set(leaving.map(({ view }) => titleOf(view)))].join(', ')
  if (point.new > before.new)
    return { title: `Bring ${it} to ${replicaCount(point.new)}`, why: 'each counts once it is ready, weights loaded' }
  if (point.new < before.new)
    return { title: `Leave ${replicaCount(point.new)} of ${it}`, why: 'no more are wanted, or fit' }
  if (point.old === before.old)
    return { title: `Keep ${replicaCount(point.new)} of ${it}`, why: 'what stands is judged before anything moves' }
  const why = waits === null ? null : `${it} waits for the room already, before others’ pods`
  if (point.old === 0) return { title: `Take ${others} away`, why: why ?? `${it} stands with what is wanted` }
  return { title: `Leave ${replicaCount(point.old)} of ${others}`, why: why ?? `${it} needs the room` }
}

const gateStep = ({ identity, run, policy, name, service, desired, generation }: Rollout): LaunchJobStep => ({
  kind: 'launch-job',
  name: GATE_STEP,
  title: `Ask ${name} v${desired.version} inside the cluster and measure its answers`,
  why: 'everything that stood before can still come back',
  job: gateCheckJob({
    identity,
    run,
    desired,
    service,
    generation,
    namespace: policy.namespaces.serving,
    stepName: GATE_STEP,
    policy,
  }),
  results: { bucket: policy.results.bucket, prefix: policy.results.prefix },
  pool: null,
  gpus: 0,
  perHour: 0,
  reads: [],
  keeps: false,
})

const judgeStep = ({ gate }: ServicePolicy): CheckGateStep => ({
  kind: 'check-gate',
  name: JUDGE_STEP,
  title: `Judge ${gate.checks.map(({ metric, op, value }) => `${metric} ${op} ${value}`).join(', ')}`,
  why: 'a missing or worse number walks back to the baseline',
  of: GATE_STEP,
  gates: gate.checks.map(({ metric, op, value }) => ({ metric, op, value })),
})

const notifyStep = ({ name, desired, service, range }: Rollout): Step => ({
  kind: 'notify',
  name: 'notify',
  title: 'Tell the channel',
  why: 'the version that answers has changed',
  text: `${desired.model} v${desired.version} serves${asService(name, desired)} with ${replicasText({ service, ...(range && { range }) })} of ${counted(service.gpusPerReplica, 'GPU')}`,
})
