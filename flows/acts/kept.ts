import type { LaneDocument } from '../../core/lane/document.ts'
import { carried, needsKept } from '../../core/lane/kept.ts'
import { isMoving } from '../../core/lane/other-pods.ts'
import { type PlanRow, type ResultRow, resultId } from '../../core/rows.ts'
import type { Stored } from '../ledger-port.ts'
import { type Asking, artifactNow, askingOfAct } from '../pins.ts'
import type { WorkPorts } from '../ports.ts'
import { readKeys, readRow } from '../rows.ts'
import { resultsOf } from './results.ts'

/**
 * What finished steps made that an attempt may carry over, by their keys: those whose result and artifacts are still there as
 * they were when it was read (law 7). What one act cannot look through goes by being there: what is registered is looked at alone.
 */
export const keptOf = async (
  ports: Pick<WorkPorts, 'ledger' | 'objects' | 'cluster'>,
  doc: LaneDocument,
): Promise<Record<string, ResultRow>> => {
  const kept = carried(doc)
  if (kept.length === 0) return {}
  const found = await resultsOf(
    ports,
    doc,
    kept.map(({ row }) => row),
  )
  const asking = askingOfAct()
  const there: ResultRow[] = []
  // One after the other: what is asked side by side is asked before anybody knows how much it is.
  for (const row of found) if (row !== null && (await isThere(ports.objects, row, asking))) there.push(row)
  return Object.fromEntries(there.map((row) => [row.key, row]))
}

/**
 * The same as it is written down, where folding rests on it, whether or not it is still there: what is only weighed, one read of the
 * ledger, is looked at by its lane before anything begins.
 */
export const keptOnPaper = async (
  { ledger }: Pick<WorkPorts, 'ledger'>,
  doc: LaneDocument,
): Promise<Record<string, ResultRow>> => {
  if (!needsKept(doc)) return {}
  const keys = carried(doc).map(({ row }) => ({ kind: 'result' as const, id: resultId(doc.lane, row) }))
  const rows = (await readKeys(ledger, keys)) as (Stored<'result'> | null)[]
  return Object.fromEntries(rows.flatMap((row) => (row === null ? [] : [[row.value.key, row.value]])))
}

/** A file is there with the bytes that were read; a message went with its pod, and was stored. */
const isThere = async (objects: WorkPorts['objects'], row: ResultRow, asking: Asking): Promise<boolean> => {
  const { made, etag, by, values } = row
  if (made === null) return false
  const { bucket, key } = made.result
  const artifacts = Object.keys(values).filter((name) => typeof values[name] === 'string')
  const [head, ...found] = await Promise.all([
    by === 'message' ? null : objects.head(bucket, key),
    ...artifacts.map((name) => artifactNow(objects, row, { name, asking })),
  ])
  const isRead = by === 'message' || (head !== null && (etag === null || head.etag === etag))
  return isRead && found.every((now) => now === 'same' || now === 'unseen')
}

/** The plan of a rollout that is at one of its moves, since that tells whether its pods are as they are wanted; null: it is none. */
export const planMoving = async ({ ledger }: Pick<WorkPorts, 'ledger'>, doc: LaneDocument): Promise<PlanRow | null> =>
  isMoving(doc) ? ((await readRow(ledger, 'plan', doc.lane))?.value ?? null) : null
