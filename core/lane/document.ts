import type { Desired } from '../desired.ts'
import type { Idle } from '../idle.ts'
import type { Nodeless } from '../money/nodeless.ts'
import { mintName, type Place, type RunKey } from '../names.ts'
import type { StepKind } from '../plan.ts'
import type { Died, Lost } from '../pods/taken.ts'
import type { Ceiling } from '../pools/contribution.ts'
import type { Outcome, RestReason } from '../reasons.ts'
import type { Beginnings } from './beginnings.ts'
import type { Decided } from './decided.ts'
import type { Done, Ended } from './ended.ts'
import type { Held } from './held.ts'
import type { Gpus, HalfwayCosts, Hold, InLine } from './hold.ts'
import type { Kept } from './kept-step.ts'
import type { Made } from './made.ts'
import type { OverdueTold } from './overdue-told.ts'
import type { Approved, Question } from './question.ts'
import type { Suspension } from './suspension.ts'

/** The shape of the document. A reader that meets a greater one rests untouched (law 15). */
export const SCHEMA = 1

/** A lane: what is wanted of it, the run under way, how the last one ended, and where it returns to. One row, which only reconcile writes (law 2). Times: ms since the epoch. */
export interface LaneDocument extends OverdueTold, Beginnings {
  schema: number
  lane: string
  /** When it was last written, by the clock of whoever did: for this lane it is never earlier again (law 12). */
  writtenAt: number
  /** When the newest policy was published under which anything of it was written: who holds an older one leaves it as it is. Left out: nobody said, or an earlier release wrote it. */
  policyAt?: number
  /** `<slug ≤ 30>-<8 hex>`: minted once and kept, the stable part of every name of the lane (law 3). */
  name: string
  /** What the source said when it was last asked; null: nothing was ever wanted. */
  desired: Desired | null
  /** 0 = nothing was ever wanted. Each new desired state has a greater one than all before it. */
  generation: number
  attempt: number
  /** When the current attempt was wanted. */
  since: number
  /** The greatest order that moved the lane and that its source still says, or null when it has none. Compared as text. */
  order: string | null
  /** The last that is over for good of what was wanted before; null: nothing is; left out: an earlier release did not say. */
  doneWith?: Done | null
  /** Order of what was over when its source said it no more: what came before that is not wanted again; left out: nothing was. */
  passedOver?: string
  /** What something newer asks of a run that has begun its effects. */
  onNewer: 'finish' | 'stop'
  /** Attempts that may still be added to this generation without a person; -1: a person wants none. A success refills them. */
  attemptsLeft: number
  /** What was approved for this generation, over all its attempts, until one succeeds (law 7). */
  approved: Approved | null
  /** The alternative as which a generation succeeded: what is tried again of it is made so too. Left out: none did. */
  madeAs?: { generation: number; name: string }
  /** Finished steps of this generation, for the attempts that follow. */
  kept: Kept[]
  /** Of these the steps that a person wants anew: each goes once the new one is finished, or stays when it never is. */
  redo?: string[]
  run: Run | null
  /** What the run under way carries out, while something else is wanted: wanted again, it is as if nothing had come between. */
  before?: Before
  /** What came since and was cancelled behind a run: it is wanted again once that succeeds, cancelled; until then it is as if it had never come. */
  aside?: Before
  /** What was wanted before an occasion took its place, and what that had taken the place of: it is again where nothing comes of that. */
  gaveWay?: Before & { gaveWay?: Before }
  /** By which its kind knows what ended well last as the policy says, whatever for; left out: nothing did, or an earlier release did not say. */
  endedWell?: string
  /** The greatest generation that was ever wanted, while one before it is wanted again; left out: this one. */
  newest?: number
  /** GPUs of pools that are held for what stands of it, whether or not a run is under way (law 10). Left out: none. */
  stands?: Gpus
  /** What of them stays, where it stands halfway: what stood before; left out: all of them, or an earlier release wrote it. */
  lasts?: Gpus
  /** Since when it waits for room, where it stood in a line and may have to again: the rank that it has there; left out: it stood in none. */
  inLineFrom?: number
  /** How the current attempt ended; null while it is wanted. */
  outcome: Ended | null
  baseline: Baseline | null
  /** Something newer took the place of a run in the middle of its way: what does not go on from there goes back first. */
  halfway?: boolean
  /** What has passed its gate since the baseline in runs that something newer overtook, the newest last, with the replicas it was to have. */
  judged?: Baseline[]
  /** Generations that the runs before brought up which it is halfway through. */
  brought?: number[]
  /** What that costs, while no run is at work on it, and until when it may stand; left out: nothing beyond what ran before, and for as long as any. */
  halfwayCosts?: HalfwayCosts
  /** Of a pool: the ceiling that its lane sets; left out: it sets none, and has set none. */
  ceiling?: Ceiling
  /** What stands beside the baseline, or in its place, be that nothing, though it is at rest, and what there is to be done; left out: all is as it was judged. */
  beside?: string
  /** What somebody has done to what serves, as it was told, while what is wanted has ended otherwise; left out: nothing is told. */
  keepsTold?: string
  /** Since when not all is ready of what stands as it was judged, and whether people were told; `none`: the same of that nobody answers. Left out: all is. */
  lacks?: { since: number; told?: true; none?: { since: number; told?: true } }
  /** Uploads that were given up unfinished: what still stands so is not asked about again. The last few. */
  passed: string[]
  /** What EC2 has warned it of, and of a pool the signed requests to lease that it was told: each counts once. The last few; left out: of nothing. */
  warned?: readonly string[]
  /** The desired state whose shadow plan is on record. */
  shadow: string | null
  /** Why the last look at the source begins nothing, where that holds something back. */
  held: Held | null
  /** Why the lane rests where it is; null while nothing was ever decided. */
  rest: Rest | null
  /** When it is looked at though nobody wakes it: its due row. Not at rest: when somebody else takes over. */
  due: number | null
}

