import { describe, expect, it } from 'vitest'
import { planServe } from '../../../core/planning/serve.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import type { Edit } from '../../../core/workloads/same-content.ts'
import type { GenerationView } from '../../../core/world.ts'
import { type Given, given, none, serve, written } from './serve-fixture.ts'

const IMAGE: Edit = { field: '.spec.template.spec.containers[name="vllm"].image', by: 'kubectl-set' }
/** Its generation stands with another image than it was applied with, whatever its annotation says. */
const withImage = (view: GenerationView, image = 'vllm:latest'): GenerationView => {
  const object = structuredClone(view.object)
  const [container] = object.spec?.template.spec?.containers ?? []
  if (container !== undefined) container.image = image
  const path = ['f:spec', 'f:template', 'f:spec', 'f:containers', 'k:{"name":"vllm"}', 'f:image']
  const fieldsV1 = path.reduceRight<object>((inner, part) => ({ [part]: inner }), {})
  object.metadata.managedFields = [{ manager: 'kubectl-set', operation: 'Update', fieldsV1 }]
  return { ...view, object }
}
/** v7 of generation 1 is wanted, and stands edited. */
const edited = (change: Given = {}, which = 1): ServeInput => {
  const input = given({ desired: serve('7'), generation: 1, ...change })
  const generations = input.world.generations.map((view) => (view.generation === which ? withImage(view) : view))
  return { ...input, world: { ...input.world, generations } }
}
const SAID = `kubectl-set has changed ${IMAGE.field} of v7 (generation 1), which is not what was judged`

describe('what somebody has changed by hand', () => {
  it('is not what is wanted, though its digest says so: it is planned as a generation of its own, with gate and way back', () => {
    expect(planServe(given({ desired: serve('7'), generation: 1 }))).toMatchObject({ kind: 'nothing' })
    expect(planServe(edited())).toMatchObject({ kind: 'plan', edits: true, hand: { tells: true } })
    const anew = planServe(edited({ generation: 2 }))
    expect(anew.kind === 'plan' && written(anew.plan)).toBe(
      'g1=2 g2=1 → gate → judge → to all → g1=1 g2=1 → g1=1 g2=2 → to g2 → g1=0 g2=2 → notify',
    )
  })

  it.each<['mend' | 'tell' | undefined, boolean]>([
    [undefined, true],
    ['tell', true],
    ['mend', false],
  ])('with onEdit %s it is told only: %s', (onEdit, tells) => {
    const { hand } = planServe(edited({ model: onEdit === undefined ? {} : { onEdit } }))
    expect(hand).toEqual({ text: tells ? `${SAID}: retry makes it as it is wanted again` : SAID, tells })
  })

  it('is made anew once: who changes the same of what was made for it is told of', () => {
    const input = edited({ model: { onEdit: 'mend' }, standing: [[1, '7', 0], [2, '7', 2]], baseline: [2, '7'], generation: 2 }, 2) // biome-ignore format: a world
    const [first, second] = input.world.generations as [GenerationView, GenerationView]
    expect(planServe(input).hand).toMatchObject({ tells: false })
    const again = { ...input, world: { ...input.world, generations: [withImage(first), second] } }
    expect(planServe(again).hand).toMatchObject({
      tells: true,
      text: expect.stringContaining('before it: see who does'),
    })
  })

  it('of replicas is told only where the policy says so; where the policy itself asks for others it is no edit', () => {
    const scaled = (model: Given['model']) => planServe(given({ model, desired: serve('7'), generation: 1, standing: [[1, '7', 3]] })) // biome-ignore format: a line
    expect(scaled({ onEdit: 'tell' }).hand).toMatchObject({ tells: true })
    expect([scaled({}).hand, scaled({ onEdit: 'mend' }).hand]).toEqual([undefined, undefined])
    const input = given({ model: { onEdit: 'tell', replicas: 3 }, desired: serve('7'), generation: 1, standing: [[1, '7', 2]] }) // biome-ignore format: a line
    const had = { generation: 1, desired: serve('7'), replicas: 2 }
    const grows = planServe({ ...input, baseline: had })
    expect([grows.kind, grows.hand]).toEqual(['plan', undefined])
  })

  it('of the baseline, where no version is promoted: it stays, and is told; or is made anew', () => {
    const back = (model: Given['model']) => planServe(edited({ model, desired: none as never, generation: 2 }))
    expect(back({})).toMatchObject({ kind: 'nothing', hand: { tells: true } })
    expect(back({ onEdit: 'mend' })).toMatchObject({ kind: 'plan', hand: { tells: false } })
  })
})
