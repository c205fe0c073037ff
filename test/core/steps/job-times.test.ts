import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { graceOfPods, workedOf, workedOfGone } from '../../../core/steps/job-times.ts'
import { trainPlan } from '../training-fixture.ts'

const step = trainPlan().steps[0] as LaunchJobStep
const HOUR = 3_600_000
const DEADLINE = 1000 * (step.job.spec?.activeDeadlineSeconds ?? 0)
const podOf = (from: number, until: number | null): V1Pod => ({
  status: {
    phase: until === null ? 'Running' : 'Succeeded',
    startTime: new Date(from),
    containerStatuses:
      until === null
        ? []
        : [{ name: 'c', state: { terminated: { exitCode: 0, finishedAt: new Date(until) } } } as never],
  },
})

it('a Job worked from its first pod’s start until it says that it is complete', () => {
  const pods = [podOf(HOUR, 2 * HOUR), podOf(2 * HOUR, 3 * HOUR)]
  expect(workedOf({}, pods)).toEqual({
    ranFrom: HOUR,
    ranAgain: 2 * HOUR,
    ranBefore: 2 * HOUR,
    ranUntil: 3 * HOUR,
  })
  expect(workedOf({ status: { completionTime: new Date(4 * HOUR) } }, pods).ranUntil).toBe(4 * HOUR)
})

it('what ran before was over as its pod says, else when the next was made, unless that was because the Job was let go', () => {
  const next = { ...podOf(9 * HOUR, null), metadata: { creationTimestamp: new Date(4 * HOUR) } }
  const before = (pods: V1Pod[], letGo = HOUR) =>
    workedOf({ status: { startTime: new Date(letGo) } }, pods, 2 * HOUR).ranBefore
  expect(before([next, podOf(2 * HOUR, 3 * HOUR)])).toBe(3 * HOUR)
  expect(before([next])).toBe(4 * HOUR)
  expect(before([next, podOf(2 * HOUR, null)])).toBe(4 * HOUR)
  expect(before([next], 3.9 * HOUR)).toBeNull()
})

describe('a Job that is gone, and is looked at days later', () => {
  const now = 100 * HOUR
  const before = { madeAt: 9 * HOUR, ranFrom: 10 * HOUR, leavingAt: null }
  const gone = (more: Partial<Parameters<typeof workedOfGone>[1]> = {}) =>
    workedOfGone(step, { before, now, pods: [], writtenAt: undefined, ...more })

  it('worked until its pods say that they were over, or its result was written', () => {
    expect(gone({ writtenAt: 11 * HOUR })).toMatchObject({ ranFrom: 10 * HOUR, ranUntil: 11 * HOUR })
    const pods = [podOf(9.5 * HOUR, 10.9 * HOUR)]
    expect(gone({ pods, writtenAt: 11 * HOUR })).toMatchObject({ ranFrom: 9.5 * HOUR, ranUntil: 10.9 * HOUR })
    // A list may be a moment old.
    expect(gone({ pods: [podOf(9.5 * HOUR, null)], writtenAt: 11 * HOUR }).ranUntil).toBe(11 * HOUR)
  })

  it('was made before it worked, where nobody has seen it at work and it has a result; without one it never did', () => {
    const unseen = { ...before, ranFrom: null }
    expect(gone({ before: unseen, writtenAt: 11 * HOUR })).toMatchObject({
      ranFrom: 9 * HOUR,
      ranUntil: 11 * HOUR,
    })
    expect(gone({ before: unseen })).toMatchObject({ ranFrom: null })
  })

  it('worked until it was told to end and its pods’ grace, where it left nothing', () => {
    const told = gone({ before: { ...before, leavingAt: 11 * HOUR } })
    expect(told).toMatchObject({ ranUntil: 11 * HOUR + graceOfPods(step) })
    expect(gone({ before: { ...before, leavingAt: now } }).ranUntil).toBe(10 * HOUR + DEADLINE)
  })

  it('worked no longer than its own deadline, where nothing says when it stopped', () => {
    expect(gone()).toMatchObject({ ranUntil: null, ranMost: 10 * HOUR + DEADLINE })
    expect(gone({ now: 10.5 * HOUR })).toMatchObject({ ranUntil: null, ranMost: 10.5 * HOUR })
  })
})

describe('a gang', () => {
  const spec = { completionMode: 'Indexed', completions: 3, template: {} } as never
  const [a, b, c] = [podOf(HOUR, null), podOf(1.1 * HOUR, null), podOf(1.2 * HOUR, null)]

  it('works since its first pod began: those that begin later are no work anew', () => {
    expect(workedOf({ spec }, [c, a, b], HOUR)).toMatchObject({ ranFrom: HOUR, ranAgain: HOUR })
    expect(workedOf({ spec }, [podOf(HOUR, 1.3 * HOUR), b, c], HOUR)).toMatchObject({ ranAgain: HOUR })
  })

  it('that was let go again works since the first of its new pods', () => {
    const before = [podOf(HOUR, 2 * HOUR), podOf(1.1 * HOUR, 2.1 * HOUR)]
    const after = [podOf(5 * HOUR, null), podOf(5.1 * HOUR, null)]
    expect(workedOf({ spec }, [...after, ...before], HOUR)).toMatchObject({ ranAgain: 5 * HOUR, ranBefore: 2.1 * HOUR })
  })

  it('that is gone worked as its step says that it was one', () => {
    const gang = { ...step, job: { ...step.job, spec: { ...step.job.spec!, ...(spec as object) } } }
    const given = { before: undefined, now: 9 * HOUR, pods: [a, b, c], writtenAt: undefined }
    expect(workedOfGone(gang, given)).toMatchObject({ ranFrom: HOUR, ranAgain: HOUR })
    expect(workedOfGone(step, given)).toMatchObject({ ranAgain: 1.2 * HOUR })
  })
})
