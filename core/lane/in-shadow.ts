import { usd } from '../money/prices.ts'
import type { Decision, Facts, Intent } from '../reactions/reaction.ts'
import { said } from '../text.ts'
import { answers } from './answering.ts'
import { nextGeneration } from './attempts.ts'
import { type Change, changed, joined, SHORT } from './change.ts'
import type { LaneDocument } from './document.ts'
import { ignored } from './ignoring.ts'
import type { LookLetter } from './letters.ts'
import { pinned, planOnPaper, type Seen } from './planning.ts'
import { keptWaiting, postponed, waitedBefore } from './postponing.ts'
import type { View } from './view.ts'

/**
 * Shadow: a row of its own, no run, no hold, no question. What told of it while its rule acted, and waits since, waits on with all that it proves: it is
 * looked at once the rule acts again. So does what came since and proves who asked.
 */
export const inShadow = (
  view: View,
  letters: LookLetter[],
  { intent, seen, told }: { intent: Intent; seen: Seen; told: Facts },
): Change => {
  const { doc, kind } = view
  const { order } = intent
  const waits = waitedBefore(letters)
  const proves = kind.requesterOf(intent.desired as never)?.proven === true
  const why = { detail: waitsOnText(view, intent), told }
  if (
    doc.shadow === kind.keyOf(intent.desired as never) ||
    letters.some((letter) => letter.waits?.detail === why.detail)
  )
    return waits || proves
      ? waitsOn(view, letters, why)
      : ignored(view, letters, { kind: 'ignore', reason: 'already-done', detail: 'its shadow plan is on record' })
  if (order !== null && doc.order !== null && order < doc.order)
    return ignored(view, letters, {
      kind: 'ignore',
      reason: 'older-than-current',
      detail: `its order ${order} is before ${doc.order}`,
    })
  if (view.world === null) return postponed(view, letters, undefined)
  const change = recorded(view, letters, { intent, seen })
  const known = { ...change.doc, order: order ?? doc.order, held: null }
  if (!waits && !proves) return { ...change, removed: letters, doc: known }
  // A source says who asked once (law 8): that is not over with it.
  if (!waits) return joined({ ...change, doc: known }, waitsOn({ ...view, doc: known }, letters, why))
  // What it was told of it knows itself: the document knows the last of what does not wait, which resync may find as often.
  return joined({ ...change, doc }, waitsOn(view, letters, why))
}

/** What the document knows by a decision in shadow: what waits since its rule acted is used up by nothing, neither its time nor its version. */
export const knownInShadow = (view: View, letters: LookLetter[], decision: Decision): Decision => {
  const { schedule, versions, ...known } = decision
  if (waitedBefore(letters)) return known as Decision
  const all = [...view.later, ...view.letters].flatMap((letter) => (letter.kind === 'look' ? [letter] : []))
  return waitedBefore(all) ? ({ ...known, ...(schedule === undefined ? {} : { schedule }) } as Decision) : decision
}

/** That it waits on, by which it is known that what it waits with is on record. */
const waitsOnText = ({ doc, kind }: View, { desired }: Intent): string =>
  said(
    `${kind.titleOf(desired as never)}: the rule of ${doc.lane} is in shadow, and it is looked at again once that acts`,
    SHORT,
  )

const waitsOn = (view: View, letters: LookLetter[], why: { detail: string; told: Facts }): Change =>
  keptWaiting(view, letters, { reason: 'run-not-over', until: null, side: null, retryAfter: 0, ...why })

/** With what would be done on record. */
const recorded = (view: View, letters: LookLetter[], { intent, seen }: { intent: Intent; seen: Seen }): Change => {
  const { doc, now, kind } = view
  const key = kind.keyOf(intent.desired as never)
  const desired: NonNullable<LaneDocument['desired']> = pinned(view, intent.desired)
  const planned = planOnPaper(view, { generation: nextGeneration(view), attempt: 1, desired }, seen)
  const plan = planned.kind === 'plan' ? planned.plan : null
  const refused =
    planned.kind === 'refuse'
      ? `${planned.reason}: ${planned.detail}`
      : planned.kind === 'nothing'
        ? planned.reason
        : null
  const detail =
    plan === null ? `would do nothing: ${refused}` : `would ${plan.title}, for at most ${usd(plan.bounds.dollars)}`
  return changed(
    { ...doc, shadow: key },
    {
      shadows: [{ key, row: { lane: doc.lane, desired, at: now, plan, refused } }],
      moments: answers(view, letters, { became: 'recorded', kind: 'shadow', reason: null, detail }),
      counts: ['shadow'],
    },
  )
}
