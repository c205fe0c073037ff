import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Objects, TooLarge } from '../../flows/ports.ts'

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

    it('lists keys by prefix, in order, up to a limit', async () => {
      for (const key of ['p/b', 'p/a', 'q', 'p/c/d']) await opened.put('bucket-a', key, key)
      const keys = async (prefix: string, limit: number) =>
        (await opened.objects.list('bucket-a', prefix, limit)).map(({ key }) => key)
      expect(await keys('p/', 10)).toEqual(['p/a', 'p/b', 'p/c/d'])
      expect(await keys('', 2)).toEqual(['p/a', 'p/b'])
    })
  })
