import type { GenerationView } from '../world.ts'
import type { Refuse } from './serve-room.ts'

/** Deployments that somebody else changes too: our steps and theirs would undo each other. */
export const notOurs = (generations: GenerationView[]): Refuse | null => {
  const owned = generations.find(({ ownedBy }) => ownedBy !== null)
  if (owned !== undefined)
    return {
      kind: 'refuse',
      reason: 'owned-by-gitops',
      detail: `Deployment ${owned.ref.name} belongs to ${owned.ownedBy}, which would undo what is changed: keep it out of ${owned.ownedBy}, or the model out of the policy`,
    }
  const scaled = generations.find(({ scaledBy }) => scaledBy !== null)
  if (scaled !== undefined)
    return {
      kind: 'refuse',
      reason: 'autoscaler-cannot-pause',
      detail: `HorizontalPodAutoscaler ${scaled.scaledBy} sets the replicas of Deployment ${scaled.ref.name} and has no pause: delete it for the rollout`,
    }
  return null
}
