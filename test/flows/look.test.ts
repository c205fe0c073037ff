import { describe, expect, it, vi } from 'vitest'
import { sha256Hex } from '../../core/digest.ts'
import type { RegisterModelStep } from '../../core/plan.ts'
import { MADE_BY, PIN, PROOF, registration } from '../../core/steps/register-model.ts'
import { lookAtDataset } from '../../flows/look.ts'
import { lookAtModel } from '../../flows/models.ts'
import { pinOf, UNPINNED } from '../../flows/pins.ts'
import { type ObjectHead, type Objects, Unavailable } from '../../flows/ports.ts'
import type { Registry } from '../../flows/registry-port.ts'

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

  it('asks nothing about objects of a bad manifest, nor of a version that is known', async () => {
    const bad = bucketOf([manifest({ key: 'a', size: 3 }, { key: 'a', size: 3 })], {})
    expect(await lookAtDataset(bad, at)).toMatchObject({ kind: 'bad', detail: 'objects: a is named twice' })
    const one = manifest({ key: 'a', size: 3 })
    const known = bucketOf([one], {})
    expect(await lookAtDataset(known, at, { known: [sha256Hex(JSON.stringify(one))] })).toMatchObject({
      kind: 'manifest',
      missingCount: 0,
    })
    expect([...bad.asked, ...known.asked]).toEqual([])
    expect(await lookAtDataset(known, at, { known: ['ab'.repeat(32)] })).toMatchObject({
      missing: ['a'],
      missingCount: 1,
    })
  })

  it('a small manifest is read once, so that what it names and what it says are of the same bytes', async () => {
    const { objects, asked } = bucketOf([manifest({ key: 'a', size: 3 }), manifest({ key: 'b', size: 3 })], {})
    const stream = vi.spyOn(objects, 'stream')
    expect(await lookAtDataset({ objects }, at)).toMatchObject({ kind: 'manifest', missing: ['a'] })
    expect([stream.mock.calls.length, asked]).toEqual([1, ['a']])
  })

  it('what a version named is asked side by side with its manifest; of another it says nothing', async () => {
    const [one, two] = [manifest({ key: 'a', size: 3 }), manifest({ key: 'b', size: 3 })]
    const objects = [{ key: 'a', size: 3 }]
    const beside = { version: sha256Hex(JSON.stringify(one)), objects }
    const same = bucketOf([one], {})
    expect(await lookAtDataset(same, at, { beside })).toMatchObject({ named: objects, missing: ['a'], missingCount: 1 })
    expect(same.asked).toEqual(['a'])
    const other = bucketOf([two], { b: head })
    expect(await lookAtDataset(other, at, { beside })).toMatchObject({ missingCount: 0 })
    expect(other.asked).toEqual(['a', 'b'])
    const many = bucketOf([manifest(...[1, 2, 3, 4, 5].map((n) => ({ key: `${n}`, size: 3 })))], {})
    expect(await lookAtDataset(many, at)).not.toHaveProperty('named')
    const long = bucketOf([manifest({ key: 'x'.repeat(1000), size: 3 })], {})
    expect(await lookAtDataset(long, at)).not.toHaveProperty('named')
  })

  it('a large manifest that is written while it is read says nothing, and is to be looked at again', async () => {
    const many = (name: string) => Array.from({ length: 1001 }, (_, n) => ({ key: `${name}-${n}`, size: 3 }))
    const { objects } = bucketOf([manifest(...many('a')), manifest(...many('b'))], {})
    await expect(lookAtDataset({ objects }, at)).rejects.toThrow(new Unavailable('the manifest is being written'))
  })

  it('bytes that end with an error say nothing: never half a dataset', async () => {
    const pieces = async function* () {
      yield Buffer.from(JSON.stringify(manifest({ key: 'a', size: 3 })))
      throw new Unavailable('the checksum does not fit')
    }
    const objects = { stream: async () => ({ head, pieces: pieces() }) } as unknown as Objects
    await expect(lookAtDataset({ objects }, at)).rejects.toThrow(new Unavailable('the checksum does not fit'))
  })

  it('a bucket that does not answer is not a dataset that is gone', async () => {
    const away = new Unavailable('GetObject: 503')
    const objects = { stream: async () => Promise.reject(away) } as unknown as Objects
    await expect(lookAtDataset({ objects }, at)).rejects.toThrow(away)
    expect(await lookAtDataset({ objects: { stream: async () => null } as unknown as Objects }, at)).toEqual({
      kind: 'gone',
    })
  })
})

