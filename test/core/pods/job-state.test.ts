import type { V1Job, V1Pod } from '@kubernetes/client-node'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QUEUE_LABEL } from '../../../core/kube.ts'
import { NOTHING_AROUND } from '../../../core/pods/around.ts'
import { lastDied } from '../../../core/pods/died.ts'
import { jobState } from '../../../core/pods/job-state.ts'
import { TRANSIENT_FAILURES } from '../../../core/reasons.ts'
import { NOTE } from '../../../core/text.ts'
import { eventIn, podIn, poolIn } from './objects.ts'

const job = (type?: string, more: { reason?: string; message?: string } = {}): V1Job => ({
  spec: { template: {} },
  status: type === undefined ? {} : { conditions: [{ type, status: 'True', ...more }] },
})

/** A suspended Job of a queue, whose spec was written so often. */
const queued = (generation: number): V1Job => ({
  metadata: { labels: { [QUEUE_LABEL]: 'gpu' }, generation },
  spec: { template: {}, suspend: true },
})

interface PodSketch {
  phase?: string
  node?: string
  exit?: { exitCode: number; reason?: string; message?: string }
  waiting?: { reason: string; message?: string }
  conditions?: { type: string; status: string; reason?: string; message?: string }[]
  reason?: string
  at?: number
}

const pod = ({ phase = 'Running', node, exit, waiting, conditions, reason, at = 0 }: PodSketch): V1Pod => ({
  metadata: { name: 'p', creationTimestamp: new Date(at) },
  spec: { containers: [], ...(node === undefined ? {} : { nodeName: node }) },
  status: {
    phase,
    reason,
    conditions,
    containerStatuses: [
      {
        name: 'fine-tuning',
        image: 'acme/trainer@sha256:1',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { ...(exit === undefined ? {} : { terminated: exit }), ...(waiting === undefined ? {} : { waiting }) },
      },
    ],
  },
})

/** A message of 300 KB that would colour a terminal and turn its text around. */
const LONG = `\u001b[31m\u202e${'long '.repeat(60_000)}`

const failedPod = (exitCode: number, more: { reason?: string; message?: string } = {}) =>
  pod({ phase: 'Failed', exit: { exitCode, ...more } })
const disrupted = (reason: string, at = 0) =>
  pod({
    phase: 'Failed',
    at,
    conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message: 'the node went away' }],
  })
const EVENTS = 'its events say why: a quota, an admission, or a service account that is not there'
const failed = job('Failed', { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' })

describe('a Job that waits', () => {
  it.each<[string, V1Job, V1Pod[]]>([
    [`waiting for its pod to be made (if that lasts, ${EVENTS})`, job(), []],
    ['suspended by a queue or a person: it starts when that is lifted', { spec: { template: {}, suspend: true } }, []],
    ['Kueue has not admitted it yet: it waits in the LocalQueue gpu', queued(1), []],
    ['Kueue has suspended it: it waits in the LocalQueue gpu again', queued(3), []],
    [
      'somebody has set its parallelism to 0: it goes on once that is 1',
      { spec: { template: {}, parallelism: 0 } },
      [],
    ],
    [
      'waiting for a node: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.',
      job(),
      [
        pod({
          phase: 'Pending',
          conditions: [
            {
              type: 'PodScheduled',
              status: 'False',
              reason: 'Unschedulable',
              message: '0/3 nodes are available: 3 Insufficient nvidia.com/gpu.',
            },
          ],
        }),
      ],
    ],
    ['waiting for a node', job(), [pod({ phase: 'Pending' })]],
    [
      'starting on node-1',
      job(),
      [pod({ phase: 'Pending', node: 'node-1', waiting: { reason: 'ContainerCreating' } })],
    ],
    [
      'not started on node-1: ErrImagePull (denied)',
      job(),
      [pod({ phase: 'Pending', node: 'node-1', waiting: { reason: 'ErrImagePull', message: 'denied' } })],
    ],
    [
      'not started on node-1: CreateContainerConfigError',
      job(),
      [pod({ phase: 'Pending', node: 'node-1', waiting: { reason: 'CreateContainerConfigError' } })],
    ],
  ])('says: %s', (note, seen, pods) => {
    expect(jobState(seen, pods)).toMatchObject({ kind: 'waiting', note, failure: null })
  })

  it.each(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])(
    'fails at once on %s: waiting does not cure it',
    (reason) => {
      const state = jobState(job(), [pod({ phase: 'Pending', waiting: { reason, message: 'not found' } })])
      expect(state).toMatchObject({ kind: 'failed', failure: 'image-pull' })
      expect(state.note).toBe(
        `the image acme/trainer@sha256:1 cannot be pulled (${reason}: not found): check its name and digest`,
      )
    },
  )

  it("fails at once too when an init container's image is the one", () => {
    const base = pod({ phase: 'Pending' })
    const init = {
      ...base.status!.containerStatuses![0]!,
      image: 'init@sha256:2',
      state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } },
    }
    const state = jobState(job(), [{ ...base, status: { ...base.status, initContainerStatuses: [init] } }])
    expect(state).toMatchObject({ failure: 'image-pull', note: expect.stringContaining('init@sha256:2') })
  })
})

