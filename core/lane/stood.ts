import type { Plan } from '../plan.ts'
import { standsFor } from '../planning/returns-to.ts'
import type { World } from '../world.ts'
import type { LaneDocument } from './document.ts'
import { type Ended, isByOthers } from './ended.ts'
import type { View } from './view.ts'
import { isKeeping } from './wanted.ts'

/** How many of what serves stood as people were asked to have more of it: as many as the plan said, or more that stand by now. */
export const stoodAt = (
  { doc, kind, world }: Pick<View, 'doc' | 'kind' | 'world'>,
  plan: Pick<Plan, 'strategy' | 'stood'> | undefined,
): Pick<Ended, 'stood'> => {
  const path = plan?.strategy?.name === 'scale' ? plan.strategy.path : undefined
  if (path === undefined && !isKeeping({ doc, kind })) return {}
  const seen = world === null ? [] : [standingIn(world, doc)]
  const known = [
    ...(path ?? []).slice(0, 1).map((point) => point.new),
    ...(plan?.stood === undefined ? [] : [plan.stood]),
    ...seen,
  ]
  return known.length === 0 ? {} : { stood: Math.max(...known) }
}

/** Replicas of what serves that somebody asks for; 0: it does not stand. */
const standingIn = ({ generations }: World, { baseline }: Pick<LaneDocument, 'baseline'>): number =>
  standsFor(generations, baseline)?.replicas ?? 0

/** Whether fewer of what serves stand than people have been asked about: what they have said was not about so few. */
export const isFewerThan = ({ doc, world }: Pick<View, 'doc' | 'world'>, { stood }: Pick<Ended, 'stood'>): boolean =>
  world !== null && stood !== undefined && standingIn(world, doc) < stood

/**
 * How it ended, with as many as stand by now, where that is all that it was about: who has brought them back has set it right. What people have said
 * to an earlier release, which did not say how many stood, was about as many as are seen first.
 */
export const sinceSetRight = ({ kind, world }: Pick<View, 'kind' | 'world'>, doc: LaneDocument): Ended | null => {
  const { outcome } = doc
  if (outcome === null || world === null) return outcome
  const stands = standingIn(world, doc)
  if (outcome.stood === undefined && isByOthers(outcome) && isKeeping({ doc, kind }))
    return { ...outcome, stood: stands }
  return outcome.replicas === undefined || stands < outcome.replicas || outcome.stood === stands
    ? outcome
    : { ...outcome, stood: stands }
}
