import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../events/manifest.ts'

const of = (value: unknown) => parseManifest(Buffer.from(JSON.stringify(value)))
const object = { key: 'a/part-0.jsonl', size: 3 }

describe('a manifest', () => {
  it('lists objects with key, size, version or checksum, and may say who asked', () => {
    expect(
      of({
        version: 1,
        objects: [{ ...object, versionId: 'v', sha256: 's' }],
        requestedBy: 'T0SIGNAL/U0BEN',
        note: 'kept out',
      }),
    ).toMatchObject({ ok: true, manifest: { requestedBy: 'T0SIGNAL/U0BEN' } })
  })

  it.each([
    [{ version: 2, objects: [object] }, 'version'],
    [{ version: 1, objects: [] }, 'objects'],
    [{ version: 1, objects: [{ ...object, size: -1 }] }, 'objects.0.size'],
    [{ version: 1, objects: [object, object] }, 'named twice'],
    [{ version: 1, objects: [object], requestedBy: 'ana' }, 'requestedBy'],
    [[], 'object'],
  ])('refuses %j and says where', (value, sentence) => {
    expect(of(value)).toMatchObject({ ok: false, detail: expect.stringContaining(sentence) })
  })

  it('is total on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const parsed = parseManifest(bytes)
        if (!parsed.ok) expect(parsed.detail).not.toBe('')
      }),
    )
    expect(parseManifest(Buffer.from('{"version": NaN}'))).toMatchObject({ ok: false })
  })
})
