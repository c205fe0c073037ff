import type { KubeObject } from '../kube.ts'
import { runOfJob, runOnceName } from '../names.ts'
import { jobState } from '../pods/job-state.ts'
import { said } from '../text.ts'
import { SHORT } from './change.ts'
import type { LaneDocument, Mark, Run } from './document.ts'

/** What of an object tells whose it is: its own identity, or that of who made it where it is a pod. */
export interface Maker {
  kind: 'Job' | 'Deployment'
  namespace: string | null
  name: string
  /** Of the Job; of a Deployment's pods only their ReplicaSet's is known. */
  uid: string | null
}

/** Kubernetes names a ReplicaSet after its Deployment and a hash. */
const REPLICA_SET = /^(.+)-[a-z0-9]+$/
const OF_GENERATION = /^(.+)-g\d+$/

/** The Job or Deployment that an object is, or is a pod of; null when it is neither. Labels say nothing: anybody can write them. */
export const makerOf = ({ kind, metadata }: KubeObject): Maker | null => {
  const { namespace = null, name, uid = null, ownerReferences = [] } = metadata
  if (kind === 'Job' || kind === 'Deployment') return { kind, namespace, name, uid }
  const owner = kind === 'Pod' ? ownerReferences.find(({ controller }) => controller === true) : undefined
  if (owner === undefined) return null
  if (isOfGroup(owner, 'batch') && owner.kind === 'Job')
    return { kind: 'Job', namespace, name: owner.name, uid: owner.uid }
  if (!isOfGroup(owner, 'apps')) return null
  if (owner.kind === 'Deployment') return { kind: 'Deployment', namespace, name: owner.name, uid: owner.uid }
  const of = owner.kind === 'ReplicaSet' ? REPLICA_SET.exec(owner.name)?.[1] : undefined
  return of === undefined ? null : { kind: 'Deployment', namespace, name: of, uid: null }
}

/** Others have kinds of the same name: Volcano its own Job. */
export const isOfGroup = ({ apiVersion }: { apiVersion: string }, group: 'batch' | 'apps'): boolean =>
  apiVersion.startsWith(`${group}/`)

/** The name of the lane after which this was named, if any lane of ours has that name; null when none can. */
export const laneNameIn = ({ kind, name }: Pick<Maker, 'kind' | 'name'>): string | null =>
  (kind === 'Job' ? runOfJob(name)?.name : OF_GENERATION.exec(name)?.[1]) ?? null

/** Whether the lane's current act waits for it: by the uid or the name that the lane itself wrote down (law 3). */
export const waitsFor = ({ name, run }: Pick<LaneDocument, 'name' | 'run'>, maker: Maker): boolean => {
  if (run === null) return false
  if (maker.kind === 'Job') return jobMarks(run).some((mark) => isOf({ name }, run, { mark, maker }))
  return laneNameIn(maker) === name && (run.steps.some(isMoving) || isJudging(run))
}

/** A rollout whose first pods are asked and judged: what becomes of them meanwhile costs, or is told. */
const isJudging = ({ steps }: Run): boolean =>
  steps.some(({ kind, by }) => kind === 'roll-out-model' && by !== null) &&
  steps.some(({ kind, state }) => kind === 'launch-job' && state === 'running')

/** Steps whose Jobs may be there and have not been seen to end. */
const jobMarks = ({ steps }: Run): Mark[] =>
  steps.filter(({ kind, by, state }) => kind === 'launch-job' && by !== null && state !== 'done')

/** Who leads requests, or tells at the end, may wait for what is to be ready as a move does. */
const isMoving = ({ kind, state }: Mark): boolean => state === 'running' && WAITING.has(kind)
const WAITING: ReadonlySet<Mark['kind']> = new Set(['roll-out-model', 'switch-traffic', 'notify'])

const isOf = (lane: { name: string }, run: Run, { mark, maker }: { mark: Mark; maker: Maker }): boolean => {
  if (mark.made === null) return maker.name === runOnceName(lane, run, mark.name)
  const { ref, uid } = mark.made
  return maker.uid === uid || (maker.name === ref.name && maker.namespace === ref.namespace)
}

/** Jobs, and the pods of each, by the Job's uid, as they are now. */
export interface Standing {
  jobs: ReadonlyMap<string, KubeObject<'Job'>>
  pods: ReadonlyMap<string, readonly KubeObject<'Pod'>[]>
}

/** What was listed, so that each lane finds its own at once. */
export const standingOf = (jobs: readonly KubeObject<'Job'>[], pods: readonly KubeObject<'Pod'>[]): Standing => ({
  jobs: new Map(jobs.map((job) => [job.metadata.uid ?? '', job])),
  pods: Map.groupBy(pods, (pod) => makerOf(pod)?.uid ?? ''),
})

/**
 * Whether something has happened that the lane has not written down: its Job is gone, or a look at it would say something else.
 * A rollout is asked of the cluster by the lane itself.
 */
export const hasNews = ({ run }: Pick<LaneDocument, 'run'>, standing: Standing): boolean => {
  if (run === null) return false
  return run.steps.some(isMoving) || jobMarks(run).some((mark) => mark.made !== null && isNews(mark, standing))
}

const isNews = ({ made, state, note }: Mark, { jobs, pods }: Standing): boolean => {
  const uid = made?.uid ?? ''
  const job = jobs.get(uid)
  if (job === undefined) return true
  if (state !== 'running') return false
  return said(jobState(job, [...(pods.get(uid) ?? [])]).note, SHORT) !== note
}
