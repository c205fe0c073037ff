import { describe, expect, it } from 'vitest'
import { type KubeObject, QUEUE_LABEL } from '../../../core/kube.ts'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { TRANSIENT_FAILURES } from '../../../core/reasons.ts'
import { RESULT_LIMIT } from '../../../core/result.ts'
import { isOurs, isSameWork, nextLaunchJob, withToken } from '../../../core/steps/launch-job.ts'
import { DIGEST_ANNOTATION, withDigest } from '../../../core/workloads/object-digest.ts'
import { podIn } from '../pods/objects.ts'
import { trainPlan } from '../training-fixture.ts'

const step = trainPlan().steps[0] as LaunchJobStep
const { name } = step.job.metadata
const HOUR = 3_600_000
const conditions = (type: string, reason = '') => ({
  ...step.job,
  status: { conditions: [{ type, status: 'True', reason, message: reason }] },
})
const folder = `${step.results.prefix}${name}-x7k2p`
const model = `s3://${step.results.bucket}/${folder}/adapter`
const at = { bucket: step.results.bucket, key: `${folder}/result.json` }
const read = (bytes: Uint8Array, by: 'file' | 'message' = 'file') =>
  ({ bytes, etag: by === 'file' ? 'e1' : null, at, by }) as const
const result = (
  object: string,
  { metrics = { loss: 0.5 }, artifact = model, by = 'file' as 'file' | 'message' } = {},
) => read(Buffer.from(JSON.stringify({ object, metrics, artifacts: { model: artifact } })), by)
const seen = { name, job: null, pods: [], logs: [], result: null, now: 0 }

