import type { ApprovalNeed } from './approval-need.ts'
import type { Chosen } from './chosen.ts'
import type { Desired, Requester } from './desired.ts'
import type { Gate } from './gate.ts'
import type { Hand } from './hand.ts'
import type { KubeObject, ObjectRef } from './kube.ts'
import type { LiftRungStep } from './money/lift-step.ts'
import type { RunKey } from './names.ts'
import type { Effects } from './plan-effects.ts'
import type { NodesOf } from './plan-nodes.ts'
import type { Point } from './plan-point.ts'
import type { Learned } from './planning/took.ts'
import type { ResizePoolStep } from './pools/step.ts'
import type { PlanRefusal } from './reasons.ts'
import type { Strategy } from './strategy.ts'

/** A middle and a bad case, in the unit that the field names. p50 ≤ p95. */
export interface Range {
  p50: number
  p95: number
}

/** How to make an intent true from here. Pure data: shown to people, bound by an approval to `digest` and `bounds`, carried out step by step. */
export interface Plan extends RunKey {
  /** The run's name: one plan a run, made again when the world moved before it was carried out. */
  id: string
  /** Version of the policy that it was made under. */
  policy: string
  desired: Desired
  /** Who asked; null: nobody knows. Left out by releases that did not tell proven from claimed. */
  requester?: Requester | null
  /** Where the weights come from that it brings up; left out: it brings up none. */
  weights?: string
  /** Who may change these weights, or that no gate is known to have judged them; left out: they are pinned, and a pipeline registered them. */
  open?: string
  /** Digest of the pods' template that it is about (`templateOf` of its kind); left out: it is about none. */
  template?: string
  /** One line: what would change. */
  title: string
  steps: Step[]
  effects: Effects
  /** SHA-256 over `effects`: what an approval binds, names of objects left out. */
  digest: string
  /** The digest of what people have agreed to, where this is fewer replicas of just that: their yes is one to this too. Left out: it is all of it, or nothing was agreed to. */
  partOf?: string
  bounds: Bounds
  /** GPUs of pools that stand of its lane once it is carried out; left out: none do, or an earlier release made it. */
  stands?: Record<string, number>
  /** Whether it only lets others use something, who hold its dollars themselves: it holds none. Left out: it does not. */
  lends?: true
  /** Dollars of its bounds, by what for: the rollout, what runs on once it is told to end, the first 24 h of what it adds. Left out: it is priced whole. */
  boundOf?: Record<'rollout' | 'ending' | 'firstDay', number>
  price: Price
  /** Chosen strategy of a rollout, null for other plans. */
  strategy: Strategy | null
  /** With how many replicas what serves stood that it brings some of back; left out: it is about nothing of the kind, its strategy says, or an earlier release made it. */
  stood?: number
  /** What is interrupted, in words; empty when nothing is. */
  interrupts: string[]
  /** How it is undone, in words. */
  undo: string
  /** Why this plan and not another, in the order of weighing. */
  reasons: string[]
  approval: ApprovalNeed
  /** What its usual hours were learned from as it was made, which it keeps however runs end meanwhile; left out: the policy says all, or an earlier release made it. */
  learned?: Learned
  /** The alternative that it is made as; left out: it is as the policy says without one. */
  chosen?: Chosen
  /** Ways among which people may choose, this plan first, at most three. Left out: it is the only one that they are asked about. */
  alternatives?: Alternative[]
}

/** One of the ways in which what is wanted may be made, beside others. */
export interface Alternative {
  /** Its name in the policy; `default`: it is as the policy says without one. */
  name: string
  /** Of its plan: with its bounds what a yes to it binds. */
  digest: string
  bounds: Bounds
  price: Range
  /** What is still to run of it, and where: `train on 8 GPUs of gpu-spot (spot)`. */
  uses: string[]
  /** How long it takes once it has begun, hours. */
  hours: Range
  /** When it would be done in the bad case, had it begun when it was planned, or at its `bounds.from`; null: it waits for room first, nobody knows how long. */
  done: number | null
  /** Of these hours in the bad case those on nodes that may be taken back at any time. */
  exposed: number
  /** What may go otherwise than planned; empty: nothing that is known. */
  risks: string[]
  /** Why it is, or is not, the one that is taken unless somebody chooses. */
  why: string
}

/** Within these an approved plan may run, whatever the strategy (law 7). */
export interface Bounds {
  /** Dollars that it may cost at most: it is ended before that, and so much is held. */
  dollars: number
  /** GPUs of each pool that it may occupy at most at any point, its lane's present use included. */
  gpus: Record<string, number>
  /** Nodes that these GPUs may be of, by pool. Left out by releases that bound their number and price alone. */
  nodes?: Record<string, NodesOf>
  /** Replicas that may be unavailable at once (0 for run-once plans). */
  unavailable: number
  /** Fewest replicas that answer at any point of the way that is shown, all that is asked for being ready. Left out: nothing answered before, or a release that did not bind it. */
  answering?: number
  /** Minutes for which nobody answers on it, in a bad case, without what nodes take to come. Left out: somebody does all the way, nobody did as it was planned, or a release that did not bind it. */
  unanswered?: number
  /** Not begun after this time: milliseconds since the epoch. */
  until: number
  /** Not begun before this time, which people chose; left out: at once. */
  from?: number
}

