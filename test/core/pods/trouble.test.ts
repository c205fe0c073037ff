import type { CoreV1Event, V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { NOTHING_AROUND } from '../../../core/pods/around.ts'
import { crashedOf, troubleOf } from '../../../core/pods/trouble.ts'
import { FETCHER, withFetched } from '../../../core/workloads/fetching.ts'
import { podIn } from './objects.ts'

const MADE = Date.parse('2026-11-23T12:00:00Z')
const MINUTE = 60_000

/** The pod, and its kubelet's word of why it does not start, first told then. */
const toldAt = (name: string, at: number) => {
  const pod = podIn(name)
  const { metadata, status } = pod
  const said = status?.containerStatuses?.flatMap(({ state, lastState }) => [
    state?.waiting?.message,
    lastState?.terminated?.message,
  ])
  const events = (said ?? []).map((message) => ({
    metadata: {},
    involvedObject: { uid: 'u' },
    ...{ reason: 'Failed', message: `Error: ${message}`, firstTimestamp: new Date(at) },
  }))
  const around = { ...NOTHING_AROUND, events: events as CoreV1Event[] }
  return { pod: { ...pod, metadata: { ...metadata, uid: 'u' } }, seen: { around, now: at + 2 * MINUTE } }
}

/** A pod whose fetch has ended so, again and again. */
const fetched = (exitCode: number, message: string): V1Pod => {
  const pod = structuredClone(podIn('init-crash-loop'))
  const image = `a@sha256:${'a'.repeat(64)}`
  const spec = { containers: [{ name: 'server', image }] }
  const fetch = { from: 's3://b/m/', name: 'm', most: null }
  const status = pod.status!.initContainerStatuses![0]!
  Object.assign(status, { name: FETCHER })
  Object.assign(status.lastState!.terminated!, { exitCode, message })
  return { ...pod, spec: withFetched(spec, { container: 'server', source: { image }, fetch }) }
}

describe('what keeps a pod from its work', () => {
  it.each([
    [73, 'out-of-disk', 'its disk is full'],
    [74, 'disk-failed', 'files of its machine'],
    [75, 'storage-away', 'S3 did not answer for as long as it waits'],
    [77, 'storage-refused', 'give it to the account of its pods, then retry'],
    [42, 'exit-code', 'data or settings are wrong'],
  ])('a fetch that ends with %i says what a stage does: %s', (code, failure, note) => {
    expect(troubleOf(fetched(code, 'as S3 says'))).toEqual({
      ...{ failure, endsAt: 0 },
      note: expect.stringMatching(
        new RegExp(
          `^signalbox-fetch ended with exit ${code} \\(.*${note}.*\\): as S3 says \\(it was restarted 3 times`,
        ),
      ),
    })
  })

  it.each([
    ['crash-loop', 'exit-code', 0, 'server ended with exit 1 (it was restarted 3 times)'],
    ['crash-loop-between', 'exit-code', 0, 'server ended with exit 1 (it was restarted 3 times)'],
    ['crash-loop-first', 'exit-code', null, 'server ended with exit 1 (it was restarted once)'],
    ['crash-loop-memory', 'out-of-memory', 0, 'OOMKilled, exit 137) (it was restarted 4 times)'],
    ['init-crash-loop', 'exit-code', 0, 'fetch ended with exit 2: no such adapter (it was restarted 3 times)'],
    [
      'config-error',
      'configuration',
      MADE + 5 * MINUTE,
      'server cannot be started (CreateContainerConfigError: secret "hf-token" not found): make what it names',
    ],
    ['create-error', 'configuration', MADE + 5 * MINUTE, 'executable file not found in $PATH'],
    [
      'run-error-gpu',
      'not-admitted',
      MADE + 15 * MINUTE,
      'its node could not start server (RunContainerError: nvidia-container-cli: initialization error: nvml error: driver',
    ],
    ['run-error-gpu-between', 'not-admitted', MADE + 15 * MINUTE, '(StartError: nvidia-container-cli: initialization'],
    ['pre-start-error', 'not-admitted', MADE + 15 * MINUTE, '(PreStartHookError: rpc error: code = Unavailable'],
    ['no-node', 'not-healthy', null, 'waiting for a node: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.'],
    ['image-back-off', 'image-pull', 0, 'the image acme/x@sha256:9 cannot be pulled (ImagePullBackOff: Back-off'],
  ])('%s: %s, and when it is over', (name, failure, endsAt, note) => {
    const { pod, seen } = toldAt(name, MADE)
    expect(troubleOf(pod, seen)).toEqual({ failure, endsAt, note: expect.stringContaining(note) })
  })

  it.each(['config-error', 'run-error-gpu', 'run-error-gpu-between'])(
    '%s: its time begins once its kubelet says so, however long the image was pulled',
    (name) => {
      const { pod, seen } = toldAt(name, MADE + 12 * MINUTE)
      const lasts = name === 'config-error' ? 5 : 15
      expect(troubleOf(pod, seen)?.endsAt).toBe(MADE + (12 + lasts) * MINUTE)
      // Nobody has told yet, or may be asked: as if it had been pulled for until now.
      expect(troubleOf(pod)?.endsAt).toBe(MADE + (25 + lasts) * MINUTE)
      // What is told of another, or of later, is no word of it.
      const others = seen.around.events.map((event) => ({ ...event, involvedObject: { uid: 'v' } }))
      const around = { ...seen.around, events: others as CoreV1Event[] }
      expect(troubleOf(pod, { ...seen, around })?.endsAt).toBe(MADE + (25 + lasts) * MINUTE)
      expect(troubleOf(pod, { ...seen, now: MADE + MINUTE })?.endsAt).toBe(MADE + (1 + lasts) * MINUTE)
    },
  )

  it('has its time from the first try on, also where each names another container', () => {
    const ids = ['4f2a91bb03c7', 'c0001a9f', '9'.repeat(64)]
    const [said, ...before] = ids.map((id) => `open /run/${id}/log.json: no such file ${'x'.repeat(2000)}`)
    const { pod, seen } = toldAt('create-error', MADE + 12 * MINUTE)
    const [one] = pod.status!.containerStatuses!
    const state = { waiting: { reason: 'CreateContainerError', message: said! } }
    const held = { ...pod, status: { ...pod.status, containerStatuses: [{ ...one!, state }] } }
    const [event] = seen.around.events
    const events = [said, ...before].map((message, n) => ({
      ...event!,
      message: `Error: ${message}`.slice(0, 1024),
      firstTimestamp: new Date(MADE + (12 - n) * MINUTE),
    }))
    expect(troubleOf(held, { ...seen, around: { ...seen.around, events } })?.endsAt).toBe(MADE + 15 * MINUTE)
  })

  it.each([
    ['ErrImagePull: unexpected status from GET request: 429 Too Many Requests', 15],
    ['ErrImagePull: dial tcp: lookup registry on 10.0.0.2:53: server misbehaving', 15],
    ['ErrImagePull: 503 Service Unavailable', 15],
    ...[
      ...[
        'pull QPS exceeded',
        'EOF',
        'http2: client connection lost',
        'use of closed network connection',
        'context canceled',
      ],
      ...[
        'stream error: stream ID 1; INTERNAL_ERROR',
        'error reading from server: EOF',
        'unexpected commit digest sha256:1',
      ],
      ...['failed size validation: 12 != 13', '520', 'no space left on device'],
      ...['failed to prepare extraction snapshot "x": parent snapshot sha256:1 does not exist: not found'],
      // What an older kubelet says is in none of its pod's fields.
      '',
    ].map((why): [string, number] => [why, 15]),
    ['ErrImagePull: no matching manifest for linux/arm64 in the manifest list entries', null],
    ['ErrImagePull: pull access denied, repository does not exist or may require authorization', null],
    ['ErrImagePull: acme/x@sha256:9: not found', null],
  ])('an image that is not pulled for “%s” has %s minutes', (why, minutes) => {
    const { pod, seen } = toldAt('image-back-off', MADE)
    const [one] = pod.status!.containerStatuses!
    const state = { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "acme/x": ${why}` } }
    const held = { ...pod, status: { ...pod.status, containerStatuses: [{ ...one!, state }] } }
    expect(troubleOf(held, seen)).toMatchObject({
      failure: 'image-pull',
      endsAt: minutes === null ? 0 : MADE + minutes * MINUTE,
    })
  })

  it('was up and ready for long before it ended once more: what it did before is forgotten', () => {
    const { status, ...pod } = podIn('crash-loop')
    const [one] = status!.containerStatuses!
    const ended = (minutes: number, readyAt: number) => {
      const terminated = {
        ...{ exitCode: 137, reason: 'Error' },
        startedAt: new Date(MADE),
        finishedAt: new Date(MADE + minutes * MINUTE),
      }
      const containerStatuses = [{ ...one!, restartCount: 3, state: {}, lastState: { terminated } }]
      const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: new Date(MADE + readyAt * MINUTE) }]
      return troubleOf({ ...pod, status: { ...status, containerStatuses, conditions } })
    }
    expect(ended(12, 12)).toBeNull()
    // It never was ready in that life, or only just.
    expect(ended(12, -1)).toMatchObject({ failure: 'exit-code', endsAt: 0 })
    expect(ended(4, 4)).toMatchObject({ failure: 'exit-code', endsAt: 0 })
  })

  it('of what had been ready only restarts count that its kubelet still counts, whatever it did as it loaded', () => {
    const { status, ...pod } = podIn('crash-loop')
    const [one] = status!.containerStatuses!
    const at = (seconds: number) => new Date(MADE + 60 * MINUTE + seconds * 1000)
    const terminated = { exitCode: 137, reason: 'Error', startedAt: at(-60), finishedAt: at(0) }
    const since = (state: object, readyAt: Date) => {
      const containerStatuses = [{ ...one!, restartCount: 4, state, lastState: { terminated } }]
      const conditions = [
        { type: 'Initialized', status: 'True', lastTransitionTime: new Date(MADE) },
        { type: 'Ready', status: 'False', lastTransitionTime: readyAt },
      ]
      return troubleOf({ ...pod, status: { ...status, containerStatuses, conditions } })
    }
    const running = (seconds: number) => ({ running: { startedAt: at(seconds) } })
    const waits = (message: string) => ({ waiting: { reason: 'CrashLoopBackOff', message } })
    const over = { failure: 'exit-code', endsAt: 0 }
    expect([0, 10, 18].map((seconds) => since(running(seconds), at(-90)))).toEqual([null, null, null])
    expect(since(running(20), at(-90))).toMatchObject(over)
    expect(since(waits('back-off 20s restarting failed container'), at(-90))).toMatchObject({ endsAt: null })
    expect(since(waits('back-off 40s restarting failed container'), at(-90))).toMatchObject(over)
    expect(since(waits('back-off 1m20s restarting failed container'), at(-90))).toMatchObject(over)
    // What has never been ready is no accident, whatever its pauses.
    expect(since(running(10), new Date(MADE + 1000))).toMatchObject(over)
  })

  it.each(['image-first', 'restarted-and-ready', 'run-error-gpu-mended'])(
    '%s: nothing yet, or nothing any more',
    (name) => {
      expect(troubleOf(podIn(name))).toBeNull()
    },
  )

  it('of what others put beside its program: told while that runs, and waited for where it begins after it', () => {
    const ended =
      'mesh ended with exit 1: no control plane (it was restarted 3 times); no plan has it: something in the'
    expect(troubleOf(podIn('beside-crash-loop'))).toEqual({
      failure: 'not-admitted',
      endsAt: null,
      note: expect.stringContaining(ended),
    })
    expect(troubleOf(podIn('beside-crash-loop-first'))).toEqual({
      failure: 'not-admitted',
      endsAt: MADE + 15 * MINUTE,
      note: expect.stringMatching(/^mesh ended .* beside the program, which begins after it$/),
    })
    // What its program does comes first, and its lines are its own.
    const { status, ...pod } = podIn('beside-crash-loop')
    const crashes = podIn('crash-loop').status?.containerStatuses ?? []
    const both = { ...pod, status: { ...status, containerStatuses: crashes } }
    expect(troubleOf(both)).toMatchObject({ failure: 'exit-code', endsAt: 0 })
    expect(crashedOf([podIn('beside-crash-loop'), both])).toBe(both)
  })

  it('what its last lines say tells more than that it ended', () => {
    const lines = ['loading weights', 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB']
    expect(troubleOf(podIn('crash-loop'), { logs: lines })).toMatchObject({
      failure: 'out-of-memory',
      note: expect.stringContaining('Tried to allocate 2.00 GiB (it was restarted 3 times)'),
    })
  })

  it('what was wrong and is mended has its time anew', () => {
    const { pod, seen } = toldAt('config-error', MADE)
    const later = pod.status!.conditions!.map((one) => ({ ...one, lastTransitionTime: new Date(MADE + 60 * MINUTE) }))
    expect(troubleOf({ ...pod, status: { ...pod.status, conditions: later } }, seen)?.endsAt).toBe(MADE + 65 * MINUTE)
  })

  it('the log that is read is that of who came up again and is not ready', () => {
    const pods = ['restarted-and-ready', 'config-error', 'crash-loop'].map(podIn)
    expect(crashedOf(pods)).toBe(pods[2])
    expect(crashedOf(pods.slice(0, 2))).toBeUndefined()
  })
})
