import { digestOf } from '../digest.ts'
import type { KubeObject } from '../kube.ts'
import { LABEL_PREFIX, label } from '../names.ts'

/** Carries an object's own digest, so that it is recognised in the cluster whatever the server filled in. */
export const DIGEST_ANNOTATION = label('digest')

/** On a pod: name of the Job whose result it reads. Differs with each attempt, so it is a label and never a value. */
export const INPUT_JOB_LABEL = label('input-job')

/** What differs with the attempt, and with the ledger that makes it: what it does is the same. */
const ATTEMPT_LABELS: ReadonlySet<string> = new Set([
  label('ledger'),
  label('generation'),
  label('attempt'),
  label('plan'),
  INPUT_JOB_LABEL,
])
const NOT_DESIRED: ReadonlySet<string> = new Set(['ttlSecondsAfterFinished', 'suspend'])

/**
 * SHA-256 over what an object would do, the same for every attempt at one desired state. Left out: its name, labels that
 * name the attempt (also in templates and their selectors), annotations of ours, what the server adds, and the fields of
 * a Job that other concerns set later. Kind and namespace are kept.
 */
export const objectDigest = (object: KubeObject): string => digestOf(without(object, ''))

/** The object with its digest as an annotation: what is sent to the cluster. */
export const withDigest = <T extends KubeObject>(object: T): T => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [DIGEST_ANNOTATION]: objectDigest(object) },
  },
})

const without = (value: unknown, path: string): unknown => {
  if (Array.isArray(value)) return value.map((inner) => without(inner, `${path}[]`))
  if (value === null || typeof value !== 'object') return value
  const kept = Object.entries(value).filter(([key, inner]) => inner !== undefined && isKept(key, path))
  const cleaned = kept.map(([key, inner]): [string, unknown] => [key, without(inner, `${path}.${key}`)])
  return Object.fromEntries(isMetadata(path) ? cleaned.filter(([, inner]) => !isEmpty(inner)) : cleaned)
}

const isKept = (key: string, path: string): boolean => {
  if (isMetadata(path)) return key === 'namespace' || key === 'labels' || key === 'annotations'
  if (path.endsWith('.labels') || path.endsWith('.matchLabels')) return !ATTEMPT_LABELS.has(key)
  if (path.endsWith('.metadata.annotations')) return !key.startsWith(LABEL_PREFIX)
  if (path === '') return key !== 'status'
  return path !== '.spec' || !NOT_DESIRED.has(key)
}

const isMetadata = (path: string): boolean => path === '.metadata' || path.endsWith('.template.metadata')

const isEmpty = (value: unknown): boolean =>
  value !== null && typeof value === 'object' && Object.keys(value).length === 0
