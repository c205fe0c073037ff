import { finished } from '../core/lane.ts'
import { type RunKey, runName } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
import type { Outcome } from '../core/reasons.ts'
import { type Answered, lookAtAnswer, openQuestion } from './carrying/asking.ts'
import { type Carrier, waitFor } from './carrying/carrier.ts'
import { closing } from './carrying/closing.ts'
import { giveBack, tryHold } from './carrying/holding.ts'
import { planRound, type Round, type Stop } from './carrying/planning.ts'
import { beginStep, type Stepped, seeStep, type Way } from './carrying/stepping.ts'
import { beginRun, tryTakeLane } from './carrying/take-lane.ts'
import { tell } from './carrying/telling.ts'
import { planWayBack, removeJobs } from './carrying/walking-back.ts'
import type { WorkflowContext, WorkPorts } from './ports.ts'

/** A plan that changed after this many questions is refused. */
const QUESTIONS = 2

/**
 * One run, from the lane to its outcome (design.md §2, 1–7). Deterministic: everything that is not a pure function of
 * what earlier steps answered happens inside `context.step`. It may die at every await and is replayed from its answers.
 */
export const carryOut = async (ports: WorkPorts, context: WorkflowContext, run: RunKey): Promise<Outcome> => {
  const id = await context.step('begin', async () => {
    const name = runName(identityOf(await ports.policies.load()), run)
    await beginRun({ ports, run, id: name })
    return name
  })
  const carrier: Carrier = { ports, context, run, id }
  const { kind } = await waitFor(carrier, 'take the lane', () => tryTakeLane(carrier))
  const outcome = kind === 'superseded' ? superseded : await decideAndDo(carrier)
  const recorded = await context.step('outcome', () => closing(carrier, { outcome, row: finished }))
  await context.step('tell', async () => {
    await tell(carrier, recorded)
    return null
  })
  return recorded
}

const superseded: Outcome = { kind: 'superseded', reason: null, detail: 'something newer is wanted of its lane' }

/** What has been asked so far: how often, and the question whose answer stands. */
interface Asking {
  asked: number
  question: string | null
}

/** Rounds of planning, asking and holding, until the plan is carried out or one of them says why not. */
const decideAndDo = async (carrier: Carrier): Promise<Outcome> => {
  let asking: Asking = { asked: 0, question: null }
  for (let round = 0; ; round++) {
    const planned = await carrier.context.step(`plan ${round}`, () => planRound(carrier))
    if (planned.kind !== 'plan') return notPlanned(planned)
    if (planned.required && asking.question === null) {
      const answered = await ask(carrier, asking)
      if ('outcome' in answered) return answered.outcome
      asking = answered
    }
    const done = await holdAndDo(carrier, round, asking)
    if ('outcome' in done) return done.outcome
    asking = done
  }
}

/** Opens a question and sleeps until it is answered: approved, or how the run ends. */
const ask = async (carrier: Carrier, { asked }: Asking): Promise<Asking | { outcome: Outcome }> => {
  if (asked === QUESTIONS) return { outcome: CHANGED_TWICE }
  const opened = await carrier.context.step(`ask ${asked}`, () => openQuestion(carrier, asked))
  if (opened.kind === 'lost') return { outcome: stopped(opened) }
  const answered: Answered = await waitFor(carrier, `answer ${asked}`, () => lookAtAnswer(carrier, opened.question))
  if (answered.kind === 'approved') return { asked: asked + 1, question: opened.question }
  if (answered.kind === 'rejected' || answered.kind === 'expired')
    return { outcome: { kind: answered.kind, reason: null, detail: answered.detail } }
  return { outcome: stopped(answered) }
}

/** Holds and walks the steps; answers the outcome, or what still stands of the asking when it must be planned anew. */
const holdAndDo = async (carrier: Carrier, round: number, asking: Asking): Promise<Asking | { outcome: Outcome }> => {
  const held = await waitFor(carrier, `hold ${round}`, () => tryHold(carrier, asking.question))
  if (held.kind === 'changed') return { ...asking, question: null }
  if (held.kind === 'expired') return { outcome: { kind: 'expired', reason: null, detail: held.detail } }
  if (held.kind !== 'held') return { outcome: notPlanned(held) }
  const done = await walk(carrier, { way: 'forth', round, names: held.steps })
  if (done.kind !== 'frozen') return { outcome: await end(carrier, done) }
  await carrier.context.step(`give back ${round}`, () => giveBack(carrier))
  return asking
}

const CHANGED_TWICE: Outcome = {
  kind: 'refused',
  reason: 'changed-while-asked',
  detail: 'what was approved changed twice before it could begin: look at what keeps changing, then say retry',
}

/** How a run ends that has no plan to carry out. */
const notPlanned = (round: Exclude<Round, { kind: 'plan' }>): Outcome => {
  if (round.kind === 'nothing') return { kind: 'succeeded', reason: null, detail: round.detail }
  if (round.kind === 'refuse') return { kind: 'refused', reason: round.reason, detail: round.detail }
  return stopped(round)
}

/** Each step: begin, sleep until it has ended, next. Answers the first that did not end well. */
const walk = async (
  carrier: Carrier,
  { way, round, names }: { way: Way; round: number; names: string[] },
): Promise<Stepped> => {
  for (const name of names) {
    const begun = await waitFor(carrier, `begin ${name} ${round}`, () => beginStep(carrier, way, name))
    const ended =
      begun.kind === 'begun' ? await waitFor(carrier, `see ${name} ${round}`, () => seeStep(carrier, way, name)) : begun
    // A move back that fails must not keep the others from being made.
    if (ended.kind !== 'done' && !(way === 'back' && ended.kind === 'failed')) return ended
  }
  return { kind: 'done' }
}

/** What is left of a run whose steps have ended: compensation, then its outcome. */
const end = async (carrier: Carrier, done: Stepped): Promise<Outcome> => {
  switch (done.kind) {
    case 'failed':
      await waitFor(carrier, 'remove jobs', () => removeJobs(carrier))
      return goBack(carrier, { kind: 'failed', reason: done.reason, detail: done.detail })
    case 'cancelled':
      await waitFor(carrier, 'remove jobs', () => removeJobs(carrier))
      return goBack(carrier, { kind: 'cancelled', reason: null, detail: done.detail })
    case 'superseded':
      await waitFor(carrier, 'remove jobs', () => removeJobs(carrier))
      return superseded
    case 'lost':
      return stopped(done)
    default:
      return { kind: 'succeeded', reason: null, detail: 'carried out and verified' }
  }
}

const goBack = async (carrier: Carrier, ending: Outcome): Promise<Outcome> => {
  const way = await carrier.context.step('plan the way back', () => planWayBack(carrier, ending))
  if (way.kind === 'lost') return stopped(way)
  const walked = await walk(carrier, { way: 'back', round: 0, names: way.names })
  if (walked.kind === 'lost') return stopped(walked)
  // A failed gate stays failed though superseded on the way back (design.md, Rollout).
  return walked.kind === 'superseded' && ending.kind === 'cancelled' ? superseded : ending
}

const stopped = (stop: Stop | { kind: 'lost' }): Outcome => {
  if (stop.kind === 'cancelled') return { kind: 'cancelled', reason: null, detail: stop.detail }
  if (stop.kind === 'lost')
    return { kind: 'superseded', reason: null, detail: 'another run took the lane; nothing more was touched' }
  return superseded
}
