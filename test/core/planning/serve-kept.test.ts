import { describe, expect, it } from 'vitest'
import type { KeptDesired } from '../../../core/desired.ts'
import type { KubeObject } from '../../../core/kube.ts'
import type { Baseline } from '../../../core/lane/document.ts'
import { service } from '../../../core/lane-kinds/service.ts'
import { planServe } from '../../../core/planning/serve.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { servingObjects, trafficService } from '../../../core/workloads/serving.ts'
import { type Given, given, identity, lane, serve, written } from './serve-fixture.ts'

const kept = service.keeping?.(serve('8')) as KeptDesired

/** v8 was wanted, and is parked; v7 serves as generation 1, as somebody has left it. */
const plannedOf = (change: Given = {}, gone: 'Service' | 'own' | null = null) => {
  const input = given({ generation: 3, ...change })
  const rule = input.policy.services['support-llama']!
  const run = { lane, generation: 1, attempt: 1 }
  const engine = engineOf({}, rule)
  const desired = serve('7')
  const { generationService } = servingObjects({ identity, run, desired, service: rule, engine, namespace: 'serving' })
  const traffic = gone === 'Service' ? null : (input.world.traffic ?? null)
  const led = traffic === null ? [] : [trafficService({ identity, run, namespace: 'serving' }, traffic)]
  const objects: KubeObject[] = [...led, ...(gone === 'own' ? [] : [generationService])]
  return planServe({
    ...input,
    desired: kept,
    world: { ...input.world, traffic, parts: { kinds: ['Service'], objects } },
  })
}
const of = (...given_: Parameters<typeof plannedOf>) => {
  const planned = plannedOf(...given_)
  if (planned.kind !== 'plan') throw new Error(planned.kind)
  return { ...planned.plan, steps: written(planned.plan), hand: planned.hand }
}

