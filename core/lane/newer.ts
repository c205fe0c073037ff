import { said } from '../text.ts'
import { type LaneDocument, type Mark, type Run, SCHEMA } from './document.ts'

/** Keys of a document that this release knows: one that is missing here does not compile. */
const KEYS: Record<keyof LaneDocument, true> = {
  ...{ schema: true, lane: true, writtenAt: true, name: true, desired: true, generation: true, attempt: true },
  ...{
    policyAt: true,
    since: true,
    order: true,
    doneWith: true,
    passedOver: true,
    onNewer: true,
    attemptsLeft: true,
    approved: true,
    madeAs: true,
    kept: true,
    redo: true,
  },
  ...{
    run: true,
    before: true,
    aside: true,
    newest: true,
    stands: true,
    lasts: true,
    inLineFrom: true,
    gaveWay: true,
    endedWell: true,
    outcome: true,
    baseline: true,
    halfway: true,
    judged: true,
    brought: true,
    halfwayCosts: true,
  },
  ...{
    ceiling: true,
    beside: true,
    keepsTold: true,
    lacks: true,
    overdue: true,
    passed: true,
    episodes: true,
    had: true,
    earlier: true,
    saidBefore: true,
    schedule: true,
    versions: true,
    warned: true,
    shadow: true,
    held: true,
    rest: true,
  },
  ...{ due: true },
}
const PHASES: Record<Run['phase'], true> = {
  ...{ planned: true, asked: true, 'waiting-for-room': true, steps: true, back: true },
}
const STEPS: Record<Mark['kind'], true> = {
  ...{ 'launch-job': true, 'check-gate': true, 'register-model': true, 'roll-out-model': true },
  ...{ 'switch-traffic': true, 'resize-pool': true, 'lift-rung': true, notify: true },
}
const STATES: Record<Mark['state'], true> = { pending: true, running: true, done: true, failed: true, skipped: true }

const isIn = (known: object, name: string): boolean => Object.hasOwn(known, name)

/**
 * What a newer release has written into a document that this one cannot carry on, in a sentence that says what to do; null: it
 * knows how. Such a lane rests untouched (law 15). Keys alone, beside what is known, are kept and keep nobody from anything.
 */
export const newerIn = (doc: LaneDocument): string | null => {
  const what = doc.schema > SCHEMA ? newerSchema(doc) : newerRun(doc.run)
  return what === null ? null : said(`${what}: deploy the release that wrote it, or a newer one`, 300)
}

const newerSchema = (doc: LaneDocument): string => {
  const unknown = Object.keys(doc).filter((key) => !isIn(KEYS, key))
  const keys = unknown.length === 0 ? '' : `, and knows nothing of ${unknown.join(', ')}`
  return `its document has schema ${doc.schema}; this release reads up to ${SCHEMA}${keys}`
}

const newerRun = (run: Run | null): string | null => {
  if (run === null) return null
  if (!isIn(PHASES, run.phase)) return `this release knows no phase ${run.phase} of a run`
  const step = run.steps.find(({ kind, state }) => !isIn(STEPS, kind) || !isIn(STATES, state))
  if (step === undefined) return null
  return isIn(STEPS, step.kind)
    ? `this release knows no step that is ${step.state}`
    : `this release knows no step of the kind ${step.kind}`
}
