import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { type Around, NOTHING_AROUND } from '../../../core/pods/around.ts'
import { deadlineOf, isNearDeadline, waitsForNodeSince } from '../../../core/steps/job-deadline.ts'
import { nextLaunchJob } from '../../../core/steps/launch-job.ts'
import { HOUR, MINUTE } from '../lane/fixture.ts'
import { claimIn } from '../pods/objects.ts'
import { trainPlan } from '../training-fixture.ts'

const step = trainPlan().steps[0] as LaunchJobStep
const HOURS = 9
const job = (over: { startTime?: number; suspend?: boolean; seconds?: number } = {}): V1Job => ({
  ...step.job,
  spec: { ...step.job.spec!, suspend: over.suspend, activeDeadlineSeconds: over.seconds ?? HOURS * 3600 },
  status: over.startTime === undefined ? {} : { startTime: new Date(over.startTime) },
})
const waits: V1Pod = { metadata: { creationTimestamp: new Date(HOUR) }, status: { phase: 'Pending' } }
const on = (phase: string, startTime: number): V1Pod => ({
  spec: { nodeName: 'n', containers: [] },
  status: { phase, startTime: new Date(startTime) },
})
const never = { ran: 0, ranTo: null, ranFrom: null }
const of = (given: V1Job, pods: V1Pod[], mark: Parameters<typeof deadlineOf>[1]['mark'] = never) =>
  deadlineOf(step, { job: given, pods, mark, nodeWithin: 24 * HOUR, now: 60 * HOUR })

describe('how long Kubernetes lets a Job take', () => {
  it('is its hours from when it came to its node, whatever it waited for that', () => {
    expect(of(job({ startTime: HOUR }), [on('Pending', 5 * HOUR)])).toBe((4 + HOURS) * 3600)
    const runs = { ...never, ranFrom: 5 * HOUR }
    expect(of(job({ startTime: HOUR }), [on('Running', 5 * HOUR)], runs)).toBe((4 + HOURS) * 3600)
  })

  it('while it waits for one, ends no earlier than that wait with all of its hours', () => {
    expect(of(job({ startTime: HOUR }), [waits])).toBe((24 + HOURS) * 3600)
    const worked = { ran: 2 * HOUR, ranTo: 4 * HOUR, ranFrom: null }
    expect(of(job({ startTime: HOUR }), [waits], worked)).toBe((3 + 24 + HOURS - 2) * 3600)
  })

  it('is what remains once it has worked: before a resume, and from it on', () => {
    const worked = { ran: 2 * HOUR, ranTo: 4 * HOUR, ranFrom: null }
    expect(of(job({ suspend: true }), [], worked)).toBe((HOURS - 2) * 3600)
    expect(of(job({ suspend: true }), [])).toBe(HOURS * 3600)
    const again = { ...worked, ranFrom: 50 * HOUR + 5 * MINUTE }
    expect(of(job({ startTime: 50 * HOUR }), [on('Running', 50 * HOUR + 5 * MINUTE)], again)).toBe(
      (HOURS - 2) * 3600 + 300,
    )
    expect(of(job({ suspend: true }), [], { ...worked, ran: 90 * HOUR })).toBe(1)
  })

  it('is what remains from now on while somebody lets it make no pod, however long ago it began', () => {
    const none = job({ startTime: HOUR })
    none.spec!.parallelism = 0
    const worked = { ran: 2 * HOUR, ranTo: 4 * HOUR, ranFrom: null }
    expect(of(none, [], worked)).toBe((60 - 1 + HOURS - 2) * 3600)
    // And its pod waits for a node only since it was let go again.
    const managedFields = [
      {
        manager: 'kubectl-edit',
        operation: 'Update',
        fieldsV1: { 'f:spec': { 'f:parallelism': {} } },
      },
    ]
    const again = { ...job({ startTime: HOUR }), metadata: { ...step.job.metadata, managedFields } }
    const made = { ...waits, metadata: { creationTimestamp: new Date(50 * HOUR) } }
    expect(waitsForNodeSince(again, [made], 4 * HOUR)).toBe(50 * HOUR)
    expect(waitsForNodeSince(job({ startTime: HOUR }), [made], 4 * HOUR)).toBe(4 * HOUR)
  })

  it('stays as it is where nobody knows when it began, nothing waits, it goes, or it stands in no pool', () => {
    expect(of(job(), [waits])).toBeNull()
    expect(of(job({ startTime: HOUR }), [])).toBeNull()
    const { metadata, ...rest } = job({ startTime: HOUR })
    expect(of({ ...rest, metadata: { ...metadata, deletionTimestamp: new Date(0) } }, [waits])).toBeNull()
    const mark = never
    const given = { job: job({ startTime: HOUR }), pods: [waits], mark, nodeWithin: HOUR, now: 60 * HOUR }
    expect(deadlineOf({ ...step, pool: null }, given)).toBeNull()
  })

  it('is near enough within a minute', () => {
    expect([3601, 3659, 3660, 3540, 3541].map((seconds) => isNearDeadline(job({ seconds }), 3600))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ])
    expect(isNearDeadline({ spec: { template: {} } }, 3600)).toBe(false)
  })
})

