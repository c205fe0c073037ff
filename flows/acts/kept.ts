import type { LaneDocument } from '../../core/lane/document.ts'
import { carried } from '../../core/lane/kept.ts'
import { type ResultRow, resultId } from '../../core/rows.ts'
import { artifactNow } from '../pins.ts'
import type { WorkPorts } from '../ports.ts'
import { readRows } from '../rows.ts'

/**
 * What finished steps made that an attempt may carry over, by their keys: those whose result and artifacts are still there as
 * they were when it was read (law 7).
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

/** A file is there with the bytes that were read; a message went with its pod, and was stored. */
const isThere = async (objects: WorkPorts['objects'], row: ResultRow): Promise<boolean> => {
  const { made, etag, by, values } = row
  if (made === null) return false
  const { bucket, key } = made.result
  const artifacts = Object.keys(values).filter((name) => typeof values[name] === 'string')
  const [head, ...found] = await Promise.all([
    by === 'message' ? null : objects.head(bucket, key),
    ...artifacts.map((name) => artifactNow(objects, row, name)),
  ])
  const isRead = by === 'message' || (head !== null && (etag === null || head.etag === etag))
  return isRead && found.every((now) => now === 'same' || now === 'unseen')
}
