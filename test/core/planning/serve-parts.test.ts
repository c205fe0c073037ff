import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { planServe } from '../../../core/planning/serve.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { servingObjects, trafficService } from '../../../core/workloads/serving.ts'
import { type Given, given, identity, lane, none, serve, written } from './serve-fixture.ts'

const AT = '2026-11-23T03:12:00Z'

/** v7 is wanted, and stands as it was judged, with all that stands beside it as `change` leaves it. */
const planWith = (change: (objects: Live) => void, given_: Given = {}) => {
  const input = given({ desired: serve('7'), generation: 1, revision: 3, ...given_ })
  const engine = { name: 'vllm' as const, revision: 3 }
  const service = input.policy.services['support-llama']!
  const made = servingObjects({
    identity,
    run: input.run,
    desired: { ...serve('7'), engine },
    service,
    engine: engineOf({ engine }, service),
    namespace: 'serving',
    generation: 1,
  })
  const objects = structuredClone({
    lane: trafficService({ identity, run: { lane }, namespace: 'serving' }, 1),
    own: made.generationService,
    budget: made.disruptionBudget,
  }) as Live
  change(objects)
  const there = Object.values(objects).filter((object) => object !== undefined)
  const traffic = objects.lane === undefined ? null : Number(objects.lane.spec?.selector?.['signalbox.dev/generation'])
  const parts = { kinds: ['Service', 'PodDisruptionBudget'] as const, objects: there }
  return planServe({ ...input, world: { ...input.world, traffic, parts } })
}

interface Live {
  lane?: KubeObject<'Service'>
  own?: KubeObject<'Service'>
  budget?: KubeObject<'PodDisruptionBudget'>
}

/** As the API server writes it down. */
const edited = (object: KubeObject | undefined, fieldsV1: object): void => {
  const time = AT as unknown as Date
  const by = { manager: 'kubectl-edit', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1, time }
  if (object !== undefined) object.metadata.managedFields = [by]
}

