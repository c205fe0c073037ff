import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contracts } from '../../../events/catalogue.ts'
import { checkPattern, matches } from '../../../local/bus/match-pattern.ts'
import { samplesOf } from '../../events/samples.ts'

const patterned = contracts.flatMap(({ name, via }) => ('pattern' in via ? [{ name, pattern: via.pattern }] : []))

describe('one pattern, three readers', () => {
  it.each(patterned)('the pattern of $name uses only operators that the local bus knows', ({ pattern }) => {
    expect(checkPattern(pattern)).toBeNull()
  })

  it.each(patterned)(
    'the pattern of $name selects its accepted samples and no other contract’s',
    ({ name, pattern }) => {
      for (const other of patterned)
        for (const { event, expect: expected } of samplesOf(other.name))
          if (event !== undefined && expected === 'accepted') expect(matches(pattern, event)).toBe(other.name === name)
    },
  )
})

describe('the operators, as EventBridge means them', () => {
  it.each([
    [{ a: ['x'] }, { a: 'x' }, true],
    [{ a: ['x'] }, { a: ['y', ['x']] }, true],
    [{ a: ['1'] }, { a: 1 }, false],
    [{ a: { b: ['x'] } }, { a: [{ b: 'y' }, { b: 'x' }] }, true],
    [{ a: [{ prefix: '' }] }, { a: 5 }, false],
    [{ a: [{ suffix: 'on' }] }, { a: 'json' }, true],
    [{ a: [{ wildcard: 'd/*/m.json' }] }, { a: 'd/x/y/m.json' }, true],
    [{ a: [{ wildcard: 'd/*.json' }] }, { a: 'd/xjson' }, false],
    [{ a: [{ numeric: ['>', 0] }] }, { a: '1' }, false],
    [{ a: [{ numeric: ['>', 0] }] }, { a: 1 }, true],
    [{ a: [{ exists: false }] }, {}, true],
    [{ a: [{ exists: false }] }, { a: null }, false],
    [{ a: [{ exists: true }] }, { a: { b: 1 } }, false],
    [{ constructor: [{ exists: false }] }, {}, true],
  ])('%j on %j is %s', (pattern, event, answer) => {
    expect(matches(pattern as never, event)).toBe(answer)
  })

  it.each([
    { a: [{ cidr: '10.0.0.0/8' }] },
    { a: [{ 'anything-but': 'x' }] },
    { a: 'x' },
    {},
    { a: [] },
    { a: [{ numeric: ['<', 1] }] },
    { $or: [{ a: ['x'] }, { b: ['y'] }] },
    5,
  ])('refuses %j', (pattern) => {
    expect(checkPattern(pattern)).not.toBeNull()
  })

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), (event) => {
        for (const { pattern } of patterned) expect(typeof matches(pattern, event)).toBe('boolean')
      }),
    )
  })
})