describe('since when a pod waits for a node', () => {
  it('is since its Job was let go, or last worked, whichever pod it is by now', () => {
    expect(waitsForNodeSince(job({ startTime: HOUR }), [waits], null)).toBe(HOUR)
    expect(waitsForNodeSince(job({ startTime: HOUR }), [on('Failed', 2 * HOUR), waits], 3 * HOUR)).toBe(3 * HOUR)
  })

  it('is never where it is suspended, has one, or no pod is there', () => {
    expect(waitsForNodeSince(job({ startTime: HOUR, suspend: true }), [waits], null)).toBeNull()
    expect(waitsForNodeSince(job({ startTime: HOUR }), [waits, on('Running', 2 * HOUR)], null)).toBeNull()
    expect(waitsForNodeSince(job({ startTime: HOUR }), [], null)).toBeNull()
  })
})

describe('a Job whose pod gets no node', () => {
  const seen = { name: 'x', job: job({ startTime: HOUR }), pods: [waits], logs: [], result: null }
  const at = (now: number, more: object = {}) => nextLaunchJob(step, { ...seen, now, nodeWithin: 24 * HOUR, ...more })

  it('is looked at each hour, and has failed once its time to wait is over', () => {
    expect(at(2.5 * HOUR)).toMatchObject({ kind: 'wait', until: 3 * HOUR, running: false })
    expect(at(24.5 * HOUR)).toMatchObject({ kind: 'wait', until: 25 * HOUR })
    expect(at(25 * HOUR)).toMatchObject({ kind: 'failed', reason: 'no-node', note: expect.stringContaining('(24 h)') })
  })

  it('names in the end the node that has come and is of no use, and what that goes on costing by the policy’s price', () => {
    const price = { perNodeHour: 55.04, spot: 22, source: 'list', date: '2026-11-01' }
    const around = (type: string, name = 'claim-without-gpus'): Around => {
      const claim = claimIn(name)
      const labels = { ...claim.metadata?.labels, 'karpenter.sh/capacity-type': type }
      return { ...NOTHING_AROUND, claims: [{ ...claim, metadata: { ...claim.metadata, labels } }] }
    }
    const note = (more: object) => {
      const next = at(Date.parse('2026-11-24T12:00:00Z'), more)
      return next.kind === 'failed' ? next.note : ''
    }
    const stays = 'node ip-10-0-1-7.eu-central-1.compute.internal stays'
    const end = 'until somebody says kubectl delete nodeclaim gpu-train-x7k2p'
    expect(note({ price, around: around('on-demand') })).toMatch(
      new RegExp(`\\(24 h\\): .*; ${stays}, at \\$55\\.04 an hour by the policy's price, ${end}$`),
    )
    expect(note({ price, around: around('spot') })).toContain(`${stays}, at $22.00 an hour`)
    expect(note({ around: around('on-demand') })).toMatch(new RegExp(`; ${stays} ${end}$`))
    expect(note({ price, around: around('on-demand', 'claim-coming') })).not.toContain('stays')
  })

  it('that had one before has as long again', () => {
    expect(at(25 * HOUR, { before: { madeAt: 0, ranFrom: null, ranTo: 20 * HOUR, leavingAt: null } })).toMatchObject({
      kind: 'wait',
    })
    expect(at(44 * HOUR, { before: { madeAt: 0, ranFrom: null, ranTo: 20 * HOUR, leavingAt: null } })).toMatchObject({
      reason: 'no-node',
    })
  })

  it('is Kubernetes’ alone to end where it stands in no pool', () => {
    expect(nextLaunchJob({ ...step, pool: null }, { ...seen, now: 90 * HOUR, nodeWithin: HOUR }).kind).toBe('wait')
  })
})
