import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { type ObjectHead, type Objects, PAGE, TooLarge } from '../../flows/ports.ts'
import { asking, isNotFound } from '../aws/errors.ts'

/** What S3 says of an object, the same in each of its answers. */
interface Said {
  ContentLength?: number | undefined
  Size?: number | undefined
  VersionId?: string | undefined
  LastModified?: Date | undefined
  ETag?: string | undefined
  ChecksumSHA256?: string | undefined
  ChecksumType?: string | undefined
}

/**
 * Objects in S3. Reading checks the checksum that S3 stored, and stops at the limit. The role needs `s3:ListBucket`
 * besides `s3:GetObject`: without it S3 answers 403 (`NotAllowed`) for what is not there.
 */
export const openS3Objects = (client: S3Client): Objects => {
  const stream: Objects['stream'] = (Bucket, Key, maxBytes, versionId) => {
    const what = `reading s3://${Bucket}/${Key}`
    return orNull(what, async () => {
      const get = new GetObjectCommand({ Bucket, Key, ...CHECKED, ...version(versionId) })
      const answer = await client.send(get)
      const [head, body] = [headOf(answer), answer.Body as Readable | undefined]
      if (head.size > maxBytes) {
        // The rest of a large object is not downloaded.
        body?.destroy()
        throw new TooLarge(`s3://${Bucket}/${Key} has ${head.size} bytes, and ${maxBytes} are read`)
      }
      return { head, pieces: piecesOf(what, body) }
    })
  }
  return {
    stream,
    head: (Bucket, Key, versionId) =>
      orNull(`looking at s3://${Bucket}/${Key}`, async () =>
        headOf(await client.send(new HeadObjectCommand({ Bucket, Key, ...CHECKED, ...version(versionId) }))),
      ),
    read: async (...at) => {
      const found = await stream(...at)
      return found === null ? null : { head: found.head, bytes: await buffer(found.pieces) }
    },
    list: (Bucket, Prefix, after) =>
      asking(
        `listing s3://${Bucket}/${Prefix}`,
        async () => {
          const page: { key: string; head: ObjectHead }[] = []
          for (let from = after; ; from = page.at(-1)?.key) {
            const MaxKeys = PAGE - page.length
            const ask = new ListObjectsV2Command({ Bucket, Prefix, MaxKeys, ...(from ? { StartAfter: from } : {}) })
            const { Contents = [], IsTruncated } = await client.send(ask)
            page.push(...Contents.map(({ Key = '', ...said }) => ({ key: Key, head: headOf(said) })))
            // S3 may give fewer than there are.
            if (!IsTruncated || Contents.length === 0 || page.length >= PAGE) return page
          }
        },
        's3:ListBucket',
      ),
  }
}

/** A 403 to a HEAD has no body: it names no right. */
const TO_READ = 's3:GetObject and s3:ListBucket, and kms:Decrypt where a key of KMS encrypts'

/** S3 then answers with the checksum that it stored, and the SDK compares it at the end of what it read. */
const CHECKED = { ChecksumMode: 'ENABLED' } as const

/** A connection that breaks and a checksum that does not fit come in the midst of the pieces. */
async function* piecesOf(what: string, body: Readable | undefined): AsyncGenerator<Uint8Array> {
  const pieces = (body ?? Readable.from([]))[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { value, done } = await asking(what, () => pieces.next())
      if (done) return
      yield value as Uint8Array
    }
  } finally {
    body?.destroy()
  }
}

const version = (versionId: string | null | undefined) =>
  versionId === null || versionId === undefined ? {} : { VersionId: versionId }

const headOf = ({ ContentLength, Size, VersionId, LastModified, ETag = '', ...said }: Said): ObjectHead => ({
  size: ContentLength ?? Size ?? 0,
  // An unversioned bucket says nothing, or `null` for what is older than its versioning.
  versionId: VersionId === undefined || VersionId === 'null' ? null : VersionId,
  lastModified: LastModified?.getTime() ?? 0,
  etag: ETag.replaceAll('"', ''),
  sha256: sha256Of(said),
})

/** A checksum of parts, as multipart uploads have it, says nothing of the whole. */
const sha256Of = ({ ChecksumSHA256: base64, ChecksumType }: Said): string | null =>
  base64 === undefined || ChecksumType === 'COMPOSITE' || base64.includes('-')
    ? null
    : Buffer.from(base64, 'base64').toString('hex')

const orNull = async <T>(what: string, call: () => Promise<T>): Promise<T | null> => {
  try {
    return await call()
  } catch (error) {
    if (error instanceof TooLarge) throw error
    if (isNotFound(error)) return null
    return asking(what, () => Promise.reject(error), TO_READ)
  }
}
