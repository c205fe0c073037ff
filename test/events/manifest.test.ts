import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ManifestObject, readManifest } from '../../events/manifest.ts'
import { anyText } from '../any-text.ts'

const object = { key: 'a/part-0.jsonl', size: 3 }

/** Reads bytes cut at these places. */
const readIn = (bytes: Uint8Array, cuts: number[] = []) => {
  const reader = readManifest()
  const named: ManifestObject[] = []
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (let n = 1; n < places.length; n++) named.push(...reader.push(bytes.subarray(places[n - 1], places[n])))
  return { read: reader.end(), named }
}
const read = (text: string) => readIn(Buffer.from(text)).read
const of = (value: unknown) => read(JSON.stringify(value))

describe('a manifest', () => {
  it.each([
    ['its objects', '{"version":1,"objects":[{"key":"a","size":1}],"objects":[]}', '"objects"'],
    ['a key', '{"version":1,"objects":[{"key":"secret/x","size":1,"key":"a"}]}', '"key"'],
    ['a size', '{"version":1,"objects":[{"key":"a","size":1000000000000,"size":1}]}', '"size"'],
    [
      'who asked',
      '{"version":1,"objects":[{"key":"a","size":1}],"requestedBy":"T0A/U0A","requestedBy":"T0A/U0B"}',
      '"requestedBy"',
    ],
  ])('that says %s twice says nothing: readers would differ', (_, text, key) => {
    expect(read(text)).toEqual({ ok: false, detail: expect.stringContaining(`it says ${key} twice`) })
  })

  it('lists objects with key, size, version or checksum, and may say who asked', () => {
    const full = { ...object, versionId: 'v', sha256: 'ab'.repeat(32) }
    const bytes = Buffer.from(
      JSON.stringify({ note: { kept: ['out'] }, objects: [full], version: 1, requestedBy: 'T0SIGNAL/U0BEN' }),
    )
    expect(readIn(bytes)).toEqual({
      read: { ok: true, objects: 1, bytes: 3, requestedBy: 'T0SIGNAL/U0BEN' },
      named: [full],
    })
  })

  it.each([
    [{ version: 2, objects: [object] }, 'version'],
    [{ version: 1, objects: [] }, 'objects: names no object'],
    [{ version: 1, objects: { 0: object } }, 'objects: must be one list'],
    [{ version: 1, objects: ['a'] }, 'objects.0: is no object'],
    [{ version: 1, objects: [{ ...object, size: -1 }] }, 'objects.0.size'],
    [
      {
        version: 1,
        objects: [
          { key: 'b', size: 1 },
          { ...object, sha256: 'AB' },
        ],
      },
      'objects.1.sha256: is 64',
    ],
    [{ version: 1, objects: [object, object] }, 'named twice'],
    [{ version: 1, objects: [object], requestedBy: 'ana' }, 'requestedBy'],
    [[], 'version: is missing'],
  ])('refuses %j and says where', (value, sentence) => {
    expect(of(value)).toMatchObject({ ok: false, detail: expect.stringContaining(sentence) })
  })

  it('names keys below its prefix alone, and no other way to elsewhere', () => {
    const under = (key: string) => {
      const reader = readManifest('support-chats/')
      reader.push(Buffer.from(JSON.stringify({ version: 1, objects: [{ key, size: 7 }] })))
      return reader.end()
    }
    expect(under('support-chats/a/part-0.jsonl')).toMatchObject({ ok: true, objects: 1 })
    expect(under('support-chats/a/ü b%2e.jsonl')).toMatchObject({ ok: true })
    for (const [key, why] of [
      ['payroll/2026.csv', '"payroll/2026.csv" is not below support-chats/'],
      ['support-chats', 'is not below'],
      ['/support-chats/x', 'is not below'],
      ['support-chats/../payroll/2026.csv', 'leads elsewhere'],
      ['support-chats/./x', 'leads elsewhere'],
      ['support-chats/a\nb', 'not seen'],
      ['support-chats/\u202eb', 'turn a line around'],
      [`x${'y'.repeat(2000)}`, '…" is not below'],
    ] as const)
      expect(under(key)).toMatchObject({ ok: false, detail: expect.stringContaining(why) })
  })

  it('refuses two lists, an unfinished text, more text after it, and more objects than it may name', () => {
    const [one, two] = [object, { key: 'b', size: 1 }].map((value) => JSON.stringify(value))
    expect(read(`{"version":1,"objects":[${one}],"objects":[${two}]}`)).toMatchObject({ ok: false })
    expect(read(`{"version":1,"objects":[${one}]`)).toMatchObject({ detail: expect.stringContaining('not JSON') })
    expect(read(`{"version":1,"objects":[${one}]}{`)).toMatchObject({ detail: expect.stringContaining('not JSON') })
    const many = Array.from({ length: 100_001 }, (_, n) => ({ key: String(n), size: 1 }))
    expect(of({ version: 1, objects: many })).toMatchObject({ detail: 'objects: names more than 100000 objects' })
  })

  it.each([
    ['lists', '['.repeat(20_000) + ']'.repeat(20_000)],
    ['lists that never end', '['.repeat(1_000_000)],
    ['objects', '{"a":'.repeat(20_000)],
  ])('reads nothing of %s within each other, which would take minutes and all memory', (_, deep) => {
    for (const text of [
      deep,
      `{"version":1,"note":${deep}`,
      `{"version":1,"objects":[{"key":"a","size":1,"note":${deep}`,
    ])
      expect(read(text)).toEqual({
        ok: false,
        detail: 'the manifest is not JSON: it is nested deeper than 32 levels',
      })
    expect(of({ version: 1, objects: [{ ...object, note: [[{ of: ['a'] }]] }] })).toMatchObject({ ok: true })
  })

  it('reads the same in whatever pieces it comes', () => {
    // Keys that a manifest may name.
    const key = anyText({ minLength: 1 }).filter(
      (text) => !/[\p{Cc}\u2028-\u202e\u2066-\u2069]|(^|\/)\.{1,2}(\/|$)/u.test(text),
    )
    const objects = fc.uniqueArray(fc.record({ key, size: fc.nat() }), { minLength: 1, selector: (one) => one.key })
    fc.assert(
      fc.property(objects, fc.array(fc.nat()), (list, cuts) => {
        const bytes = Buffer.from(JSON.stringify({ version: 1, objects: list }))
        const { read, named } = readIn(bytes, cuts)
        // A lone surrogate has no bytes of its own: what is read is what was written.
        expect(named).toEqual((JSON.parse(bytes.toString('utf8')) as { objects: ManifestObject[] }).objects)
        expect(read).toMatchObject({ ok: true, objects: list.length })
      }),
    )
  })

  it('is total on any bytes, and takes what JSON.parse takes and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { read } = readIn(bytes)
        if (!read.ok) expect(read.detail).not.toBe('')
      }),
    )
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, cut) => {
        const { read } = readIn(Buffer.from(`{"version":1,"more":${json},"objects":[{"key":"k","size":0}]}`), [cut])
        expect(read).toMatchObject({ ok: true })
      }),
    )
    expect(read('{"version": NaN}')).toMatchObject({ ok: false })
  })
})
