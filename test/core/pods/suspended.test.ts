import { expect, it } from 'vitest'
import { jobState } from '../../../core/pods/job-state.ts'
import { SUSPENDED_BY, suspendedBy, suspensionOf } from '../../../core/pods/suspended.ts'

const [RUNG, FENCE] = ['ml-monthly#suspend-preemptible', 'signalbox.dev/fence-suspend']
const job = (suspend: boolean, { annotations = {}, labels = {} } = {}) => ({
  metadata: { resourceVersion: '7', annotations, labels },
  spec: { suspend, template: {} },
})
const ours = { [SUSPENDED_BY]: RUNG }
const queued = { 'kueue.x-k8s.io/queue-name': 'gpu' }

it('tells a rung’s suspension from somebody else’s, which a rung neither makes its own nor ends', () => {
  expect(
    [job(false), job(true), job(true, { annotations: ours }), job(false, { labels: queued })].map(suspendedBy),
  ).toEqual(['nobody', 'other', 'rung', 'other'])
  const at = (annotations: object) => ({ resourceVersion: '7', annotations: { [FENCE]: '9', ...annotations } })
  const [on, off] = [
    { rung: RUNG, fence: 9 },
    { rung: null, fence: 9 },
  ]
  expect(suspensionOf(job(false), on)).toEqual({ patch: { metadata: at(ours), spec: { suspend: true } } })
  expect(suspensionOf(job(true), on)).toEqual({
    patch: { metadata: at({}) },
    left: 'somebody else has suspended it, and lets it go',
  })
  expect(suspensionOf(job(false, { labels: queued }), on)).toEqual({
    patch: { metadata: at({}) },
    left: 'Kueue suspends it, and lets it go (LocalQueue gpu)',
  })
  expect(suspensionOf(job(true, { annotations: ours }), off)).toEqual({
    patch: { metadata: at({ [SUSPENDED_BY]: null }), spec: { suspend: false } },
  })
  expect(suspensionOf(job(true), off)).toEqual({ patch: { metadata: at({ [SUSPENDED_BY]: null }) } })
})

it('is said by its rung and its budget', () => {
  expect(jobState(job(true, { annotations: ours }) as never, []).note).toBe(
    'suspended by suspend-preemptible of ml-monthly: it goes on by itself afterwards',
  )
})
