import type { V1ContainerState, V1Pod } from '@kubernetes/client-node'
import { expect, it } from 'vitest'
import { NOTHING_AROUND } from '../../../core/pods/around.ts'
import { beforeNote } from '../../../core/pods/before.ts'
import { jobState } from '../../../core/pods/job-state.ts'
import { troubleAmong } from '../../../core/pods/lacking.ts'
import { troubleOf } from '../../../core/pods/trouble.ts'
import { FETCHER, withFetched } from '../../../core/workloads/fetching.ts'

const image = `acme/runner@sha256:${'a'.repeat(64)}`
const spec = withFetched(
  { containers: [{ name: 'sglang', image }] },
  { container: 'sglang', source: { image }, fetch: { from: 's3://b/m/', name: 'm', most: null } },
)
const startedAt = new Date('2026-11-23T12:01:00Z')
const podOf = (state: V1ContainerState, over: { last?: number; said?: string; always?: boolean } = {}): V1Pod => {
  const { last, said = '', always = false } = over
  const terminated = { exitCode: last ?? 0, reason: 'Error', message: said, finishedAt: startedAt }
  const initContainers = (spec.initContainers ?? []).map((one) =>
    always && one.name === FETCHER ? { ...one, restartPolicy: 'Always' } : one,
  )
  const lastState = last === undefined ? {} : { lastState: { terminated } }
  const status = { name: FETCHER, image, imageID: '', ready: false, restartCount: last === undefined ? 0 : 3, state }
  return {
    metadata: { name: 'p', creationTimestamp: startedAt },
    spec: { ...spec, initContainers, nodeName: 'gpu-1' },
    status: {
      phase: 'Pending',
      initContainerStatuses: [{ ...status, ...lastState }],
      containerStatuses: [
        { ...status, name: 'sglang', restartCount: 0, state: { waiting: { reason: 'PodInitializing' } } },
      ],
    },
  }
}
const runs = podOf({ running: { startedAt } })
const RUNS = 'signalbox-fetch runs since 2026-11-23 12:01 UTC, and its program begins after that'

it('what goes before a program and runs is said, with since when; what runs on beside it goes before nothing', () => {
  expect(beforeNote(runs)).toBe(RUNS)
  expect(beforeNote(podOf({ running: {} }))).toBe('signalbox-fetch runs, and its program begins after that')
  expect(beforeNote(podOf({ waiting: { reason: 'PodInitializing' } }))).toBeNull()
  expect(beforeNote(podOf({ running: { startedAt } }, { always: true }))).toBeNull()
})

it('of a Job it is why its pod is still starting', () => {
  expect(jobState({ spec: { template: { spec } } }, [runs])).toMatchObject({
    kind: 'waiting',
    note: `starting on gpu-1: ${RUNS}`,
  })
})

it('of a replica it ends nothing, says what of the policy has it in it, and is said after what keeps another', () => {
  expect(troubleOf(runs)).toBeNull()
  expect(troubleAmong([runs], {})).toEqual({
    failure: 'not-healthy',
    endsAt: null,
    note: `${RUNS}: \`loadMinutes\` of its service has both in it`,
  })
  const unplaced: V1Pod = {
    metadata: { name: 'q' },
    spec: { containers: [] },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }],
    },
  }
  const seeing = { around: NOTHING_AROUND, now: 0 }
  expect(troubleAmong([runs, unplaced], seeing)?.note).toMatch(/^waiting for a node: 0\/3 nodes/)
})

it.each([
  [73, 'out-of-disk', 'ask for more ephemeral-storage in `pod`, and of its pool'],
  [75, 'storage-away', 'S3 did not answer for as long as it waits'],
  [77, 'storage-refused', 'a right is missing in S3: give it to the account of its pods, then retry'],
  [42, 'exit-code', 'data or settings are wrong'],
  [143, 'told-to-end', '(it was told to end)'],
])('a fetch of a replica that ends with %i again and again is told as %s, with what to do', (last, failure, means) => {
  const crashes = podOf({ waiting: { reason: 'CrashLoopBackOff' } }, { last, said: 'signalbox-run: it said so' })
  expect(troubleOf(crashes)).toMatchObject({ failure, endsAt: 0, note: expect.stringContaining(means) })
  expect(troubleOf(crashes)?.note).toContain('it said so')
})
