import type { V1Job, V1Pod } from '@kubernetes/client-node'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastDied, lostIn } from '../../../core/pods/died.ts'
import { firstEnded, furthest, HALF_GANG, halfGang, rankOf, tornGang } from '../../../core/pods/gang.ts'
import { jobState } from '../../../core/pods/job-state.ts'

const START = Date.UTC(2026, 10, 23, 12)
const at = (seconds: number) => new Date(START + 1000 * seconds)
const INDEX = 'batch.kubernetes.io/job-completion-index'

const jobOf = (completions: number, over: Partial<V1Job> & { message?: string; failedAt?: number } = {}): V1Job => {
  const { message, failedAt, ...rest } = over
  const failed = [
    {
      type: 'Failed',
      status: 'True',
      reason: 'PodFailurePolicy',
      message: message ?? '',
      lastTransitionTime: at(failedAt ?? 100),
    },
  ]
  return {
    metadata: { name: 'gang', uid: 'job' },
    spec: { completionMode: 'Indexed', completions, parallelism: completions, template: { spec: { containers: [] } } },
    status: { startTime: at(0), ...(failedAt === undefined ? {} : { conditions: failed as never }) },
    ...rest,
  }
}

interface Told {
  phase?: string
  exit?: number
  ended?: number
  reason?: string
  target?: [reason: string, at: number]
  /** Asked to end then. */
  leaves?: number
  node?: string | null
  bound?: number
}
const podOf = (rank: number, told: Told = {}): V1Pod => {
  const { phase = told.exit === undefined ? 'Running' : told.exit === 0 ? 'Succeeded' : 'Failed' } = told
  const conditions = [
    ...(told.target
      ? [{ type: 'DisruptionTarget', status: 'True', reason: told.target[0], lastTransitionTime: at(told.target[1]) }]
      : []),
    ...(told.node === null ? [] : [{ type: 'PodScheduled', status: 'True', lastTransitionTime: at(told.bound ?? 1) }]),
  ]
  const terminated =
    told.exit === undefined
      ? undefined
      : { exitCode: told.exit, reason: told.reason ?? 'Error', finishedAt: at(told.ended ?? 50) }
  return {
    metadata: {
      name: `gang-${rank}-abcde`,
      creationTimestamp: at(0),
      annotations: { [INDEX]: String(rank) },
      ...(told.leaves === undefined ? {} : { deletionTimestamp: at(told.leaves + 30), deletionGracePeriodSeconds: 30 }),
    },
    spec: { containers: [{ name: 'train' }], ...(told.node === null ? {} : { nodeName: told.node ?? `node-${rank}` }) },
    status: {
      phase,
      startTime: at(told.bound ?? 1),
      conditions: conditions as never,
      containerStatuses: [
        {
          name: 'train',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: terminated ? { terminated } : { running: {} },
        },
      ],
    },
  }
}

