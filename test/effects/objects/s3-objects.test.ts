import type { S3Client } from '@aws-sdk/client-s3'
import { expect, it } from 'vitest'
import { openS3Objects } from '../../../effects/objects/s3-objects.ts'
import { NotAllowed, Unavailable } from '../../../flows/ports.ts'

const against = (name: string, httpStatusCode: number) =>
  openS3Objects({
    send: () => Promise.reject(Object.assign(new Error(name), { name, $metadata: { httpStatusCode } })),
  } as unknown as S3Client)
const calls = (objects: ReturnType<typeof openS3Objects>) => [
  () => objects.head('b', 'k'),
  () => objects.read('b', 'k', 9),
  () => objects.stream('b', 'k', 9),
  () => objects.list('b', 'p/'),
]

it('403 is never "it is not there": not allowed now, with the rights that reading needs', async () => {
  for (const call of calls(against('403', 403))) {
    await expect(call()).rejects.toBeInstanceOf(NotAllowed)
    await expect(call()).rejects.toThrow(/s3:\/\/b\/(k|p\/): 403: 403 \(it needs s3:/)
  }
})

it('503 and what is not answered are unavailable', async () => {
  for (const call of calls(against('SlowDown', 503))) {
    await expect(call()).rejects.toBeInstanceOf(Unavailable)
    await expect(call()).rejects.not.toBeInstanceOf(NotAllowed)
  }
})

it('404 is nothing, and a bucket that is not there has no answer to a list', async () => {
  const objects = against('NotFound', 404)
  expect([await objects.head('b', 'k'), await objects.read('b', 'k', 9)]).toEqual([null, null])
  await expect(objects.list('b', 'p/')).rejects.toBeInstanceOf(Unavailable)
})

it('a page is whole unless there are no more, however little S3 gives at a time', async () => {
  const keys = Array.from({ length: 1100 }, (_, n) => `p/${String(n).padStart(4, '0')}`)
  const asked: (string | undefined)[] = []
  const send = async ({ input }: { input: { StartAfter?: string; MaxKeys?: number } }) => {
    asked.push(input.StartAfter)
    const left = keys.filter((key) => key > (input.StartAfter ?? ''))
    const given = left.slice(0, Math.min(400, input.MaxKeys ?? 1000))
    return { Contents: given.map((Key) => ({ Key })), IsTruncated: given.length < left.length }
  }
  const objects = openS3Objects({ send } as unknown as S3Client)
  expect(await objects.list('b', 'p/')).toHaveLength(1000)
  expect(asked).toEqual([undefined, 'p/0399', 'p/0799'])
  expect((await objects.list('b', 'p/', 'p/0999')).map(({ key }) => key)).toEqual(keys.slice(1000))
})
