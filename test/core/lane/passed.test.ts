import { expect, it } from 'vitest'
import { isGivenUp, knowing, withoutPassed } from '../../../core/lane/passed.ts'
import type { Facts } from '../../../core/reactions/reaction.ts'
import { desired } from '../training-fixture.ts'
import { docOf, lookLetter, NOW, viewOf } from './fixture.ts'

const told = { kind: 'manifest', sha256: desired.version, lastModified: NOW } as unknown as Facts
const NAME = `${desired.version} ${new Date(NOW).toISOString()}`
const late = { kind: 'ignore', reason: 'missed-deadline', detail: 'x' } as const
const letter = lookLetter()
const viewWith = (passed: string[]) => viewOf({ doc: docOf({ passed }) })

it('an upload that was given up unfinished is remembered, once, by its bytes and when they were written', () => {
  const after = knowing(viewWith([]), letter, { decision: late, told })
  expect(after.doc.passed).toEqual([NAME])
  expect(isGivenUp(after, letter.event, told)).toBe(true)
  expect(knowing(after, letter, { decision: late, told })).toBe(after)
  expect(knowing(viewWith([]), letter, { decision: { ...late, reason: 'source-gone' }, told }).doc.passed).toEqual([])
})

it('and forgotten once it is whole, by whichever name it was remembered', () => {
  for (const name of [NAME, desired.version])
    expect(withoutPassed(viewWith(['another', name]), letter, told).doc.passed).toEqual(['another'])
  const other = viewWith(['another'])
  expect(withoutPassed(other, letter, told)).toBe(other)
})
