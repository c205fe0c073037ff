import type { LaneDocument } from '../../core/lane/document.ts'
import { carried } from '../../core/lane/kept.ts'
import { type ResultRow, resultId } from '../../core/rows.ts'
import type { WorkPorts } from '../ports.ts'
import { readRows } from '../rows.ts'

/**
 * What finished steps made that an attempt may carry over, by their keys: those whose result and artifacts are still there as
 * they were, by pinned location (law 7).
 */
export const keptOf = async (
  { ledger, objects }: Pick<WorkPorts, 'ledger' | 'objects'>,
  doc: LaneDocument,
): Promise<Record<string, ResultRow>> => {
  const kept = carried(doc)
  if (kept.length === 0) return {}
  const rows = await readRows(
    ledger,
    'result',
    kept.map(({ row }) => resultId(doc.lane, row)),
  )
  const there = await Promise.all(rows.map(({ value }) => isThere(objects, value)))
  return Object.fromEntries(rows.filter((_, index) => there[index]).map(({ value }) => [value.key, value]))
}

const isThere = async (objects: WorkPorts['objects'], { made, etag, values }: ResultRow): Promise<boolean> => {
  if (made === null) return false
  const { bucket, key } = made.result
  const artifacts = Object.values(values).filter((value): value is string => typeof value === 'string')
  const [head, ...found] = await Promise.all([
    objects.head(bucket, key),
    ...artifacts.map((uri) => isAnyThere(objects, uri)),
  ])
  return head !== null && (etag === null || head.etag === etag) && found.every((is) => is)
}

/** An artifact is an object, or all objects below its name. */
const isAnyThere = async (objects: WorkPorts['objects'], uri: string): Promise<boolean> => {
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? []
  // What lies elsewhere was pinned by the registry or the result alone.
  if (bucket === undefined || prefix === undefined) return true
  return (await objects.list(bucket, prefix)).length > 0
}