export interface Price {
  /** Dollars for carrying it out. */
  total: Range
  /** Dollars an hour while it runs (run-once) or once it stands (standing). */
  perHour: Range
  /** Dollars an hour that this lane costs now. */
  nowPerHour: number
  /** The same of all that it may run already, as people have agreed: what is scaled. Left out: it runs as much. */
  agreedPerHour?: number
  gpuHours: Range
  nodeHours?: Range
  /** Where the prices come from: `p5.48xlarge on-demand $55.04/h (AWS price list, 2026-11-01)`. */
  sources: string[]
}

/** One kind of effect each. `name` is unique in its plan and part of run-once objects' names. */
export type Step =
  | LaunchJobStep
  | CheckGateStep
  | RegisterModelStep
  | RollOutModelStep
  | SwitchTrafficStep
  | ResizePoolStep
  | LiftRungStep
  | NotifyStep
export type StepKind = Step['kind']

interface StepBase {
  name: string
  /** For a person: what it does. */
  title: string
  /** For a person: why it is there. */
  why: string
}

/** Create a run-once Job and wait for its end. */
export interface LaunchJobStep extends StepBase, Pick<NodesOf, 'counts'> {
  kind: 'launch-job'
  job: KubeObject<'Job'>
  /** Prefix under which the Job's pods write: the result of each is `<prefix><pod name>/result.json`. */
  results: { bucket: string; prefix: string }
  pool: string | null
  gpus: number
  /** Dollars an hour while it runs, as priced when planned: its cost and its bound count with these. */
  perHour: number
  /** Dollars that the node which is started for it costs before its pods run and after they have gone; left out: none. */
  beside?: number
  /** Dollars that another node costs each time that a rung has suspended it and lets it go on: its bound has room for one. Left out: none suspends it. */
  again?: number
  /** Names of the steps whose results it reads. */
  reads: string[]
  /** Whether an attempt that follows carries it over: what judges is always done anew (law 7). */
  keeps: boolean
}

/** Judge the result of an earlier launch-job step against thresholds. */
export interface CheckGateStep extends StepBase {
  kind: 'check-gate'
  /** Name of the launch-job step whose result is judged. */
  of: string
  gates: Gate[]
}

/** Register the run's output as a new model version, tagged with generation and artifact (laws 7, 16). */
export interface RegisterModelStep extends StepBase {
  kind: 'register-model'
  model: string
  /** Workspace of the registry that it is registered in; null: none. Left out by releases that took what the policy says then. */
  workspace?: string | null
  /** What the version carries besides the tag by which it is found again. */
  tags: Record<string, string>
  /** Name of the launch-job step whose result names the artifact. */
  of: string
}

/** Move a serving lane from one point of its path to the next. */
export interface RollOutModelStep extends StepBase {
  kind: 'roll-out-model'
  /** Objects to apply before replicas move: Deployment of this generation, Service. */
  objects: KubeObject[]
  /** Replicas of every generation's Deployment at this point; one left out is not touched. `waits`: for the room of what leaves, before it does. */
  replicas: { ref: ObjectRef; generation: number; replicas: number; replicasReady: number; waits?: true }[]
  point: Point
  /** How many replicas its autoscaler may have it at from then on, or has already: none of these is anybody's hand. Left out: none scales it, and whatever does is taken away before it moves. */
  scaled?: { min: number; max: number }
  /** The generation that it brings up: what keeps pods of others from starting is not its failure. */
  brings: number | null
  /** What that runs, where it is brought up as somebody has changed it: a digest. Left out: nobody had changed it, or it is applied. */
  asIs?: string
  /**
   * Dollars an hour beyond what the lane cost before, once its pods are on nodes: its cost and its bound count with these. Left out: of
   * a way back, and by releases that did not count them.
   */
  perHour?: number
  /** Dollars that nodes which are started for it cost before its pods run and after they have gone; left out: none. */
  beside?: number
  /** Minutes until a replica is ready, in a bad case: what its patience is counted from. */
  loadMinutes: number
}

/** Lead the requests of a serving lane to one of its generations, or to all that stand once each of them is judged. */
export interface SwitchTrafficStep extends StepBase {
  kind: 'switch-traffic'
  /** The lane's Service, as it leads there. */
  service: KubeObject<'Service'>
  to: number | 'all'
  /** Ready replicas that it is to find there; fewer are enough where no more answer now. */
  ready: number
  /** Minutes until a replica is ready, in a bad case: what its patience is counted from. */
  loadMinutes: number
}

/** What a way of a serving lane is made of. */
export type WayStep = RollOutModelStep | SwitchTrafficStep

/** Tell a channel. */
export interface NotifyStep extends StepBase {
  kind: 'notify'
  text: string
  /** What it says where what was made is kept from an attempt before; left out: the same. */
  kept?: string
  /** Which hours of the policy are far from what was learned, and what to write; left out: none are. */
  hours?: string[]
}

/**
 * What planning answers. `nothing` asks nobody, holds nothing and succeeds. `agrees`: what stands is as it is wanted, and not ready
 * yet; the plan only waits for that. `edits`: its generation stands with another template, which this plan would change under it; nobody
 * carries that out: it is planned as a generation of its own. `hand`: what stands was as it is wanted until somebody changed it. `others`:
 * what others do beside what stands, as a sentence. `lost`: why it is not the alternative that people chose, as a sentence.
 */
export type Planned = (
  | { kind: 'plan'; plan: Plan; agrees?: string; edits?: boolean; lost?: string }
  | { kind: 'nothing'; reason: string }
  | { kind: 'refuse'; reason: PlanRefusal; detail: string }
) & { hand?: Hand; others?: string }