describe('a Job of ours', () => {
  it('is done when it is complete and its result is valid', () => {
    expect(nextLaunchJob(step, { ...seen, job: conditions('Complete'), result: result(name) })).toMatchObject({
      kind: 'done',
      note: 'loss 0.5',
      values: { loss: 0.5, model },
      read: { etag: 'e1', at, by: 'file' },
    })
  })

  it('whose pod a dead node does not end is looked at when there is more to say, and has lost that node in the end', () => {
    const due = Date.parse('2026-11-23T13:00:30Z')
    const at = (minutes: number) =>
      nextLaunchJob(step, {
        ...seen,
        job: step.job,
        pods: [podIn('leaving-on-dead-node')],
        now: due + minutes * 60_000,
      })
    expect(at(1)).toMatchObject({ kind: 'wait', running: true, until: due + 5 * 60_000 })
    expect(at(45)).toMatchObject({ kind: 'failed', reason: 'node-lost' })
  })

  it('that is complete without a valid result has failed', () => {
    expect(nextLaunchJob(step, { ...seen, job: conditions('Complete') })).toMatchObject({ reason: 'result-missing' })
    expect(nextLaunchJob(step, { ...seen, job: conditions('Complete'), result: result('another') })).toMatchObject({
      reason: 'result-malformed',
    })
    expect(
      nextLaunchJob(step, { ...seen, job: conditions('Complete'), result: read(new Uint8Array(RESULT_LIMIT + 1)) }),
    ).toMatchObject({ reason: 'result-malformed' })
  })

  it('is done by its termination message as by a file, under the same rules', () => {
    const of = (given: Parameters<typeof result>[1]) =>
      nextLaunchJob(step, { ...seen, job: conditions('Complete'), result: result(name, { ...given, by: 'message' }) })
    expect(of({})).toMatchObject({ kind: 'done', values: { loss: 0.5, model }, read: { by: 'message', etag: null } })
    const elsewhere = `s3://${step.results.bucket}/${step.results.prefix}${name}-aaaaa/adapter`
    expect(of({ artifact: elsewhere })).toMatchObject({
      reason: 'result-malformed',
      note: expect.stringMatching(/^its termination message: artifact "model" must be a plain URI under/),
    })
  })

  it('names artifacts below its own pod’s folder alone', () => {
    for (const other of [name, `${name}-aaaaa`, `${name}-x7k2pp`]) {
      const artifact = `s3://${step.results.bucket}/${step.results.prefix}${other}/adapter`
      const job = conditions('Complete')
      expect(nextLaunchJob(step, { ...seen, job, result: result(name, { artifact }) })).toMatchObject({
        reason: 'result-malformed',
      })
    }
  })

  it('that is gone counts by its result alone, and is never made again', () => {
    expect(nextLaunchJob(step, { ...seen, result: result(name) })).toMatchObject({ kind: 'done' })
    expect(nextLaunchJob(step, seen)).toMatchObject({ kind: 'failed', reason: 'deleted' })
  })

  it('that is gone ran until its result was written, whenever somebody looks; without one nobody knows, and its deadline is the most', () => {
    const late = { ...seen, now: 100 * HOUR, before: { madeAt: 9 * HOUR, ranFrom: 10 * HOUR, leavingAt: null } }
    expect(nextLaunchJob(step, { ...late, result: { ...result(name), writtenAt: 11 * HOUR } })).toMatchObject({
      kind: 'done',
      ranFrom: 10 * HOUR,
      ranUntil: 11 * HOUR,
    })
    const most = 10 * HOUR + 1000 * (step.job.spec?.activeDeadlineSeconds ?? 0)
    expect(nextLaunchJob(step, late)).toMatchObject({ reason: 'deleted', ranUntil: null, ranMost: most })
    expect(nextLaunchJob(step, { ...late, now: 10.5 * HOUR })).toMatchObject({ ranUntil: null, ranMost: 10.5 * HOUR })
  })

  it.each(['Failed', 'Complete'])(
    'that somebody deleted before it was %s was deleted, unless its result is valid',
    (type) => {
      const at = (seconds: number) => new Date(seconds * 1000)
      const job = (ended: number, deletedAt: number, is = type): KubeObject<'Job'> => ({
        ...step.job,
        metadata: { ...step.job.metadata, deletionTimestamp: at(deletedAt) },
        status: { conditions: [{ type: is, status: 'True', lastTransitionTime: at(ended) }] },
      })
      // SIGTERM came of the deletion, whatever the program made of it.
      expect(nextLaunchJob(step, { ...seen, job: job(20, 20) })).toMatchObject({ kind: 'failed', reason: 'deleted' })
      expect(nextLaunchJob(step, { ...seen, job: job(21, 20), result: result(name) })).toMatchObject({ kind: 'done' })
      expect(nextLaunchJob(step, { ...seen, job: job(20, 20, 'FailureTarget') })).toMatchObject({ kind: 'wait' })
      // What had ended before keeps its own end: somebody only tidied up.
      const own = type === 'Failed' ? 'exit-code' : 'result-missing'
      const pods = type === 'Failed' ? [podIn('tidied')] : []
      expect(nextLaunchJob(step, { ...seen, job: job(19, 20), pods })).toMatchObject({ kind: 'failed', reason: own })
    },
  )

  it.each([
    [
      'drained-saved',
      'node-lost',
      /^its pod was taken away, and it ended with 0 and no s3:.*result\.json: its node was emp/,
    ],
    ['deleted-saved', 'pod-gone', /^its pod was taken away, and it ended with 0 .*: somebody has deleted it/],
  ])(
    'whose program saves what it has when it is told to stop, and ends with 0, was not done: %s',
    (pod, reason, note) => {
      const job = conditions('Complete')
      const taken = { kind: 'failed', reason, note: expect.stringMatching(note) }
      expect(nextLaunchJob(step, { ...seen, job, pods: [podIn(pod)] })).toMatchObject(taken)
      expect(nextLaunchJob(step, { ...seen, job, pods: [podIn(pod)], result: result(name) }).kind).toBe('done')
      expect(TRANSIENT_FAILURES).toContain(reason)
      // Its pod is gone before its Job is complete: what was seen of it while it was leaving is remembered until there is another.
      const stopping = podIn(pod)
      stopping.status!.phase = 'Running'
      stopping.status!.containerStatuses![0]!.state = { running: {} }
      const look = nextLaunchJob(step, { ...seen, job: step.job, pods: [stopping] })
      const lost = look.kind === 'wait' ? look.lost! : null
      expect(lost).toMatchObject({ failure: reason })
      expect(nextLaunchJob(step, { ...seen, job: step.job, lost })).toMatchObject({ kind: 'wait', lost })
      expect(nextLaunchJob(step, { ...seen, job, lost })).toMatchObject(taken)
      expect(nextLaunchJob(step, { ...seen, job: conditions('Failed'), lost })).toMatchObject({
        kind: 'failed',
        reason,
      })
      const again = { metadata: { name: 'again' }, status: { phase: 'Running' } }
      expect(nextLaunchJob(step, { ...seen, job: step.job, pods: [again], lost })).toMatchObject({
        kind: 'wait',
        lost: null,
      })
    },
  )

  it('that failed says why, with its last log lines; a result does not save it', () => {
    expect(
      nextLaunchJob(step, {
        ...seen,
        job: conditions('Failed', 'DeadlineExceeded'),
        logs: ['boom'],
        result: result(name),
      }),
    ).toMatchObject({ kind: 'failed', reason: 'deadline-exceeded', note: expect.stringContaining('boom') })
  })

  it('that failed with a line of 300 KB, written by a progress bar, gives a short note with its last words', () => {
    const bar = Array.from({ length: 10_000 }, (_, n) => `\r\u001b[32m step ${n}|#########\u001b[0m`).join('')
    const logs = [
      'x'.repeat(300_000),
      bar,
      ...Array.from({ length: 5 }, () => 'y'.repeat(300_000)),
      bar,
      'the last one',
    ]
    const next = nextLaunchJob(step, { ...seen, job: conditions('Failed', 'z'.repeat(300_000)), logs })
    const note = next.kind === 'failed' ? next.note : ''
    expect(note.length).toBeLessThan(1100)
    expect(note).toContain('Last log lines: yyy')
    expect(note).toMatch(/⏎ step 9999\|######### ⏎ the last one$/)
    expect(note).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it('that has no condition yet is waited for', () => {
    expect(nextLaunchJob(step, { ...seen, job: step.job })).toMatchObject({ kind: 'wait', running: false })
  })

  it('is looked at again when Kubernetes ends it, at the latest; what it costs counts once its pod runs', () => {
    const pod = { metadata: { name: 'p' }, status: { phase: 'Running' } }
    const active = { ...step.job, status: { active: 1, ready: 1, startTime: new Date(HOUR) } }
    const seconds = step.job.spec?.activeDeadlineSeconds ?? 0
    expect(nextLaunchJob(step, { ...seen, job: active, pods: [pod], now: HOUR })).toMatchObject({
      kind: 'wait',
      until: HOUR + seconds * 1000 + 10 * 60_000,
      running: true,
    })
  })

  it('says since when its work stands still, and since when it runs again', () => {
    const at = (hour: number) => new Date(hour * HOUR)
    const look = (status: object, pods: { phase: string; startTime?: Date; made?: Date; over?: Date }[]) =>
      nextLaunchJob(step, {
        ...seen,
        job: { ...step.job, status },
        pods: pods.map(({ phase, startTime, made, over }) => ({
          metadata: { creationTimestamp: made },
          status: {
            phase,
            startTime,
            containerStatuses: over && ([{ state: { terminated: { finishedAt: over, exitCode: 1 } } }] as never),
          },
        })),
      })
    const suspended = { conditions: [{ type: 'Suspended', status: 'True', lastTransitionTime: at(3) }] }
    expect(look(suspended, [])).toMatchObject({ running: false, ranUntil: 3 * HOUR })
    // Its node is gone with its pod: the one that waits in its place was made when that was over.
    expect(look({}, [{ phase: 'Pending', made: at(4) }])).toMatchObject({ running: false, ranUntil: 4 * HOUR })
    const lost = { phase: 'Failed', startTime: at(1), over: at(2) }
    expect(look({}, [lost, { phase: 'Pending', made: at(4) }])).toMatchObject({ running: false, ranUntil: 2 * HOUR })
    expect(look({}, [lost, { phase: 'Running', startTime: at(5) }])).toMatchObject({
      running: true,
      ranFrom: HOUR,
      ranAgain: 5 * HOUR,
    })
  })

  it('whose deadline stands still, or is past, is looked at once an hour, however long that lasts', () => {
    const suspended = { ...step.job, spec: { ...step.job.spec, suspend: true } } as KubeObject<'Job'>
    const late = { ...step.job, status: { startTime: new Date(0) } }
    for (const job of [suspended, late])
      for (const now of [200 * HOUR, 200 * HOUR + 1, 201 * HOUR - 1])
        expect(nextLaunchJob(step, { ...seen, job, now })).toMatchObject({ kind: 'wait', until: 201 * HOUR })
  })

  it('is recognised by installation, lane, digest, and the token that only its ledger can give to that name', () => {
    const made = withToken(step.job, 'secret')
    const other = (change: object) => ({ ...made, metadata: { ...made.metadata, ...change } }) as KubeObject
    expect(isOurs(made, step.job, 'secret')).toBe(true)
    // What can be copied: everything of an earlier Job, and its token is another name's.
    expect(isOurs(other({ annotations: step.job.metadata.annotations ?? {} }), step.job, 'secret')).toBe(false)
    const earlier = withToken({ ...step.job, metadata: { ...step.job.metadata, name: 'earlier' } }, 'secret')
    expect(isOurs(other({ annotations: earlier.metadata.annotations ?? {} }), step.job, 'secret')).toBe(false)
    const digest = { ...made.metadata.annotations, [DIGEST_ANNOTATION]: 'other' }
    expect(isOurs(other({ annotations: digest }), step.job, 'secret')).toBe(false)
    expect(isOurs(other({ labels: {} }), step.job, 'secret')).toBe(false)
    expect(isOurs(made, step.job, 'another ledger’s')).toBe(false)
  })

  it('is the same work however long it may take and in whosever queue it was, once it was let in, as a server shows it', () => {
    const { metadata, spec } = step.job
    const template = { ...spec!.template, spec: { ...spec!.template.spec!, schedulerName: 'default-scheduler' } }
    const shown = (job: KubeObject<'Job'>, over: object = {}): KubeObject<'Job'> => ({
      ...withToken(withDigest(job), 'secret'),
      spec: { ...job.spec!, completionMode: 'NonIndexed', template, ...over },
    })
    const queued = {
      ...step.job,
      metadata: { ...metadata, labels: { ...metadata.labels, [QUEUE_LABEL]: 'gpu' } },
      spec: { ...spec!, activeDeadlineSeconds: 60, suspend: true },
    }
    const same = (found: KubeObject<'Job'>, secret = 'secret') => isSameWork(found, step.job, secret)
    expect([same(shown(step.job)), same(shown(queued, { suspend: false }))]).toEqual([true, true])
    // It would wait in a queue that nobody serves any more.
    expect(same(shown(queued))).toBe(false)
    expect(isSameWork(shown(queued), queued, 'secret')).toBe(false)
    expect(isSameWork(shown(queued), withDigest(queued), 'secret')).toBe(true)
    expect(same(shown(queued, { suspend: false }), 'another ledger’s')).toBe(false)
    const other = { ...spec!, template: { ...spec!.template, spec: { ...spec!.template.spec!, nodeSelector: {} } } }
    expect(same(shown({ ...step.job, spec: other }))).toBe(false)
  })
  it('is not what somebody has made anew of it from a copy with another image, whatever its annotations say', () => {
    const made = withToken(withDigest(step.job), 'secret')
    const spec = made.spec!
    const stored = (change: object = {}, pod: object = {}): KubeObject<'Job'> => {
      const containers = spec.template.spec!.containers.map((one) => ({ ...one, imagePullPolicy: 'Always', ...change }))
      return { ...made, spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec!, containers, ...pod } } } } // biome-ignore format: one object
    }
    const same = (found: KubeObject<'Job'>) => isSameWork(found, step.job, 'secret')
    expect(same(stored())).toBe(true)
    expect(same(stored({ image: 'evil:1' }))).toBe(false)
    expect(same(stored({ args: ['other'] }))).toBe(false)
    expect(same(stored({}, { serviceAccountName: 'other' }))).toBe(false)
    // Where it runs is said by Kueue too, once it lets it in.
    expect(same(stored({}, { nodeSelector: { zone: 'a' }, tolerations: [{ operator: 'Exists' }] }))).toBe(true)
    // What an admission makes of our own request stays ours.
    const path = ['f:spec', 'f:template', 'f:spec', 'f:containers', `k:{"name":"${spec.template.spec!.containers[0]?.name}"}`, 'f:image'] // biome-ignore format: a path
    const fieldsV1 = path.reduceRight<object>((inner, part) => ({ [part]: inner }), {})
    const mirrored = stored({ image: 'mirror.example/x' })
    const managedFields = [{ manager: 'signalbox-workload', operation: 'Update', fieldsV1 }]
    expect(same({ ...mirrored, metadata: { ...mirrored.metadata, managedFields } })).toBe(true)
  })
})
