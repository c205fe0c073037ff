import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { asChanged, asIsOf, asItStands, NOTHING_CHANGED } from '../../../core/planning/as-it-stands.ts'
import type { GenerationView } from '../../../core/world.ts'
import { given } from './serve-fixture.ts'

const [base] = given().world.generations as [GenerationView]
const edited = [{ field: '.spec.template.spec.containers[name="vllm"].image', by: 'kubectl-edit' }]
const changed = (change: (object: KubeObject<'Deployment'>) => void): GenerationView => {
  const object = structuredClone(base.object)
  change(object)
  return { ...base, object, edited }
}
const withImage = (image: string) =>
  changed(({ spec }) => {
    const [container] = spec?.template.spec?.containers ?? []
    if (container !== undefined) container.image = image
  })

describe('what is brought up as it stands', () => {
  it('is what makes its pods, whoever asks for how many, and whatever says that they were started anew', () => {
    const e = withImage('other:1')
    const again = changed((object) => {
      Object.assign(object, structuredClone(e.object))
      object.metadata.resourceVersion = '77'
      if (object.spec === undefined) return
      object.spec.replicas = 7
      object.spec.template.metadata ??= {}
      object.spec.template.metadata.annotations = {
        ...object.spec.template.metadata.annotations,
        'kubectl.kubernetes.io/restartedAt': '2026-11-30T00:00:00Z',
      }
    })
    expect(asIsOf(again)).toEqual(asIsOf(e))
    expect(asIsOf(withImage('other:2'))).not.toEqual(asIsOf(e))
    expect(asItStands(e)).not.toHaveProperty('status')
  })

  it('is said and bound only where somebody has changed it, and more of it is to run', () => {
    expect(asIsOf(base)).toEqual({})
    expect(asChanged(base, base.replicas + 1)).toBe(NOTHING_CHANGED)
    expect(asChanged(withImage('other:1'), base.replicas)).toBe(NOTHING_CHANGED)
    expect(asChanged(withImage('other:1'), base.replicas + 1)).toMatchObject({
      texts: [
        expect.stringMatching(/runs as it was changed: kubectl-edit has changed .*, which is not what was judged$/),
      ],
      objects: [{ kind: 'Deployment', spec: { template: { spec: { containers: [{ image: 'other:1' }] } } } }],
    })
  })
})
