import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { lookAtDataset } from '../../flows/look.ts'
import { type ObjectHead, type Objects, Unavailable } from '../../flows/ports.ts'

const at = { bucket: 'b', key: 'manifest.json' }
const head: ObjectHead = { size: 3, versionId: null, lastModified: 5, etag: 'e', sha256: null }
const SHA = 'ab'.repeat(32)

/** A bucket whose manifest says this at each reading in turn, the last again and again. */
const bucketOf = (manifests: unknown[], heads: Record<string, ObjectHead>) => {
  const asked: string[] = []
  let readings = 0
  const objects = {
    stream: async () => {
      const text = JSON.stringify(manifests[Math.min(readings++, manifests.length - 1)])
      return {
        head,
        pieces: (async function* () {
          yield Buffer.from(text)
        })(),
      }
    },
    head: async (_bucket: string, key: string) => {
      asked.push(key)
      return heads[key] ?? null
    },
  } as unknown as Objects
  return { objects, asked }
}
const manifest = (...objects: object[]) => ({ version: 1, objects })

describe('a look at a dataset', () => {
  it('names what is not there, has another size or another SHA-256', async () => {
    const { objects } = bucketOf(
      [manifest(...['a', 'b', 'c', 'd'].map((key) => ({ key, size: 3, sha256: SHA })), { key: 'e', size: 3 })],
      { a: { ...head, sha256: SHA }, b: { ...head, sha256: 'cd'.repeat(32) }, c: { ...head, size: 9 }, d: head },
    )
    expect(await lookAtDataset({ objects }, at)).toMatchObject({
      kind: 'manifest',
      objects: 5,
      bytes: 15,
      missing: ['b (has another SHA-256)', 'c (has 9 bytes, not 3)', 'e'],
      missingCount: 3,
    })
  })

  it('asks nothing about objects of a bad manifest, nor of a version that is settled', async () => {
    const bad = bucketOf([manifest({ key: 'a', size: 3 }, { key: 'a', size: 3 })], {})
    expect(await lookAtDataset(bad, at)).toMatchObject({ kind: 'bad', detail: 'objects: a is named twice' })
    const known = bucketOf([manifest({ key: 'a', size: 3 })], {})
    expect(await lookAtDataset(known, at, async () => true)).toMatchObject({ kind: 'manifest', missingCount: 0 })
    expect([...bad.asked, ...known.asked]).toEqual([])
  })

  it('a manifest that is written while it is read is unreadable, to be looked at again', async () => {
    const { objects } = bucketOf([manifest({ key: 'a', size: 3 }), manifest({ key: 'b', size: 3 })], {})
    expect(await lookAtDataset({ objects }, at)).toEqual({
      kind: 'unreadable',
      detail: 'the manifest is being written',
    })
  })

  it('bytes that end with an error are unreadable, never half a dataset', async () => {
    const pieces = async function* () {
      yield Buffer.from(JSON.stringify(manifest({ key: 'a', size: 3 })))
      throw new Unavailable('the checksum does not fit')
    }
    const objects = { stream: async () => ({ head, pieces: pieces() }) } as unknown as Objects
    expect(await lookAtDataset({ objects }, at)).toEqual({ kind: 'unreadable', detail: 'the checksum does not fit' })
  })

  it('a manifest of 100,000 objects fits into 48 MB: it is never held whole', async () => {
    const worker = new Worker(new URL('large-manifest.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 48 },
    })
    const [{ facts, asked }] = (await once(worker, 'message')) as [{ facts: { missing: string[] }; asked: number }]
    expect(facts).toMatchObject({ kind: 'manifest', objects: 100_000, missingCount: 1 })
    expect(facts.missing[0]).toContain('part-00099998')
    expect(asked).toBe(100_000)
  })
})
