import { describe, expect, it } from 'vitest'
import { label } from '../../../core/names.ts'
import { baselineView, leavingAt, replicasOf, titleOf } from '../../../core/planning/generations.ts'
import type { GenerationView } from '../../../core/world.ts'

const view = (generation: number, version: string | null, replicas = 2, ready = replicas): GenerationView => ({
  ref: { kind: 'Deployment', namespace: 'serving', name: `g${generation}` },
  uid: `uid-${generation}`,
  generation,
  replicas,
  ready,
  gpusPerReplica: 4,
  pool: 'gpu-serve',
  digest: '',
  ownedBy: null,
  scaledBy: null,
  object: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `g${generation}`, annotations: version === null ? {} : { [label('version')]: version } },
  },
})
const baseline = (generation: number, version: string) => ({
  generation,
  replicas: 2,
  desired: { kind: 'serve' as const, model: 'm', version, source: 's', runId: null, digest: 'd', requester: null },
})

describe('the Deployment of the baseline', () => {
  it('is its own generation’s, whatever else has its version', () => {
    expect(baselineView([view(1, '7'), view(3, '7', 0)], baseline(3, '7'))?.generation).toBe(3)
  })

  it('is the one that it adopted where it has none: the one of its version that stands', () => {
    expect(baselineView([view(1, '7'), view(2, '7', 0), view(3, '8')], baseline(4, '7'))?.generation).toBe(1)
  })

  it('is never a later generation’s, nor one of another version', () => {
    expect(baselineView([view(2, '8'), view(5, '7')], baseline(4, '7'))).toBeUndefined()
    expect(baselineView([view(1, '7')], null)).toBeUndefined()
  })
})

describe('replicas that leave', () => {
  it('leave generation by generation, the unready of each first', () => {
    const leaving = replicasOf([view(1, '7', 2, 1), view(2, '8', 1)], () => 4)
    expect(leaving.map((one) => `${one.view.generation}${one.ready ? '' : ' unready'}`)).toEqual([
      '1 unready',
      '1',
      '2',
    ])
  })

  it('are asked for by generation, and waited for only where they must stay ready', () => {
    const leaving = replicasOf([view(1, '7', 2, 1), view(2, '8', 1)], () => 4)
    const numbers = (left: number, wait: boolean) =>
      leavingAt(leaving, { left, wait }).map((one) => [one.generation, one.replicas, one.replicasReady])
    expect(numbers(3, true)).toEqual([
      [1, 2, 1],
      [2, 1, 1],
    ])
    expect(numbers(1, true)).toEqual([
      [1, 0, 0],
      [2, 1, 1],
    ])
    expect(numbers(3, false)).toEqual([
      [1, 2, 0],
      [2, 1, 0],
    ])
  })
})

describe('a generation’s name for a person', () => {
  it('has its version where the Deployment tells it', () => {
    expect([titleOf(view(3, '7')), titleOf(view(3, null))]).toEqual(['v7 (generation 3)', 'generation 3'])
  })
})
