import type { LaneDocument, Mark } from '../../core/lane/document.ts'
import type { Made } from '../../core/lane/made.ts'
import { pastId, type ResultRow, resultId, runOfResult } from '../../core/rows.ts'
import { resultIn } from '../../core/steps/job-result.ts'
import type { Stored } from '../ledger-port.ts'
import { pinsOf } from '../pins.ts'
import type { WorkPorts } from '../ports.ts'
import { readKeys, readRow } from '../rows.ts'
import { podsOf } from './pods.ts'
import { readResult } from './steps/read-result.ts'

type Of = Pick<WorkPorts, 'ledger' | 'objects' | 'cluster'>

/**
 * What finished steps measured and made, in the order of their rows. A row that a restore has torn from its document is read again
 * where its step has written it: what was paid for is kept (law 7). Null: nobody has it any more.
 */
export const resultsOf = async (
  ports: Of,
  doc: LaneDocument,
  names: readonly string[],
): Promise<(ResultRow | null)[]> => {
  const keys = names.map((name) => ({ kind: 'result' as const, id: resultId(doc.lane, name) }))
  const rows = (await readKeys(ports.ledger, keys)) as (Stored<'result'> | null)[]
  return Promise.all(names.map((name, n) => rows[n]?.value ?? readAgain(ports, doc, name)))
}

const readAgain = async (ports: Of, doc: LaneDocument, row: string): Promise<ResultRow | null> => {
  const mark = await markOf(ports, doc, row)
  if (mark === null || mark.made === null) return null
  const seen = await seenAgain(ports, mark.made)
  if (seen === null) return null
  const { generation, attempt } = runOfResult(row)
  const value: ResultRow = {
    row,
    step: mark.name,
    key: mark.key,
    generation,
    attempt,
    at: mark.endedAt ?? doc.writtenAt,
    ...seen,
  }
  // Whoever loses this was told the same.
  await ports.ledger.commit([
    { put: 'result', id: resultId(doc.lane, row), revision: 0, value },
    { count: 'mended:result', by: 1 },
  ])
  return value
}

/** The step that had this result: of the run under way, or of one that is over. */
const markOf = async ({ ledger }: Of, { lane, run }: LaneDocument, row: string): Promise<Mark | null> => {
  const has = ({ result }: Mark): boolean => result === row
  const mark = run?.steps.find(has)
  if (mark !== undefined) return mark
  const past = await readRow(ledger, 'past', pastId(lane, runOfResult(row)))
  return past?.value.run.steps.find(has) ?? null
}

const seenAgain = async (
  ports: Of,
  made: Made,
): Promise<Pick<ResultRow, 'values' | 'made' | 'etag' | 'by' | 'pins'> | null> => {
  const result = await readResult(ports, made, { pods: await podsOf(ports, made.ref, made.uid, true) })
  const stepped = result === null ? null : resultIn(made.ref.name, result)
  if (result === null || stepped?.kind !== 'done' || stepped.values === null) return null
  const { at, etag, by, beside } = result
  const pins = await pinsOf(ports.objects, stepped.values, beside)
  return { values: stepped.values, made: { ...made, result: at }, etag, by, pins }
}
