import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { jobState } from '../../../core/pods/job-state.ts'
import { TRANSIENT_FAILURES } from '../../../core/reasons.ts'
import { probing, wrapped } from '../../../core/workloads/runner.ts'

const IMAGE = `a@sha256:${'a'.repeat(64)}`
const BARE = { containers: [{ name: 'train', image: IMAGE, command: ['python', 'train.py'] }] }
const told = { stage: 'train', inputs: [] }
const SPEC = wrapped(BARE, { container: 'train', source: { image: IMAGE }, told })

const failed = (message = 'Job has reached the specified backoff limit', reason = 'BackoffLimitExceeded'): V1Job => ({
  spec: { template: { spec: SPEC } },
  status: { conditions: [{ type: 'Failed', status: 'True', reason, message }] },
})

/** A pod that one of its containers has failed, as a kubelet writes it. */
const died = (
  exitCode: number,
  { message, of = 'train', spec = SPEC }: { message?: string; of?: string; spec?: typeof SPEC } = {},
): V1Pod => {
  const status = (name: string) => ({
    name,
    image: IMAGE,
    imageID: '',
    ready: false,
    restartCount: 0,
    state: {
      terminated:
        name === of
          ? { exitCode, reason: 'Error', finishedAt: new Date(1000), ...(message === undefined ? {} : { message }) }
          : { exitCode: 0, reason: 'Completed', finishedAt: new Date(500) },
    },
  })
  const { initContainers = [], containers } = spec
  return {
    metadata: { name: 'p' },
    spec,
    status: {
      phase: 'Failed',
      initContainerStatuses: initContainers.map(({ name }) => status(name)),
      containerStatuses: of === 'train' ? containers.map(({ name }) => status(name)) : [],
    },
  }
}
const SAYS = 'S3 did not answer for 1800 s'
const own = (text: string, code: number) => [`epoch 3`, `signalbox-run: ${text} (exit ${code})`]

describe('a stage whose program signalbox-run goes before, and which ends by that', () => {
  it.each([
    [42, 'exit-code', false, 'data or settings are wrong'],
    [70, 'runner-bug', false, 'please report it'],
    [73, 'out-of-disk', false, 'ask for more ephemeral-storage'],
    [74, 'disk-failed', true, 'cannot be read or written'],
    [75, 'storage-away', true, 'S3 did not answer'],
    [76, 'storage-refused', false, 'mend what it says, then retry'],
    [77, 'storage-refused', false, 'a right is missing'],
    [126, 'configuration', false, 'cannot be run'],
    [127, 'configuration', false, 'is not in the image'],
    [143, 'told-to-end', true, 'what it had saved is there for another attempt'],
  ] as const)('with %i says %s, and whether another attempt may cure it: %s', (code, failure, cures, sentence) => {
    const state = jobState(failed(), [died(code, { message: SAYS })])
    expect(state).toMatchObject({ kind: 'failed', failure, note: expect.stringContaining(sentence) })
    expect(state.note).toContain(`train ended with exit ${code} (`)
    expect(state.note).toContain(`: ${SAYS}`)
    expect(TRANSIENT_FAILURES.has(failure)).toBe(cures)
    // Its last line tells it where the program has left a message of its own.
    const logs = own(SAYS, code)
    expect(jobState(failed(), [died(code, { message: '{"a":1}' })], { logs })).toMatchObject({
      failure,
      note: expect.stringContaining(SAYS),
    })
  })

  it.each([1, 2, 137, 139])('with %i says nothing of its own: it is the program’s', (code) => {
    expect(jobState(failed(), [died(code)])).toMatchObject({ failure: 'exit-code' })
  })

  it.each([42, 70, 75, 77, 127])(
    'hands on what its program ends with: %i is that one’s, and so are the last lines',
    (code) => {
      for (const text of [
        `the program ended with exit ${code}`,
        `rank 3 failed first, with exit ${code}: ValueError`,
      ]) {
        const bare = jobState(failed(), [died(code, { spec: BARE as never, message: text })])
        expect(jobState(failed(), [died(code, { message: text })])).toEqual(bare)
        expect(bare.failure).toBe('exit-code')
        const logs = ['NCCL: Watchdog caught collective operation timeout', ...own(text, code)]
        expect(jobState(failed(), [died(code)], { logs })).toMatchObject({ failure: 'nccl-timeout' })
      }
    },
  )

  it('is told from the same end of a stage that it does not go before', () => {
    expect(jobState(failed(), [died(75, { spec: BARE as never })])).toMatchObject({ failure: 'exit-code' })
  })

  it('may not have been brought, by a cause of the same kind', () => {
    const message = 's3://results/signalbox-run/signalbox-run-linux-amd64: fatal error: An error occurred (403)'
    expect(jobState(failed(), [died(77, { of: 'signalbox-run', message })])).toMatchObject({
      failure: 'storage-refused',
      note: `signalbox-run ended with exit 77 (a right is missing in S3: give it to the account of its pods, then retry): ${message}`,
    })
  })

  it('is that of who asks a server: it is not S3 that did not answer, and nothing was fetched or saved', () => {
    const spec = probing(
      { containers: [{ name: 'train', image: IMAGE }] },
      { container: 'train', source: { image: IMAGE } },
    )
    const ends = (code: number, message: string) => jobState(failed(), [died(code, { spec, message })])
    const nobody = 'nobody answers at http://m-g2.serving.svc for 60 s: does its Service lead to pods that are ready?'
    for (const text of [nobody, `signalbox-run: ${nobody}`]) {
      const { failure, note } = ends(75, text)
      expect([failure, note]).toEqual(['server-away', expect.stringContaining('(what it asks did not answer for as')])
      expect(note).not.toContain('S3')
    }
    expect(TRANSIENT_FAILURES.has('server-away')).toBe(true)
    expect(ends(75, 'S3 does not answer (503)')).toMatchObject({ failure: 'storage-away' })
    expect(ends(73, 'no space left').note).toContain('(the disk of its node is full)')
    expect(ends(143, 'told to end').note).toContain('(it was told to end)')
  })

  it('is known by its Job once its pod is gone', () => {
    const message = (name: string) =>
      `Container ${name} for pod training/p failed with exit code 75 matching FailJob rule at index 1`
    for (const name of ['train', 'signalbox-run'])
      expect(jobState(failed(message(name), 'PodFailurePolicy'), [])).toMatchObject({
        failure: 'storage-away',
        note: `${name} ended with exit 75 (S3 did not answer for as long as it waits)`,
      })
    expect(jobState(failed(message('beside'), 'PodFailurePolicy'), [])).toMatchObject({ failure: 'exit-code' })
  })

  it('of a pod that was taken away says that, whatever it ended with when it was told', () => {
    const pod = died(143, { message: 'told to end by SIGTERM; the program ended with exit 0' })
    const target = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }
    const taken = { ...pod, status: { ...pod.status, conditions: [target] } }
    expect(jobState(failed(), [taken])).toMatchObject({ failure: 'node-lost' })
  })
})
