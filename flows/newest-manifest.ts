import type { DatasetPolicy } from '../core/policy.ts'
import type { ListingRow } from '../core/rows.ts'
import type { DatasetUploaded } from '../events/contract.ts'
import type { Ports } from './ports.ts'

/** Pages of a thousand keys that are listed at once: about ten seconds, and 4 dollars a month when it is so each time. */
const PAGES = 100

const BEGINNING: ListingRow = { after: null, newest: null }

/**
 * The newest manifest under a dataset's prefix: an upload whose event was lost. Null while the listing is not through: it
 * goes on the next time where it was, so that a prefix of millions of keys keeps nobody else waiting.
 */
export const newestManifest = async (
  { objects, ledger }: Pick<Ports, 'objects' | 'ledger'>,
  name: string,
  { bucket, prefix, manifest }: DatasetPolicy,
): Promise<DatasetUploaded | null> => {
  const stored = await ledger.read('listing', name)
  let { after, newest } = stored?.value ?? BEGINNING
  for (let pages = 0; pages < PAGES; pages++) {
    const page = await objects.list(bucket, prefix, after)
    if (page.length === 0) {
      if (stored !== null) await ledger.commit([{ remove: 'listing', id: name, revision: stored.revision }])
      return newest === null ? null : eventOf(bucket, newest)
    }
    newest = page
      .filter(({ key }) => key === `${prefix}${manifest}` || key.endsWith(`/${manifest}`))
      .map(({ key, head: { lastModified, etag } }) => ({ key, lastModified, etag }))
      .reduce(newer, newest)
    after = page.at(-1)?.key ?? null
  }
  await ledger.commit([{ put: 'listing', id: name, revision: stored?.revision ?? 0, value: { after, newest } }])
  return null
}

type Found = NonNullable<ListingRow['newest']>

const newer = (best: Found | null, next: Found): Found =>
  best === null || next.lastModified > best.lastModified ? next : best

const eventOf = (bucket: string, { key, lastModified, etag }: Found): DatasetUploaded => ({
  type: 'dataset-uploaded',
  id: `reconcile-${etag}`,
  at: lastModified,
  bucket,
  key,
  versionId: null,
  replayed: false,
})
