import { describe, expect, it } from 'vitest'
import type { ResultRow } from '../../core/rows.ts'
import { artifactNow, pinOf, pinsOf, UNPINNED } from '../../flows/pins.ts'
import type { ObjectHead, Objects } from '../../flows/ports.ts'

const head = (more: Partial<ObjectHead> = {}): ObjectHead => ({
  size: 3,
  versionId: null,
  lastModified: 5000,
  etag: 'e',
  sha256: null,
  ...more,
})
/** A bucket as S3 shows it: a list tells no versions, a HEAD does. */
const bucket = (heads: Record<string, ObjectHead>, more: Partial<Objects> = {}): Objects => ({
  head: async (_, key) => heads[key] ?? null,
  read: async () => null,
  stream: async () => null,
  list: async (_, prefix, after) =>
    Object.keys(heads)
      .sort()
      .filter((key) => key.startsWith(prefix) && key > (after ?? ''))
      .slice(0, 1000)
      .map((key) => ({ key, head: { ...(heads[key] as ObjectHead), versionId: null } })),
  ...more,
})
/** The same bucket, and which lists it was asked for. */
const counted = (objects: Objects): [Objects, string[]] => {
  const asked: string[] = []
  const list: Objects['list'] = (...at) => {
    asked.push(at[1])
    return objects.list(...at)
  }
  return [{ ...objects, list }, asked]
}
const URI = 's3://b/r/adapter'
const two = { 'r/adapter/a': head(), 'r/adapter/b': head({ etag: 'f' }) }

describe('the pin of an artifact', () => {
  it('is the version of an object where the bucket keeps versions', async () => {
    expect(await pinOf(bucket({ 'r/adapter': head({ versionId: 'v3' }) }), URI)).toBe('version:v3')
  })

  it('is a digest of what the store says of its objects, the same as long as nothing is touched', async () => {
    const pin = await pinOf(bucket(two), URI)
    expect(pin).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await pinOf(bucket({ ...two, 'r/adapter-other/c': head(), 'r/adapte': head() }), URI)).toBe(pin)
    expect(await pinOf(bucket(two), `${URI}/`)).toMatch(/^sha256:/)
  })

  it.each<[string, Record<string, ObjectHead>]>([
    ['other bytes', { ...two, 'r/adapter/b': head({ etag: 'g' }) }],
    ['another size', { ...two, 'r/adapter/b': head({ etag: 'f', size: 4 }) }],
    ['equal bytes, written again', { ...two, 'r/adapter/b': head({ etag: 'f', lastModified: 6000 }) }],
    ['one more', { ...two, 'r/adapter/c/d': head() }],
    ['one less', { 'r/adapter/a': head() }],
    ['another name', { 'r/adapter/a': head(), 'r/adapter/c': head({ etag: 'f' }) }],
    ['a file besides the folder', { ...two, 'r/adapter': head() }],
  ])('is another with %s', async (_, heads) => {
    expect(await pinOf(bucket(heads), URI)).not.toBe(await pinOf(bucket(two), URI))
  })

  it('of many objects counts their versions too: written over within a second by equal bytes is another', async () => {
    const versioned = (id: string) =>
      bucket({ 'r/adapter/a': head({ versionId: 'v1' }), 'r/adapter/b': head({ versionId: id }) })
    expect(await pinOf(versioned('v2'), URI)).toBe(await pinOf(versioned('v2'), URI))
    expect(await pinOf(versioned('v3'), URI)).not.toBe(await pinOf(versioned('v2'), URI))
  })

  it('there is none of what is not there, or lies elsewhere', async () => {
    expect(await pinOf(bucket({}), URI)).toBeNull()
    expect(await pinOf(bucket({ 'r/adapter2': head() }), URI)).toBeNull()
    expect(await pinOf(bucket(two), 'https://b/r/adapter')).toBeNull()
  })

  it('of a hundred thousand objects is one, and of more says that there is none, which is not that they are gone', async () => {
    // Pages of one bucket that never ends, or ends after so many.
    const pages = (count: number): Objects => {
      let page = 0
      const listed = Array.from({ length: 1000 }, (_, n) => ({ key: `r/adapter/${n}`, head: head() }))
      return bucket({}, { list: async () => (page++ < count ? listed : []) })
    }
    expect(await pinOf(pages(99), URI)).toMatch(/^sha256:/)
    expect(await pinOf(pages(1000), URI)).toBe(UNPINNED)
    const row = { values: { model: URI }, pins: { model: UNPINNED }, by: 'file' } as unknown as ResultRow
    expect(await artifactNow(pages(1000), row, { name: 'model' })).toBe('same')
    expect(await artifactNow(pages(0), row, { name: 'model' })).toBe('gone')
  })

  it('does not go through what only begins with its name', async () => {
    const samples = Array.from({ length: 3000 }, (_, n) => [`r/adapter-samples/${n}`, head()] as const)
    const [all, asked] = counted(bucket({ ...Object.fromEntries(samples), ...two }))
    expect(await pinOf(all, URI)).toBe(await pinOf(bucket(two), URI))
    expect(asked).toHaveLength(2)
  })

  it('is the same from what was seen beside the result, without asking again', async () => {
    const found = Object.entries(two).map(([key, seen]) => ({ key, head: seen }))
    const beside = {
      bucket: 'b',
      folder: 'r/',
      found: [...found, { key: 'r/adapter-other', head: head() }],
      versions: false,
    }
    const deaf = bucket({}, { list: async () => [], head: async () => null })
    expect(await pinOf(deaf, URI, { beside })).toBe(await pinOf(bucket(two), URI))
    expect(await pinOf(deaf, 's3://b/other/adapter', { beside })).toBeNull()
    const kept = bucket({ 'r/adapter': head({ versionId: 'v3' }) })
    const one = { bucket: 'b', folder: 'r/', found: [{ key: 'r/adapter', head: head() }], versions: true }
    expect(await pinOf(kept, URI, { beside: one })).toBe('version:v3')
  })

  it('of all that one result names takes no more pages than one act has, and what is small is pinned beside what is not', async () => {
    const endless = Array.from({ length: 1000 }, (_, n) => ({ key: `r/big/${n}`, head: head() }))
    const small = bucket(two)
    const list: Objects['list'] = async (...at) => (at[1].startsWith('r/big') ? endless : small.list(...at))
    const [all, asked] = counted({ ...small, list })
    const big = Object.fromEntries(Array.from({ length: 31 }, (_, n) => [`big${n}`, `s3://b/r/big/${n}`]))
    const pins = await pinsOf(all, { ...big, model: URI })
    expect(pins).toMatchObject({ big0: UNPINNED, big30: UNPINNED, model: await pinOf(small, URI) })
    expect(asked.length).toBeLessThanOrEqual(200 + 32)
  })

  it('each artifact has its own, by name', async () => {
    const pins = await pinsOf(bucket(two), { score: 1, model: URI, gone: 's3://b/r/gone' })
    expect(pins).toEqual({ model: await pinOf(bucket(two), URI) })
  })
})

