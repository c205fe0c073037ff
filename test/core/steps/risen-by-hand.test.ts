import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { asIsOf } from '../../../core/planning/as-it-stands.ts'
import { risenByHand } from '../../../core/steps/risen-by-hand.ts'
import type { GenerationView } from '../../../core/world.ts'
import { given, movesOf, planOf } from '../planning/serve-fixture.ts'

describe('what rises on a way', () => {
  const { steps } = planOf()
  const applied = movesOf(planOf()).flatMap(({ objects }) => objects)
  const deployment = applied.find(({ kind }) => kind === 'Deployment') as KubeObject<'Deployment'>
  const standing = (image?: string): GenerationView => {
    const object = structuredClone(deployment)
    const [container] = object.spec?.template.spec?.containers ?? []
    if (container !== undefined && image !== undefined) container.image = image
    const [old] = given().world.generations as [GenerationView]
    const ref = { kind: 'Deployment' as const, namespace: 'serving', name: object.metadata.name }
    return { ...old, generation: 2, ref, object }
  }

  it('is what was approved where it stands as it is applied, or does not stand yet', () => {
    expect(risenByHand(steps, [standing()])).toBeNull()
    expect(risenByHand(steps, given().world.generations)).toBeNull()
  })

  it('is not once somebody has changed it, whatever its annotations say', () => {
    expect(risenByHand(steps, [standing('other:1')])).toBe(
      'somebody has changed .spec.template.spec.containers[name="vllm"].image of v8 (generation 2), which is not what was approved',
    )
  })

  it('is not either where it is brought up as it stands, and stands otherwise than it did', () => {
    const [old] = given().world.generations as [GenerationView]
    const { generation, ref } = old
    const [move] = movesOf(planOf())
    const kept = (asIs?: string) => [
      {
        ...(move as NonNullable<typeof move>),
        objects: [],
        replicas: [{ ref, generation, replicas: 2, replicasReady: 2 }],
        brings: generation,
        ...(asIs === undefined ? {} : { asIs }),
      },
    ]
    const edited = { ...old, edited: [{ field: '.spec.template.spec.containers[name="vllm"].image', by: 'kubectl' }] }
    expect(risenByHand(kept(), [old])).toBeNull()
    expect(risenByHand(kept(), [edited])).toMatch(/^kubectl has changed .*, which is not what was approved$/)
    expect(risenByHand(kept('another'), [edited])).toMatch(/^kubectl has changed/)
    expect(risenByHand(kept(asIsOf(edited).asIs), [edited])).toBeNull()
    expect(
      risenByHand([{ ...(kept()[0] as (typeof steps)[number] & { kind: 'roll-out-model' }), brings: null }], [edited]),
    ).toBeNull()
  })
})
