import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { Rest } from '../../../core/lane/document.ts'
import { clear } from '../../../flows/acts/clear.ts'
import type { WorkPorts } from '../../../flows/ports.ts'
import { NOW, planRow, running, runOf, viewOf, wanted } from '../../core/lane/fixture.ts'

const ref = { kind: 'Job' as const, namespace: 'training', name: 'j' }
const made = { ref, uid: 'u', result: { bucket: 'b', key: 'k' } }
const DELETED = { deletionTimestamp: '2026-11-23T12:00:00Z' }
const KEPT = { ...DELETED, finalizers: ['acme.com/audit'] }

const jobOf = (metadata: object, conditions: string[] = []): KubeObject =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', namespace: 'training', uid: 'u', ...metadata },
    status: { conditions: conditions.map((type) => ({ type, status: 'True' })) },
  }) as unknown as KubeObject
const podOf = (phase: string, metadata: object = {}): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u', controller: true }],
      ...metadata,
    },
    status: { phase },
  }) as unknown as KubeObject

/** What clearing answers, and how often it has deleted the Job. */
const cleared = async ({ job, pods = [], tries = 0 }: { job: KubeObject; pods?: KubeObject[]; tries?: number }) => {
  let deletions = 0
  const cluster = {
    get: async () => job,
    list: async () => pods,
    delete: async () => {
      deletions += 1
      return 'deleted'
    },
  }
  const rest: Rest | null =
    tries === 0 ? null : { why: 'deleting', text: '', since: NOW, until: NOW, side: null, tries }
  const view = viewOf({
    doc: wanted({ rest, run: runOf({ phase: 'steps', steps: [running({ touched: true, made })] }) }),
    plan: planRow,
  })
  return { left: await clear({ cluster } as unknown as WorkPorts, view), deletions }
}

describe('a Job that has failed and whose pods are still ending', () => {
  const job = jobOf({}, ['FailureTarget'])

  it('is kept as evidence while Kubernetes ends its pods; once none is at work nothing is held for it', async () => {
    const working = await cleared({ job, pods: [podOf('Running')] })
    expect(working).toMatchObject({
      deletions: 0,
      left: { stopped: false, note: expect.stringContaining('has failed') },
    })
    expect((await cleared({ job, pods: [podOf('Failed')] })).left).toMatchObject({ stopped: true })
  })

  it('is deleted as any other where its end does not come', async () => {
    expect((await cleared({ job, pods: [podOf('Running')], tries: 6 })).deletions).toBe(0)
    const late = await cleared({ job, pods: [podOf('Running')], tries: 7 })
    expect(late).toMatchObject({ deletions: 1, left: { until: NOW + 300_000 } })
  })

  it('and that somebody has deleted otherwise: deleted so that its pods end, and it says which finalizer holds it', async () => {
    const held = jobOf(KEPT, ['FailureTarget'])
    expect(await cleared({ job: held, pods: [podOf('Running')] })).toMatchObject({
      deletions: 1,
      left: { note: expect.stringContaining('acme.com/audit holds it: see who'), stopped: false },
    })
    expect((await cleared({ job: held })).left).toMatchObject({ stopped: true })
    const foreground = jobOf({ ...KEPT, finalizers: ['acme.com/audit', 'foregroundDeletion'] }, ['FailureTarget'])
    expect(await cleared({ job: foreground })).toMatchObject({ deletions: 0, left: { stopped: true } })
  })
})

describe('a Job that is deleted', () => {
  it('and a pod of it that a finalizer keeps: it says which, and holds nothing for what is over', async () => {
    const job = jobOf({ ...DELETED, finalizers: ['foregroundDeletion'] })
    const over = podOf('Failed', { ...KEPT, finalizers: ['batch.kubernetes.io/job-tracking', 'acme.com/logs'] })
    expect((await cleared({ job, pods: [over] })).left).toEqual({
      note: 'Job j is being deleted, and acme.com/logs holds its pods: see who sets that finalizer',
      stopped: true,
      until: NOW + 5000,
    })
  })

  it('just now may still get a pod: its hold stays until it is seen to be on its way', async () => {
    expect(await cleared({ job: jobOf({ finalizers: ['acme.com/audit'] }) })).toMatchObject({
      deletions: 1,
      left: { stopped: false },
    })
  })
})
