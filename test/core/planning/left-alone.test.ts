import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import type { Planned } from '../../../core/plan.ts'
import { asLeft, madeAgain, straysLeft, withLeftAlone, withoutReplicas } from '../../../core/planning/left-alone.ts'
import { planServe } from '../../../core/planning/serve.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import type { GenerationView, Stray } from '../../../core/world.ts'
import { given, none, serve } from './serve-fixture.ts'

const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } }

/** As what served is left when its Deployment is deleted alone. */
const leftOf = ({ object, replicas, generation }: GenerationView): Stray => ({
  ref: { kind: 'ReplicaSet', namespace: 'serving', name: `${object.metadata.name}-abc` },
  generation,
  pods: Array.from({ length: replicas }, () => ready),
  made: {
    ...object,
    kind: 'ReplicaSet',
    metadata: { ...object.metadata, name: `${object.metadata.name}-abc` },
    spec: { replicas, selector: { matchLabels: {} }, template: object.spec?.template },
  } as KubeObject<'ReplicaSet'>,
})

const orphaned = (
  about: Parameters<typeof given>[0],
  change: (stray: Stray) => Stray = (stray) => stray,
): ServeInput => {
  const input = given({ led: 1, ...about })
  const [first, ...others] = input.world.generations
  const parts = { kinds: ['Service' as const], objects: [] }
  const strays = [change(leftOf(first as GenerationView))]
  return { ...input, world: { ...input.world, generations: others, strays, parts } }
}

type Template = NonNullable<NonNullable<KubeObject<'ReplicaSet'>['spec']>['template']>

const moves = (planned: Planned) =>
  planned.kind === 'plan' ? planned.plan.steps.filter(({ kind }) => kind === 'roll-out-model') : []

describe('what was judged last and goes on without its Deployment', () => {
  it('is among what stands, with what its ReplicaSet has', () => {
    const input = orphaned({})
    const [view] = withLeftAlone(input.world, input).generations
    const [before] = given().world.generations
    const { object: _, uid: __, ...same } = before as GenerationView
    expect(view).toMatchObject({ ...same, alone: { kind: 'ReplicaSet' } })
  })

  it('is nothing of that where it is another generation’s, is made twice, or its Deployment stands', () => {
    const { identity, world, baseline } = orphaned({})
    expect(withLeftAlone(world, { identity, baseline: null })).toBe(world)
    const twice = { ...world, strays: [...(world.strays ?? []), ...(world.strays ?? [])] }
    expect(withLeftAlone(twice, { identity, baseline })).toBe(twice)
    const both = { ...world, generations: given().world.generations }
    expect(withLeftAlone(both, { identity, baseline })).toBe(both)
  })

  it.each([
    ['as it is wanted', { desired: serve('7'), generation: 1 }],
    ['with other replicas than the policy has by now', { desired: serve('7'), generation: 1, model: { replicas: 4 } }],
  ])('%s: its Deployment is made again with the replicas that answer, and nobody is asked', (_, about) => {
    const input = orphaned({ standing: [[1, '7', 2]], ...about })
    const planned = planServe(input)
    expect(planned).toMatchObject({ kind: 'plan', plan: { approval: { required: false }, interrupts: [] } })
    const [move, ...others] = moves(planned)
    expect(others).toEqual([])
    expect(move).toMatchObject({ replicas: [{ generation: 1, replicas: 2 }] })
    expect(move?.kind === 'roll-out-model' ? move.objects[0] : null).toMatchObject({
      kind: 'Deployment',
      spec: { replicas: 2 },
    })
  })

  it.each([
    ['another version is wanted', {}],
    ['no version is', { desired: none }],
  ])('is in the way where %s: that is refused, with what to do', (_, about) => {
    expect(planServe(orphaned(about))).toMatchObject({
      kind: 'refuse',
      reason: 'pods-without-deployment',
      detail: expect.stringContaining('-g1-abc'),
    })
  })

  it.each<[string, (template: Template) => void]>([
    ['changed its image', ({ spec }) => void Object.assign(spec?.containers[0] ?? {}, { image: 'other:1' })],
    ['added a variable to it', ({ spec }) => void spec?.containers[0]?.env?.push({ name: 'ADDED', value: '1' })],
    ['put a container beside it', ({ spec }) => void spec?.containers.push({ name: 'beside', image: 'beside:1' })],
    [
      'restarted it',
      (template) => {
        const annotations = { ...template.metadata?.annotations, 'kubectl.kubernetes.io/restartedAt': 'now' }
        template.metadata = { ...template.metadata, annotations }
      },
    ],
  ])('is not made again from nothing where somebody has %s: nobody is led away from it', (_, change) => {
    const changed = (stray: Stray): Stray => {
      const made = structuredClone(stray.made) as KubeObject<'ReplicaSet'>
      change(made.spec?.template as Template)
      return { ...stray, made }
    }
    const about = { desired: serve('7'), generation: 1 }
    expect(planServe(orphaned(about, changed))).toMatchObject({ kind: 'refuse', reason: 'pods-without-deployment' })
  })

  it('what was never judged is taken back by who makes its Deployment again', () => {
    const planned: Planned = { kind: 'nothing', reason: 'a' }
    const { world, baseline } = orphaned({ baseline: null })
    expect(straysLeft(world, { planned, rises: 1, baseline })).toEqual([])
    expect(straysLeft(world, { planned, rises: 2, baseline })).toHaveLength(1)
  })

  it('is compared by its pods alone, and made again with as many', () => {
    const [view] = given().world.generations as [GenerationView]
    const alone = { ...view, alone: view.ref }
    expect(asLeft(view, view.object)).toBe(view.object)
    expect(asLeft(alone, view.object)).toEqual(view.object)
    const again = madeAgain(view.object, view)
    expect(again).toMatchObject({ spec: { replicas: 2, template: view.object.spec?.template } })
    expect([withoutReplicas(again), withoutReplicas(view.object)]).toEqual([[view.object], []])
  })
})
