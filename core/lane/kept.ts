import type { LaunchJobStep, Plan, Step } from '../plan.ts'
import type { Decision } from '../reactions/reaction.ts'
import { readsOf } from '../steps/keys.ts'
import type { LaneDocument, Run } from './document.ts'
import type { Ended } from './ended.ts'
import type { Kept } from './kept-step.ts'
import type { View } from './view.ts'

/** Finished steps, and of these what a person wants anew. */
export type Known = Pick<LaneDocument, 'kept' | 'redo'>

/** A stage: what another attempt carries over once it is finished. */
export const isKept = (step: Step): step is LaunchJobStep => step.kind === 'launch-job' && step.keeps

/** Whether it carries over what an attempt before it has finished, or may, since it is not planned yet. */
export const carriesOver = ({ steps, digest }: Pick<Run, 'steps' | 'digest'>): boolean =>
  digest === '' || steps.some(({ state }) => state !== 'pending')

/** Whether it goes on from what was finished whatever its source says by now; not where it is for an occasion, which may be over. */
export const goesOn = ({ kind }: Pick<View, 'kind'>, run: Run): boolean =>
  carriesOver(run) && (kind.withoutOccasion?.(run.desired as never) ?? null) === null

/** Finished steps that the next attempt carries over: not what a person wants anew (law 7). */
export const carried = ({ kept, redo = [] }: Known): Kept[] => kept.filter(({ step }) => !redo.includes(step))

/** Whether a refused attempt has something to go on from: it needs its source no more (law 7). */
export const isLeft = ({ run, outcome, ...known }: Pick<LaneDocument, 'run' | 'outcome' | keyof Known>): boolean =>
  run === null && outcome?.kind === 'refused' && carried(known).length > 0

/** What is gone is wanted still where a refused attempt goes on from what was made of it. */
export const onceGone = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, decision: Decision, place: string): Decision => {
  const { desired, order, onNewer } = doc
  if (decision.kind !== 'ignore' || decision.reason !== 'source-gone' || desired === null || !isLeft(doc))
    return decision
  if (kind.placeOf?.(desired as never) !== place) return decision
  const detail = `${decision.detail}; it goes on from what was made of that`
  return { kind: 'intend', detail, intent: { order, onNewer, desired } }
}

/** The same once a step is finished: what was made from an earlier one of it goes with that one. */
export const withKept = ({ kept, redo = [] }: Known, { step, key, row }: Kept, plan: Plan | undefined): Known => {
  const readers = plan?.steps.filter((other) => readsOf(other).includes(step)).map(({ name }) => name) ?? []
  return {
    kept: [...kept.filter((other) => other.step !== step && !readers.includes(other.step)), { step, key, row }],
    redo: redo.filter((name) => name !== step),
  }
}

/** The same without steps that must be done anew. */
export const withoutKept = ({ kept, ...known }: Known, steps: readonly string[]): Known => ({
  ...known,
  kept: kept.filter(({ step }) => !steps.includes(step)),
})

/**
 * The same once a step is over that may be a gate. Where that does not hold, what it judged is measured anew, and what this was made of is unfit
 * for all but another attempt at the same; where it does, that is fit again.
 */
export const withJudged = (
  known: Known,
  step: Step | undefined,
  { plan, holds }: { plan: Plan; holds: boolean },
): Known => {
  if (step?.kind !== 'check-gate') return known
  const judged = readsOf(step)
  const made = madeOf(judged, plan)
  const { kept, ...others } = holds ? known : withoutKept(known, judged)
  const seen = ({ unfit: _, ...one }: Kept): Kept => (holds ? one : { ...one, unfit: true })
  return { ...others, kept: kept.map((one) => (made.has(one.step) ? seen(one) : one)) }
}

/** Steps whose results these are made of, one after the other, and themselves. */
const madeOf = (names: readonly string[], plan: Plan): Set<string> => {
  const steps = new Map(plan.steps.map((step) => [step.name, readsOf(step)]))
  const made = new Set(names)
  // What is added while it is gone through is gone through too.
  for (const name of made) for (const read of steps.get(name) ?? []) made.add(read)
  return made
}

/** Stages that another attempt can begin from: those that are finished, done anew, and the first that is not. */
export const beginnings = ({ kept }: Pick<LaneDocument, 'kept'>, { stages }: Ended): string[] => {
  const finished = new Set(kept.map(({ step }) => step))
  const open = stages.find((stage) => !finished.has(stage))
  return stages.filter((stage) => finished.has(stage) || stage === open)
}

/**
 * Finished steps that a retry keeps: all, and those from `from` on, or of a success that is done again as a whole, until they are done
 * anew. Null: it cannot begin from there.
 */
export const keptFrom = (
  { kept }: Pick<LaneDocument, 'kept'>,
  ended: Ended,
  from: string | null,
): Required<Pick<LaneDocument, 'kept' | 'redo'>> | null => {
  const { kind, stages } = ended
  const all = kept.map(({ step }) => step)
  if (from === null) return { kept, redo: kind === 'succeeded' ? all : [] }
  if (!beginnings({ kept }, ended).includes(from)) return null
  const before = new Set(stages.slice(0, stages.indexOf(from)))
  return { kept, redo: all.filter((step) => !before.has(step)) }
}

/** Documents of a lane whose finished steps `fold` must know: what was refused is reckoned without them (law 7). */
export const needsKept = ({ outcome, ...known }: Pick<LaneDocument, 'outcome' | keyof Known>): boolean =>
  outcome?.kind === 'refused' && outcome.against !== null && carried(known).length > 0
