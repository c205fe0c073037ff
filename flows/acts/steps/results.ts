import type { ResultRow } from '../../../core/rows.ts'
import { resultsOf } from '../results.ts'
import type { Task } from './handler.ts'

type Of = Pick<Task, 'ports' | 'view' | 'run'>

/** The result of a finished step of this run, of this attempt or of one whose work it carries over. */
export const resultOfStep = async ({ ports, view, run }: Of, name: string): Promise<ResultRow | null> => {
  const row = run.steps.find((mark) => mark.name === name && mark.way === 'forth')?.result ?? null
  if (row === null) return null
  const made = view.results[row]
  if (made !== undefined) return made
  const [found = null] = await resultsOf(ports, view.doc, [row])
  return found
}

/** What it measured and made. */
export const valuesOfStep = async (of: Of, name: string): Promise<ResultRow['values'] | null> =>
  (await resultOfStep(of, name))?.values ?? null
