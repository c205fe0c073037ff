import { resultOf } from '../rows.ts'
import { said } from '../text.ts'
import { withKeptOf } from './before.ts'
import { type Change, changed, joined, resting, SHORT } from './change.ts'
import type { LaneDocument, Mark, Run } from './document.ts'
import { withoutGpus } from './falling.ts'
import { isKept, withKept } from './kept.ts'
import type { Made } from './made.ts'
import { markOf, withMark } from './marks.ts'
import { type Stepped, settleStepped, type Waiting } from './stepping.ts'
import type { View } from './view.ts'
import { atWork, ended, overAt, stopped, type Worked, worksOn } from './worked.ts'

/** What is not gone yet of a run that ends. `stopped`: its pods are, and something else keeps the Job. */
export interface Left {
  note: string
  until: number
  stopped?: boolean
  /** The step whose pods run on though its Job is gone. */
  runs?: string
}

/** What was seen of a step's Job before it is taken away, or when it was gone. */
export interface LastLook {
  step: string
  made: Made
  seen: Waiting | Extract<Stepped, { kind: 'done' | 'failed' }> | Unread
}

/** It is over, and where its result would lie does not answer. */
export type Unread = { kind: 'unread'; note: string } & Worked

/** What runs of it was taken away, or not yet. What was over before is what it came to: nobody pays for it twice (law 7). */
export const settleClear = (view: View, left: Left | null, looks: readonly LastLook[] = []): Change => {
  const { now } = view
  const looked = looks.reduce((change, look) => joined(change, settleLook(view, change.doc, look)), changed(view.doc))
  const run = looked.doc.run as Run
  const still = left !== null && left.stopped !== true
  const steps = still
    ? run.steps.map((mark) => (mark.name === left.runs && mark.state === 'failed' ? { ...mark, endedAt: now } : mark))
    : run.steps.map((mark) => {
        const seen = looks.find(({ step }) => step === mark.name)?.seen
        const at = stoppedAt({ ...view, doc: looked.doc }, mark, seen)
        return mark.state === 'running' ? stopped(mark, { now, at }) : mark
      })
  const next: Run = { ...run, steps, cleared: left === null }
  const doc: LaneDocument = { ...looked.doc, run: next }
  if (left === null) return { ...looked, doc }
  // Somebody else's finalizer keeps an object for days: no room is kept for what nobody runs any more.
  const gone = left.stopped === true && !view.kind.stands
  return {
    ...looked,
    doc: gone ? withoutGpus(doc, next) : doc,
    rest: resting(view, { why: 'deleting', text: left.note, until: left.until }),
  }
}

/** When what is taken away had stopped: what was seen at work stops now. */
const stoppedAt = (view: View, mark: Mark, seen: LastLook['seen'] | undefined): number => {
  const ran = seen === undefined || (seen.kind === 'wait' && seen.running)
  return ran ? (seen?.ranUntil ?? view.now) : overAt(view, mark, seen)
}

/** How the run ends stays as it is, whatever its step came to meanwhile. */
const settleLook = (view: View, doc: LaneDocument, { step, made, seen }: LastLook): Change => {
  const mark: Mark = { ...markOf(doc, step), made }
  const known = withMark(doc, mark, null)
  switch (seen.kind) {
    case 'done':
      return settleStepped({ ...view, doc: known.doc }, step, seen)
    case 'failed': {
      // It is gone: this very run may have deleted it.
      if (seen.reason === 'deleted') return withMark(doc, atWork(view, mark, seen, null), null)
      const note = said(seen.note, SHORT)
      const line = `failed (${seen.reason}): ${seen.note}`
      return withMark(doc, { ...ended(view, mark, seen), state: 'failed', note }, line)
    }
    case 'unread':
      return unread(view, { doc, mark }, seen)
    case 'wait': {
      const told = seen.why === 'deleting' ? { endedAt: view.now } : {}
      // It is told to end now: nobody may look again for days.
      return withMark(doc, { ...worksOn(view, mark, seen), ...told }, null)
    }
  }
}

/** Another attempt reads it where it was written, and carries it over where it is good. */
const unread = (view: View, { doc, mark }: { doc: LaneDocument; mark: Mark }, seen: Unread): Change => {
  const { name: step, key, title } = mark
  const row = resultOf(doc.run as Run, step)
  const change = withMark(
    doc,
    { ...ended(view, mark, seen), result: row, note: said(seen.note, SHORT) },
    `${title}: ${seen.note}`,
  )
  const plan = view.plan?.plan
  if (plan?.steps.some((one) => one.name === step && isKept(one)) !== true) return change
  // What is kept of it already is known to be good.
  const kept = withKeptOf({ ...view, doc: change.doc }, change.doc.run as Run, (known) =>
    known.kept.some((one) => one.step === step) ? known : withKept(known, { step, key, row }, plan),
  )
  return { ...change, doc: kept }
}