describe('what stands beside what is wanted and was judged', () => {
  it('and is as it was applied: nothing is to be done, whatever the server has filled in', () => {
    expect(planWith(() => undefined)).toMatchObject({ kind: 'nothing' })
    const filled = planWith(({ lane: of }) => {
      Object.assign(of!.spec!, { clusterIP: '10.0.0.1', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' })
      Object.assign(of!.spec!.ports![0]!, { protocol: 'TCP' })
    })
    expect(filled).toMatchObject({ kind: 'nothing' })
  })

  it('and is gone, with a pod that its node does not end: what brings up nothing needs no room beside that', () => {
    const bounds = (pool: Given['pool']) => {
      const planned = planWith((objects) => {
        objects.lane = undefined as never
      }, pool && { pool })
      return planned.kind === 'plan' ? planned.plan.bounds : planned
    }
    expect(bounds(undefined)).toMatchObject({ dollars: 0, gpus: { 'gpu-serve': 8 } })
    expect(bounds({ stuck: 4 })).toMatchObject({ dollars: 0, gpus: { 'gpu-serve': 8 } })
  })

  it('and is changed soon after it was set: the words say to see who does that, since setting it right ends nothing', () => {
    const reasons = (minutes: number) => {
      const planned = planWith(({ own }) => {
        Object.assign(own!.spec!, { selector: { app: 'x' } })
        edited(own, { 'f:spec': { 'f:selector': { 'f:app': {} } } })
        const time = new Date(new Date(AT).getTime() - minutes * 60_000)
        own!.metadata.managedFields!.push({
          manager: 'signalbox-workload',
          fieldsV1: { 'f:spec': { 'f:ports': {} } },
          time,
        })
      })
      return planned.kind === 'plan' ? planned.plan.reasons.join() : ''
    }
    expect(reasons(10)).toContain(', 10 min after Signalbox had set it: see who does that, where it goes on')
    expect(reasons(61)).not.toContain('see who')
    expect(reasons(-1)).not.toContain('see who')
  })

  it('and was made so when we asked for it, by an admission, is nobody’s edit, and is not asked for again', () => {
    const ours = planWith(({ budget }) => {
      budget!.spec!.maxUnavailable = 0
      const fieldsV1 = { 'f:spec': { 'f:maxUnavailable': {} } }
      budget!.metadata.managedFields = [{ manager: 'signalbox-workload', operation: 'Apply', fieldsV1 }]
    })
    expect(ours).toMatchObject({ kind: 'nothing' })
  })

  it.each(['mend', 'tell'] as const)(
    'and was applied by an earlier policy, follows that in force, onEdit %s: nobody is asked',
    (onEdit) => {
      const planned = planWith(
        ({ budget }) => {
          budget!.spec!.maxUnavailable = 0
          budget!.metadata.annotations = { ...budget!.metadata.annotations, 'signalbox.dev/digest': 'of-before' }
          const fieldsV1 = { 'f:spec': { 'f:maxUnavailable': {} } }
          budget!.metadata.managedFields = [{ manager: 'signalbox-workload', operation: 'Apply', fieldsV1 }]
        },
        { model: { onEdit } },
      )
      expect(planned).not.toHaveProperty('hand')
      expect(planned).toMatchObject({
        kind: 'plan',
        plan: {
          approval: { required: false },
          reasons: expect.arrayContaining([
            expect.stringMatching(/^\.spec\.maxUnavailable of PodDisruptionBudget \S+ is 0, and 1 by the policy/),
          ]),
        },
      })
    },
  )

  it.each([
    ['leads nowhere', (of: Live) => delete of.lane, 'to g1 → notify', 'again: nobody answers'],
    ['has lost its own Service', (of: Live) => delete of.own, 'g1=2 → notify', 'Set right what stands beside'],
    ['has nothing that holds drains', (of: Live) => delete of.budget, 'g1=2 → notify', 'Set right what stands beside'],
  ])('and %s: it is made again, free and without a word', (_, change, steps, title) => {
    const planned = planWith(change)
    if (planned.kind !== 'plan') throw new Error(planned.kind)
    const { plan, hand } = planned
    expect(written(plan)).toBe(steps)
    expect(plan).toMatchObject({
      title: expect.stringContaining(title),
      approval: { required: false, why: expect.stringContaining('it costs nothing') },
      bounds: { dollars: 0, unavailable: 0 },
      interrupts: [],
    })
    expect(hand).toMatchObject({ tells: false, text: expect.stringContaining('somebody has deleted') })
  })

  it('says who has changed what, and when', () => {
    const elsewhere = planWith(({ lane: of }) => {
      of!.spec!.selector = { 'signalbox.dev/generation': '99' }
      edited(of, { 'f:spec': { 'f:selector': {} } })
    })
    expect(elsewhere.hand?.text).toMatch(/^nobody answers: kubectl-edit has changed .* at 2026-11-23 03:12 UTC$/)
    const port = planWith(({ lane: of }) => {
      of!.spec!.ports![0]!.targetPort = 9
      const key = '{"port":80,"protocol":"TCP"}'
      edited(of, { 'f:spec': { 'f:ports': { [`k:${key}`]: { 'f:targetPort': {} } } } })
      const mine = { '.': {}, 'f:name': {}, 'f:port': {} }
      of!.metadata.managedFields!.push({
        manager: 'signalbox-traffic',
        operation: 'Apply',
        fieldsV1: { 'f:spec': { 'f:ports': { [`k:${key}`]: mine } } },
      })
    })
    expect(port.hand?.text).toMatch(/^kubectl-edit has changed \.spec\.ports\[port=80\]\.targetPort of Service/)
  })

  it('and is only to be told: nothing is begun by it', () => {
    expect(planWith((of) => delete of.lane, { model: { onEdit: 'tell' } }).hand).toEqual({
      tells: true,
      text: expect.stringMatching(/^nobody answers: somebody has deleted Service .*: retry makes it/),
    })
  })

  it('nobody looked: nothing is concluded from it', () => {
    expect(planServe(given({ desired: serve('7'), generation: 1 }))).toMatchObject({ kind: 'nothing' })
  })
})

it('where none is promoted, requests are led to what stands last without a word, unless all is only told', () => {
  const back = (onEdit?: 'tell') => planServe(given({ desired: none, generation: 2, led: null, model: { onEdit } }))
  expect(back()).toMatchObject({ plan: { approval: { required: false } } })
  expect(back('tell')).toMatchObject({ plan: { approval: { required: true } } })
})
