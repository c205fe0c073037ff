import { laneName } from '../lane-kinds/kind.ts'
import type { Mark } from './document.ts'
import { measureAt } from './idle.ts'
import { moreAt, openMore } from './more.ts'
import { hoursAsked } from './more-hours.ts'
import type { View } from './view.ts'

type Seen = Pick<View, 'kind' | 'policy' | 'doc'>

/** The Job that is seen to be at work while its lane rests on that; undefined: none is, or the lane looks again by itself for another reason. */
const atWork = ({ doc: { run, rest } }: Pick<View, 'doc'>): Mark | undefined =>
  run === null || run.ending !== null || rest?.why !== 'working'
    ? undefined
    : run.steps.find(
        ({ kind, way, state, ranFrom }) =>
          kind === 'launch-job' && way === 'forth' && state === 'running' && ranFrom !== null,
      )

/** Whether the policy in force may have a Job looked at before its lane is due, or people asked, or asked no more: of any other its plan need not be read. */
export const mayLookSooner = (seen: Seen): boolean => {
  const { kind, policy, doc } = seen
  const mark = atWork(seen)
  if (mark === undefined || doc.run === null) return false
  return (
    (kind.idleOf?.(policy, laneName(doc.lane)) ?? null) !== null ||
    hoursAsked({ ...seen, plan: null }, mark.name) !== null ||
    openMore(doc.run) !== null
  )
}

/**
 * Whether it has: a lane whose Job is at work is due when the policy that was in force as it last looked says so. What is edited since
 * reaches what runs too (law 15), and who compares wakes it.
 */
export const looksSooner = (view: View): boolean => {
  const { run, due } = view.doc
  if (run === null || !mayLookSooner(view)) return false
  const times = [measureAt(view, run), moreAt(view, run)].filter((at) => at !== null)
  return times.some((at) => due === null || at < due)
}
