import { digestOf } from '../digest.ts'
import type { KubeObject } from '../kube.ts'
import type { Plan, Step } from '../plan.ts'
import { objectDigest } from '../workloads/object-digest.ts'
import { tagsOfWhatItIs } from './register-model.ts'

/** Key of a step that launches a Job: what the Job would do, and the keys of the steps whose results it reads. */
export const jobKey = (job: KubeObject<'Job'>, reads: readonly string[]): string => keyOf(objectDigest(job), reads)

/**
 * Keys of a plan's steps, by name: the digest of a step's effect and of the keys of the steps that it reads (law 7). Nothing
 * in it names the attempt, so the same step of another attempt has the same key.
 */
export const stepKeys = ({ steps }: Pick<Plan, 'steps'>): Record<string, string> => {
  const keys: Record<string, string> = {}
  for (const step of steps)
    keys[step.name] = keyOf(
      effectOf(step),
      readsOf(step).map((name) => keys[name] ?? ''),
    )
  return keys
}

/** Names of the steps whose results a step reads. */
export const readsOf = (step: Step): string[] => {
  switch (step.kind) {
    case 'launch-job':
      return step.reads
    case 'check-gate':
    case 'register-model':
      return [step.of]
    default:
      return []
  }
}

const keyOf = (effect: unknown, reads: readonly string[]): string => digestOf({ effect, reads }).slice(0, 16)

const effectOf = (step: Step): unknown => {
  switch (step.kind) {
    case 'launch-job':
      return objectDigest(step.job)
    case 'check-gate':
      return step.gates
    case 'register-model':
      return {
        model: step.model,
        ...(step.workspace == null ? {} : { workspace: step.workspace }),
        tags: tagsOfWhatItIs(step.tags),
      }
    case 'roll-out-model':
      return { objects: step.objects.map(objectDigest), replicas: step.replicas, name: step.name }
    case 'switch-traffic':
      return { service: objectDigest(step.service), to: step.to, name: step.name }
    case 'notify':
      return step.text
  }
}
