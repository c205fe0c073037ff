import type { V1Job, V1Node } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { NOTHING_AROUND } from '../../../core/pods/around.ts'
import { jobState } from '../../../core/pods/job-state.ts'
import { isLost, isOverdue, nextOfLeaving, overdueNote } from '../../../core/pods/leaving.ts'
import { TRANSIENT_FAILURES } from '../../../core/reasons.ts'
import { nodeIn, podIn } from './objects.ts'

const DUE = Date.parse('2026-11-23T13:00:30Z')
const past = (minutes: number) => DUE + minutes * 60_000
const pod = podIn('leaving-on-dead-node')
const node = nodeIn('node-unanswering')
const around = { ...NOTHING_AROUND, nodes: [node] }
const job = (more: object = {}, metadata: object = {}): V1Job => ({
  metadata,
  spec: { template: {}, ...more },
  status: {},
})
const ready = (status: string, message: string): V1Node => ({
  ...node,
  status: { conditions: [{ type: 'Ready', status, message }] },
})

describe('a pod that ends', () => {
  it('is overdue five minutes after it had to have ended, and lost after 45', () => {
    expect([0, 4.9, 5].map((minutes) => isOverdue(pod, past(minutes)))).toEqual([false, false, true])
    expect([5, 44.9, 45].map((minutes) => isLost(pod, past(minutes)))).toEqual([false, false, true])
    expect([-1, 5, 44, 45].map((minutes) => nextOfLeaving(pod, past(minutes)))).toEqual([
      past(5),
      past(45),
      past(45),
      null,
    ])
  })

  it('that has ended, or that nobody has deleted, is neither', () => {
    const over = { ...pod, status: { ...pod.status, phase: 'Failed' } }
    for (const one of [over, podIn('crash-loop')]) {
      expect([isOverdue(one, past(99)), isLost(one, past(99)), nextOfLeaving(one, 0)]).toEqual([false, false, null])
      expect(overdueNote(one, [node], past(99))).toBeNull()
    }
  })

  it('says who does not end it, and what to do, where there is room for it', () => {
    const remedy = 'kubectl delete node ip-10-0-1-7 (Karpenter then ends its instance; of another node end that first)'
    const note = (nodes: V1Node[]) => overdueNote(pod, nodes, past(5))
    expect(note([node])).toBe(
      `its pod had to end by 2026-11-23 13:00 UTC, and its node does not answer (Kubelet stopped posting node status.): ${remedy}`,
    )
    expect(note([ready('False', 'x'.repeat(900))])).toMatch(/its node is not ready \(x{79}…\): kubectl/)
    expect(note([ready('True', 'kubelet is posting ready status')])).toContain('its node answers and cannot end it')
    // What is missing of a list says nothing of it.
    expect(note([])).toContain(`, and its node does not end it: ${remedy}`)
    expect(overdueNote(pod, [node], past(4))).toBeNull()
    for (const one of [[node], [ready('False', 'x'.repeat(900))]]) expect(note(one)?.length).toBeLessThan(300)
  })
})

describe('a Job whose pod stands on a node that is dead', () => {
  const at = (minutes: number, given = job(), pods = [pod]) => jobState(given, pods, { now: past(minutes), around })

  it('waits, says so after five minutes, and is looked at again for that', () => {
    expect(at(1)).toMatchObject({
      kind: 'running',
      note: expect.stringMatching(/^its pod is stopping on ip-10-0-1-7: its node stopped answering/),
      lookAt: past(5),
    })
    expect(at(6)).toMatchObject({
      kind: 'running',
      note: expect.stringContaining('kubectl delete node ip-10-0-1-7'),
      lookAt: past(45),
    })
  })

  it('has lost its node after 45, which another attempt may cure', () => {
    expect(at(45)).toMatchObject({
      kind: 'failed',
      failure: 'node-lost',
      note: expect.stringContaining('does not answer'),
    })
    expect(TRANSIENT_FAILURES).toContain('node-lost')
  })

  it('fails for nothing where another pod works in its place, or whoever suspended it waits', () => {
    const other = { ...podIn('restarted-and-ready'), metadata: { name: 'q', creationTimestamp: new Date(DUE) } }
    expect(at(60, job(), [pod, other])).toMatchObject({ kind: 'running', failure: null })
    expect(at(60, job({ suspend: true }))).toMatchObject({
      failure: null,
      note: expect.stringContaining('kubectl delete node'),
    })
  })

  it('was deleted, where somebody has deleted it', () => {
    expect(at(45, job({}, { deletionTimestamp: new Date(DUE) }))).toMatchObject({
      kind: 'failed',
      failure: 'deleted',
      note: expect.stringMatching(/^somebody has deleted the Job, and its pod had to end by/),
    })
  })
})
