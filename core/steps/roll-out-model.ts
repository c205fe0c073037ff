import type { V1Pod } from '@kubernetes/client-node'
import { larger } from '../lane/room.ts'
import type { Stepped } from '../lane/stepping.ts'
import { generationOf } from '../names.ts'
import type { RollOutModelStep } from '../plan.ts'
import { standingGpus } from '../planning/generations.ts'
import { gpusOf, NODE_POOL } from '../planning/pool-view.ts'
import type { GenerationView } from '../world.ts'

/** What a look at a serving lane saw. */
export interface SeenRollOut {
  generations: GenerationView[]
  /** Pods of the lane. */
  pods: V1Pod[]
  /** Generations whose Deployment is not there by its name, or is on its way with no pod left; and what is said of each. */
  gone: ReadonlyMap<number, string>
  /** From when on that is a fact: nothing of ours can still be under way (law 2). */
  goneFrom: number
  startedAt: number
  now: number
  /** Milliseconds that a replica may take to be ready. */
  patience: number
}

/** The Deployment of a generation was taken away by somebody: nothing that was to rise on it will. */
export const deletedNote = (generation: number, keepers: readonly string[] = []): string =>
  keepers.length === 0
    ? `the Deployment of generation ${generation} is gone: somebody has deleted it`
    : `somebody has deleted the Deployment of generation ${generation}, and ${keepers.join(', ')} keeps it: see who sets that finalizer`

/** A move is done when every generation has the replicas of this point, ready; it fails when one cannot start or takes too long. */
export const nextRollOut = (step: RollOutModelStep, seen: SeenRollOut): Stepped => {
  const late = step.replicas.flatMap((target) => {
    const view = seen.generations.find(({ generation }) => generation === target.generation)
    if (view === undefined && target.replicas > 0) return [`the Deployment of generation ${target.generation} is gone`]
    const right =
      view === undefined ||
      (view.replicas === target.replicas &&
        view.ready >= target.replicasReady &&
        (target.replicas > 0 || view.ready === 0))
    if (!right) return [`generation ${target.generation}: ${view.ready} of ${target.replicas} ready`]
    // What ends still has its GPUs: room is given back only for what is seen gone (law 10).
    const alive = seen.pods.filter((pod) => isAlive(pod) && generationIn(pod) === target.generation).length
    return alive <= target.replicas
      ? []
      : [`generation ${target.generation}: ${alive - target.replicas} pods are still ending`]
  })
  if (late.length === 0)
    return {
      kind: 'done',
      note: `${step.point.old} old and ${step.point.new} new replicas`,
      values: null,
      stands: larger(standingGpus(seen.generations), aliveGpus(seen.pods)),
    }
  const deleted = step.brings === null ? undefined : seen.gone.get(step.brings)
  if (deleted !== undefined)
    return seen.now < seen.goneFrom
      ? { kind: 'wait', note: late.join('; '), until: seen.goneFrom, running: false }
      : { kind: 'failed', reason: 'deleted', note: deleted }
  const broken = seen.pods
    .filter((pod) => generationIn(pod) === step.brings)
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

const generationIn = ({ metadata }: V1Pod): number => generationOf(metadata?.labels ?? {})

const isAlive = ({ status }: V1Pod): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

/** GPUs that pods keep: also those of a Deployment that somebody has deleted, until they have ended. */
const aliveGpus = (pods: readonly V1Pod[]): Record<string, number> => {
  const gpus: Record<string, number> = {}
  for (const { spec } of pods.filter(isAlive)) {
    const [pool, count] = [spec?.nodeSelector?.[NODE_POOL], gpusOf(spec?.containers)]
    if (pool !== undefined && count > 0) gpus[pool] = (gpus[pool] ?? 0) + count
  }
  return gpus
}

/** An image that cannot be pulled does not get better by waiting. */
const whyPodCannotStart = (pod: V1Pod): string | null => {
  const waiting = pod.status?.containerStatuses?.find(({ state }) =>
    ['ImagePullBackOff', 'ErrImagePull', 'InvalidImageName'].includes(state?.waiting?.reason ?? ''),
  )
  if (waiting === undefined) return null
  return `${waiting.state?.waiting?.reason}: ${waiting.state?.waiting?.message ?? `image ${waiting.image} cannot be pulled`}`
}
