import { describe, expect, it } from 'vitest'
import { crashedOf, troubleOf } from '../../../core/pods/trouble.ts'
import { podIn } from './objects.ts'

const MADE = Date.parse('2026-11-23T12:00:00Z')
const MINUTE = 60_000

describe('what keeps a pod from its work', () => {
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
    expect(troubleOf(podIn(name))).toEqual({ failure, endsAt, note: expect.stringContaining(note) })
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
    const pod = podIn('config-error')
    const later = pod.status!.conditions!.map((one) => ({ ...one, lastTransitionTime: new Date(MADE + 60 * MINUTE) }))
    expect(troubleOf({ ...pod, status: { ...pod.status, conditions: later } })?.endsAt).toBe(MADE + 65 * MINUTE)
  })

  it('the log that is read is that of who came up again and is not ready', () => {
    const pods = ['restarted-and-ready', 'config-error', 'crash-loop'].map(podIn)
    expect(crashedOf(pods)).toBe(pods[2])
    expect(crashedOf(pods.slice(0, 2))).toBeUndefined()
  })
})
