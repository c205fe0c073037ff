import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Objects, TooLarge } from '../../flows/ports.ts'

const collected = async (pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> => {
  const all = []
  for await (const piece of pieces) all.push(piece)
  return all
}

/** What every object store promises. `put` is how the world outside writes. */
export const objectsContract = (
  name: string,
  open: () => Promise<{
    objects: Objects
    put(bucket: string, key: string, text: string): Promise<void>
    close(): Promise<void>
  }>,
): void =>
  void describe(`${name} as an object store`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    it('reads what was put, with its size and its time; null for what is not there', async () => {
      const { objects, put } = opened
      await put('bucket-a', 'x/ä +%2B.json', 'hello')
      const found = await objects.read('bucket-a', 'x/ä +%2B.json', 10)
      expect(Buffer.from(found?.bytes ?? []).toString()).toBe('hello')
      expect(await objects.head('bucket-a', 'x/ä +%2B.json')).toMatchObject({
        size: 5,
        lastModified: expect.any(Number),
      })
      expect(await objects.head('bucket-a', 'x')).toBeNull()
      expect(await objects.read('bucket-b', 'x/y', 10)).toBeNull()
    })

    it('refuses to read more than was asked for', async () => {
      await opened.put('bucket-a', 'big', 'x'.repeat(11))
      await expect(opened.objects.read('bucket-a', 'big', 10)).rejects.toThrow(TooLarge)
    })

    it('streams the same bytes piece by piece, refuses what is too large, and says null for what is not there', async () => {
      const text = 'ä{}'.repeat(100_000)
      await opened.put('bucket-a', 'long', text)
      const found = await opened.objects.stream('bucket-a', 'long', 1_000_000)
      expect(found?.head.size).toBe(400_000)
      const pieces = found === null ? [] : await collected(found.pieces)
      expect(pieces.length).toBeGreaterThan(1)
      expect(Buffer.concat(pieces).toString()).toBe(text)
      await expect(opened.objects.stream('bucket-a', 'long', 399_999)).rejects.toThrow(TooLarge)
      expect(await opened.objects.stream('bucket-a', 'none', 10)).toBeNull()
    })

    it('lists keys by prefix, in order, from a key on', async () => {
      for (const key of ['p/b', 'p/a', 'q', 'p/c/d', 'p/é']) await opened.put('bucket-a', key, key)
      const keys = async (prefix: string, after?: string) =>
        (await opened.objects.list('bucket-a', prefix, after)).map(({ key }) => key)
      expect(await keys('p/')).toEqual(['p/a', 'p/b', 'p/c/d', 'p/é'])
      expect(await keys('', 'p/b')).toEqual(['p/c/d', 'p/é', 'q'])
      expect(await keys('p/', 'p/é')).toEqual([])
      expect(await keys('p/c/', 'p/b')).toEqual(['p/c/d'])
    })
  })