describe('what a gang died of', () => {
  const failed = jobOf(4, { failedAt: 60 })
  const why = (pods: V1Pod[], job = failed, logs: string[] = []) =>
    jobState(job, pods, { logs, lost: lostIn(job, pods, null) })

  it('is what its first rank died of, not what the ones came to that were told to end for it', () => {
    const pods = [
      podOf(0, { exit: 143, ended: 70, leaves: 61 }),
      podOf(1, { exit: 1, ended: 59 }),
      podOf(2, { exit: 137, ended: 90, leaves: 61 }),
      podOf(3, { exit: 1, ended: 60 }),
    ]
    expect(why(pods, failed, ['CUDA out of memory'])).toMatchObject({
      failure: 'out-of-memory',
      note: expect.stringMatching(/^rank 1 of 4 failed first: the GPU ran out of memory/),
    })
    expect(lastDied(pods, failed)).toBe(pods[1])
  })

  it('is a node that was lost where that came before, though others have failed for it', () => {
    const pods = [
      podOf(0, { exit: 1, ended: 80 }),
      podOf(1, { phase: 'Failed', target: ['DeletionByTaintManager', 40] }),
    ]
    expect(why(pods)).toMatchObject({
      failure: 'node-lost',
      note: expect.stringContaining('lost a pod: rank 1 of 4: its node stopped answering'),
    })
    expect(lastDied(pods, failed)).toBeUndefined()
    // And the other way round.
    const later = [podOf(0, { exit: 7, ended: 20 }), pods[1]!]
    expect(why(later)).toMatchObject({
      failure: 'exit-code',
      note: expect.stringContaining('rank 0 of 4 failed first: train ended with exit 7'),
    })
  })

  it('is remembered, or said by its Job, where none of its pods is there any more', () => {
    const lost = { failure: 'preempted' as const, note: 'rank 2 of 4: a pod of a higher priority took its place' }
    expect(lostIn(failed, [], lost)).toBe(lost)
    expect(jobState(failed, [podOf(0, { exit: 143, ended: 70, leaves: 61 })], { lost })).toMatchObject({
      failure: 'preempted',
      note: expect.stringContaining('rank 2 of 4'),
    })
    const told = jobOf(4, {
      failedAt: 60,
      message: 'Pod training/gang-3-x has condition DisruptionTarget matching FailJob rule at index 0',
    })
    expect(jobState(told, [])).toMatchObject({
      failure: 'node-lost',
      note: expect.stringContaining('training/gang-3-x was taken away'),
    })
  })

  it('whoever it was: of ranks that fail one after the other the first, whatever the order in which they are listed', () => {
    const ends = fc.uniqueArray(fc.integer({ min: 1, max: 59 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(ends, fc.integer({ min: 0, max: 1000 }), (times, turn) => {
        const pods = times.map((ended, rank) => podOf(rank, { exit: 1 + rank, ended }))
        const shuffled = [...pods.slice(turn % pods.length), ...pods.slice(0, turn % pods.length)]
        const first = times.indexOf(Math.min(...times))
        expect(rankOf(firstEnded(shuffled, jobOf(times.length + 1, { failedAt: 60 }))!)).toBe(first)
      }),
    )
  })
})

describe('a gang that begins', () => {
  const job = jobOf(4)
  const waiting = (rank: number) => podOf(rank, { phase: 'Pending', node: null })

  it('says how many of it run, and what the one says that is furthest from it', () => {
    const pods = [podOf(0), podOf(1), waiting(2), podOf(3, { phase: 'Pending' })]
    expect(furthest(pods, job)).toBe(pods[2])
    expect(jobState(job, pods)).toMatchObject({
      kind: 'running',
      note: '2 of its 4 pods run; rank 2 of 4: waiting for a node',
    })
    expect(
      jobState(
        job,
        [0, 1, 2, 3].map((rank) => podOf(rank)),
      ),
    ).toMatchObject({ kind: 'running', note: 'all 4 of its pods run' })
    expect(jobState(job, [0, 1].map(waiting))).toMatchObject({ kind: 'waiting' })
  })

  it('is half there since the first of it came to its node, as long as others have none', () => {
    expect(halfGang(job, [podOf(0, { bound: 90 }), podOf(1, { bound: 30 }), waiting(2), waiting(3)])).toEqual({
      since: at(30).getTime(),
      there: '2 of 4',
    })
    // A pod that Kubernetes may not make is no better than one that finds no node.
    expect(halfGang(job, [podOf(0), podOf(1), podOf(2)])).toMatchObject({ there: '3 of 4' })
    const someDone = { ...job, status: { ...job.status, completedIndexes: '1' } }
    expect(halfGang(someDone, [podOf(0), waiting(2), waiting(3)])).toMatchObject({ there: '2 of 4' })
    expect(HALF_GANG).toBe(30 * 60_000)
  })

  it.each<[string, V1Job, V1Pod[]]>([
    ['all have nodes', job, [0, 1, 2, 3].map((rank) => podOf(rank))],
    ['none has', job, [0, 1, 2, 3].map(waiting)],
    ['the rest is done', job, [podOf(0), ...[1, 2, 3].map((rank) => podOf(rank, { exit: 0 }))]],
    ['one is told to end, which ends all', job, [podOf(0), podOf(1, { leaves: 5 }), waiting(2), waiting(3)]],
    [
      'the rest is done, and has gone with its nodes',
      { ...job, status: { ...job.status, succeeded: 3, completedIndexes: '1-2,3' } },
      [podOf(0)],
    ],
    [
      'one has ended well that nobody has counted yet',
      { ...job, status: { ...job.status, uncountedTerminatedPods: { succeeded: ['u'] }, completedIndexes: '1,2' } },
      [podOf(0)],
    ],
    ['one has failed, which ends all', job, [podOf(0), podOf(1), podOf(2), podOf(3, { exit: 1 })]],
    ['it is suspended', { ...job, spec: { ...job.spec!, suspend: true } }, [podOf(0), waiting(1)]],
    ['it is no gang', { spec: { completions: 1, template: {} } } as V1Job, [podOf(0)]],
  ])('is not, where %s', (_, one, pods) => {
    expect(halfGang(one, pods)).toBeNull()
  })
})

describe('a gang that is suspended once some of it has ended well', () => {
  const rung = { 'signalbox.dev/suspended-by': 'ml-monthly#suspend-preemptible' }
  const suspended = (over: Partial<V1Job> = {}, done = '1-3'): V1Job => {
    const job = jobOf(4, { metadata: { name: 'gang', annotations: rung }, ...over })
    return { ...job, spec: { ...job.spec!, suspend: true }, status: { ...job.status, completedIndexes: done } }
  }
  const lent = { metadata: { name: 'gang', labels: { 'kueue.x-k8s.io/queue-name': 'gpu' } } }

  it('cannot go on as a whole: a rung, or Kueue, has ended it', () => {
    expect(tornGang(suspended(), [])).toContain('once 3 of 4 of its pods had ended well')
    expect(tornGang(suspended(lent), [podOf(1, { exit: 0 })], { spec: { active: true } } as never)).toContain('3 of 4')
  })

  it.each<[string, V1Job, V1Pod[]]>([
    ['its pods are still ending', suspended(), [podOf(0, { leaves: 5 })]],
    ['none of it is done', suspended({}, ''), []],
    ['a person has suspended it', suspended({ metadata: { name: 'gang' } }), []],
    ['nobody has looked at what Kueue says', suspended(lent), []],
    ['it goes on', jobOf(4, { status: { completedIndexes: '1-3' } }), []],
  ])('is left as it is where %s', (_, job, pods) => {
    expect(tornGang(job, pods)).toBeNull()
  })
})
