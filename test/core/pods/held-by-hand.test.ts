import type { V1Job } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { deadlineSetter, makesNoPod, noPodText, setterOf } from '../../../core/pods/held-by-hand.ts'
import { jobState } from '../../../core/pods/job-state.ts'

const setBy = (
  manager: string,
  field: string,
  spec: Partial<V1Job['spec']> = {},
  status: V1Job['status'] = {},
): V1Job => ({
  metadata: {
    name: 'j',
    managedFields: [
      { manager, operation: 'Update', fieldsV1: { 'f:spec': { [`f:${field}`]: {} } } },
      { manager: 'kube-controller-manager', subresource: 'status', operation: 'Update', fieldsV1: { 'f:status': {} } },
    ],
  },
  spec: { template: {}, ...spec },
  status,
})

describe('what a person has set of a Job', () => {
  it('is told by who did; what we have set is nobody’s', () => {
    const none = setBy('kubectl-edit', 'parallelism', { parallelism: 0 })
    expect([setterOf(none, 'parallelism'), setterOf(none, 'suspend')]).toEqual(['kubectl-edit', null])
    expect(setterOf(setBy('signalbox-job', 'parallelism'), 'parallelism')).toBeNull()
    expect([makesNoPod(none), makesNoPod({ spec: { template: {} } })]).toEqual([true, false])
    expect([noPodText(none), noPodText({})]).toEqual([
      'kubectl-edit has set its parallelism to 0',
      'somebody has set its parallelism to 0',
    ])
    expect([deadlineSetter(setBy('k9s', 'activeDeadlineSeconds')), deadlineSetter(none)]).toEqual([
      ', which k9s has set',
      '',
    ])
  })

  it('is said while it keeps it back', () => {
    const note = (job: V1Job) => jobState(job, []).note
    expect(note(setBy('kubectl-edit', 'parallelism', { parallelism: 0 }))).toBe(
      'kubectl-edit has set its parallelism to 0: it goes on once that is 1',
    )
    expect(note(setBy('k9s', 'suspend', { suspend: true }))).toBe('suspended by k9s: it starts when that is lifted')
  })

  it('is said of a deadline that it has led to, and of pods that were made it is not said that none ever was', () => {
    const over = { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] }
    const note = (job: V1Job) => jobState(job, []).note
    expect(note(setBy('kubectl-edit', 'parallelism', { parallelism: 0, activeDeadlineSeconds: 32_400 }, over))).toBe(
      'it ran into its deadline of 9 h: kubectl-edit has set its parallelism to 0, and while that is so no pod of it runs',
    )
    const short = setBy('k9s', 'activeDeadlineSeconds', { activeDeadlineSeconds: 60 }, over)
    expect(jobState(short, [], { worked: true }).note).toBe('it ran into its deadline of 1 min, which k9s has set')
  })
})
