import type { Chosen } from '../chosen.ts'
import type { Desired, Requester } from '../desired.ts'
import type { Left } from '../earlier.ts'
import type { IdleRule } from '../idle.ts'
import type { Count, Decided } from '../lane/decided.ts'
import type { Baseline, LaneDocument } from '../lane/document.ts'
import type { RungRow } from '../money/rungs.ts'
import type { Identity, RunKey } from '../names.ts'
import type { Bounds, Planned, WayStep } from '../plan.ts'
import type { Learned } from '../planning/took.ts'
import type { Policy } from '../policy.ts'
import type { ContributionRow } from '../pools/contribution.ts'
import type { OutcomeKind } from '../reasons.ts'
import type { PastRow, ResultRow } from '../rows.ts'
import type { Schedule } from '../slots.ts'
import type { World } from '../world.ts'

/** Everything that a plan is made from. */
export interface PlanInput<D extends Desired = Desired> {
  identity: Identity
  desired: D
  run: RunKey
  baseline: Baseline | null
  policy: Policy
  world: World
  now: number
  /** Rungs of the budget's ladder, as they were read; left out: none. */
  rungs?: readonly RungRow[]
  /** Why people are asked about it whatever it costs; left out: for no such reason. */
  asks?: string | undefined
  /** Bounds that were approved: a plan made again stays inside them where it can. */
  within?: Bounds | undefined
  /** The digest of what was approved: of what may be done in parts that part comes first. Left out: nothing was. */
  agreed?: string | undefined
  /** The alternative that people chose; left out: none, and alternatives are shown beside it where the policy has some. */
  chosen?: Chosen | undefined
  /** Whether that may begin later where it cannot now, as the policy says of it: nobody has chosen a time. Left out: it begins when it was chosen to. */
  orLater?: true
  /** Generations that were brought up by runs which something newer stopped in the middle: they are nothing that ran before. Left out: none. */
  brought?: readonly number[] | undefined
  /** Of these what has passed no gate; left out: all has. */
  unjudged?: readonly number[] | undefined
  /** The pool in which an attempt under the same approval ran so lately that Karpenter has its node still; left out: in none. */
  warm?: string
  /** How long its stages took in past runs; left out: nothing is known. */
  learned?: Learned | undefined
  /** What finished steps of earlier attempts made and what is still there, by the step's key (law 7). */
  kept: Readonly<Record<string, ResultRow>>
}

/** What the way back is planned from. */
export interface BackInput {
  identity: Identity
  run: RunKey
  lane: string
  baseline: Baseline | null
  policy: Policy
  world: World
  /** Whether generations before the run's stand unjudged, which something newer took the place of. */
  halfway?: boolean
  /** Generations that the run's own moves brought up: another wanted their template first, where they are not its own. */
  brought?: readonly number[]
  /**
   * Generations that stay as they are: they stand and answer since before the ledger was restored, which has forgotten them; or somebody has
   * changed them, and what was judged since is asked.
   */
  stay?: readonly number[]
  /** Whether the baseline is wanted again: where that is gone, what stands stays until it is back. */
  awaited?: boolean
  /** What its moves are called, where others of the run have led back before. */
  called?: string
  /** GPUs of pools that the run holds: the way back takes no more. */
  held?: Readonly<Record<string, number>>
}

/** What a lane knows of what begins its runs: whether that had one. */
export type OfOccasions = Pick<LaneDocument, 'episodes' | 'schedule'>

/** The policy's rule for a lane. */
export interface Rule {
  lane: string
  /** The lane's own name: the one that the rule had in the policy at first. */
  name: string
  mode: 'act' | 'shadow'
}

/**
 * One kind of lane as a value: how such a lane is planned, titled, priced and undone. Nobody outside of this folder and the
 * catalogues asks which kind a lane or a desired state is: it asks the value.
 */
