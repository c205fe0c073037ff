import { describe, expect, it } from 'vitest'
import { jobState } from '../../../core/pods/job-state.ts'
import { SUSPENDED_BY, suspendedBy, suspensionOf, suspensionSeen } from '../../../core/pods/suspended.ts'

const [RUNG, FENCE] = ['ml-monthly#suspend-preemptible', 'signalbox.dev/fence-suspend']
const job = (suspend: boolean, { annotations = {}, labels = {} } = {}) => ({
  metadata: { resourceVersion: '7', annotations, labels },
  spec: { suspend, template: {} },
})
const ours = { [SUSPENDED_BY]: RUNG }
const queued = { 'kueue.x-k8s.io/queue-name': 'gpu' }

it('tells a rung’s suspension from somebody else’s, which a rung neither makes its own nor ends', () => {
  expect([job(false), job(true), job(true, { annotations: ours })].map((one) => suspendedBy(one))).toEqual([
    'nobody',
    'other',
    'rung',
  ])
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

describe('a Job that Kueue lends to', () => {
  const lent = job(false, { labels: queued, annotations: ours })
  const workload = (active: boolean | null, annotations: object = {}) => ({
    metadata: { resourceVersion: '70', annotations: { ...annotations } },
    spec: active === null ? {} : { active },
  })
  const fenced = (resourceVersion: string, annotations: object = {}) => ({
    resourceVersion,
    annotations: { [FENCE]: '9', ...annotations },
  })
  const [on, off] = [
    { rung: RUNG, fence: 9 },
    { rung: null, fence: 9 },
  ]

  it('is suspended as its Workload says, whatever it does itself: Kueue lags', () => {
    const suspended = job(true, { labels: queued, annotations: ours })
    for (const one of [lent, suspended])
      expect(
        [workload(false, ours), workload(false), workload(true, ours), workload(null)].map((of) =>
          suspendedBy(one, of),
        ),
      ).toEqual(['rung', 'other', 'nobody', 'nobody'])
    // Kueue has taken it away, and suspends the Job before it makes another one.
    expect([suspendedBy(suspended, null), suspendedBy(lent, null)]).toEqual(['rung', 'nobody'])
  })

  it('is suspended by its Workload alone, and what is said of that stands on both; each write changes the Workload', () => {
    const [set, unset] = [{ [SUSPENDED_BY]: RUNG }, { [SUSPENDED_BY]: null }]
    expect(suspensionOf(lent, on, workload(true))).toEqual({
      patch: { metadata: fenced('7', set) },
      lent: { metadata: fenced('70', set), spec: { active: false } },
    })
    expect(suspensionOf(lent, off, workload(false, ours))).toEqual({
      patch: { metadata: fenced('7', unset) },
      lent: { metadata: fenced('70', unset), spec: { active: true } },
    })
    const left = 'somebody else has deactivated its Workload of Kueue’s, and activates it'
    expect(suspensionOf(lent, on, workload(false))).toEqual({
      ...{ patch: { metadata: fenced('7') }, lent: { metadata: fenced('70') }, left },
    })
    for (const theirs of [workload(false), workload(true)])
      expect(suspensionOf(lent, off, theirs)).toEqual({
        patch: { metadata: fenced('7', unset) },
        lent: { metadata: fenced('70', unset) },
      })
    expect(suspensionOf(lent, off, null)).toEqual({ patch: { metadata: fenced('7', unset) } })
  })

  it('is nobody’s to tell of until its Workload was looked at; who has activated it is named', () => {
    expect(suspensionSeen(lent, undefined)).toEqual({})
    expect(suspensionSeen(lent, workload(false, ours))).toEqual({ suspended: 'rung', letGoBy: null })
    const fieldsV1 = { 'f:spec': { 'f:active': {} } }
    const edited = workload(true, ours)
    Object.assign(edited.metadata, { managedFields: [{ manager: 'kubectl-edit', operation: 'Update', fieldsV1 }] })
    expect(suspensionSeen(lent, edited)).toEqual({ suspended: 'nobody', letGoBy: 'kubectl-edit' })
  })
})
