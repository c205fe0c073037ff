import { counted } from '../text.ts'
import type { World } from '../world.ts'
import type { Refuse } from './serve-room.ts'

/**
 * What stands of a lane and cannot be planned with: what somebody else changes too, or what goes on without what made it. `rises`: the
 * generation whose Deployment is made again, which takes its own back.
 */
export const notOurs = (
  { generations, strays = [] }: Pick<World, 'generations' | 'strays'>,
  rises: number | null,
): Refuse | null => {
  const stray = strays.find(({ generation }) => generation !== rises)
  if (stray !== undefined)
    return {
      kind: 'refuse',
      reason: 'pods-without-deployment',
      detail: `ReplicaSet ${stray.ref.name} of ${stray.ref.namespace} makes ${counted(stray.pods.length, 'pod')} of generation ${stray.generation}, whose Deployment somebody has deleted alone: they answer requests and keep GPUs that nobody takes back. \`kubectl -n ${stray.ref.namespace} delete replicaset ${stray.ref.name}\`, then it is planned`,
    }
  const owned = generations.find(({ ownedBy }) => ownedBy !== null)
  if (owned !== undefined)
    return {
      kind: 'refuse',
      reason: 'owned-by-gitops',
      detail: `Deployment ${owned.ref.name} belongs to ${owned.ownedBy}, which would undo what is changed: keep it out of ${owned.ownedBy}, or the service out of the policy`,
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
