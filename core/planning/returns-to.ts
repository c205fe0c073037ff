import { isLeaving } from '../kube.ts'
import type { Baseline } from '../lane/document.ts'
import type { GenerationView, Traffic, World } from '../world.ts'
import { answersOf, baselineView, editedText, isEditedByHand } from './generations.ts'
import { isLedTo } from './traffic.ts'

/** The Deployment that stands for it, however many replicas that has; undefined: there is none, or somebody has deleted it. */
export const standsFor = (
  generations: readonly GenerationView[],
  baseline: Baseline | null,
): GenerationView | undefined => {
  const view = baselineView(generations, baseline)
  return view === undefined || isLeaving(view.object) ? undefined : view
}

/**
 * Where a lane returns to: its baseline. Where that is gone, the last of what has passed its gate since and stands as it did; else what somebody has
 * changed since, where requests are led to it already: nobody is led to it anew. And what was judged since too where somebody has changed the baseline, and requests are led to what was judged since.
 */
export const returnsTo = (
  { generations, traffic = null }: Pick<World, 'generations' | 'traffic'>,
  baseline: Baseline | null,
  judged: readonly Baseline[] = [],
): Baseline | null => {
  const viewOf = (one: Baseline): GenerationView | undefined => standsFor(generations, one)
  const isSound = (one: Baseline): boolean => {
    const view = viewOf(one)
    return view !== undefined && !isEditedByHand(view)
  }
  const isLed = (one: Baseline): boolean => {
    const view = viewOf(one)
    return view !== undefined && traffic !== null && isLedTo(traffic, view.generation)
  }
  const isAsked = (one: Baseline): boolean => isLed(one) && answersOf(viewOf(one) as GenerationView) > 0
  const since = judged.toReversed()
  if (baseline === null || viewOf(baseline) === undefined) return since.find(isSound) ?? since.find(isLed) ?? baseline
  return isSound(baseline) ? baseline : (since.find((one) => isSound(one) && isAsked(one)) ?? baseline)
}

/** What is known of what was judged, as a run goes back. */
export interface Judged {
  baseline: Baseline | null
  /** What has passed its gate since, in runs before it, the newest last. */
  judged: readonly Baseline[]
  /** What the run itself has brought up, where that has passed its gate. */
  own: Baseline | null
  /** Whether a person has cancelled the run. */
  isCancelled: boolean
}

/** Where the way back of a run leads. */
export interface Return {
  to: Baseline | null
  /** The baseline, where somebody has changed it and what was judged since is asked: it may answer, and nobody is led back to it alone. */
  stay: number[]
  /** What stands there in the baseline's place; undefined: it is the baseline. */
  instead: GenerationView | undefined
}

/** Its own generation comes last of what was judged: only where nothing before it stands, and with the replicas that it has. */
export const returnOf = (world: Pick<World, 'generations' | 'traffic'>, known: Judged): Return => {
  const { baseline, judged, own } = known
  const { generations } = world
  const view = standsFor(generations, own)
  const last = own === null || view === undefined || isUndone(view, known) ? [] : [{ ...own, replicas: view.replicas }]
  const to = returnsTo(world, baseline, [...last, ...judged])
  if (to === baseline) return { to, stay: [], instead: undefined }
  const base = standsFor(generations, baseline)
  return { to, stay: base === undefined ? [] : [base.generation], instead: baselineView(generations, to) }
}

/**
 * Whether the run's own generation goes though it was judged: where nothing that was judged served before it, a person's cancel takes it
 * away, as its card says, and so does any end once it answers nobody.
 */
const isUndone = (view: GenerationView, { baseline, judged, isCancelled }: Judged): boolean =>
  baseline === null && judged.length === 0 && (isCancelled || answersOf(view) === 0)

/**
 * What somebody has changed of where a way back leads, while something else that was judged since is asked and answers: nothing goes for it.
 * Null: nothing, or nothing else that was judged answers.
 */
export const changedOnWayBack = (
  { generations, traffic = null }: { generations: readonly GenerationView[]; traffic?: Traffic },
  { baseline, judged }: Pick<Judged, 'baseline' | 'judged'>,
): string | null => {
  const base = standsFor(generations, baseline)
  if (base === undefined || !isEditedByHand(base) || traffic === null) return null
  const since = judged.flatMap((one) => standsFor(generations, one) ?? [])
  const answers = since.some((view) => view !== base && isLedTo(traffic, view.generation) && answersOf(view) > 0)
  return answers ? notLedBackText(base) : null
}

/** Why no way back leads requests from what was judged to what somebody has changed. */
export const notLedBackText = (base: GenerationView): string =>
  `${editedText(base)}: requests are not led back to it from what was judged`
