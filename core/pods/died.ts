import type { V1Job, V1JobCondition, V1Pod } from '@kubernetes/client-node'
import { createdAt, isLeaving } from '../kube.ts'
import type { Failure } from '../reasons.ts'
import { deletedOf } from './deleted.ts'
import { firstEnded, isGang, rankText } from './gang.ts'
import { firstSaid, fromLogs } from './logs.ts'
import { whyEnded } from './program.ts'
import { whyRunnerEnded } from './runner-ends.ts'
import { endedFirst } from './speaking.ts'
import { type Lost, ownPressure, takenBy } from './taken.ts'

/** Whether and by whom a Job's pod was ended from outside its program. */
const lostOf = (pod: V1Pod, job: V1Job): Lost | null => {
  const taken = takenBy(pod) ?? deletedOf(pod, job)
  return taken === null ? null : { failure: taken.failure, note: taken.note }
}

/**
 * What is known of the end of a Job's newest pod that was not its program's: it may be gone when its Job ends. `before`: what was known
 * at the last look, which holds until another pod is made; null: nothing of the kind.
 */
export const lostIn = (job: V1Job, pods: readonly V1Pod[], before: Lost | null): Lost | null => {
  if (isGang(job)) {
    const first = firstEnded(pods, job)
    return first === undefined ? before : lostOfRank(first, job)
  }
  const newest = newestFirst(pods)[0]
  return newest === undefined ? before : lostOf(newest, job)
}

/** The pod that failed by itself, of a gang the first to end, else the newest: what it did last is why its Job failed. */
export const lastDied = <P extends V1Pod>(pods: readonly P[], job: V1Job): P | undefined => {
  const isOwn = (pod: P): boolean => pod.status?.phase === 'Failed' && lostOf(pod, job) === null
  if (!isGang(job)) return newestFirst(pods).find(isOwn)
  const first = firstEnded(pods, job)
  return first !== undefined && isOwn(first) ? first : undefined
}

const lostOfRank = (pod: V1Pod, job: V1Job): Lost | null => {
  const lost = lostOf(pod, job)
  return lost === null ? null : { ...lost, note: `${rankText(job, pod)}: ${lost.note}` }
}

/** What is known of a Job that has failed. */
interface Failed {
  failed: V1JobCondition
  pods: readonly V1Pod[]
  logs: readonly string[]
  lost: Lost | null
}

/** The cause that helps: what the newest pod died of, what took it, then what the Job itself says. */
export const whyDied = (job: V1Job, seen: Failed): { failure: Failure; note: string } =>
  (isGang(job) ? whyGangDied(job, seen) : null) ?? whyOneDied(job, seen)

/** What the first of them to end died of, or what took it; null: none of them says so any more. */
const whyGangDied = (job: V1Job, { failed, pods, logs, lost }: Failed): { failure: Failure; note: string } | null => {
  const first = firstEnded(pods, job)
  const ended = first && endedFirst(first)
  const taken = first === undefined ? lost : lostOfRank(first, job)
  if (taken !== null) return { failure: taken.failure, note: `its gang has lost a pod: ${taken.note}` }
  if (first !== undefined && ended?.state?.terminated !== undefined) {
    const why = whyEnded({ name: ended.name, ended: ended.state.terminated, logs, spec: first.spec })
    return { ...why, note: `${rankText(job, first)} failed first: ${why.note}` }
  }
  const [, pod] = TAKEN_BY_POLICY.exec(failed.message ?? '') ?? []
  return pod === undefined
    ? null
    : { failure: 'node-lost', note: `its gang has lost a pod: ${pod} was taken away, and nobody saw by whom` }
}

/** How its Job tells that a pod was taken away, which ends all of a gang (`pkg/controller/job` of Kubernetes 1.36). */
const TAKEN_BY_POLICY = /^Pod (\S+) has condition DisruptionTarget matching FailJob rule/

const whyOneDied = (job: V1Job, { failed, pods, logs, lost }: Failed): { failure: Failure; note: string } => {
  const died = lastDied(pods, job)
  const ended = died && endedFirst(died)
  if (ended?.state?.terminated !== undefined)
    return whyEnded({ name: ended.name, ended: ended.state.terminated, logs, spec: died?.spec })
  const own = ownPressure(pods)
  if (own !== null) return own
  const taken = pods.map((pod) => lostOf(pod, job)).find((one) => one !== null) ?? (pods.length === 0 ? lost : null)
  if (taken !== null)
    return {
      failure: taken.failure,
      note: taken.failure === 'not-admitted' ? taken.note : `its pod was taken away: ${taken.note}`,
    }
  const told = firstSaid(failed.message, failed.reason)
  if (pods.length === 0 && !EXITS.has(failed.reason ?? '')) return unseen(job, told)
  const runner = runnersOf(job, failed)
  if (runner !== null) return runner
  return fromLogs(logs) ?? { failure: 'exit-code', note: told ?? 'the Job failed and does not say why' }
}

/** By which a Job says itself that a program has ended, and how. */
const EXITS: ReadonlySet<string> = new Set(['PodFailurePolicy'])

/** How its Job tells it where no pod says so any more (`pkg/controller/job` of Kubernetes 1.36). */
const BY_POLICY = /^Container (\S+) for pod \S+ failed with exit code (\d{1,3}) matching FailJob rule/

const runnersOf = ({ spec }: V1Job, { message = '' }: V1JobCondition): { failure: Failure; note: string } | null => {
  const [, name, code] = BY_POLICY.exec(message) ?? []
  return name === undefined ? null : whyRunnerEnded(spec?.template.spec, { name, exitCode: Number(code), logs: [] })
}

/** Pods of a Job stay until somebody deletes them or their Job, or their node goes. */
const unseen = (job: V1Job, told: string | null): { failure: Failure; note: string } => {
  const says = told === null ? '' : ` (the Job says: ${told})`
  return isLeaving({ metadata: job.metadata ?? {} })
    ? { failure: 'deleted', note: `the Job and its pod were deleted, and nobody saw how that ended${says}` }
    : {
        failure: 'pod-gone',
        note: `its pod is gone, and nobody saw how it ended: somebody has deleted it, or it went with its node${says}`,
      }
}

/** The newest first. */
export const newestFirst = <P extends V1Pod>(pods: readonly P[]): P[] =>
  pods.toSorted((a, b) => createdAt(b) - createdAt(a))
