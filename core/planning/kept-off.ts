import { managedOf, owns, settersOf } from '../workloads/managed-fields.ts'
import type { GenerationView } from '../world.ts'
import { type PolicyHas, policyHasText } from './as-policy-has.ts'
import { replicaCount, titleOf } from './generations.ts'
import { isBehindAlone, type Parts, partsText } from './serve-parts.ts'
import type { ServeInput } from './serve-plan.ts'
import type { Wanted } from './serve-standing.ts'

/** What of the baseline is otherwise than it was left. */
export interface Off {
  base: GenerationView
  parts: Parts | null
  /** Replicas that it had, where somebody has taken some of them or they had no room, or that the policy has of it by now. */
  replicas: number | null
  /** What the policy has of them since they were judged: it is followed, whatever became of the version that is wanted. Null: what was decided last. */
  has: PolicyHas | null
  /** What it is made of, as it was judged. */
  wanted: Wanted
}

/** Whether somebody has done any of it: what the policy has otherwise by now is nobody's hand, nor is what we have brought no more of. */
export const isByHand = ({ base, replicas, parts, has }: Off): boolean =>
  (replicas !== null && has === null && !isOurCount(base)) || (parts !== null && !isBehindAlone(parts))

const REPLICAS = ['spec', 'replicas']

/** Whether nobody but us has said how many there are of it. */
export const isOurCount = ({ object }: GenerationView): boolean =>
  settersOf(object, REPLICAS).length === 0 && owns(managedOf(object), REPLICAS)

export const offText = (off: Off, { baseline }: ServeInput): string => {
  const { parts, replicas } = off
  return [
    ...(parts === null ? [] : [partsText(parts)]),
    ...(replicas === null ? [] : [countText({ ...off, replicas }, baseline?.replicas)]),
  ].join('; ')
}

const countText = ({ base, replicas, has }: Off & { replicas: number }, judged: number | null | undefined): string => {
  if (has !== null) return policyHasText(has, base)
  return isOurCount(base)
    ? `${titleOf(base)} serves with ${base.replicas} of the ${replicaCount(replicas)} that were judged`
    : `somebody has scaled ${titleOf(base)} from ${judged} to ${replicaCount(base.replicas)}`
}

/** Why people are told that it was set right. */
export const whyToldOf = (off: Off): string => {
  if (isByHand(off)) return 'it was done by hand'
  return off.replicas !== null && off.has === null
    ? 'fewer stood than were judged'
    : 'the policy has it otherwise by now'
}
