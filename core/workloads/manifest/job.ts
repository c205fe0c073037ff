import { isRecord } from '../../record.ts'
import type { ManifestAdapter, ManifestWrong } from './adapter.ts'

const TRIES = 'a pod is never started again by itself, every other try is an attempt, planned and priced: leave it out'
const ENDS = 'how it has ended is read here in one way, as of every stage: leave it out'
const PODS = 'Kubernetes finds the pods of a Job by labels of its own: leave it out'

/** A number of pods; left out, or nothing: one. */
const numberOf = (value: unknown): number | null =>
  value === undefined ? 1 : typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null

/** Which of a pod's containers its stage is about: the only one, or the one that is called so; -1: none of several is. */
export const mainOf = (containers: readonly Readonly<Record<string, unknown>>[], stage: string): number =>
  containers.length === 1 ? 0 : containers.findIndex(({ name }) => name === stage)

/** How many pods a Job is made of, all at work together: a stage has one, or a gang; or what of its spec does not go, below that. */
export const podsOf = (spec: Readonly<Record<string, unknown>>): number | ManifestWrong[] => {
  const { completions, parallelism, completionMode = 'NonIndexed', backoffLimit = 0, suspend = false } = spec
  const wrong = (key: string, message: string): ManifestWrong[] => [{ path: [key], message }]
  if (backoffLimit !== 0) return wrong('backoffLimit', `${TRIES}, or write 0`)
  if (suspend !== false) return wrong('suspend', 'whoever lends its pool lets it go: leave it out')
  const [all, together] = [numberOf(completions), numberOf(parallelism)]
  if (all === null) return wrong('completions', 'write a whole number, 1 or more, without quotes')
  if (together === null) return wrong('parallelism', 'write a whole number, 1 or more, without quotes')
  if (all !== together)
    return wrong(
      'parallelism',
      `its pods are at work together, and so they are priced and held: write ${all}, as \`completions\` says; found ${together}`,
    )
  if (completionMode !== 'Indexed' && completionMode !== 'NonIndexed')
    return wrong('completionMode', 'write Indexed, or leave it out where it is one pod')
  if (all > 1 && completionMode !== 'Indexed')
    return wrong('completionMode', `each of ${all} pods must know which it is: write Indexed`)
  if (all === 1 && completionMode === 'Indexed')
    return wrong('completionMode', 'it is one pod: leave it out, or write `completions` and `parallelism`')
  return all
}

/** Kubernetes' own Job: one pod, or an Indexed one whose pods are a gang, a whole node each. */
export const job: ManifestAdapter = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  keys: ['template', 'completions', 'parallelism', 'completionMode', 'backoffLimit', 'suspend'],
  never: {
    activeDeadlineSeconds: 'say `hours` of the stage: the deadline follows from them',
    backoffLimitPerIndex: TRIES,
    managedBy: 'Kubernetes’ own controller runs it: leave it out',
    manualSelector: PODS,
    maxFailedIndexes: TRIES,
    podFailurePolicy: ENDS,
    podReplacementPolicy: ENDS,
    selector: PODS,
    successPolicy: ENDS,
    ttlSecondsAfterFinished: 'it goes once its outcome is kept: leave it out',
  },
  jobOf: ({ spec }) => ({ at: [], spec: isRecord(spec) ? spec : {} }),
}