describe('what became of an artifact', () => {
  const rowOf = (more: Partial<ResultRow>) => ({ values: { model: URI }, ...more }) as ResultRow
  const now = (objects: Objects, more: Partial<ResultRow>) => artifactNow(objects, rowOf(more), { name: 'model' })

  it('it is the same, was changed, or is gone', async () => {
    const pins = await pinsOf(bucket(two), { model: URI })
    expect(await now(bucket(two), { pins })).toBe('same')
    expect(await now(bucket({ 'r/adapter/a': head() }), { pins })).toBe('changed')
    expect(await now(bucket({}), { pins })).toBe('gone')
  })

  it('what was not there when its result was read, and is now, was put there afterwards', async () => {
    expect(await now(bucket(two), { pins: {} })).toBe('changed')
    expect(await now(bucket({}), { pins: {}, by: 'message' })).toBe('gone')
  })

  it('a row of an earlier release has no pins: being there must do', async () => {
    expect(await now(bucket(two), {})).toBe('same')
    expect(await now(bucket({}), {})).toBe('gone')
  })

  it('where folders stand in for buckets, nobody sees what a pod elsewhere made, and its message says so', async () => {
    const folders = (heads: typeof two | object) => bucket(heads as typeof two, { standIn: true })
    expect(await now(folders({}), { pins: {}, by: 'message' })).toBe('unseen')
    expect(await now(folders({}), { pins: {}, by: 'file' })).toBe('gone')
    expect(await now(folders({}), { pins: { model: 'sha256:x' }, by: 'message' })).toBe('gone')
    expect(await now(folders(two), { pins: {}, by: 'message' })).toBe('changed')
  })
})
