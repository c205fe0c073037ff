import type { Planned } from '../plan.ts'
import type { PlanRefusal } from '../reasons.ts'
import { counted } from '../text.ts'
import type { GenerationView, World } from '../world.ts'
import type { Refuse } from './serve-room.ts'

/**
 * What stands of a lane and cannot be planned with: what somebody else changes too, or what goes on without what made it and is taken back by
 * nothing. `rises`: the generation that is planned.
 */
export const notOurs = (
  { generations, strays: [stray] = [] }: Pick<World, 'generations' | 'strays'>,
  rises: number | null,
): Refuse | null => {
  if (stray !== undefined)
    return {
      kind: 'refuse',
      reason: 'pods-without-deployment',
      detail: `ReplicaSet ${stray.ref.name} of ${stray.ref.namespace} makes ${counted(stray.pods.length, 'pod')} of generation ${stray.generation}, whose Deployment somebody has deleted alone: they answer requests and keep GPUs that nobody takes back. \`kubectl -n ${stray.ref.namespace} delete replicaset ${stray.ref.name}\`, then it is planned`,
    }
  // What has no replicas and gets none is part of no rollout: of that anybody may say what they like.
  const moved = generations.filter(({ generation, replicas }) => replicas > 0 || generation === rises)
  const owned = moved.find(({ ownedBy }) => ownedBy !== null)
  if (owned !== undefined)
    return {
      kind: 'refuse',
      reason: 'owned-by-gitops',
      detail: `Deployment ${owned.ref.name} is marked as ${owned.ownedBy}’s, which would undo what is changed: keep it out of ${owned.ownedBy}, or the service out of the policy; where it is not, take that mark off`,
    }
  const scaled = moved.find(({ scaledBy }) => scaledBy !== null)
  if (scaled !== undefined)
    return {
      kind: 'refuse',
      reason: 'autoscaler-cannot-pause',
      detail: isKedas(scaled)
        ? `KEDA scales Deployment ${scaled.ref.name} by the ScaledObject of that name, which the policy no longer knows: put \`keda\` back and take \`autoscaling\` off first, or delete the ScaledObject; of ${scaled.scaledBy} alone KEDA makes another. No rollout begins beside it`
        : `HorizontalPodAutoscaler ${scaled.scaledBy} is there to set the replicas of Deployment ${scaled.ref.name} and has no pause: delete it, no rollout begins beside it`,
    }
  return null
}

/** Whether its autoscaler is called as KEDA calls what it makes of our own ScaledObject. */
const isKedas = ({ scaledBy, ref }: GenerationView): boolean => scaledBy === `keda-hpa-${ref.name}`

/** Refusals of what others do beside us: they say nothing of what stands. */
const OF_OTHERS: ReadonlySet<PlanRefusal> = new Set([
  'owned-by-gitops',
  'autoscaler-cannot-pause',
  'pods-without-deployment',
])

/**
 * The plan beside what others change too. Nothing begins there; what does nothing only says it: whoever may make an autoscaler would else
 * have a lane refused that stands as it is wanted.
 */
export const besideOthers = (planned: Planned, others: Refuse | null): Planned => {
  if (others === null) return planned
  const isStanding = planned.kind === 'nothing' || (planned.kind === 'plan' && planned.agrees !== undefined)
  return isStanding && others.reason !== 'pods-without-deployment' ? { ...planned, others: others.detail } : others
}

/** What others do beside what stands, as a sentence: nothing begins there, and what stands stays as it is. Null: nothing that is known. */
export const othersIn = (planned: Planned): string | null => {
  if (planned.kind === 'refuse') return OF_OTHERS.has(planned.reason) ? planned.detail : null
  return planned.others ?? null
}
