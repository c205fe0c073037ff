import { answersOf, baselineView, standingText } from '../planning/generations.ts'
import { stepKeys } from '../steps/keys.ts'
import { said } from '../text.ts'
import type { GenerationView } from '../world.ts'
import { broughtBy, broughtIn } from './brought.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { identityOf } from './closing.ts'
import { hasBegun, type LaneDocument, type Mark, type Run, runKeyOf } from './document.ts'
import type { Gpus } from './hold.ts'
import { pending } from './planning.ts'
import type { View } from './view.ts'
import { isWanted, wantsBack } from './wanted.ts'

/** Whether what the run brings up has passed its gate. */
export const isJudged = ({ steps }: Run): boolean =>
  steps.some(({ kind, way, state }) => kind === 'check-gate' && way === 'forth' && state === 'done')

/**
 * Generations that stand and answer since before the ledger was restored, and that it does not know it brought up: what was approved
 * is not taken away because a ledger has forgotten it.
 */
const forgottenIn = ({ doc, generationFrom, world }: View, known: readonly number[]): GenerationView[] => {
  const generations = world?.generations ?? []
  const base = baselineView(generations, doc.baseline)
  return generations.filter(
    (view) =>
      view !== base && answersOf(view) > 0 && view.generation <= generationFrom && !known.includes(view.generation),
  )
}

/** How the run ends stays, and says too what stands beside what it leads to. */
const saying = (run: Run, forgotten: readonly GenerationView[]): Run['ending'] => {
  if (run.ending === null || forgotten.length === 0) return run.ending
  const stays = `${standingText(forgotten)} served before this ledger was restored, and stays`
  return { ...run.ending, detail: said(`${run.ending.detail}; ${stays}`, DETAIL) }
}

/** What the run holds, or, where it never held anything, what the one before it has left in the middle. */
const heldFor = ({ stands }: LaneDocument, { hold }: Run): { held?: Gpus } => {
  const held = hold?.gpus ?? stands
  return held === undefined ? {} : { held }
}

/** The moves that lead back, planned from what stands now; none: the run is over. */
export const settleGoBack = (view: View): Change => {
  const { doc, kind, policy, world, plan } = view
  const run = doc.run as Run
  if (world === null) throw new Error(`${doc.lane} goes back without a look at the world`)
  const { halfway = false } = doc
  const forgotten = forgottenIn(view, broughtIn(view, run))
  const back =
    (hasBegun(run) || halfway) && plan !== null
      ? kind.back({
          identity: identityOf(view),
          run: runKeyOf(doc, run),
          lane: doc.lane,
          baseline: doc.baseline,
          policy,
          world,
          halfway,
          brought: broughtBy(run, plan),
          forgotten: forgotten.map(({ generation }) => generation),
          judged: isJudged(run) || (wantsBack(view) && !isWanted(view, run)),
          ...heldFor(doc, run),
        })
      : []
  const keys = stepKeys({ steps: back })
  const steps: Mark[] = [
    ...run.steps.map((mark) => (mark.state === 'pending' ? { ...mark, state: 'skipped' as const } : mark)),
    ...back.map((step) => pending(step, keys[step.name] ?? '', 'back')),
  ]
  const text = back.length === 0 ? 'nothing to walk back' : `walks back in ${back.length} moves`
  return changed(
    { ...doc, run: { ...run, phase: 'back', steps, ending: saying(run, forgotten) } },
    {
      ...(plan === null ? {} : { plan: { ...plan, back } }),
      moments: [moment('step', text, { run, data: { ending: run.ending?.kind } })],
    },
  )
}
