import type { TrainDesired } from '../desired.ts'
import type { PlanInput } from '../lane-kinds/kind.ts'
import { cents } from '../money/prices.ts'
import type { Range, Step } from '../plan.ts'
import { nameOfStage } from '../policy/stages.ts'
import type { PipelinePolicy } from '../policy.ts'
import { own } from '../record.ts'
import type { PastRow } from '../rows.ts'
import { hoursText } from '../text.ts'
import { learnedFrom, tookBy, usualOf } from './learned.ts'
import { nodesOf, type Use, type UseOrNone } from './pipeline-price.ts'
import type { Took } from './took.ts'

/** What stages use, for as long as past runs of their Jobs took; the rest as it is. */
export const usesAsLearned = (
  uses: readonly UseOrNone[],
  { steps, learned }: { steps: readonly Step[] } & Pick<PlanInput, 'learned'>,
): UseOrNone[] =>
  uses.map((use) => {
    const nodes = 'why' in use ? undefined : nodesOf({ [use.poolName]: use.gpus }, { [use.poolName]: use.pool })
    const [step, own] = [steps.find(({ name }) => name === use.stage), nodes?.[use.poolName]]
    const took = own === undefined ? undefined : tookBy(learned, step, own)
    return 'why' in use || took === undefined ? use : { ...use, hours: usualOf(use.hours, took), took }
  })

/** What is said of stages whose last runs are known, and of those whose hours are far from that. */
export const tookOf = (
  { stages }: PipelinePolicy,
  uses: readonly Use[],
): { texts: string[]; better: string | null }[] =>
  uses.flatMap(({ stage, took }) => {
    const hours = stages.find((one) => nameOfStage(one) === stage)?.hours
    if (took === undefined || hours === undefined) return []
    const better = betterText(stage, hours, took)
    return [{ texts: [tookText(stage, hours, took), ...(better === null ? [] : [better])], better }]
  })

/** Who is told how it ended is told of hours that are far off, too: that is when somebody may mend them. */
export const withHours = (steps: Step[], took: ReturnType<typeof tookOf>): Step[] => {
  const hours = took.flatMap(({ better }) => better ?? [])
  return hours.length === 0 ? steps : steps.map((step) => (step.kind === 'notify' ? { ...step, hours } : step))
}

/** `train: usually 2.1 h, the median of its last 5 runs; the policy says 8 h, and 12 h at most`. */
export const tookText = (stage: string, hours: Range, { hours: usual, of }: Took): string => {
  const beyond = usual > hours.p95 ? ', and is priced with no more' : ''
  return `${stage}: usually ${hoursText(usual)}, the median of its last ${of} runs; the policy says ${hoursText(hours.p50)}, and ${hoursText(hours.p95)} at most${beyond}`
}

/** Of what it may take at most so much is too near to that, hours that a bound ends what goes on for; and so often is what it takes too far from it. */
const [NEAR, FAR] = [0.8, 5]
/** What is to be had beyond the longest run that is known. */
const MARGIN = 1.5
/** What too long a bad case holds back needlessly is told of from so many hours on. */
const WORTH = 1

/**
 * What to write in place of a stage’s hours, where the policy’s are far off: as a rule it takes more than 80 % of what ends it, or a fifth of that and
 * less. Null: they are sound.
 */
export const betterHours = (hours: Range, took: Took): Range | null => {
  const { hours: usual, most } = took
  const better = { p50: usual, p95: roundedUp(MARGIN * Math.max(most, usual)) }
  if (isNear(hours, took)) return better
  return FAR * usual <= hours.p95 && better.p95 + WORTH <= hours.p95 ? better : null
}

/** The same for a person. */
export const betterText = (stage: string, hours: Range, took: Took): string | null => {
  const better = betterHours(hours, took)
  if (better === null) return null
  const why = isNear(hours, took)
    ? `takes ${hoursText(took.hours)} of the ${hoursText(hours.p95)} that it has at most, and is ended by what that costs`
    : `takes ${hoursText(took.hours)}, and money for ${hoursText(hours.p95)} is held for it`
  return `${stage} ${why}: write \`hours: { p50: ${better.p50}, p95: ${better.p95} }\` for it`
}

/** The same of every stage of a pipeline by its past runs, the newest first, as the last of them was made. `near`: it may be ended by its bound. */
export const hoursOff = (
  { stages }: Pick<PipelinePolicy, 'stages'>,
  rows: readonly PastRow[],
): { stage: string; near: boolean; text: string }[] => {
  const last = rows.find(({ plan }) => plan !== null)
  const plan = last?.plan
  if (last === undefined || plan == null) return []
  const learned = learnedFrom(rows, { bytes: (last.run.desired as Partial<TrainDesired>).bytes ?? 0 })
  return stages.flatMap((one) => {
    const stage = nameOfStage(one)
    const nodes = own(plan.bounds.nodes ?? {}, one.pool)
    const step = plan.steps.find(({ name }) => name === stage)
    const took = nodes === undefined ? undefined : tookBy(learned, step, nodes)
    const text = took === undefined ? null : betterText(stage, one.hours, took)
    return took === undefined || text === null ? [] : [{ stage, near: isNear(one.hours, took), text }]
  })
}

const isNear = ({ p95 }: Range, { hours }: Pick<Took, 'hours'>): boolean => hours > NEAR * p95

/** Two digits that count, upwards. */
const roundedUp = (value: number): number => {
  const step = 10 ** (Math.floor(Math.log10(value)) - 1)
  return cents(Math.ceil(value / step - 1e-9) * step) || 0.01
}
