import type { Step } from '../plan.ts'
import { answersOf, baselineView, standingText } from '../planning/generations.ts'
import { returnOf } from '../planning/returns-to.ts'
import { stepKeys } from '../steps/keys.ts'
import { said } from '../text.ts'
import type { GenerationView } from '../world.ts'
import { broughtBy, broughtIn } from './brought.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { identityOf } from './closing.ts'
import { hasBegun, type LaneDocument, type Mark, type Run, runKeyOf } from './document.ts'
import type { Gpus } from './hold.ts'
import { judgedBy } from './judged.ts'
import { pending } from './planning.ts'
import type { View } from './view.ts'
import { isWanted, wantsBack } from './wanted.ts'

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

/** How the run ends stays, and says too what stands beside what it leads to, or in its place. */
const saying = (
  { ending }: Run,
  { forgotten, instead }: { forgotten: readonly GenerationView[]; instead: GenerationView | undefined },
): Run['ending'] => {
  const stays = [
    ...(forgotten.length === 0 ? [] : [`${standingText(forgotten)} served before this ledger was restored, and stays`]),
    ...(instead === undefined ? [] : [`${standingText([instead])} was judged, and stays`]),
  ]
  if (ending === null || stays.length === 0) return ending
  return { ...ending, detail: said([ending.detail, ...stays].join('; '), DETAIL) }
}

/** What the run holds, or, where it never held anything, what the one before it has left in the middle. */
const heldFor = ({ stands }: LaneDocument, { hold }: Run): { held?: Gpus } => {
  const held = hold?.gpus ?? stands
  return held === undefined ? {} : { held }
}

/** The steps of both ways that something came of: what a way back that leads elsewhere now has not begun is none of it any more. */
const begunIn = (run: Run): { steps: Mark[]; failed: number } => {
  const steps = run.steps.filter(({ way, state }) => way === 'forth' || state !== 'pending')
  return { steps, failed: steps.filter(({ way, state }) => way === 'back' && state === 'failed').length }
}

/** Of a way back what was begun. */
const ofBegun = (back: readonly Step[], begun: readonly Mark[]): Step[] =>
  back.filter(({ name }) => begun.some((mark) => mark.way === 'back' && mark.name === name))

/** The moves that lead back, planned from what stands now; none: the run is over. What leads elsewhere since a step of it has failed is planned anew. */
export const settleGoBack = (view: View): Change => {
  const { doc, kind, policy, world, plan } = view
  const run = doc.run as Run
  if (world === null) throw new Error(`${doc.lane} goes back without a look at the world`)
  const { halfway = false } = doc
  const { steps: begun, failed } = begunIn(run)
  const forgotten = forgottenIn(view, broughtIn(view, run))
  const known = { baseline: doc.baseline, isCancelled: run.cancelled !== null, ...judgedBy(view, run) }
  const { to, stay, instead } = returnOf(world, known)
  if (failed > 0 && to === doc.baseline) return changed({ ...doc, run: { ...run, phase: 'back' } })
  const back =
    (hasBegun(run) || halfway) && plan !== null
      ? kind.back({
          identity: identityOf(view),
          run: runKeyOf(doc, run),
          lane: doc.lane,
          baseline: to,
          policy,
          world,
          halfway,
          brought: broughtBy(run, plan),
          stay: [...stay, ...forgotten.map(({ generation }) => generation)],
          awaited: wantsBack(view) && !isWanted(view, run),
          ...(failed === 0 ? {} : { called: `back${failed + 1}` }),
          ...heldFor(doc, run),
        })
      : []
  const keys = stepKeys({ steps: back })
  const steps: Mark[] = [
    ...begun.map((mark) => (mark.state === 'pending' ? { ...mark, state: 'skipped' as const } : mark)),
    ...back.map((step) => pending(step, keys[step.name] ?? '', 'back')),
  ]
  const text = back.length === 0 ? 'nothing to walk back' : `walks back in ${back.length} moves`
  return changed(
    { ...doc, baseline: to, run: { ...run, phase: 'back', steps, ending: saying(run, { forgotten, instead }) } },
    {
      ...(plan === null ? {} : { plan: { ...plan, back: [...ofBegun(plan.back, begun), ...back] } }),
      moments: [moment('step', text, { run, data: { ending: run.ending?.kind } })],
    },
  )
}