describe('a Job that runs', () => {
  it('says where', () => {
    expect(jobState(job(), [pod({ node: 'node-1' })])).toEqual({
      kind: 'running',
      note: 'running on node-1',
      failure: null,
    })
  })

  it('goes on after a disruption: its pod is replaced, and that is said', () => {
    const state = jobState(job(), [disrupted('EvictionByEvictionAPI'), pod({ node: 'node-2', at: 5 })])
    expect(state).toEqual({
      kind: 'running',
      note: 'running on node-2; 1 earlier pod was lost to a disruption',
      failure: null,
    })
  })

  it('waits while the pod that replaces a lost one is not there yet', () => {
    expect(jobState(job(), [disrupted('x'), disrupted('y')])).toMatchObject({
      kind: 'waiting',
      note: `waiting for its pod to be made (if that lasts, ${EVENTS}); 2 earlier pods were lost to a disruption`,
    })
  })

  it('has not ended because its pod has: only its own conditions say so', () => {
    expect(jobState(job(), [failedPod(1)])).toMatchObject({ kind: 'waiting', failure: null })
    expect(jobState(job(), [pod({ phase: 'Succeeded' })])).toMatchObject({ kind: 'waiting', failure: null })
    const not = { ...job(), status: { conditions: [{ type: 'Failed', status: 'False' }] } }
    expect(jobState(not, [pod({})]).kind).toBe('running')
  })

  it('says that a pod is stopping', () => {
    const base = pod({ node: 'n' })
    expect(jobState(job(), [{ ...base, metadata: { ...base.metadata, deletionTimestamp: new Date(1) } }]).note).toBe(
      'its pod is stopping on n: somebody has deleted it (a person, or who empties its node without evicting)',
    )
    expect(jobState(queued(3), [pod({ node: 'n' })])).toMatchObject({
      kind: 'running',
      note: 'Kueue has suspended it: it waits in the LocalQueue gpu again; running on n',
    })
    const drained = pod({ node: 'n', conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'Eviction' }] })
    expect(
      jobState(job(), [{ ...drained, metadata: { ...drained.metadata, deletionTimestamp: new Date(1) } }]).note,
    ).toBe('its pod is stopping on n: something outside its program ended it: Eviction')
  })
})

describe('a Job that somebody deletes', () => {
  const leaving = (finalizers: string[]): V1Job => ({
    ...job(),
    metadata: { deletionTimestamp: new Date(1), finalizers },
  })

  it('says so while its pod is there, and who keeps it', () => {
    const note = (finalizers: string[]) => jobState(leaving(finalizers), [pod({ node: 'n' })]).note
    expect(note(['foregroundDeletion'])).toBe('running on n; somebody deletes the Job')
    expect(note(['acme.com/audit', 'orphan'])).toBe(
      'running on n; somebody has deleted the Job, and acme.com/audit keeps it until then',
    )
  })

  it('waits for no pod', () => {
    expect(jobState(leaving([]), []).note).toBe('no pod of it is there; somebody deletes the Job')
  })
})

