import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Lock, LockError, lockText, parseLock } from '../../../core/images/lock.ts'

const hex = fc.stringMatching(/^[0-9a-f]{64}$/)
const image = fc.stringMatching(/^[a-z]{1,5}\.io\/[a-z0-9]{1,6}:[a-z0-9]{1,6}$/)
const entry = fc.record({
  digest: hex.map((one) => `sha256:${one}`),
  platforms: fc.uniqueArray(fc.constantFrom('linux/amd64', 'linux/arm64', 'linux/arm/v7'), { maxLength: 3 }),
  from: fc.webUrl(),
  resolved: fc.constant('2026-11-30T03:00:00.000Z'),
})
const lock: fc.Arbitrary<Lock> = fc.dictionary(image, entry, { noNullPrototype: true })
const sorted = (one: Lock): Lock =>
  Object.fromEntries(
    Object.entries(one).map(([key, value]) => [key, { ...value, platforms: value.platforms.toSorted() }]),
  )

describe('a lock file', () => {
  it('is read as it was written, and written again as it was read', () => {
    fc.assert(
      fc.property(lock, (one) => {
        const text = lockText(one)
        expect(parseLock(text)).toEqual(sorted(one))
        expect(lockText(parseLock(text))).toBe(text)
      }),
    )
  })

  it('has the same bytes in whatever order its images were found', () => {
    fc.assert(
      fc.property(lock, (one) => {
        const turned = Object.fromEntries(
          Object.entries(one)
            .toReversed()
            .map(([key, value]) => [key, { ...value, platforms: value.platforms.toReversed() }]),
        )
        expect(lockText(turned)).toBe(lockText(one))
      }),
    )
  })

  it('of any text is a lock, or an error that says why it is none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseLock(text)
        } catch (error) {
          expect(error).toBeInstanceOf(LockError)
        }
      }),
    )
  })
})

const good = { digest: `sha256:${'ab'.repeat(32)}`, platforms: [], from: 'x', resolved: 'y' }
const written = (key: string, change: object = {}) =>
  JSON.stringify({ lock: 1, images: { [key]: { ...good, ...change } } })

describe('what is no lock file', () => {
  it.each<[string, string]>([
    ['{', 'it is no JSON'],
    ['{\n<<<<<<< ours\n}', 'a merge left its marks in it'],
    ['[]', 'it is no lock file'],
    ['{"images": {}}', 'it does not say `"lock": 1`'],
    ['{"lock": 1, "images": []}', 'its `images` are no map'],
    [written('ubuntu:22.04'), 'what it says of ubuntu:22.04 is of no image by tag, by its whole name'],
    [written('ghcr.io/a/b'), 'of no image by tag'],
    [written('ghcr.io/a/b:1', { digest: 'latest' }), 'what it says of ghcr.io/a/b:1 is no digest'],
    [written('ghcr.io/a/b:1', { platforms: [1] }), 'no list of platforms'],
    [written('ghcr.io/a/b:1', { resolved: 3 }), 'not when and from where'],
  ])('%j: %s', (text, why) => expect(() => parseLock(text)).toThrow(why))

  it('of a newer release is not overwritten', () => {
    const error = (() => {
      try {
        return parseLock('{"lock": 2, "images": 7}')
      } catch (one) {
        return one
      }
    })()
    expect(error).toMatchObject({ isNewer: true, message: expect.stringContaining('upgrade it first') as string })
  })
})
