import type { Plan } from '../plan.ts'
import type { Outcome, OutcomeKind } from '../reasons.ts'
import { agreedTo } from '../strategy.ts'

/** An outcome, of which attempt and when. */
export interface Ended extends Outcome {
  generation: number
  attempt: number
  at: number
  /** Of a refusal: digest over the policy and the world that refused it, and that policy's version. */
  against: string | null
  /** That nothing of it was begun, of what people or the time have ended. Left out: something was, or an earlier release wrote it. */
  untried?: true
  under?: string
  /** The template of pods that its plan was about: it is parked with that one alone. Left out: it was about none. */
  template?: string
  /** With how many replicas that was to stand, where nothing else was planned than how many: it is parked with so many alone. Left out: something else was. */
  replicas?: number
  /** Of what serves so many stood as people were asked to have more of it, or since: of fewer they have said nothing. Left out: it was not about that, or an earlier release wrote it. */
  stood?: number
  /** What was planned was to cost something, or asked people: what does neither was not tried by it. Left out: it did neither, or it is not known. */
  paid?: true
  /** Names of the run's stages, for `retry --from`; earlier releases name its other steps too. */
  stages: string[]
}

/** Ends that people or the time make, be anything at work or not. */
const BY_OTHERS: ReadonlySet<OutcomeKind> = new Set<OutcomeKind>(['rejected', 'expired', 'cancelled'])

/** Whether people, or the time, have ended something. */
export const isByOthers = ({ kind }: Pick<Outcome, 'kind'>): boolean => BY_OTHERS.has(kind)

/** What an end says of what was begun of it. */
export const untriedOf = (outcome: Outcome, tried: boolean): Pick<Ended, 'untried'> =>
  isByOthers(outcome) && !tried ? { untried: true } : {}

/** What a plan was about that the policy may want otherwise later. */
export const aboutOf = (
  plan: (Pick<Plan, 'template' | 'strategy'> & Partial<Pick<Plan, 'approval' | 'bounds'>>) | undefined,
): Pick<Ended, 'template' | 'replicas' | 'paid'> => {
  const replicas = plan?.strategy?.name === 'scale' ? agreedTo(plan.strategy) : undefined
  return {
    ...(plan?.template === undefined ? {} : { template: plan.template }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(plan?.approval?.required === true || (plan?.bounds?.dollars ?? 0) > 0 ? { paid: true } : {}),
  }
}

/** What was wanted and is over for good: where what came after it is gone from its source, the lane comes back to no more than this. */
export interface Done {
  order: string
  /** By which its kind knows it. */
  key: string
}