describe('a Job that succeeded', () => {
  it('is complete, whatever became of earlier pods', () => {
    expect(jobState(job('Complete'), [failedPod(1), pod({ phase: 'Succeeded' })])).toEqual({
      kind: 'succeeded',
      note: 'complete',
      failure: null,
    })
  })
})

describe('a Job that failed', () => {
  it.each(['Failed', 'FailureTarget'])('is known by its condition %s', (type) => {
    expect(jobState(job(type), [failedPod(1)])).toMatchObject({ kind: 'failed', failure: 'exit-code' })
  })

  it('because its node went away is node-lost, and says why', () => {
    expect(jobState(failed, [disrupted('DeletionByTaintManager')])).toEqual({
      kind: 'failed',
      failure: 'node-lost',
      note: 'its pod was taken away: its node stopped answering, or somebody tainted it against this pod: DeletionByTaintManager (the node went away)',
    })
    expect(jobState(failed, [pod({ phase: 'Failed', reason: 'NodeLost' })])).toMatchObject({ failure: 'node-lost' })
  })

  it('because a drain stopped it is node-lost, though its program ended with SIGTERM', () => {
    const drained = disrupted('EvictionByEvictionAPI')
    drained.status!.containerStatuses![0]!.state = { terminated: { exitCode: 143 } }
    expect(jobState(failed, [drained]).failure).toBe('node-lost')
  })

  it('of its own after a disruption is told by what it died of', () => {
    expect(
      jobState(failed, [disrupted('x', 1), { ...failedPod(3), metadata: { creationTimestamp: new Date(2) } }]).failure,
    ).toBe('exit-code')
  })

  it('is told by the newest pod that failed by itself, which is the one whose log is read', () => {
    const own = { ...failedPod(3), metadata: { name: 'own', creationTimestamp: new Date(2) } }
    const before = { ...failedPod(4), metadata: { name: 'before', creationTimestamp: new Date(1) } }
    expect(lastDied([before, disrupted('x', 3), own], failed)?.metadata?.name).toBe('own')
    expect(lastDied([disrupted('x')], failed)).toBeUndefined()
    expect(lastDied([podIn('deleted')], failed)).toBeUndefined()
  })

  it('is told by its program, not by what ran beside it and was ended with it', () => {
    const own = failedPod(3)
    const beside = {
      name: 'proxy',
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode: 143, finishedAt: new Date(9) } },
    }
    own.status!.containerStatuses![0]!.state!.terminated!.finishedAt = new Date(5)
    const status = { ...own.status, initContainerStatuses: [beside] }
    expect(jobState(failed, [{ ...own, status }]).note).toBe('fine-tuning ended with exit 3')
  })

  it('is told by its newest pod, whether its time is a date or text', () => {
    const older = { ...failedPod(1), metadata: { creationTimestamp: '2026-11-24T09:00:00Z' as unknown as Date } }
    const newer = { ...failedPod(2), metadata: { creationTimestamp: new Date('2026-11-24T09:00:01Z') } }
    expect(jobState(failed, [older, newer]).note).toContain('exit 2')
    expect(jobState(failed, [newer, older]).note).toContain('exit 2')
  })

  it('at its deadline says so, and whether it ever started', () => {
    const late = job('Failed', { reason: 'DeadlineExceeded' })
    expect(jobState(late, [failedPod(143)])).toMatchObject({
      failure: 'deadline-exceeded',
      note: 'it ran into its deadline',
    })
    expect(jobState(late, [pod({ phase: 'Pending' })]).note).toBe(
      'it ran into its deadline, and never started: waiting for a node',
    )
    expect(jobState(late, []).note).toBe(`it ran into its deadline, and no pod of it was ever made: ${EVENTS}`)
    expect(jobState(late, [], { noted: `waiting for its pod to be made (if that lasts, ${EVENTS})` }).note).toContain(
      EVENTS,
    )
    expect(jobState(late, [], { noted: 'waiting for a node: 5 Insufficient cpu' }).note).toBe(
      'it ran into its deadline, and never started: waiting for a node: 5 Insufficient cpu',
    )
    const own = pod({ phase: 'Pending' })
    const leaving = { ...own, metadata: { ...own.metadata, deletionTimestamp: new Date(0) } }
    expect(jobState(late, [leaving]).note).toBe('it ran into its deadline, and never started: waiting for a node')
    expect(jobState({ ...late, status: { ...late.status, failed: 1 } }, []).note).toBe('it ran into its deadline')
    expect(jobState(late, [], { worked: true }).note).toBe('it ran into its deadline')
    const of = (activeDeadlineSeconds: number) =>
      jobState({ ...late, spec: { ...late.spec, activeDeadlineSeconds } as V1Job['spec'] }, [failedPod(143)]).note
    expect([of(43_200), of(5_400), of(540)]).toEqual(
      ['12 h', '1.5 h', '9 min'].map((length) => `it ran into its deadline of ${length}`),
    )
  })

  it('is told by what its program ended with and its last lines, which say more', () => {
    expect(jobState(failed, [failedPod(42)])).toMatchObject({
      failure: 'exit-code',
      note: 'fine-tuning ended with exit 42 (the program says that its data or settings are wrong: another try will not help)',
    })
    const logs = ['step 100', 'NCCL error: unhandled system error, connection timed out', 'bye']
    expect(jobState(failed, [failedPod(1)], { logs })).toMatchObject({
      failure: 'nccl-timeout',
      note: expect.stringContaining(logs[1] ?? ''),
    })
  })

  it.each<[string, V1Job, V1Pod[], string[]]>([
    ['the Job says', job('Failed', { message: LONG }), [], []],
    ['its pod died of', failed, [failedPod(1, { message: LONG })], []],
    [
      'took its pod away',
      failed,
      [pod({ phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True', message: LONG }] })],
      [],
    ],
    [
      'keeps it from a node',
      job(),
      [pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: LONG }] })],
      [],
    ],
    [
      'keeps its image away',
      job(),
      [pod({ phase: 'Pending', waiting: { reason: 'ImagePullBackOff', message: LONG } })],
      [],
    ],
    ['its log says', failed, [failedPod(1)], [`CUDA out of memory ${LONG}`]],
  ])('repeats what %s in a few hundred characters that obey nobody', (_, seen, pods, logs) => {
    const { note } = jobState(seen, pods, { logs })
    expect(note).toContain('long long')
    expect(note.length).toBeLessThan(600)
    expect(note).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it('whose message says nothing that is seen says that it does not say why', () => {
    const silent = job('Failed', { message: '\u200b\n' })
    expect(jobState(silent, [pod({ phase: 'Failed' })]).note).toBe('the Job failed and does not say why')
  })

  it('whose pod is gone is told of no exit that nobody saw, but of what is known; another attempt may cure it', () => {
    expect(jobState(failed, [])).toEqual({
      kind: 'failed',
      failure: 'pod-gone',
      note: 'its pod is gone, and nobody saw how it ended: somebody has deleted it, or it went with its node (the Job says: Job has reached the specified backoff limit)',
    })
    expect(jobState(job('Failed'), []).note).toMatch(/or it went with its node$/)
    expect(TRANSIENT_FAILURES).toContain('pod-gone')
    // What a Job itself says of an exit is one; who deletes the Job deletes its pods.
    const told = job('Failed', { reason: 'PodFailurePolicy', message: 'Container train … failed with exit code 42' })
    expect(jobState(told, [])).toMatchObject({ failure: 'exit-code', note: told.status!.conditions![0]!.message })
    expect(jobState({ ...failed, metadata: { deletionTimestamp: new Date(1) } }, [])).toMatchObject({
      failure: 'deleted',
      note: expect.stringContaining('the Job and its pod were deleted'),
    })
  })

  it('whose pod is gone is told by what took it, where that was seen before', () => {
    const lost = { failure: 'preempted', note: 'a pod of a higher priority took its place' } as const
    expect(jobState(failed, [], { lost })).toMatchObject({
      failure: 'preempted',
      note: 'its pod was taken away: a pod of a higher priority took its place',
    })
    expect(jobState(failed, [failedPod(1)], { lost })).toMatchObject({ failure: 'exit-code' })
  })
})

