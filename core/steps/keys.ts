import { digestOf } from '../digest.ts'
import type { KubeObject } from '../kube.ts'
import type { Plan, Step } from '../plan.ts'
import type { ResultRow } from '../rows.ts'
import { objectDigest } from '../workloads/object-digest.ts'
import { workDigest } from '../workloads/work-digest.ts'
import { tagsOfWhatItIs } from './register-model.ts'

/** By what a finished step is known: its key, and the one that earlier releases gave it, which stands in what they have kept (law 15). */
export interface Keys {
  key: string
  earlier: string
}

/** What a Job is in the key of its step: its work, and in that of earlier releases all that it says. */
const [WORK, ALL] = [workDigest, objectDigest]

/** Keys of a step that launches a Job: what the Job would do, and the keys of the steps whose results it reads. */
export const jobKeys = (job: KubeObject<'Job'>, reads: readonly Keys[]): Keys => ({
  key: keyOf(
    WORK(job),
    reads.map(({ key }) => key),
  ),
  earlier: keyOf(
    ALL(job),
    reads.map(({ earlier }) => earlier),
  ),
})

/**
 * Keys of a plan's steps, by name: the digest of a step's effect and of the keys of the steps that it reads (law 7). Nothing
 * in it names the attempt, so the same step of another attempt has the same key.
 */
export const stepKeys = ({ steps }: Pick<Plan, 'steps'>, digest = WORK): Record<string, string> => {
  const keys: Record<string, string> = {}
  for (const step of steps)
    keys[step.name] = keyOf(
      effectOf(step, digest),
      readsOf(step).map((name) => keys[name] ?? ''),
    )
  return keys
}

/** Results by the keys of what made them. */
type Results = Readonly<Record<string, ResultRow>>

/** What was kept of a plan's steps, by their names. */
export const keptSteps = (plan: Pick<Plan, 'steps'>, kept: Results): Record<string, ResultRow> => {
  if (Object.keys(kept).length === 0) return {}
  const [keys, earlier] = [stepKeys(plan), stepKeys(plan, ALL)]
  return Object.fromEntries(
    plan.steps.flatMap(({ name }) => {
      const row = keptAs(kept, { key: keys[name] ?? '', earlier: earlier[name] ?? '' })
      return row === undefined ? [] : [[name, row]]
    }),
  )
}

/** Names of a plan's steps that are carried over: what was kept and was made from nothing that is made anew. */
export const carriedSteps = (plan: Pick<Plan, 'steps'>, kept: Results): ReadonlySet<string> => {
  const done = keptSteps(plan, kept)
  const carried = new Set<string>()
  for (const step of plan.steps)
    if (Object.hasOwn(done, step.name) && readsOf(step).every((name) => carried.has(name))) carried.add(step.name)
  return carried
}

/** What was kept under one of these. */
export const keptAs = (kept: Results, { key, earlier }: Keys): ResultRow | undefined => {
  const found = [key, earlier].find((one) => Object.hasOwn(kept, one))
  return found === undefined ? undefined : kept[found]
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

const effectOf = (step: Step, digest: typeof WORK): unknown => {
  switch (step.kind) {
    case 'launch-job':
      return digest(step.job)
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
    case 'resize-pool':
      return { pool: step.pool, lease: step.lease }
    case 'lift-rung':
      return { rung: step.rung, until: step.until }
    case 'notify':
      return step.text
  }
}
