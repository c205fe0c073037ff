import { laneNameOf } from '../core/policy/names.ts'
import { isManifest, orderOf, pipelineAt } from '../core/reactions/dataset-uploaded.ts'
import type { Ask } from '../core/reactions/reaction.ts'
import type { ListingRow } from '../core/rows.ts'
import type { DatasetUploaded } from '../events/contract.ts'
import type { Ports } from './ports.ts'
import { readRow } from './rows.ts'

/** Pages of a thousand keys that are listed of one rule at once: about ten seconds, and 4 dollars a month when it is so each time. */
const OF_ONE = 100
/** Of all rules together, so that the function's time is enough for each of them to go on. */
const TOGETHER = 500
/** Manifests that are remembered of one listing: more than that were never lost in one listing's time. */
const NEWEST = 16

const BEGINNING: ListingRow = { after: null, newest: [] }

type Manifests = Extract<Ask, { kind: 'manifests' }>
type Found = ListingRow['newest'][number]

/**
 * Manifests of one rule that came after what moved its lane, whichever of them was lost: several in one second, and those of
 * rules that lie within each other, are told apart as the events would be. Nothing while the listing is not through: it goes
 * on the next time where it was, so that a prefix of millions of keys keeps nobody else waiting. `rules` is how many are asked this time.
 */
export const manifestsOf = async (
  { objects, ledger, policies }: Pick<Ports, 'objects' | 'ledger' | 'policies'>,
  ask: Manifests,
  rules: number,
): Promise<DatasetUploaded[]> => {
  const policy = await policies.load()
  const { name, bucket, prefix, manifest, after: known } = ask
  const stored = await readRow(ledger, 'listing', name)
  const isOurs = (key: string): boolean => {
    const found = isManifest(key, manifest) ? pipelineAt({ bucket, key }, policy) : null
    return found !== null && laneNameOf(found.key, found.rule) === name
  }
  const isNews = ({ lastModified, key, etag }: Found): boolean => {
    const order = orderOf(lastModified, key)
    return known === null || order > known.order || (order === known.order && etag !== known.etag)
  }
  let { after, newest } = stored?.value ?? BEGINNING
  const most = Math.max(1, Math.min(OF_ONE, Math.floor(TOGETHER / rules)))
  for (let pages = 0; pages < most; pages++) {
    const page = await objects.list(bucket, prefix, after)
    if (page.length === 0) {
      if (stored !== null) await ledger.commit([{ remove: 'listing', id: name, revision: stored.revision }])
      return newest.filter(isNews).map((found) => eventOf(bucket, found))
    }
    const found = page
      .filter(({ key }) => isOurs(key))
      .map(({ key, head: { lastModified, etag } }) => ({ key, lastModified, etag }))
    newest = [...newest, ...found].sort(newestFirst).slice(0, NEWEST)
    after = page.at(-1)?.key ?? null
  }
  await ledger.commit([{ put: 'listing', id: name, revision: stored?.revision ?? 0, value: { after, newest } }])
  return []
}

const newestFirst = (a: Found, b: Found): number =>
  orderOf(a.lastModified, a.key) < orderOf(b.lastModified, b.key) ? 1 : -1

const eventOf = (bucket: string, { key, lastModified, etag }: Found): DatasetUploaded => ({
  type: 'dataset-uploaded',
  id: `resync-${etag}`,
  at: lastModified,
  bucket,
  key,
  versionId: null,
  replayed: false,
})
