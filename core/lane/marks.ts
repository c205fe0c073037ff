import { type Change, changed, moment } from './change.ts'
import type { LaneDocument, Mark, Run } from './document.ts'

/** The mark of a step; the way that is walked now comes first. */
export const markOf = ({ run }: LaneDocument, name: string): Mark => {
  const way = run?.phase === 'back' ? 'back' : 'forth'
  const marks = run?.steps.filter((candidate) => candidate.name === name) ?? []
  const open = marks.filter(({ state }) => state === 'pending' || state === 'running')
  const mark = open.find((candidate) => candidate.way === way) ?? open[0] ?? marks.at(-1)
  if (mark === undefined) throw new Error(`the run has no step ${name}`)
  return mark
}

/** The change that a step's mark is now, and a line of the timeline of it. */
export const withMark = (doc: LaneDocument, mark: Mark, line: string | null): Change => {
  const run = doc.run as Run
  const steps = run.steps.map((other) => (other.name === mark.name && other.way === mark.way ? mark : other))
  return changed(
    { ...doc, run: { ...run, steps } },
    {
      moments: line === null ? [] : [moment('step', line, { run, data: { step: mark.name, state: mark.state } })],
    },
  )
}

/** The Job of a run that is under way, as far as it is written down; undefined: there is none. */
export const jobUnderWay = ({ run }: Pick<LaneDocument, 'run'>): Mark | undefined =>
  run?.steps.find(
    ({ kind, way, state, made }) => kind === 'launch-job' && way === 'forth' && state === 'running' && made !== null,
  )
