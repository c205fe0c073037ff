import { hasEnded, isLive, isReady, isStopping, type Job, type Pod } from './wire.ts'

/** What the Job controller remembers of pods that it has counted, so that none counts twice. */
export interface JobMemo {
  startedAt?: number
  endedAt?: number
  /** Uids of ended pods that are counted. */
  counted?: string[]
  succeeded?: number
  failed?: number
  /** Completed indexes of an Indexed Job. */
  indexes?: number[]
  /** When a pod last failed, for the back-off. */
  failedAt?: number
  /** Pods that were deleted while they ran, not yet counted. */
  vanished?: number
  lost?: boolean
  /** Why it ends, while its last pods stop. */
  ending?: Ending
}

export interface Ending {
  type: 'Complete' | 'Failed'
  reason: string
  message: string
}

export const INDEX_ANNOTATION = 'batch.kubernetes.io/job-completion-index'

/** The memo with every pod counted that has newly ended, and the reason to fail that one of them gives. */
export const tally = (job: Job, pods: Pod[], memo: JobMemo, now: number): { memo: JobMemo; fail: Ending | null } => {
  const vanished = memo.vanished ?? 0
  const next: Required<Pick<JobMemo, 'counted' | 'succeeded' | 'failed' | 'indexes'>> & JobMemo = {
    ...memo,
    counted: [...(memo.counted ?? [])],
    indexes: [...(memo.indexes ?? [])],
    succeeded: memo.succeeded ?? 0,
    failed: (memo.failed ?? 0) + vanished,
    failedAt: vanished > 0 ? now : memo.failedAt,
    vanished: 0,
  }
  let fail: Ending | null = null
  for (const pod of pods.filter((each) => hasEnded(each) && !next.counted.includes(uidOf(each)))) {
    next.counted.push(uidOf(pod))
    if (pod.status?.phase === 'Succeeded') {
      next.succeeded++
      next.indexes.push(indexOf(pod))
      continue
    }
    const verdict = onFailure(job, pod)
    if (verdict === 'Ignore') continue
    next.failed++
    next.failedAt = now
    if (typeof verdict === 'object') fail ??= verdict
  }
  return { memo: next, fail }
}

const uidOf = ({ metadata }: Pod): string => metadata.uid ?? ''

/** Why the Job ends now, or null. */
export const endingOf = (job: Job, memo: JobMemo, fail: Ending | null, now: number): Ending | null => {
  if (memo.ending !== undefined) return memo.ending
  if (fail !== null) return fail
  const { backoffLimit = 6, activeDeadlineSeconds, completions, suspend } = job.spec ?? {}
  const succeeded = memo.succeeded ?? 0
  if (succeeded > 0 && succeeded >= (completions ?? 1))
    return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
  if ((memo.failed ?? 0) > backoffLimit)
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  const deadline = deadlineOf(memo, activeDeadlineSeconds)
  return !suspend && deadline !== null && deadline <= now
    ? { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
    : null
}

/** When an active Job has taken too long, or null. */
export const deadlineOf = ({ startedAt }: JobMemo, seconds: number | undefined): number | null =>
  startedAt === undefined || seconds === undefined ? null : startedAt + seconds * 1000

/** Pods by what they are doing. */
export const groups = (pods: Pod[]): { live: Pod[]; stopping: Pod[]; ready: number } => {
  const live = pods.filter(isLive)
  return {
    live,
    stopping: pods.filter((pod) => isStopping(pod) && !hasEnded(pod)),
    ready: live.filter(isReady).length,
  }
}

export const indexOf = (pod: Pod): number => Number(pod.metadata.annotations?.[INDEX_ANNOTATION] ?? 0)

/** `0,2-4`, as `status.completedIndexes` says it. */
export const ranges = (indexes: number[]): string => {
  const runs: [number, number][] = []
  for (const index of [...new Set(indexes)].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] === index - 1) last[1] = index
    else runs.push([index, index])
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}

/** The first rule of the pod failure policy that a failed pod matches. */
const onFailure = (job: Job, pod: Pod): 'Ignore' | 'Count' | Ending => {
  const rules = job.spec?.podFailurePolicy?.rules ?? []
  for (const [at, rule] of rules.entries()) {
    const matched = matchedContainer(rule, pod) ?? matchedCondition(rule, pod)
    if (matched === null) continue
    if (rule.action === 'Ignore') return 'Ignore'
    if (rule.action !== 'FailJob') return 'Count'
    const { namespace, name } = pod.metadata
    const message = `${matched(`${namespace}/${name}`)} matching FailJob rule at index ${at}`
    return { type: 'Failed', reason: 'PodFailurePolicy', message }
  }
  return 'Count'
}

type Rule = NonNullable<NonNullable<Job['spec']>['podFailurePolicy']>['rules'][number]

/** In Kubernetes' own words, of the pod that is named. */
type Matched = (pod: string) => string

const matchedContainer = ({ onExitCodes }: Rule, { status }: Pod): Matched | null => {
  if (onExitCodes === undefined) return null
  const { containerName, operator, values } = onExitCodes
  for (const { name, state } of status?.containerStatuses ?? []) {
    const code = state?.terminated?.exitCode ?? 0
    if (code === 0 || (containerName !== undefined && containerName !== name)) continue
    if (values.includes(code) === (operator === 'In'))
      return (pod) => `Container ${name} for pod ${pod} failed with exit code ${code}`
  }
  return null
}

const matchedCondition = ({ onPodConditions }: Rule, { status }: Pod): Matched | null => {
  const found = onPodConditions?.find((wanted) =>
    status?.conditions?.some(({ type, status: is }) => type === wanted.type && is === (wanted.status ?? 'True')),
  )
  return found === undefined ? null : (pod) => `Pod ${pod} has condition ${found.type}`
}
