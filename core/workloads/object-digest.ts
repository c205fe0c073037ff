import type { V1EnvVar } from '@kubernetes/client-node'
import { digestOf } from '../digest.ts'
import type { KubeObject } from '../kube.ts'
import { LABEL_PREFIX, label } from '../names.ts'
import { isRecord } from '../record.ts'
import { POD_NAME, RESULTS_URI, variableOf } from './pod-environment.ts'

/** Carries an object's own digest, so that it is recognised in the cluster whatever the server filled in. */
export const DIGEST_ANNOTATION = label('digest')

/**
 * On a pod: whose result it reads, the name of a Job until it begins and then of that Job's pod. Differs with each attempt, so it
 * is a label and never a value.
 */
const INPUT_JOB = label('input-job')

/** The label that names whose result a pod reads of an earlier stage. */
export const inputJobLabel = (stage: string): string => `${INPUT_JOB}-${stage}`

/** The annotations that say what a pod reads of an earlier stage: where its `model` artifact lies, and what that was when it was read. */
export const inputModel = (stage: string): string => label(`input-model-${stage}`)
export const inputPin = (stage: string): string => label(`input-pin-${stage}`)

/** What differs with the attempt, and with the ledger that makes it: what it does is the same. */
const ATTEMPT_LABELS: ReadonlySet<string> = new Set([
  label('ledger'),
  label('generation'),
  label('attempt'),
  label('plan'),
])
const NOT_DESIRED: ReadonlySet<string> = new Set(['ttlSecondsAfterFinished', 'suspend'])

/**
 * SHA-256 over what an object would do, the same for every attempt at one desired state. Left out: its name, labels that
 * name the attempt (also in templates and their selectors), annotations of ours, the variables by which a Job of ours is told what
 * its pod is called and reads, what the server adds, and the fields of a Job that other concerns set later. Kind and namespace are
 * kept, and so is whatever somebody else says in a pod, by the same means too.
 */
export const objectDigest = (object: KubeObject): string =>
  digestOf(without(object.kind === 'Job' ? untold(object as KubeObject<'Job'>) : object, 'root'))

/** The object with its digest as an annotation: what is sent to the cluster. */
export const withDigest = <T extends KubeObject>(object: T): T => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [DIGEST_ANNOTATION]: objectDigest(object) },
  },
})

/** The Job without the variables that its own container, which knows where its result goes, is told by us; nor its own name as where its pods meet. */
export const untold = (job: KubeObject<'Job'>): KubeObject<'Job'> => {
  const [spec, template, whole] = [job.spec, job.spec?.template, job.spec?.template?.spec]
  if (!isRecord(spec) || !isRecord(template) || !isRecord(whole) || !Array.isArray(whole.containers)) return job
  const { subdomain, ...met } = whole
  const pod = subdomain === job.metadata.name ? met : whole
  const containers = pod.containers.map((container) =>
    container?.env?.some(({ name }) => name === RESULTS_URI)
      ? { ...container, env: container.env.filter((variable) => !isTold(variable)) }
      : container,
  )
  return { ...job, spec: { ...spec, template: { ...template, spec: { ...pod, containers } } } } as KubeObject<'Job'>
}

/** Whether a variable is one of those: by its name and by what it says. */
const isTold = ({ name, valueFrom }: V1EnvVar): boolean => {
  const path = valueFrom?.fieldRef?.fieldPath ?? ''
  if (name === POD_NAME) return path === 'metadata.name'
  const [, key = ''] = /^metadata\.annotations\['(.+)'\]$/.exec(path) ?? []
  const [, stage = ''] = /\/input-(?:model|pin)-(.+)$/.exec(key) ?? []
  const variable = variableOf(stage)
  return (
    (name === `${variable}_URI` && key === inputModel(stage)) || (name === `${variable}_PIN` && key === inputPin(stage))
  )
}

/** Where in an object a value stands, as far as that decides what of it counts. */
type Place = 'root' | 'spec' | 'metadata' | 'annotations' | 'labels' | 'selector' | 'template' | 'other'

const without = (value: unknown, place: Place): unknown => {
  if (Array.isArray(value)) return value.map((inner) => without(inner, 'other'))
  if (value === null || typeof value !== 'object') return value
  const kept: [string, unknown][] = []
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined || !isKept(key, place)) continue
    const cleaned = without(inner, INSIDE[place].get(key) ?? 'other')
    if (place !== 'metadata' || !isEmpty(cleaned)) kept.push([key, cleaned])
  }
  return Object.fromEntries(kept)
}

/** Labels and annotations that we give stand in the object's own metadata, its template's, and its selector: elsewhere they are others'. */
const INSIDE: Record<Place, ReadonlyMap<string, Place>> = {
  root: new Map([
    ['metadata', 'metadata'],
    ['spec', 'spec'],
  ]),
  spec: new Map([
    ['template', 'template'],
    ['selector', 'selector'],
  ]),
  template: new Map([['metadata', 'metadata']]),
  metadata: new Map([
    ['labels', 'labels'],
    ['annotations', 'annotations'],
  ]),
  selector: new Map([['matchLabels', 'labels']]),
  labels: new Map(),
  annotations: new Map(),
  other: new Map(),
}

const isKept = (key: string, place: Place): boolean => {
  switch (place) {
    case 'metadata':
      return key === 'namespace' || key === 'labels' || key === 'annotations'
    case 'labels':
      return !ATTEMPT_LABELS.has(key) && !key.startsWith(INPUT_JOB)
    case 'annotations':
      return !key.startsWith(LABEL_PREFIX)
    case 'root':
      return key !== 'status'
    default:
      return place !== 'spec' || !NOT_DESIRED.has(key)
  }
}

const isEmpty = (value: unknown): boolean =>
  value !== null && typeof value === 'object' && Object.keys(value).length === 0