describe('a look at a version', () => {
  const secret = 'f'.repeat(24)
  const objects = {
    list: async (_bucket: string, prefix: string) => [{ key: `${prefix}/weights`, head }],
    head: async () => head,
  } as unknown as Objects
  const looked = (artifactUri: string, tags: Record<string, string>) => {
    const found = { name: 'm', version: '8', source: artifactUri, artifactUri, runId: null, status: 'READY', tags }
    const registry = { alias: async () => found } as unknown as Registry
    const [promotion, results] = [{ kind: 'alias', name: 'champion' } as const, { bucket: 'b', prefix: 'results/' }]
    return lookAtModel({ registry, objects }, { kind: 'promotion', model: 'm', promotion, results }, { secret })
  }
  const OURS = 's3://b/results/job/model'

  it('says of weights among our results whether anything says what they were, and who registered them', async () => {
    const pin = (await pinOf(objects, OURS)) ?? ''
    expect(await looked(OURS, { [PIN]: pin, [MADE_BY]: 'x' })).not.toHaveProperty('unpinned')
    expect(await looked(OURS, { [MADE_BY]: 'x' })).toMatchObject({ kind: 'version', unpinned: 'pipeline' })
    expect(await looked(OURS, {})).toMatchObject({ kind: 'version', unpinned: 'unknown' })
    expect(await looked(OURS, { [PIN]: UNPINNED })).toMatchObject({ kind: 'changed' })
    // What lies elsewhere has no pin of ours.
    expect(await looked('s3://other/results/job/model', {})).not.toHaveProperty('unpinned')
  })

  it('knows what a pipeline of this ledger registered, whoever copies its tags to another address', async () => {
    const step = { kind: 'register-model', model: 'm', of: 'train', tags: {} } as unknown as RegisterModelStep
    const result = { values: { model: OURS }, pins: { model: (await pinOf(objects, OURS)) ?? '' } }
    const { tags } = registration(step, { name: 'pipeline-a', result, secret })!
    expect(await looked(OURS, tags)).toMatchObject({ ours: true })
    expect(await looked(OURS, { ...tags, [PROOF]: 'x' })).not.toHaveProperty('ours')
    const bad = 's3://b/results/failed/model'
    const copied = { ...tags, [PIN]: (await pinOf(objects, bad)) ?? '' }
    expect(await looked(bad, copied)).not.toHaveProperty('ours')
    expect(await looked(OURS, { ...tags, [PIN]: 'other' })).toEqual({ kind: 'changed', version: '8' })
  })

  it('says of an adapter what it was trained on, and of whole weights nothing of that', async () => {
    const base = { 'signalbox.dev/base': 'hf://a/b' }
    const adapter = { 'signalbox.dev/weights': 'adapter' }
    expect(await looked('s3://o/m/', { ...adapter, ...base })).toMatchObject({ adapter: true, base: 'hf://a/b' })
    expect(await looked('s3://o/adapter/', base)).toMatchObject({ base: 'hf://a/b' })
    for (const facts of [
      await looked('s3://o/m/', base),
      await looked('s3://o/adapter/', { 'signalbox.dev/base': '' }),
    ])
      expect(facts).not.toHaveProperty('base')
  })

  it('and that more than can be pinned is none, though its registration says so', async () => {
    const many = Array.from({ length: 1000 }, (_, n) => ({ key: `results/job/model/${n}`, head }))
    vi.spyOn(objects, 'list').mockResolvedValue(many)
    expect(await looked(OURS, { [PIN]: UNPINNED, [MADE_BY]: 'x' })).toMatchObject({ unpinned: 'pipeline' })
  })
})
