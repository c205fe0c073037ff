import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { Mark, Rest } from '../../../core/lane/document.ts'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { graceOfPods } from '../../../core/steps/job-times.ts'
import { clear } from '../../../flows/acts/clear.ts'
import { NotAllowed, Refused, Unavailable, type WorkPorts } from '../../../flows/ports.ts'
import { HOUR, NOW, planRow, running, runOf, viewOf, wanted } from '../../core/lane/fixture.ts'

const ref = { kind: 'Job' as const, namespace: 'training', name: 'j' }
const made = { ref, uid: 'u', result: { bucket: 'b', key: 'j/result.json' } }
const NO_OBJECTS = { read: async () => null, list: async () => [] }
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

/** As a gate has it: no GPU, and nothing that another attempt carries over. */
const asks = planRow.plan.steps.map((step) =>
  step.kind === 'launch-job' ? { ...step, pool: null, gpus: 0, keeps: false } : step,
)
const gateRow = { ...planRow, plan: { ...planRow.plan, steps: asks } }

interface Given {
  plan?: typeof planRow
  job: KubeObject | null
  pods?: KubeObject[]
  tries?: number
  objects?: object
  mark?: Partial<Mark>
}

/** What clearing answers, and how often it has deleted the Job. */
const cleared = async ({ job, pods = [], tries = 0, objects, mark, plan = planRow }: Given) => {
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
    doc: wanted({ rest, run: runOf({ phase: 'steps', steps: [running({ touched: true, made, ...mark })] }) }),
    plan,
  })
  const { left, looks } = await clear({ cluster, objects: objects ?? NO_OBJECTS } as unknown as WorkPorts, view)
  return { left, deletions, seen: looks[0]?.seen }
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

  it('while its node is dead: what keeps its pod, and what to do, in a pod that has long had to end', async () => {
    const job = jobOf({ ...DELETED, finalizers: ['foregroundDeletion'] })
    const ends = (minutes: number) => {
      const pod = podOf('Running', { deletionTimestamp: new Date(NOW - minutes * 60_000).toISOString() })
      return { ...pod, spec: { nodeName: 'ip-10-0-1-7' } } as unknown as KubeObject
    }
    expect((await cleared({ job, pods: [ends(4)] })).left).toMatchObject({
      note: 'Job j is being deleted',
      stopped: false,
    })
    expect((await cleared({ job, pods: [ends(5)] })).left).toMatchObject({
      note: expect.stringMatching(/^Job j is being deleted; its pod had to end by .*: kubectl delete node ip-10-0-1-7/),
      stopped: false,
    })
    expect((await cleared({ job: null, pods: [ends(5)] })).left).toMatchObject({
      note: expect.stringMatching(/^1 pods of Job j are still ending; its pod had to end by/),
    })
  })

  it('of a gate: nobody waits for its pods, nor for whoever keeps it', async () => {
    const plan = gateRow
    expect(await cleared({ job: jobOf({}), pods: [podOf('Running')], plan })).toMatchObject({
      deletions: 1,
      left: null,
    })
    const kept = jobOf(KEPT)
    expect((await cleared({ job: kept, pods: [podOf('Running', DELETED)], plan })).left).toBeNull()
    expect((await cleared({ job: null, pods: [podOf('Running', DELETED)], plan })).left).toBeNull()
  })

  it('just now may still get a pod: its hold stays until it is seen to be on its way', async () => {
    expect(await cleared({ job: jobOf({ finalizers: ['acme.com/audit'] }) })).toMatchObject({
      deletions: 1,
      left: { stopped: false },
    })
  })
})

describe('a Job that was over before anybody looked', () => {
  const [from, until] = [NOW - 30 * HOUR, NOW - 29 * HOUR]
  const condition = { type: 'Complete', status: 'True' }
  const status = { conditions: [condition], completionTime: new Date(until).toISOString() }
  const complete = { ...jobOf({}), status } as unknown as KubeObject
  const pod = { ...podOf('Succeeded'), status: { phase: 'Succeeded', startTime: new Date(from).toISOString() } }
  const pods = [pod as unknown as KubeObject]
  const bytes = Buffer.from(JSON.stringify({ object: 'j', metrics: { loss: 0.5 }, artifacts: {} }))
  const head = { etag: 'e', lastModified: until, versionId: null }
  const objects = { ...NO_OBJECTS, read: async () => ({ bytes, head }) }

  it('has its result read, and is not deleted', async () => {
    expect(await cleared({ job: complete, pods, objects })).toMatchObject({
      left: null,
      deletions: 0,
      seen: { kind: 'done', values: { loss: 0.5 }, ranFrom: from, ranUntil: until },
    })
    expect((await cleared({ job: complete, pods })).seen).toMatchObject({ kind: 'failed', reason: 'result-missing' })
  })

  it('and is gone counts by its result, written when it ended at the latest', async () => {
    expect((await cleared({ job: null, objects })).seen).toMatchObject({ kind: 'done', ranUntil: until })
    expect((await cleared({ job: null })).seen).toMatchObject({ kind: 'failed', reason: 'deleted' })
  })

  it.each([new Unavailable('503'), new NotAllowed('403'), new Refused('400')])(
    '%s: nobody waits for its result',
    async (error) => {
      const away = { read: () => Promise.reject(error), list: () => Promise.reject(error) }
      for (const job of [complete, null])
        expect(await cleared({ job, pods: job === null ? [] : pods, objects: away })).toMatchObject({
          left: null,
          seen: { kind: 'unread' },
        })
      // Told to stop, its program may have written what it had all the same.
      const drained = { ...pod, status: { ...pod.status, conditions: [{ type: 'DisruptionTarget', status: 'True' }] } }
      expect((await cleared({ job: complete, pods: [drained as unknown as KubeObject] })).seen).toMatchObject({
        reason: 'node-lost',
      })
      expect(
        (await cleared({ job: complete, pods: [drained as unknown as KubeObject], objects: away })).seen,
      ).toMatchObject({ kind: 'unread' })
      const failed = jobOf({}, ['Failed'])
      expect((await cleared({ job: failed, objects: away })).seen).toMatchObject({
        kind: 'failed',
        reason: 'pod-gone',
      })
    },
  )

  it('and that was told to end runs no longer than its pods are given, however late it is seen gone', async () => {
    const mark = { ranFrom: from, endedAt: until }
    const grace = graceOfPods(planRow.plan.steps[0] as LaunchJobStep)
    expect((await cleared({ job: null, mark })).seen).toMatchObject({ reason: 'deleted', ranUntil: until + grace })
    expect((await cleared({ job: jobOf({}) })).seen).toMatchObject({ kind: 'wait', why: 'deleting' })
  })

  it('while its pods run on nothing is read of it', async () => {
    const away = { read: () => Promise.reject(new Error('nobody asks')) }
    const at = { startTime: new Date(from).toISOString() }
    const runs = { ...podOf('Running'), status: { phase: 'Running', ...at } } as unknown as KubeObject
    for (const job of [jobOf({}), jobOf({}, ['FailureTarget'])])
      expect((await cleared({ job, pods: [runs], objects: away })).seen).toMatchObject({
        kind: 'wait',
        running: true,
        ranFrom: from,
      })
  })
})
