import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { datasetUploaded } from '../../../events/dataset-uploaded.ts'
import { Unavailable } from '../../../flows/ports.ts'
import { virtualClock } from '../../../local/clock.ts'
import { openObjects } from '../../../local/objects/folder-objects.ts'
import { objectsContract } from '../../ports/objects.contract.ts'

const folders: string[] = []
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'signalbox-test-'))
  folders.push(made)
  return made
}
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true })
})

objectsContract('a folder', async () => {
  const objects = openObjects({ root: folder(), clock: virtualClock(5000) })
  return {
    objects,
    put: (bucket, key, text) => objects.write(bucket, key, Buffer.from(text)),
    close: async () => undefined,
  }
})

describe('folders as buckets', () => {
  it.each(['../secret', '/etc/passwd', 'a/../../secret', 'a//b', '', '.', 'a\0b', 'a\\b'])(
    'no key leads out of its bucket: %j',
    async (key) => {
      const root = folder()
      mkdirSync(join(root, 'bucket-a'))
      writeFileSync(join(root, 'secret'), 'x')
      expect(await openObjects({ root, clock: virtualClock(0) }).head('bucket-a', key)).toBeNull()
    },
  )

  it('a link that leaves its bucket is not there', async () => {
    const root = folder()
    mkdirSync(join(root, 'bucket-a'))
    writeFileSync(join(root, 'secret'), 'x')
    symlinkSync(join(root, 'secret'), join(root, 'bucket-a', 'link'))
    expect(await openObjects({ root, clock: virtualClock(0) }).head('bucket-a', 'link')).toBeNull()
  })

  it('a manifest that any program writes is an upload, told once for each version of it', async () => {
    const root = folder()
    const objects = openObjects({ root, clock: virtualClock(0) })
    mkdirSync(join(root, 'bucket-a', 'd'), { recursive: true })
    writeFileSync(join(root, 'bucket-a', 'd', 'manifest.json'), '{}')
    const scanned = async (): Promise<unknown[]> => {
      const events: unknown[] = []
      await objects.scan(async (event) => void events.push(event))
      return events
    }
    const [event] = await scanned()
    expect(datasetUploaded.parse(event)).toMatchObject({
      ok: true,
      event: { bucket: 'bucket-a', key: 'd/manifest.json', versionId: null },
    })
    expect(await scanned()).toEqual([])
    writeFileSync(join(root, 'bucket-a', 'd', 'manifest.json'), '{"more": 1}')
    expect(await scanned()).toHaveLength(1)
  })

  it('an upload that nobody can take now is told again, holds up no other, and one that fails otherwise is not', async () => {
    const root = folder()
    const objects = openObjects({ root, clock: virtualClock(0) })
    mkdirSync(join(root, 'bucket-a'))
    for (const key of ['away', 'broken', 'fine']) writeFileSync(join(root, 'bucket-a', key), key)
    const told: string[] = []
    const scan = () =>
      objects.scan(async (event) => {
        const { key } = (event['detail'] as { object: { key: string } }).object
        told.push(key)
        if (key === 'away') throw new Unavailable('no API server')
        if (key === 'broken') throw new TypeError('a bug')
      })
    await expect(scan()).rejects.toThrow('no API server')
    await expect(scan()).rejects.toThrow('no API server')
    expect(told).toEqual(['away', 'broken', 'fine', 'away'])
  })

  it('what is written through it has the time of that, whenever somebody looks', async () => {
    const clock = virtualClock(5000)
    const objects = openObjects({ root: folder(), clock })
    await objects.write('bucket-a', 'key', Buffer.from('x'))
    clock.set(9_000_000)
    expect(await objects.head('bucket-a', 'key')).toMatchObject({ lastModified: 5000 })
  })

  it('uploads that came while nobody looked keep their order, and none is as new as another', async () => {
    const root = folder()
    mkdirSync(join(root, 'bucket-a'))
    for (const [index, key] of ['b', 'c', 'a'].entries()) {
      writeFileSync(join(root, 'bucket-a', key), key)
      utimesSync(join(root, 'bucket-a', key), 1000 + index, 1000 + index)
    }
    const listed = await openObjects({ root, clock: virtualClock(9_000_000) }).list('bucket-a', '')
    const newest = [...listed].sort((a, b) => a.head.lastModified - b.head.lastModified).map(({ key }) => key)
    expect(newest).toEqual(['b', 'c', 'a'])
    expect(new Set(listed.map(({ head }) => head.lastModified)).size).toBe(3)
  })
})
