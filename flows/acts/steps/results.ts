import { resultId } from '../../../core/rows.ts'
import { readRow } from '../../rows.ts'
import type { Task } from './handler.ts'

/** What a finished step of this run measured and made, in this attempt or in one whose work it carries over. */
export const valuesOfStep = async (
  { ports, view, run }: Pick<Task, 'ports' | 'view' | 'run'>,
  name: string,
): Promise<Record<string, string | number> | null> => {
  const row = run.steps.find((mark) => mark.name === name && mark.way === 'forth')?.result ?? null
  if (row === null) return null
  const made = view.results[row]
  if (made !== undefined) return made.values
  return (await readRow(ports.ledger, 'result', resultId(view.doc.lane, row)))?.value.values ?? null
}