export interface LaneKind<D extends Desired = Desired> {
  /** The word before the lane's slash. */
  name: string
  /** `once`: a success is final until a person says retry. `standing`: the world must keep agreeing. */
  lasts: 'once' | 'standing'
  /** The policy's rule; null when it has none for this name. */
  ruleOf(policy: Policy, name: string): Rule | null
  /** Its rules by their names in the policy, each with the name that it had before; left out: none of them is ever renamed. */
  renames?(policy: Policy): Record<string, { was?: string | undefined }>
  /** Two desired states are the same exactly when their keys are equal. Who asked is not part of it. */
  keyOf(desired: D): string
  /** In the words of a person. */
  titleOf(desired: D): string
  /** Who asked, as far as the source tells. */
  requesterOf(desired: D): Requester | null
  /** Whether the policy itself wants it: then it is known who asked. Left out: it never does. */
  isOfPolicy?(desired: D): boolean
  /** Where its source stands, as its reaction names the place; left out: what a source says of one is always wanted. */
  placeOf?(desired: D): string
  /** The same as it is wanted, read where another that is the same was read; left out: it is the same wherever it was read. */
  placedAs?(desired: D, read: D): D
  /** Why nothing can come of it any more, whatever people answer who are asked about it; null, or left out: something can. `rows`: what goes on top of the ceiling of the pool that the lane is. */
  whyOver?(
    desired: D,
    by: { policy: Policy; name: string; rows: readonly ContributionRow[]; now: number },
  ): string | null
  /** Why the policy has nothing begin any more for what it is wanted for; null, or left out: it has. */
  whyNotFor?(desired: D, by: { policy: Policy; name: string }): string | null
  /** Whether it wants nothing to be there: then a lane that never wanted anything has nothing to do. */
  isNothing(desired: D): boolean
  /** What is newly wanted, with the revisions that it is made with: the lane keeps them for as long as it wants this (law 15). */
  pinned(desired: D, policy: Policy, name: string): D
  /**
   * The same as it is planned from now on: where the policy has it made with something else than before, that is in the revision that what is judged was
   * made with, else in today's. Left out: the policy never has.
   */
  remade?(desired: D, by: { policy: Policy; name: string; baseline: Baseline | null }): D
  plan(input: PlanInput<D>): Planned
  /** What plans of it learn from its past runs, `LOOKED_AT` at most, the newest first; left out: nothing. */
  learns?(rows: readonly PastRow[], desired: D): Learned
  /**
   * Digest of what its pods would be made from by the policy in force, as its plans say theirs; null where it has none. Left out: what is
   * wanted has nothing that the policy alone may change, or is not wanted anew for that.
   */
  templateOf?(input: Pick<PlanInput<D>, 'identity' | 'desired' | 'run' | 'baseline' | 'policy'>): string | null
  /** How many of its pods the policy in force wants; null, or left out: it does not say. */
  countOf?(policy: Policy, name: string): Count | null
  /** The moves from where the world stands back to the baseline; empty when there is nothing to go back to. */
  back(input: BackInput): WayStep[]
  /** What its source says, where it is wanted for an occasion besides; null, or left out: it is what its source says. Where nothing comes of the occasion, what was wanted before is again. */
  withoutOccasion?(desired: D): D | null
  /** The occasion that it is wanted for, as it is remembered to have had its run; null, or left out: for none that is. */
  occasionOf?(desired: D): string | null
  /** Whether its occasion is its own source's word, as a version of a model is; left out: none is. */
  isOwn?(desired: D): boolean
  /** What is known of its occasion once something newer takes its place: whether that had its run, and where it had none it may come again. Left out: nothing is. */
  displaced?(desired: D, had: boolean, known: OfOccasions): OfOccasions
  /** Whether its occasion goes on, as an alert does that fires: what found no room in time is refused for that, and begins once there is some. Left out: it is over then. */
  goesOn?(desired: D): boolean
  /** What is wanted, once what had been wanted before it has ended while it waited. Left out: that says nothing of it. */
  after?(desired: D, before: Pick<LaneDocument, 'desired' | 'outcome'>): D
  /** Whether what is newer ends what is under way, as the policy says. Left out: that lies with its source. */
  replaces?(policy: Policy, name: string): boolean
  /** What is remembered once something on something else takes the place of what was wanted; left out: nothing is. */
  leaves?(known: Left, was: Pick<LaneDocument, 'desired' | 'outcome'>, to: { next: D; policy: Policy }): Left
  /** By that, how people have ended this before something else was wanted; null, or left out: they have not. */
  endedBefore?(known: Left, desired: D): { kind: OutcomeKind; detail: string } | null
  /** What its run is told otherwise than the policy says, in one text; empty, or left out: nothing. */
  toldAs?(desired: D): string
  /** Which source wants it for its occasion: what that wants later takes its place for good. Left out: where its source stands. */
  sourceOf?(desired: D): string
  /** Whether what is wanted is where the way back to this baseline leads; left out: never. */
  isBackAt?(desired: D, baseline: Baseline | null): boolean
  /** What the lane returns to after this success, and returned to before; null when it is nothing to return to. `standing`: the Deployment that its last move left, and its replicas. */
  baselineOf(
    desired: D,
    input: {
      run: RunKey
      before: Baseline | null
      standing: Decided & Partial<Pick<Baseline, 'stands' | 'replicas'>>
    },
  ): Baseline | null
  /** Milliseconds that a pod of its Jobs may wait for a node by the policy in force; null, or left out: as long as any. */
  nodeWithin?(policy: Policy, name: string): number | null
  /** Times at which it begins by itself, by the policy in force; null, or left out: at none. */
  scheduleOf?(policy: Policy, name: string): Schedule | null
  /** Hours that people are asked for before a stage is ended that would cost more than its run may, by the policy in force; null: it is ended. Left out: all are. */
  asksMore?(policy: Policy, name: string, of: { stage: string; chosen?: Chosen | undefined }): number | null
  /** When GPUs of its Jobs that idle are told of, asked about and taken away, by the policy in force; null, or left out: never. */
  idleOf?(policy: Policy, name: string): IdleRule | null
  /** Whether a rung of the budget may suspend this stage for a time, by the policy in force; null: that says nothing of the stage, nor perhaps of the lane; left out: it may suspend none. */
  preemptible?(policy: Policy, name: string, stage: string): boolean | null
  /** The policy by which such a lane makes do with less while a rung says so, and which share of it goes then; null, or left out: it has no less. */
  atFloor?(policy: Policy, name: string): { policy: Policy; goes: number } | null
  /** What is wanted once its rule has left the policy and something of it stands; left out: nothing of it ever stands. */
  retired?(desired: D): D
  /** What is wanted for a while, so that what serves is as it was judged though what is wanted has ended otherwise; left out: nothing of it serves. */
  keeping?(desired: D): D
  /** Whether planning looks at what stands of the lane in the cluster. */
  stands: boolean
  /** Whether pods of what is wanted go before others' that wait for a GPU; left out: they do not. */
  ahead?(desired: D): boolean
  /** Whether a run at it is something new that costs: then a rung of the budget may keep it from beginning. Left out: none is. */
  isNew?(desired: D, baseline: Baseline | null): boolean
  /** Whether it is a room of which others hold: then it alone grants the line of those who wait for it (law 10). */
  grants?: true
  /** Whether it is a budget: then it alone says which rungs of the ladder are in force, by what nodes have cost. */
  ladder?: true
}

/** The name of the kind that pools are: rooms are called so by whoever holds of one, and plans nothing of it. */
export const POOL = 'pool'

/** The same of budgets. */
export const BUDGET = 'budget'

/** `pipeline/support-chats`: kind and name. */
export const laneOf = (kind: Pick<LaneKind, 'name'>, name: string): string => `${kind.name}/${name}`

/** `support-chats` of `pipeline/support-chats`. */
export const laneName = (lane: string): string => lane.slice(lane.indexOf('/') + 1)