describe('what serves while what is wanted has ended otherwise', () => {
  it('is as it was judged: nothing is to be done, whatever the policy has of its replicas and its template by now', () => {
    expect(plannedOf()).toMatchObject({ kind: 'nothing' })
    const engine = { generation: 3, model: { replicas: 2, args: ['--seed', '1'] } }
    expect(plannedOf(engine)).toMatchObject({ kind: 'nothing' })
  })

  it('and is asked by nobody: requests are led to it again, free and without a word', () => {
    expect(of({}, 'Service')).toMatchObject({
      steps: 'to g1 → notify',
      title: 'Lead requests to v7 (generation 1), which serves support-llama, again: nobody answers',
      approval: { required: false },
      bounds: { dollars: 0, unavailable: 0 },
      hand: { text: expect.stringMatching(/^nobody answers: somebody has deleted Service/), tells: false },
    })
  })

  it('and has lost what stands beside it: that alone is made again', () => {
    expect(of({}, 'own')).toMatchObject({
      steps: 'g1=2 → notify',
      title: 'Set right what stands beside v7 (generation 1), which serves support-llama',
      approval: { required: false },
    })
  })

  it('and was scaled: its replicas come back, priced as ever; and what costs nothing goes before that', () => {
    const scaled = of({ standing: [[1, '7', 0]], led: 1 })
    expect(scaled).toMatchObject({
      steps: 'g1=2 → notify',
      title: 'Bring v7 (generation 1), which serves support-llama, back to 2 replicas',
      bounds: { gpus: { 'gpu-serve': 8 } },
      hand: { text: 'somebody has scaled v7 (generation 1) from 2 to 0 replicas' },
    })
    expect(scaled.bounds.dollars).toBeGreaterThan(0)
    const out = 'nobody answers now, and for as long as this waits and loads'
    expect([scaled.reasons.includes(out), of({ standing: [[1, '7', 1]] }).reasons.includes(out)]).toEqual([true, false])
    // More than were judged end nothing.
    expect(plannedOf({ standing: [[1, '7', 3]] })).toMatchObject({ kind: 'nothing' })
    expect(of({ standing: [[1, '7', 1]] }, 'Service')).toMatchObject({
      steps: 'to g1 → notify',
      bounds: { dollars: 0 },
    })
    expect(of({ standing: [[1, '7', 0]] }, 'Service').steps).toBe('g1=2 → to g1 → notify')
  })

  it('and was scaled: what its moves bring up is booked and bound, as of any rollout', () => {
    const costs = (...given_: Parameters<typeof plannedOf>) => {
      const planned = plannedOf(...given_)
      const steps = planned.kind === 'plan' ? planned.plan.steps : []
      return steps.flatMap((step) => (step.kind === 'roll-out-model' ? [step.perHour] : []))
    }
    expect(costs({ standing: [[1, '7', 0]], led: 1 })).toEqual([160])
    // The second is put on the node of the first.
    expect(costs({ standing: [[1, '7', 1]] })).toEqual([0])
    // What stands beside it costs nothing.
    expect(costs({}, 'own')).toEqual([undefined])
  })

  it('and the policy has another number of it since that was decided last: that is followed, and asked about', () => {
    const had = (of: number | undefined, replicas: number, standing = 2) => {
      const input = given({ generation: 3, standing: [[1, '7', standing]], model: { replicas } })
      const baseline = { ...(input.baseline as Baseline), replicas: 2, ...(of === undefined ? {} : { of }) }
      const planned = planServe({ ...input, baseline, desired: kept })
      return planned.kind === 'plan' ? [planned.plan.title, written(planned.plan), planned.hand] : planned.kind
    }
    const itsTitle = 'Scale v7 (generation 1), which serves support-llama,'
    expect(had(2, 3)).toEqual([`${itsTitle} from 2 to 3 replicas`, 'g1=3 → notify', undefined])
    expect(had(2, 1)).toEqual([`${itsTitle} from 2 to 1 replica`, 'g1=1 → notify', undefined])
    // What was said no to, what stands so already, and what an earlier release judged.
    expect([had(3, 3), had(2, 2), had(2, 3, 3), had(undefined, 3)]).toEqual(Array(4).fill('nothing'))
  })

  it('and was scaled, and not one of its replicas has room: that is refused with the numbers, and who took them', () => {
    const hand = { text: 'somebody has scaled v7 (generation 1) from 2 to 1 replica', tells: false }
    expect(plannedOf({ standing: [[1, '7', 1]], pool: { heldByOthers: 12 } })).toMatchObject({
      kind: 'refuse',
      reason: 'would-deadlock',
      detail: expect.stringContaining('gpu-serve has 0 free of 16'),
      hand,
    })
    // What costs nothing is set right all the same.
    expect(plannedOf({ standing: [[1, '7', 1]], pool: { heldByOthers: 12 } }, 'own')).toMatchObject({ kind: 'plan' })
  })

  it('and was scaled, and some of its replicas have room: those come back', () => {
    expect(of({ standing: [[1, '7', 1]], pool: { heldByOthers: 8 }, model: { replicas: 3 } })).toMatchObject({
      steps: 'g1=2 → notify',
      hand: { text: 'somebody has scaled v7 (generation 1) from 3 to 1 replica' },
    })
  })

  it('and the policy only tells what is done by hand: it stays, and is told', () => {
    expect(plannedOf({ model: { onEdit: 'tell' } }, 'Service')).toMatchObject({
      kind: 'nothing',
      hand: { text: expect.stringContaining('nobody answers: somebody has deleted Service'), tells: true },
    })
  })

  it('beside what somebody has led requests to, which answers: that stays so', () => {
    expect(plannedOf({ standing: [[1, '7', 2], [2, '8', 1]], led: 2 })).toMatchObject({ kind: 'nothing' }) // biome-ignore format: a line
  })

  it('and is gone: its version is made anew, as a generation that is judged, priced and asked about', () => {
    const anew = of({ standing: [], led: null })
    expect(anew).toMatchObject({
      steps: expect.stringContaining('g3=2'),
      hand: { text: expect.stringContaining('somebody has deleted v7 (generation 1)'), tells: false },
    })
    expect(anew.steps).toContain('gate')
    expect(anew.bounds.dollars).toBeGreaterThan(0)
    expect(plannedOf({ standing: [], led: null, model: { onEdit: 'tell' } })).toMatchObject({
      kind: 'nothing',
      hand: { tells: true },
    })
    expect(plannedOf({ standing: [], led: null, pool: { heldByOthers: 16 } })).toMatchObject({ kind: 'refuse' })
  })

  it('and is gone, and what stands is asked by nobody, or the policy has fewer replicas by now: as many as were judged are made anew', () => {
    expect(plannedOf({ standing: [[2, '8', 1]], led: 1 })).toMatchObject({ kind: 'plan' })
    const fewer = given({ generation: 3, standing: [], led: null, model: { replicas: 1 } })
    const baseline = { generation: 1, desired: serve('7'), replicas: 2 }
    expect(planServe({ ...fewer, baseline, desired: kept })).toMatchObject({
      plan: { title: expect.stringContaining('2 replicas') },
    })
  })

  it('and was scaled in a pool that the policy has no more: nobody knows what a node there costs', () => {
    const moved = given({ generation: 3, standing: [[1, '7', 1]], change: { pool: 'gone' } })
    expect(planServe({ ...moved, desired: kept })).toMatchObject({ kind: 'refuse', reason: 'pool-unknown' })
  })

  it('and is gone beside something else that answers, or never was: nothing of it can be kept', () => {
    expect(plannedOf({ standing: [[2, '8', 1]], led: 2 })).toMatchObject({ kind: 'nothing' })
    expect(plannedOf({ baseline: null })).toMatchObject({ kind: 'nothing' })
  })
})