describe('a pod that somebody deletes', () => {
  const [T, pods] = ['2026-11-23T13:00:03Z', (name: string) => [podIn(name)]]
  const of = (spec: object, more: object = {}): V1Job => ({
    ...more,
    spec: { template: {}, ...spec } as V1Job['spec'],
    status: {
      conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', lastTransitionTime: new Date(T) }],
    },
  })

  it('has not ended by itself, whatever its program made of it', () => {
    expect(jobState(of({ parallelism: 1 }), pods('deleted'))).toMatchObject({
      failure: 'pod-gone',
      note: expect.stringMatching(/^its pod was taken away: somebody has deleted it \(a person, or who empties/),
    })
    // What others have put beside it ends no pod, whatever it has ended with.
    const [pod] = pods('deleted')
    const ended = { exitCode: 1, finishedAt: new Date('2026-11-23T12:30:00Z') }
    const mesh = { ...pod!.status!.containerStatuses![0]!, name: 'mesh', state: { terminated: ended } }
    const beside = {
      ...pod,
      spec: { containers: [], initContainers: [{ name: 'mesh', restartPolicy: 'Always' }] },
      status: { ...pod!.status, initContainerStatuses: [mesh] },
    }
    expect(jobState(of({ parallelism: 1 }), [beside]).failure).toBe('pod-gone')
  })

  it('after it had ended keeps its own end', () => {
    expect(jobState(of({ parallelism: 1 }), pods('tidied'))).toMatchObject({
      failure: 'exit-code',
      note: 'fine-tuning ended with exit 1',
    })
  })

  it('is not meant where its Job deletes it: over, suspended, to have none, or deleted itself', () => {
    const failure = (job: V1Job) => jobState(job, pods('deleted')).failure
    expect(failure(of({ suspend: true }))).toBe('exit-code')
    expect(failure(of({ parallelism: 0 }))).toBe('exit-code')
    expect(failure(of({}, { metadata: { deletionTimestamp: new Date(T) } }))).toBe('exit-code')
    const letGo = of({})
    const at = new Date('2026-11-23T13:00:30Z')
    letGo.status!.conditions!.push({ type: 'Suspended', status: 'False', lastTransitionTime: at })
    expect(failure(letGo)).toBe('exit-code')
    // Of several its Job ends the others once it has failed.
    const early = of({ parallelism: 2 })
    early.status!.conditions![0]!.lastTransitionTime = new Date('2026-11-23T13:00:00Z')
    expect(failure(early)).toBe('exit-code')
    expect(failure(of({ parallelism: 2 }))).toBe('pod-gone')
  })

  it('says so while it stops', () => {
    const stopping = podIn('deleted')
    stopping.status!.phase = 'Running'
    stopping.status!.containerStatuses![0]!.state = { running: {} }
    expect(jobState(job(), [stopping], { now: Date.parse(T) })).toMatchObject({
      kind: 'running',
      note: expect.stringMatching(/^its pod is stopping on ip-10-0-1-7: somebody has deleted it/),
    })
  })
})

describe('a Job whose pods say why', () => {
  const at = (minutes: number) => ({ now: Date.parse('2026-11-23T12:00:00Z') + minutes * 60_000 })

  it('waits five minutes for what its pod names, from when its kubelet says so, and then fails', () => {
    const pod = podIn('config-error')
    const pods = [{ ...pod, metadata: { ...pod.metadata, uid: 'u' } }]
    const told = {
      ...{ metadata: {}, involvedObject: { uid: 'u' }, reason: 'Failed', firstTimestamp: new Date(at(0).now) },
      message: 'Error: secret "hf-token" not found',
    }
    const around = { ...NOTHING_AROUND, events: [told] }
    expect(jobState(job(), pods, { ...at(1), around })).toMatchObject({
      kind: 'waiting',
      note: 'not started on ip-10-0-1-7: CreateContainerConfigError (secret "hf-token" not found)',
      endsAt: at(5).now,
    })
    expect(jobState(job(), pods, { ...at(5), around })).toMatchObject({
      kind: 'failed',
      failure: 'configuration',
      note: expect.stringContaining('secret "hf-token" not found'),
    })
  })

  it('goes on while its program runs, whatever becomes of what others put beside it; what begins before it is waited for', () => {
    expect(jobState(job(), [podIn('beside-crash-loop')], at(600))).toMatchObject({
      kind: 'running',
      note: expect.stringMatching(/^running on ip-10-0-1-7; mesh ended with exit 1: .*; no plan has it: /),
    })
    const first = [podIn('beside-crash-loop-first')]
    expect(jobState(job(), first, at(14))).toMatchObject({
      kind: 'waiting',
      note: expect.stringMatching(/^starting on ip-10-0-1-7; mesh ended .*, which begins after it$/),
      endsAt: at(15).now,
    })
    expect(jobState(job(), first, at(15))).toMatchObject({
      kind: 'failed',
      failure: 'not-admitted',
    })
  })

  it('fails at once for the disk that its own pods fill, which Kubernetes would make again and again', () => {
    expect(jobState(job(), [podIn('evicted-own-disk')])).toMatchObject({ kind: 'failed', failure: 'out-of-disk' })
    const unknown = podIn('evicted-unknown')
    expect(jobState(job(), [unknown, unknown, pod({ node: 'n', at: 5 })])).toMatchObject({ kind: 'running' })
    expect(jobState(job(), [unknown, unknown, unknown])).toMatchObject({ kind: 'failed', failure: 'out-of-disk' })
  })

  it.each([
    ['refused-device', 'not-admitted'],
    ['evicted-unknown', 'node-lost'],
    ['drained', 'node-lost'],
    ['preempted', 'preempted'],
  ])('fails by %s: %s, which another attempt may cure', (name, failure) => {
    expect(jobState(failed, [podIn(name)])).toMatchObject({ kind: 'failed', failure })
    expect(TRANSIENT_FAILURES).toContain(failure)
  })
})

describe('a Job that waits for what tells of it elsewhere', () => {
  const MINUTE = 60_000
  const made = Date.parse('2026-11-23T12:00:00Z')
  const own = { ...job(), metadata: { uid: 'u-job', creationTimestamp: new Date(made) } }
  const around = (...names: string[]) => ({ ...NOTHING_AROUND, events: names.map(eventIn) })

  it('says why its pod is not made, and whose quota that is', () => {
    const of = (message: string) => {
      const event = { ...eventIn('told-quota-of-namespace'), message }
      return jobState(own, [], { now: made + MINUTE, around: { ...NOTHING_AROUND, events: [event] } })
    }
    expect(jobState(own, [], { now: made + MINUTE, around: around('told-quota-of-namespace') })).toMatchObject({
      kind: 'waiting',
      note: 'its pod is not made: a quota of its namespace is used up (exceeded quota: gpus, requested: requests.nvidia.com/gpu=8, used: requests.nvidia.com/gpu=8, limited: requests.nvidia.com/gpu=8): others must end, or it be raised',
      failure: null,
    })
    expect(of('Error creating: pods "j-abcde" is forbidden: error looking up service account training/x').note).toBe(
      'its pod is not made: error looking up service account training/x',
    )
    // Whatever anybody tells of it: only its conditions end it.
    expect(of(LONG)).toMatchObject({ kind: 'waiting', failure: null })
    expect(of(LONG).note.length).toBeLessThan(300)
  })

  it('is looked at again in a minute, then after as long as it has waited, between a quarter of an hour and an hour', () => {
    const looks = (pods: V1Pod[], given: V1Job = own) =>
      [0, 1, 40, 600].map((minutes) => {
        const now = made + minutes * MINUTE
        const { lookAt = null } = jobState(given, pods, { now })
        return lookAt === null ? null : (lookAt - now) / MINUTE
      })
    expect(looks([podIn('no-room')])).toEqual([1, 15, 40, 60])
    expect(looks([podIn('not-begun')]).slice(0, 2)).toEqual([1, 15])
    // Of one that is not made each hour.
    expect(looks([])).toEqual([60, 59, 20, 60])
    expect(looks([podIn('restarted-and-ready')])).toEqual([null, null, null, null])
    expect(looks([], { ...own, spec: { template: {}, suspend: true } })).toEqual([null, null, null, null])
  })

  it('says of its pod what stands around it', () => {
    const of = (name: string, beside: Parameters<typeof jobState>[2]) => jobState(own, [podIn(name)], beside)
    const now = made + 2 * MINUTE
    expect(of('no-room', { now, around: { ...NOTHING_AROUND, pools: [poolIn('pool-full')] } })).toMatchObject({
      kind: 'waiting',
      note: expect.stringMatching(/^waiting for a node: gpu-train is at its ceiling/),
      failure: null,
    })
    const tainted = { ...NOTHING_AROUND, pools: [poolIn('pool-tainted')] }
    expect(of('no-room', { now, around: tainted })).toMatchObject({ kind: 'waiting', endsAt: made + 5 * MINUTE })
    expect(of('no-room', { now: made + 5 * MINUTE, around: tainted })).toMatchObject({ failure: 'configuration' })
    expect(of('not-begun', { now, around: around('told-secret') }).note).toContain('what its volumes name is not there')
    const late = { now: made + 15 * MINUTE }
    expect(of('not-begun', late)).toMatchObject({ kind: 'failed', failure: 'not-admitted' })
  })
})

describe('any Job with any pods', () => {
  const text = fc.constantFrom('', '\u0007', LONG, 'OOMKilled', 'ImagePullBackOff', 'NodeLost', 'DeadlineExceeded', 'x')
  const condition = fc.record(
    {
      type: fc.constantFrom('Complete', 'Failed', 'FailureTarget', 'DisruptionTarget', 'PodScheduled'),
      status: fc.constantFrom('True', 'False', 'Unknown'),
      reason: text,
      message: text,
    },
    { requiredKeys: ['type', 'status'] },
  )
  const pods = fc.array(
    fc.record(
      {
        phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'),
        conditions: fc.array(condition, { maxLength: 3 }),
        exit: fc.record({ exitCode: fc.integer({ min: 0, max: 255 }), reason: text }),
        waiting: fc.record({ reason: text }),
        reason: text,
      },
      { requiredKeys: [] },
    ),
    { maxLength: 4 },
  )

  it('has a note, and a failure exactly when it failed', () => {
    fc.assert(
      fc.property(fc.array(condition, { maxLength: 3 }), pods, fc.array(fc.string()), (conditions, sketches, logs) => {
        const state = jobState({ status: { conditions } }, sketches.map(pod), { logs })
        expect(state.note).not.toBe('')
        expect(state.note.length).toBeLessThanOrEqual(NOTE)
        expect(state.note).not.toMatch(/[\p{Cc}\p{Cf}]/u)
        expect(state.failure !== null).toBe(state.kind === 'failed')
      }),
    )
  })

  it('is read though the server left everything out', () => {
    expect(jobState({}, [{}]).kind).toBe('waiting')
  })
})
