import { expect, it } from 'vitest'
import { isOutdated, writtenUnder } from '../../../core/lane/under.ts'
import { policy, wanted } from './fixture.ts'

it('is outdated where the lane was decided under what was published later; where nobody says when, nothing is', () => {
  expect(isOutdated({ published: 1 }, { policyAt: 2 })).toBe(true)
  expect([isOutdated({ published: 2 }, { policyAt: 2 }), isOutdated({ published: 3 }, { policyAt: 2 })]).toEqual([false, false]) // biome-ignore format: a line
  expect([isOutdated({}, { policyAt: 2 }), isOutdated({ published: 1 }, {})]).toEqual([false, false])
})

it('is written under the latest of the policies', () => {
  expect(writtenUnder({ doc: wanted(), policy })).toEqual(wanted())
  expect(writtenUnder({ doc: wanted(), policy: { ...policy, published: 2 } })).toEqual(wanted({ policyAt: 2 }))
  expect(writtenUnder({ doc: wanted({ policyAt: 3 }), policy: { ...policy, published: 2 } }).policyAt).toBe(3)
})
