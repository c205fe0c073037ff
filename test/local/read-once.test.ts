import { describe, expect, it } from 'vitest'
import { readOnce } from '../../local/read-once.ts'

describe('JSON that is read once', () => {
  it('has one value for each text, which nobody can change', () => {
    const parsed = readOnce()
    const value = parsed<{ a: { b: number[] } }>('{"a":{"b":[1]}}')
    expect(parsed('{"a":{"b":[1]}}')).toBe(value)
    expect(() => value.a.b.push(2)).toThrow(TypeError)
    expect(() => Object.assign(value.a, { b: [] })).toThrow(TypeError)
    expect(parsed('{"a":{"b":[1]}} ')).toEqual({ a: { b: [1] } })
  })

  it('forgets what nobody asks for while many others come, and keeps what is asked for', () => {
    const parsed = readOnce()
    const [kept, left] = [parsed('{"kept":true}'), parsed('{"left":true}')]
    for (let n = 0; n < 5_000; n++) {
      parsed(`{"n":${n}}`)
      if (n % 1_000 === 0) parsed('{"kept":true}')
    }
    expect(parsed('{"kept":true}')).toBe(kept)
    expect(parsed('{"left":true}')).not.toBe(left)
    expect(parsed('{"left":true}')).toEqual(left)
  })

  it('refuses what is no JSON each time', () => {
    const parsed = readOnce()
    for (const _ of [1, 2]) expect(() => parsed('{')).toThrow(SyntaxError)
  })
})
