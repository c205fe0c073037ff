import { describe, expect, it } from 'vitest'
import { DO_NOT_DISRUPT, type KubeObject, QUEUE_LABEL } from '../../../core/kube.ts'
import { DIGEST_ANNOTATION, objectDigest } from '../../../core/workloads/object-digest.ts'
import { MADE_WITH, withTermsOf, workDigest } from '../../../core/workloads/work-digest.ts'

type Job = KubeObject<'Job'>
/** Of the Job below. */
const BEFORE = '7a0135a12eb80476648b472871c939e04c9b8c65bb58ae43e405a7d68d99903b'
const job = (): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'a-g1a1-train', namespace: 'training', labels: { theirs: 'kept' } },
  spec: {
    activeDeadlineSeconds: 3600,
    backoffLimit: 0,
    podReplacementPolicy: 'Failed',
    template: {
      metadata: { annotations: { [DO_NOT_DISRUPT]: 'true' } },
      spec: {
        terminationGracePeriodSeconds: 120,
        nodeSelector: { pool: 'gpu-train' },
        tolerations: [{ key: 'gpu', operator: 'Exists' }],
        containers: [{ name: 'train', image: 'a@sha256:1', resources: { limits: { cpu: '8' } } }],
      },
    },
  },
})
const changed = (change: (job: Job) => void): Job => {
  const other = job()
  change(other)
  return other
}
const pod = (one: Job) => one.spec!.template.spec!

const TERMS: [string, (one: Job) => void][] = [
  ['its queue', (one) => Object.assign(one.metadata.labels!, { [QUEUE_LABEL]: 'gpu' })],
  ['its deadline', (one) => Object.assign(one.spec!, { activeDeadlineSeconds: 60 })],
  ['that it has none', (one) => Object.assign(one.spec!, { activeDeadlineSeconds: undefined })],
  ['what follows a failure', (one) => Object.assign(one.spec!, { backoffLimit: 3, podFailurePolicy: { rules: [] } })],
  ['when another pod follows', (one) => Object.assign(one.spec!, { podReplacementPolicy: 'TerminatingOrFailed' })],
  ['how long it has to end', (one) => Object.assign(pod(one), { terminationGracePeriodSeconds: 1 })],
  ['what it tolerates', (one) => Object.assign(pod(one), { tolerations: [] })],
  ['its rank', (one) => Object.assign(pod(one), { priorityClassName: 'high' })],
  ['whether it may be evicted', (one) => Object.assign(one.spec!.template, { metadata: { labels: {} } })],
  ['who lets it have its image', (one) => Object.assign(pod(one), { imagePullSecrets: [{ name: 'registry' }] })],
]
const FILLED_IN: typeof TERMS = [
  ['who places it', (one) => Object.assign(pod(one), { schedulerName: 'ours' })],
  ['when its image is pulled', (one) => Object.assign(pod(one).containers[0]!, { imagePullPolicy: 'Always' })],
]
const WORK: typeof TERMS = [
  ['its image', (one) => Object.assign(pod(one).containers[0]!, { image: 'a@sha256:2' })],
  ['a command', (one) => Object.assign(pod(one).containers[0]!, { command: ['x'] })],
  ['its machine', (one) => Object.assign(pod(one), { nodeSelector: { pool: 'other' } })],
  ['how much of it', (one) => Object.assign(pod(one).containers[0]!, { resources: { limits: { cpu: '4' } } })],
  ['what is done first', (one) => Object.assign(pod(one), { initContainers: [{ name: 'i', image: 'i@sha256:1' }] })],
  ['how many do it', (one) => Object.assign(one.spec!, { parallelism: 2 })],
  ['another’s label', (one) => Object.assign(one.metadata.labels!, { theirs: 'other' })],
  ['another’s annotation', (one) => Object.assign(one.spec!.template.metadata!.annotations!, { theirs: 'other' })],
  ['its namespace', (one) => Object.assign(one.metadata, { namespace: 'elsewhere' })],
]

describe('the digest of a Job’s work', () => {
  it.each([...TERMS, ...FILLED_IN])('is the same whatever it says of %s, which its own digest has', (_, change) => {
    expect(workDigest(changed(change))).toBe(workDigest(job()))
    expect(objectDigest(changed(change))).not.toBe(objectDigest(job()))
  })

  it.each(WORK)('is another with %s', (_, change) => {
    expect(workDigest(changed(change))).not.toBe(workDigest(job()))
  })

  it('is the one that it had when every Job was held', () => expect(workDigest(job())).toBe(BEFORE))

  it('is there of a Job that says nothing', () => {
    const empty: Job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x' } }
    expect(workDigest(empty)).toBe(objectDigest(empty))
  })
})

describe('a Job with what another one says beside its work', () => {
  const digest = (one: Job) => one.metadata.annotations?.[DIGEST_ANNOTATION]

  it.each(TERMS)('is that one where they differ in %s alone', (_, change) => {
    expect(digest(withTermsOf(job(), changed(change)))).toBe(objectDigest(changed(change)))
    expect(digest(withTermsOf(changed(change), job()))).toBe(objectDigest(job()))
  })

  it('is the one that it was made as, though it was given another time since', () => {
    const later = (one: Job) => Object.assign(one.spec!, { activeDeadlineSeconds: 5 })
    const found = changed(later)
    found.metadata.annotations = { [MADE_WITH]: '3600' }
    expect(digest(withTermsOf(changed(later), found))).toBe(objectDigest(job()))
  })

  it.each(WORK)('keeps %s', (_, change) => {
    expect(digest(withTermsOf(job(), changed(change)))).toBe(objectDigest(job()))
  })
})
