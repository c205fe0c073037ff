import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { Plan, Planned } from '../../../core/plan.ts'
import { besideOthers, notOurs, othersIn } from '../../../core/planning/not-ours.ts'
import type { GenerationView } from '../../../core/world.ts'

const view = (rest: Partial<GenerationView> = {}): GenerationView => ({
  ref: { kind: 'Deployment', namespace: 'serving', name: 'llama-g1' },
  uid: 'u1',
  generation: 1,
  replicas: 2,
  ready: 2,
  gpusPerReplica: 4,
  pool: 'gpu-serve',
  digest: 'd1',
  ownedBy: null,
  scaledBy: null,
  object: {} as KubeObject<'Deployment'>,
  ...rest,
})

describe('what somebody else changes too', () => {
  it('is nothing when all is ours', () => {
    expect(notOurs({ generations: [] }, 1)).toBeNull()
    expect(notOurs({ generations: [view(), view({ generation: 2 })] }, 1)).toBeNull()
  })

  it.each(['Argo CD', 'Flux'] as const)('is refused when %s owns it, naming the object and the way out', (ownedBy) => {
    const refusal = notOurs({ generations: [view(), view({ ref: { ...view().ref, name: 'llama-g2' }, ownedBy })] }, 1)
    expect(refusal).toMatchObject({ reason: 'owned-by-gitops' })
    expect(refusal?.detail).toMatch(new RegExp(`llama-g2 is marked as ${ownedBy}’s.*keep it out`))
  })

  it('is refused when an autoscaler sets its replicas, naming both', () => {
    const refusal = notOurs({ generations: [view({ scaledBy: 'by-requests' })] }, 1)
    expect(refusal).toMatchObject({ reason: 'autoscaler-cannot-pause' })
    expect(refusal?.detail).toMatch(/by-requests .*llama-g1.*delete it/)
  })

  it('is refused with what makes it, where KEDA has made it of what was ours', () => {
    const { detail } = notOurs({ generations: [view({ scaledBy: 'keda-hpa-llama-g1' })] }, 1)!
    expect(detail).toMatch(/delete the ScaledObject; of keda-hpa-llama-g1 alone KEDA makes another/)
  })

  it('is nothing where it has no replicas, but of what rises', () => {
    for (const others of [{ ownedBy: 'Flux' as const }, { scaledBy: 'by-requests' }]) {
      const generations = [view({ replicas: 0, ...others }), view({ generation: 2 })]
      expect([notOurs({ generations }, 2), notOurs({ generations }, null)]).toEqual([null, null])
      expect(notOurs({ generations }, 1)).toMatchObject({ kind: 'refuse' })
    }
  })

  it('refuses what would be changed beside it, and only says so of what stands as it is wanted', () => {
    const others = notOurs({ generations: [view({ scaledBy: 'by-requests' })] }, 1)
    const plan = { id: 'a-plan' } as Plan
    const moves: Planned = { kind: 'plan', plan }
    const stands: Planned[] = [
      { kind: 'nothing', reason: 'a' },
      { kind: 'plan', plan, agrees: 'a' },
    ]
    expect(besideOthers(moves, others)).toBe(others)
    for (const planned of [moves, ...stands]) expect(besideOthers(planned, null)).toBe(planned)
    for (const planned of stands) {
      const beside = besideOthers(planned, others)
      expect(beside).toEqual({ ...planned, others: others?.detail })
      expect(othersIn(beside)).toBe(others?.detail)
    }
    expect(othersIn(besideOthers(moves, others))).toBe(others?.detail)
    expect(othersIn({ kind: 'refuse', reason: 'budget-exceeded', detail: 'a' })).toBeNull()
    expect(othersIn(moves)).toBeNull()
  })

  it('is refused where a ReplicaSet goes on without its Deployment', () => {
    const ref = { kind: 'ReplicaSet' as const, namespace: 'serving', name: 'llama-g1-abc' }
    const strays = [{ ref, generation: 1, pods: [{}, {}] }]
    expect(notOurs({ generations: [], strays }, 2)).toMatchObject({
      reason: 'pods-without-deployment',
      detail: expect.stringContaining('makes 2 pods of generation 1'),
    })
    expect(notOurs({ generations: [], strays }, null)?.detail).toContain(
      'kubectl -n serving delete replicaset llama-g1-abc',
    )
    // What is taken back is in nobody’s way: `straysLeft`.
    expect(notOurs({ generations: [], strays: [] }, 1)).toBeNull()
  })
})
