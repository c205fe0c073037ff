import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { virtualClock } from '../../../local/clock.ts'
import { type FolderObjects, openObjects } from '../../../local/objects/folder-objects.ts'
import { type ImaginedObject, imaginedObjects } from '../../../local/objects/imagined-objects.ts'
import { objectsContract } from '../../ports/objects.contract.ts'

const folders: string[] = []
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true })
})

const open = (imagined: ImaginedObject[]) => {
  const root = mkdtempSync(join(tmpdir(), 'signalbox-test-'))
  folders.push(root)
  const clock = virtualClock(5000)
  const real: FolderObjects = openObjects({ root, clock })
  return { root, real, objects: imaginedObjects(real, imagined, clock) }
}
const textOf = async ({ objects }: ReturnType<typeof open>, key: string): Promise<string> =>
  Buffer.from((await objects.read('bucket-a', key, 100))?.bytes ?? []).toString()

objectsContract('what is only imagined', async () => {
  const imagined: ImaginedObject[] = []
  const { objects } = open(imagined)
  return {
    objects,
    put: async (bucket, key, text) => void imagined.push({ bucket, key, text }),
    close: async () => undefined,
  }
})

objectsContract('what is real beside what is imagined', async () => {
  const { objects, real } = open([{ bucket: 'bucket-a', key: 'zzz', text: 'imagined' }])
  return {
    objects: { ...objects, list: async (...at) => (await objects.list(...at)).filter(({ key }) => key !== 'zzz') },
    put: (bucket, key, text) => real.write(bucket, key, Buffer.from(text)),
    close: async () => undefined,
  }
})

it('what really has the key comes first, in everything that is asked', async () => {
  const opened = open([
    { bucket: 'bucket-a', key: 'both', text: 'imagined' },
    { bucket: 'bucket-a', key: 'other', text: 'imagined' },
  ])
  await opened.real.write('bucket-a', 'both', Buffer.from('real'))
  expect(await textOf(opened, 'both')).toBe('real')
  expect(await textOf(opened, 'other')).toBe('imagined')
  expect((await opened.objects.head('bucket-a', 'both'))?.size).toBe(4)
  expect((await opened.objects.stream('bucket-a', 'both', 4))?.head.size).toBe(4)
  const listed = await opened.objects.list('bucket-a', '')
  expect(listed.map(({ key, head }) => [key, head.size])).toEqual([
    ['both', 4],
    ['other', 8],
  ])
})

it('pages of what is real and imagined leave nothing out and name nothing twice', async () => {
  const keys = Array.from({ length: 1010 }, (_, n) => `k/${String(n).padStart(4, '0')}`)
  const isImagined = (n: number): boolean => n % 100 === 7 || n === 1005
  const { objects, real } = open(
    keys.filter((_, n) => isImagined(n)).map((key) => ({ bucket: 'bucket-a', key, text: 'x' })),
  )
  for (const [n, key] of keys.entries()) if (!isImagined(n)) await real.write('bucket-a', key, Buffer.from('x'))
  const first = await objects.list('bucket-a', 'k/')
  const second = await objects.list('bucket-a', 'k/', first.at(-1)?.key)
  expect(first).toHaveLength(1000)
  expect([...first, ...second].map(({ key }) => key)).toEqual(keys)
})

it('writes nothing', async () => {
  const opened = open([{ bucket: 'bucket-a', key: 'a/b', text: 'imagined' }])
  await textOf(opened, 'a/b')
  await opened.objects.list('bucket-a', '')
  expect(readdirSync(opened.root)).toEqual([])
})
