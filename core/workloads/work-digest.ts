import type { V1Container, V1JobSpec, V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node'
import { DO_NOT_DISRUPT, type KubeObject, QUEUE_LABEL } from '../kube.ts'
import { label } from '../names.ts'
import { objectDigest, untold, withDigest } from './object-digest.ts'
import { editsOf } from './same-content.ts'

/**
 * What of a Job says how long it may take, when its turn is, how its image is had, who may disturb it and what follows a failure: once it is
 * done, what it has made is the same. Which machine it runs on, and with how much of it, is none of that: it may be what is measured.
 */
const OF_LABELS: readonly string[] = [QUEUE_LABEL]
const OF_ANNOTATIONS: readonly string[] = [DO_NOT_DISRUPT]
/** As every Job was made at first: what is kept by such a digest is found by it for ever. */
const HELD: Readonly<Record<string, string>> = { [DO_NOT_DISRUPT]: 'true' }
const OF_JOBS: readonly (keyof V1JobSpec)[] = [
  'activeDeadlineSeconds',
  'backoffLimit',
  'podFailurePolicy',
  'podReplacementPolicy',
]
const OF_PODS: readonly (keyof V1PodSpec)[] = [
  'imagePullSecrets',
  'priorityClassName',
  'terminationGracePeriodSeconds',
  'tolerations',
]
/** Of these a server fills in what nobody has said: what a Job was made with cannot be told from them. */
const FILLED_IN: readonly (keyof V1PodSpec)[] = ['schedulerName']
const OF_CONTAINERS: readonly (keyof V1Container)[] = ['imagePullPolicy']

/** SHA-256 over the work of a Job alone: the same however long it may take, and whenever its turn is. What is approved binds all of it. */
export const workDigest = (job: KubeObject<'Job'>): string => {
  const ofPod = (pod: V1PodSpec): V1PodSpec => withoutTerms(exchanged(pod, [...OF_PODS, ...FILLED_IN]))
  return objectDigest(changed(job, { annotations: HELD, ofPod }))
}

/** The Job as it would be made with what another one, which may be a server's, says beside its work. */
export const withTermsOf = (job: KubeObject<'Job'>, { metadata, spec }: KubeObject<'Job'>): KubeObject<'Job'> => {
  const ofPod = (pod: V1PodSpec): V1PodSpec => exchanged(pod, OF_PODS, spec?.template.spec)
  const made = madeWith(metadata.annotations)
  const annotations = spec?.template?.metadata?.annotations
  return withDigest(changed(job, { labels: metadata.labels, annotations, spec: spec && { ...spec, ...made }, ofPod }))
}

/** How long it might take when it was made, where that was written anew since: of whatever its time has become, it is the same Job. */
export const MADE_WITH = label('deadline')

const madeWith = (annotations: Record<string, string> = {}): Pick<V1JobSpec, 'activeDeadlineSeconds'> =>
  annotations[MADE_WITH] === undefined ? {} : { activeDeadlineSeconds: Number(annotations[MADE_WITH]) }

/**
 * Whether what a Job of the cluster runs is what this one would, by its content: which programs, with what, and as whom. Where it runs,
 * how long it may take and when its turn is, others say too (Kueue), or another release said otherwise.
 */
export const runsTheSame = (found: KubeObject<'Job'>, wanted: KubeObject<'Job'>): boolean =>
  editsOf(programOf(found), programOf(untold(wanted))).length === 0

const PROGRAM: readonly (keyof V1PodSpec)[] = [
  'containers',
  'hostIPC',
  'hostNetwork',
  'hostPID',
  'initContainers',
  'securityContext',
  'serviceAccountName',
  'volumes',
]

const programOf = (job: KubeObject<'Job'>): KubeObject<'Job'> => {
  const { spec } = job
  const pod = spec?.template?.spec
  if (spec === undefined || pod === undefined) return job
  const program = Object.fromEntries(
    Object.entries(pod).filter(([key]) => (PROGRAM as readonly string[]).includes(key)),
  )
  return { ...job, spec: { template: { spec: withoutTerms(program as unknown as V1PodSpec) } } as V1JobSpec }
}

/** Its containers without how their images are had. */
const withoutTerms = (pod: V1PodSpec): V1PodSpec => {
  const bare = (containers: V1Container[] = []) => containers.map((one) => exchanged(one, OF_CONTAINERS))
  return { ...pod, containers: bare(pod.containers), initContainers: bare(pod.initContainers) }
}

interface Terms {
  labels?: Record<string, string> | undefined
  /** Of its pods. */
  annotations?: Readonly<Record<string, string>> | undefined
  spec?: V1JobSpec | undefined
  ofPod: (pod: V1PodSpec) => V1PodSpec
}

const changed = ({ metadata, spec, ...job }: KubeObject<'Job'>, terms: Terms): KubeObject<'Job'> => {
  const labels = exchanged(metadata.labels ?? {}, OF_LABELS, terms.labels)
  const pod = spec?.template?.spec
  const rest = { ...job, metadata: { ...metadata, labels } }
  if (spec === undefined || pod === undefined) return rest
  const template = { ...annotated(spec.template, terms.annotations), spec: terms.ofPod(pod) }
  return { ...rest, spec: { ...exchanged(spec, OF_JOBS, terms.spec), template } }
}

const annotated = (template: V1PodTemplateSpec, by: Terms['annotations']): V1PodTemplateSpec => {
  const { annotations: said = {}, ...rest } = template.metadata ?? {}
  const annotations = exchanged(said, OF_ANNOTATIONS, by)
  const isSaid = template.metadata !== undefined || Object.keys(annotations).length > 0
  return isSaid ? { ...template, metadata: { ...rest, annotations } } : template
}

/** What is said; these keys as another says them, or nobody. */
const exchanged = <T extends object>(said: T, keys: readonly string[], by: object = {}): T => {
  const of = (from: object, isOf: boolean) => Object.entries(from).filter(([key]) => keys.includes(key) === isOf)
  return Object.fromEntries([...of(said, false), ...of(by, true)]) as T
}
