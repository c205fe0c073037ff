import { GetObjectCommand, HeadObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import { type ObjectHead, type Objects, TooLarge } from '../../flows/ports.ts'
import { asking, isNotFound } from '../aws/errors.ts'

/** What S3 says of an object, the same in each of its answers. */
interface Said {
  ContentLength?: number | undefined
  Size?: number | undefined
  VersionId?: string | undefined
  LastModified?: Date | undefined
  ETag?: string | undefined
}

/**
 * Objects in S3. Reading checks the checksum that S3 stored, and stops at the limit. The role needs `s3:ListBucket`
 * besides `s3:GetObject`: without it S3 answers 403 for what is not there.
 */
export const openS3Objects = (client: S3Client): Objects => ({
  head: (Bucket, Key, versionId) =>
    orNull(async () => headOf(await client.send(new HeadObjectCommand({ Bucket, Key, ...version(versionId) }))), {
      what: `looking at s3://${Bucket}/${Key}`,
    }),
  read: (Bucket, Key, maxBytes, versionId) =>
    orNull(
      async () => {
        const get = new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED', ...version(versionId) })
        const answer = await client.send(get)
        const head = headOf(answer)
        if (head.size > maxBytes) {
          // The rest of a large object is not downloaded.
          ;(answer.Body as { destroy?(): void } | undefined)?.destroy?.()
          throw new TooLarge(`s3://${Bucket}/${Key} has ${head.size} bytes, and ${maxBytes} are read`)
        }
        return { head, bytes: (await answer.Body?.transformToByteArray()) ?? new Uint8Array() }
      },
      { what: `reading s3://${Bucket}/${Key}` },
    ),
  list: (Bucket, Prefix, limit) =>
    asking(`listing s3://${Bucket}/${Prefix}`, async () => {
      const found: { key: string; head: ObjectHead }[] = []
      const pages = paginateListObjectsV2({ client, pageSize: Math.min(limit, 1000) }, { Bucket, Prefix })
      for await (const { Contents = [] } of pages) {
        for (const { Key = '', ...said } of Contents) found.push({ key: Key, head: headOf(said) })
        if (found.length >= limit) break
      }
      return found.slice(0, limit)
    }),
})

const version = (versionId: string | null | undefined) =>
  versionId === null || versionId === undefined ? {} : { VersionId: versionId }

const headOf = ({ ContentLength, Size, VersionId, LastModified, ETag = '' }: Said): ObjectHead => ({
  size: ContentLength ?? Size ?? 0,
  // An unversioned bucket says nothing, or `null` for what is older than its versioning.
  versionId: VersionId === undefined || VersionId === 'null' ? null : VersionId,
  lastModified: LastModified?.getTime() ?? 0,
  etag: ETag.replaceAll('"', ''),
})

const orNull = async <T>(call: () => Promise<T>, { what }: { what: string }): Promise<T | null> => {
  try {
    return await call()
  } catch (error) {
    if (error instanceof TooLarge) throw error
    if (isNotFound(error)) return null
    return asking(what, () => Promise.reject(error))
  }
}
