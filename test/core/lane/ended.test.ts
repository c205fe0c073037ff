import { expect, it } from 'vitest'
import { aboutOf } from '../../../core/lane/ended.ts'
import type { Plan } from '../../../core/plan.ts'
import type { Strategy } from '../../../core/strategy.ts'

const path = [
  { old: 0, new: 2 },
  { old: 0, new: 3 },
]
const strategy = (name: Strategy['name']): Strategy => ({ name, why: '', path, rejected: [] })

it('a plan is about its template, and about how many of that alone where nothing else is planned', () => {
  expect(aboutOf({ template: 't', strategy: strategy('scale') })).toEqual({ template: 't', replicas: 3 })
  expect(aboutOf({ template: 't', strategy: strategy('surge') })).toEqual({ template: 't' })
  expect(aboutOf({ strategy: null })).toEqual({})
  expect(aboutOf(undefined)).toEqual({})
})

it('a plan has tried nothing that costs nothing and asks nobody where it did either', () => {
  const of = (required: boolean, dollars: number) =>
    aboutOf({ strategy: null, approval: { required, why: '', need: 0 }, bounds: { dollars } as Plan['bounds'] })
  expect([of(true, 0), of(false, 2), of(false, 0)]).toEqual([{ paid: true }, { paid: true }, {}])
})
