import type { Plan } from '../plan.ts'
import { stepKeys } from '../steps/keys.ts'
import { type Change, changed, moment } from './change.ts'
import { identityOf } from './closing.ts'
import { hasBegun, type LaneDocument, type Mark, type Run, runKeyOf } from './document.ts'
import type { Gpus } from './hold.ts'
import { pending } from './planning.ts'
import type { View } from './view.ts'

/** Generations that moves which it began were to bring up. */
const broughtBy = ({ steps }: Run, plan: Plan): number[] =>
  plan.steps.flatMap((step) => {
    const isBegun = steps.some(({ name, way, by }) => name === step.name && way === 'forth' && by !== null)
    return step.kind === 'roll-out-model' && step.brings !== null && isBegun ? [step.brings] : []
  })

const isJudged = ({ steps }: Run): boolean =>
  steps.some(({ kind, way, state }) => kind === 'check-gate' && way === 'forth' && state === 'done')

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
          brought: broughtBy(run, plan.plan),
          judged: isJudged(run),
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
    { ...doc, run: { ...run, phase: 'back', steps } },
    {
      ...(plan === null ? {} : { plan: { ...plan, back } }),
      moments: [moment('step', text, { run, data: { ending: run.ending?.kind } })],
    },
  )
}
