import fc from 'fast-check'
import { expect, it } from 'vitest'
import { depthOf, repeatedKey } from '../../events/json-text.ts'

it('depth counts brackets that lie within each other, and none in strings', () => {
  expect(depthOf('{"a":[{"b":1}],"c":"[[[["}')).toBe(3)
  expect(depthOf('"\\"[[["')).toBe(0)
  expect(depthOf('1')).toBe(0)
})

it.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['{"x":{"b":[{"c":1,"c":1}]}}', 'c'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ['{"":1,"":2}', ''],
])('a key that is said twice is found: %s', (text, key) => {
  expect(repeatedKey(text)).toBe(key)
})

it.each([
  '{"a":{"a":1}}',
  '[{"a":1},{"a":1}]',
  '{"a":"a","b":["b","b"]}',
  '{"a":"\\"a\\":1,\\"a\\":2"}',
  '[]',
  '"a"',
  'null',
])('what only looks so is not: %s', (text) => {
  expect(repeatedKey(text)).toBeNull()
})

it('nothing that JSON.stringify writes says anything twice, and one line more does', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
      const text = JSON.stringify(value)
      expect(repeatedKey(text)).toBeNull()
      const [key] = Object.keys(value)
      expect(repeatedKey(`${text.slice(0, -1)},${JSON.stringify(key)}:0}`)).toBe(key)
    }),
  )
})

it('is linear: a string that never ends is read once', () => {
  const hostile = (n: number) => `{"a":"${'\\"'.repeat(n)}\\`
  const took = (n: number) => {
    const before = performance.now()
    depthOf(hostile(n))
    return performance.now() - before
  }
  took(10_000)
  // Quadratic time would be 2,500 times as long, and minutes.
  expect(took(500_000)).toBeLessThan(5_000)
})

it('is total on any text', () => {
  fc.assert(fc.property(fc.string(), (text) => depthOf(text) >= 0))
})
