import type { Card } from '../cards.ts'
import { inForce } from '../money/rungs.ts'
import { crossedText } from '../money/rungs-text.ts'
import type { LaunchJobStep } from '../plan.ts'
import { DEACTIVATED } from '../pods/suspended.ts'
import { type Counts, unitsOf } from '../pools/counts.ts'
import { type Change, moment } from './change.ts'
import type { Mark } from './document.ts'
import { toldAgain } from './let-go.ts'
import { SUSPENDS } from './preemptible.ts'
import type { Suspended, Suspension } from './suspension.ts'
import type { View } from './view.ts'

interface Told {
  mark: Pick<Mark, 'name' | 'title'>
  has: Suspension
  came: Suspended
  what: 'is suspended' | 'goes on'
}

/** What becomes of it meanwhile, or from now on. */
const linesOf = (what: Told['what'], queue: string | undefined, of: Counts | undefined): readonly string[] => {
  const hours = 'its hours count on from where they stood'
  if (what === 'goes on')
    return queue === undefined ? [hours] : [`it waits in the LocalQueue ${queue} until Kueue admits it; ${hours}`]
  return [
    'its pod is told to end, and has its grace to save what it has',
    queue === undefined
      ? `it costs nothing meanwhile, keeps its ${of?.counts === 'nodes' ? 'node of the pool' : unitsOf(of)} held, and goes on by itself`
      : `it costs nothing meanwhile, Kueue lends its GPUs to others, and afterwards it waits in the LocalQueue ${queue} by itself`,
  ]
}

/** The step of its plan, where that is a Job. */
const jobOf = ({ plan }: View, { name }: Told['mark']): Counts | undefined =>
  plan?.plan.steps.find((step): step is LaunchJobStep => step.name === name && step.kind === 'launch-job')

/** The same with what people are told of it, where anything has become of the Job. */
export const toldSuspended = (view: View, change: Change, { mark, has, came, what }: Told): Change => {
  if (came.kind !== 'so') return change
  if (has.undone !== undefined && what === 'is suspended') return toldAgain(view, change, mark)
  const { doc, policy } = view
  const rung = inForce(SUSPENDS, policy, view)
  const why =
    what === 'goes on' || rung === null ? `${SUSPENDS} holds it no more` : crossedText(rung, policy.budget.name)
  const [title, key] = [`“${mark.title}” ${what}`, `${doc.name} ${mark.name} ${what} ${has.since}`]
  const facts = [{ label: 'Lane', value: doc.lane }]
  const lines = [why, ...linesOf(what, came.queue, jobOf(view, mark))]
  return {
    ...change,
    moments: [...change.moments, moment('step', `${title}: ${why}`, { run: doc.run, data: { step: mark.name } })],
    counts: [...change.counts, what === 'goes on' ? 'resumed' : 'suspended'],
    tellings: [
      ...change.tellings,
      { kind: 'note', key, card: { title, facts, lines, question: null, tone: 'neutral' } },
    ],
  }
}

/** The same with what people are told of it, once, where Kueue or a person has seen to it that its Job is admitted no more. */
export const toldDeactivated = (
  { doc, now }: Pick<View, 'doc' | 'now'>,
  change: Change,
  { mark, note }: { mark: Pick<Mark, 'name' | 'title' | 'note'>; note: string },
): Change => {
  if (!note.startsWith(DEACTIVATED) || mark.note.startsWith(DEACTIVATED)) return change
  const title = `“${mark.title}” is kept from beginning`
  const card: Card = {
    ...{ title, facts: [{ label: 'Lane', value: doc.lane }], lines: [note], question: null, tone: 'bad' },
  }
  return {
    ...change,
    moments: [...change.moments, moment('step', `${title}: ${note}`, { run: doc.run, data: { step: mark.name } })],
    tellings: [...change.tellings, { kind: 'note', key: `${doc.name} ${mark.name} deactivated ${now}`, card }],
  }
}
