import { expect, it } from 'vitest'
import { isByHand, isOurCount, type Off, offText, whyToldOf } from '../../../core/planning/kept-off.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import type { GenerationView } from '../../../core/world.ts'
import { standing } from '../training-fixture.ts'

/** One of two stands, as this manager has set it; undefined: nobody knows who. */
const off = (manager?: string, isPolicys = false): Off => {
  const view = standing(1, 1)
  const managedFields = [{ manager, fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }]
  const metadata = { ...view.object.metadata, ...(manager === undefined ? {} : { managedFields }) }
  const base = { ...view, object: { ...view.object, metadata } } as GenerationView
  return { base, parts: null, replicas: 2, has: isPolicys ? { replicas: 2, range: null } : null, wanted: {} as never }
}
const said = (one: Off) => [
  offText(one, { baseline: { replicas: 2 } } as ServeInput),
  isByHand(one),
  isOurCount(one.base),
  whyToldOf(one),
]

it('that fewer stand than were judged is somebody’s hand, or what had room when we brought it', () => {
  const scaled = 'somebody has scaled generation 1 from 2 to 1 replica'
  const left = 'generation 1 serves with 1 of the 2 replicas that were judged'
  const policys = 'the policy has 2 replicas of generation 1 by now, which serves with 1'
  expect(said(off('kubectl'))).toEqual([scaled, true, false, 'it was done by hand'])
  expect(said(off())).toEqual([scaled, true, false, 'it was done by hand'])
  expect(said(off('signalbox-scale'))).toEqual([left, false, true, 'fewer stood than were judged'])
  expect(said(off('signalbox-scale', true))).toEqual([policys, false, true, 'the policy has it otherwise by now'])
})