/** What a lane wanted, with all that is of its generation alone. An earlier release left out `order`, and kept that of what came since. */
export type Before = Pick<
  LaneDocument,
  'desired' | 'generation' | 'attempt' | 'since' | 'order' | 'attemptsLeft' | 'approved' | 'kept' | 'redo' | 'outcome'
>

/** The last generation of a service that succeeded, or was judged and stands in its place, with the replicas it had: ways back end there. */
export interface Baseline extends Decided {
  generation: number
  /** Generation of the Deployment that stands for it: its own, or one that it took up; left out by an earlier release, which looked for it by its version. */
  stands?: number
  desired: Desired
  /** Null: nothing of it was seen, or moved. */
  replicas: number | null
}

/** One attempt under way. */
export interface Run {
  generation: number
  attempt: number
  desired: Desired
  startedAt: number
  phase: 'planned' | 'asked' | 'waiting-for-room' | 'steps' | 'back'
  /** Digest of the plan in the row `plan`: where the two differ everything is read again. */
  digest: string
  question: Question | null
  /** Questions so far. */
  asked: number
  hold: Hold | null
  /** Where it waits for room: left by these names, whatever the policy calls its rooms meanwhile. */
  line?: InLine
  /** Where requests were led as it began, where they were led by hand elsewhere than to what was judged; left out: to that. */
  led?: number | 'all'
  /** What stood when a move was last seen done. */
  stands?: Gpus
  /** Dollars that this has cost while the cluster could not be reached, which end nothing; left out: none. */
  unreached?: number
  /** Until when that was counted; left out: never, or an earlier release counted it. */
  unreachedTo?: number
  /** What its moves have not cost, since pods had no node; left out: all had one. */
  nodeless?: Nodeless
  steps: Mark[]
  /** Set once the run is ending otherwise than by its last step. */
  ending: Outcome | null
  /** Of a refusal that goes back first: what refused it. */
  against?: string | null
  /** A person asked this run to stop and go back. */
  cancelled: { by: string; at: number } | null
  /** Whether its Jobs were seen gone, on the way to `ending`. */
  cleared: boolean
}

