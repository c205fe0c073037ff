import type { V1Pod } from '@kubernetes/client-node'
import type { Stepped } from '../lane/stepping.ts'
import { generationOf } from '../names.ts'
import type { RollOutModelStep } from '../plan.ts'
import { standingGpus } from '../planning/generations.ts'
import type { GenerationView } from '../world.ts'

/** What a look at a serving lane saw. */
export interface SeenRollOut {
  generations: GenerationView[]
  /** Pods of the lane. */
  pods: V1Pod[]
  startedAt: number
  now: number
  /** Milliseconds that a replica may take to be ready. */
  patience: number
}

/** A move is done when every generation has the replicas of this point, ready; it fails when one cannot start or takes too long. */
export const nextRollOut = (step: RollOutModelStep, seen: SeenRollOut): Stepped => {
  const late = step.replicas.flatMap((target) => {
    const view = seen.generations.find(({ generation }) => generation === target.generation)
    if (view === undefined)
      return target.replicas === 0 ? [] : [`the Deployment of generation ${target.generation} is gone`]
    const right =
      view.replicas === target.replicas &&
      view.ready >= target.replicasReady &&
      (target.replicas > 0 || view.ready === 0)
    if (!right) return [`generation ${target.generation}: ${view.ready} of ${target.replicas} ready`]
    // What ends still has its GPUs: room is given back only for what is seen gone (law 10).
    const alive = seen.pods.filter((pod) => isOf(pod, target.generation)).length
    return alive <= target.replicas
      ? []
      : [`generation ${target.generation}: ${alive - target.replicas} pods are still ending`]
  })
  if (late.length === 0)
    return {
      kind: 'done',
      note: `${step.point.old} old and ${step.point.new} new replicas`,
      values: null,
      stands: standingGpus(seen.generations),
    }
  const broken = seen.pods
    .filter(({ metadata }) => generationOf(metadata?.labels ?? {}) === step.brings)
    .map(whyPodCannotStart)
    .find((why) => why !== null)
  if (broken !== undefined && broken !== null) return { kind: 'failed', reason: 'image-pull', note: broken }
  if (seen.now - seen.startedAt > seen.patience)
    return {
      kind: 'failed',
      reason: 'not-healthy',
      note: `not ready after ${Math.round(seen.patience / 60_000)} minutes: ${late.join('; ')}`,
    }
  return { kind: 'wait', note: late.join('; '), until: seen.startedAt + seen.patience + 1, running: false }
}

const isOf = ({ metadata, status }: V1Pod, generation: number): boolean =>
  generationOf(metadata?.labels ?? {}) === generation && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

/** An image that cannot be pulled does not get better by waiting. */
const whyPodCannotStart = (pod: V1Pod): string | null => {
  const waiting = pod.status?.containerStatuses?.find(({ state }) =>
    ['ImagePullBackOff', 'ErrImagePull', 'InvalidImageName'].includes(state?.waiting?.reason ?? ''),
  )
  if (waiting === undefined) return null
  return `${waiting.state?.waiting?.reason}: ${waiting.state?.waiting?.message ?? `image ${waiting.image} cannot be pulled`}`
}
