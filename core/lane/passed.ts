import { reactionTo } from '../reactions/catalogue.ts'
import type { Decision, Facts } from '../reactions/reaction.ts'
import type { LookLetter } from './letters.ts'
import type { View } from './view.ts'

/** Whether what was found is an upload that was given up unfinished. */
export const isGivenUp = (view: View, event: LookLetter['event'], told: Facts): boolean =>
  uploadsOf(view, event, told).some((name) => view.doc.passed.includes(name))

/** What an upload is known by, the newest name first. */
const uploadsOf = ({ reactions }: View, event: LookLetter['event'], told: Facts): readonly string[] =>
  reactionTo(reactions, event)?.uploadOf?.(told as never) ?? []

/** Uploads that are remembered as given up: as many as resync finds of one listing, or it would ask about the others again. */
const PASSED = 16

/** With an upload that is given up unfinished among those that are remembered so. */
export const knowing = (
  view: View,
  { event }: LookLetter,
  { decision: { reason }, told }: { decision: Decision & { kind: 'ignore' }; told: Facts },
): View => {
  const name = reason === 'missed-deadline' ? uploadsOf(view, event, told)[0] : undefined
  const { passed } = view.doc
  if (name === undefined || passed.includes(name)) return view
  return { ...view, doc: { ...view.doc, passed: [name, ...passed].slice(0, PASSED) } }
}

/** Without an upload that was given up and is whole now among those: what is wanted of it is not given up by who looks there again. */
export const withoutPassed = (view: View, { event }: LookLetter, told: Facts): View => {
  const names = uploadsOf(view, event, told)
  const passed = view.doc.passed.filter((name) => !names.includes(name))
  return passed.length === view.doc.passed.length ? view : { ...view, doc: { ...view.doc, passed } }
}