/** Progress of one step, of the plan's or of the way back. */
export interface Mark {
  name: string
  kind: StepKind
  title: string
  /** Digest of the step's effect and of the keys of the steps that it reads. */
  key: string
  state: 'pending' | 'running' | 'done' | 'failed' | 'skipped'
  way: 'forth' | 'back'
  /** The invocation whose commit marked it, and when: only that one touches it, another only T later. */
  by: string | null
  markedAt: number | null
  /** The document's revision at the mark: on every object that the step writes. */
  fence: number
  /** Whether the far side has answered who began it, and it is looked at. `waits`: to touch nothing (more) before a look sees that it may; `pods`: those are asked for that are to wait before anything leaves. */
  touched: boolean
  waits?: true | 'pods'
  made: Made | null
  /** The pod last seen at work. */
  pod?: string
  /** What has ended its newest pod from outside, while that was to be seen: pods are gone before their Job ends. Left out: nothing. */
  lost?: Lost
  /** How its Job was seen to have failed while nothing could be settled of its lane; left out: nobody has. */
  died?: Died
  /** What is known of GPUs of it that idle; left out: nobody has looked. */
  idle?: Idle
  /** That a rung of the budget has suspended its Job; left out: none has. */
  suspended?: Suspension
  /** How often it was let go again once it had worked: each time a node is started for it anew. Left out: never. */
  letGo?: number
  /** The row `result` that has what it measured and made; null: nothing yet. */
  result: string | null
  startedAt: number | null
  /** Milliseconds that its work ran until `ranTo`, and since when it runs now: what it costs counts from these. */
  ran: number
  ranTo: number | null
  ranFrom: number | null
  /** How many of them lie in months before that of `ranTo`, by month in UTC; left out: none, or an earlier release counted them. */
  ranIn?: Record<string, number>
  /** Since when nobody could look at it, where its lane rests for another such reason by now. */
  unseenFrom?: number
  /** When it was over; while it runs: when it was last told to end. */
  endedAt: number | null
  /** What is seen now, for a person; at most 300 characters. */
  note: string
}

/** Why a lane rests, since when, and until when at most. */
export interface Rest {
  why: RestReason
  /** A sentence for a person. */
  text: string
  since: number
  /** When it is looked at again though nobody wakes it; null: somebody will. */
  until: number | null
  /** The far side that is waited for. */
  side: string | null
  /** Looks in a row that ended so: pauses grow with it. */
  tries: number
}

export const emptyDocument = (place: Place, lane: string): LaneDocument => ({
  ...{ schema: SCHEMA, lane, writtenAt: 0, name: mintName(place, lane) },
  ...{ desired: null, generation: 0, attempt: 0, since: 0, order: null },
  ...{ doneWith: null, onNewer: 'stop' },
  ...{ attemptsLeft: 0, approved: null, kept: [], run: null },
  ...{ outcome: null, baseline: null, passed: [], shadow: null },
  ...{ held: null, rest: null, due: null },
})

/** The run that the document wants now. */
export const wantedRun = ({ lane, generation, attempt }: RunKey): RunKey => ({ lane, generation, attempt })
/** The key of the run under way. */
export const runKeyOf = ({ lane }: { lane: string }, run: Omit<RunKey, 'lane'>): RunKey => wantedRun({ ...run, lane })

/** Whether two name the same attempt. */
export const sameRun = (
  a: { generation: number; attempt: number } | null,
  b: { generation: number; attempt: number },
): boolean => a !== null && a.generation === b.generation && a.attempt === b.attempt

/** Whether the run has touched the world: then something newer may have to let it finish. */
export const hasBegun = ({ steps }: Pick<Run, 'steps'>): boolean =>
  steps.some(({ state, by }) => state !== 'pending' && by !== null)
