import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { nodeWaitOf, noNodeNote } from '../../../core/steps/no-node.ts'

const price = { perNodeHour: 55.04, spot: 22, reserved: 0, source: 'list', date: '2026-11-01' }
const node = (name: string, capacityType: string | null) => ({
  node: name,
  since: 0,
  why: 'it is not ready',
  end: `kubectl delete nodeclaim ${name}`,
  capacityType,
})
const note = (more: object = {}) => noNodeNote({ within: 90 * 60_000, note: 'waiting', stays: [], price, ...more })

it('says for how long nothing came, and what was waited for', () => {
  expect(note()).toBe('no node came for its pod within the time that its pipeline gives it (1.5 h): waiting')
})

it('names each node that has come for nothing, with what it goes on costing and what ends it', () => {
  const stays = [node('a', 'on-demand'), node('b', 'spot'), node('c', null)]
  expect(note({ stays })).toMatch(
    /: waiting; node a stays, at \$55\.04 an hour by the policy's price, until somebody says kubectl delete nodeclaim a; node b stays, at \$22\.00 an hour .* nodeclaim b; node c stays until somebody says kubectl delete nodeclaim c$/,
  )
  expect(note({ stays: [node('a', 'reserved')] })).toContain('at $0.00 an hour')
  expect(note({ stays, price: null })).not.toContain('$')
})

it('says of a gang how much of it had nodes, for how long, and that these were let go', () => {
  expect(note({ there: '3 of 4', within: 30 * 60_000 })).toBe(
    '3 of 4 of its pods had their nodes and waited 30 min for the rest, so all of it was let go: waiting',
  )
})

describe('how long a Job waits for nodes', () => {
  const HOUR = 3_600_000
  const at = (hours: number) => new Date(hours * HOUR)
  const job = (completions: number): V1Job => ({
    spec: { completions, completionMode: 'Indexed', template: {} as never },
    status: { startTime: at(0) },
  })
  const on = (hours: number, rank = 0): V1Pod => ({
    metadata: { annotations: { 'batch.kubernetes.io/job-completion-index': String(rank) } },
    spec: { nodeName: 'n', containers: [] },
    status: { startTime: at(hours) },
  })
  const waits: V1Pod = { spec: { containers: [] }, status: { phase: 'Pending' } }
  const until = (nodeWithin: number | null | undefined, nodes: number, pods: V1Pod[]) =>
    nodeWaitOf(nodeWithin, { job: job(nodes), pods, workedUntil: null }).until / HOUR

  it('is as its pipeline says while none of it has one, and half an hour at most while a part of it has', () => {
    expect(until(24 * HOUR, 1, [waits])).toBe(24)
    expect(until(24 * HOUR, 2, [waits, waits])).toBe(24)
    expect(until(24 * HOUR, 2, [on(3), waits])).toBe(3.5)
    expect(until(HOUR / 4, 2, [on(3), waits])).toBe(3.25)
    // Where nobody says how long, nodes that do nothing are let go all the same.
    expect(until(undefined, 2, [on(3), waits])).toBe(3.5)
  })

  it.each<[string, number | null | undefined, V1Pod[]]>([
    ['all of it has nodes', 24 * HOUR, [on(1), on(2, 1)]],
    ['it stands in no pool', null, [on(1), waits]],
    ['nobody says for how long', undefined, [waits, waits]],
  ])('has no end where %s', (_, within, pods) => {
    expect(until(within, 2, pods)).toBe(Number.POSITIVE_INFINITY)
  })
})
