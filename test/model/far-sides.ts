import { whereOf } from '../../core/lane/answering.ts'
import { asOfTurn } from '../../core/lane/before.ts'
import type { LastLook } from '../../core/lane/clearing.ts'
import type { Mark, Run } from '../../core/lane/document.ts'
import { seesStanding } from '../../core/lane/falling.ts'
import { needsPaper } from '../../core/lane/fold.ts'
import { looksForNewer } from '../../core/lane/giving-way.ts'
import { carried } from '../../core/lane/kept.ts'
import type { LookLetter } from '../../core/lane/letters.ts'
import type { Made } from '../../core/lane/made.ts'
import { markOf } from '../../core/lane/marks.ts'
import { patientFrom } from '../../core/lane/patience.ts'
import { lookForRetry, placeForRetry } from '../../core/lane/retrying.ts'
import type { Result } from '../../core/lane/settle.ts'
import type { Stepped } from '../../core/lane/stepping.ts'
import type { Trouble, View } from '../../core/lane/view.ts'
import { runOnceName } from '../../core/names.ts'
import type { LaunchJobStep, RegisterModelStep, RollOutModelStep, Step } from '../../core/plan.ts'
import type { Facts } from '../../core/reactions/reaction.ts'
import type { PlanRow, ResultRow } from '../../core/rows.ts'
import { nextCheckGate } from '../../core/steps/check-gate.ts'
import { isOurs, withToken } from '../../core/steps/launch-job.ts'
import { type Target, touched } from '../../core/steps/moving.ts'
import { foundTag, registration } from '../../core/steps/register-model.ts'
import { resultPlace } from '../../core/steps/result-place.ts'
import { nextRollOut } from '../../core/steps/roll-out-model.ts'
import { nextTouch } from '../../core/steps/touching.ts'
import type { GenerationView } from '../../core/world.ts'
import { type Consumer, HANDOVER, type Model, type State } from './state.ts'
import { applied, created, deleted, observed, registered } from './world.ts'

/** The ledger's. */
const SECRET = 'kept from everybody'

/** What a far side answers, and what it is afterwards. */
export interface Answer {
  state: State
  result: Result
  seen: Partial<Pick<View, 'world' | 'sides'>>
  /** A write goes on in a second request. */
  sub?: 'register'
}

/** What the act that comes next is about: which far side, and whether it changes something there. */
export interface Touch {
  side: 'cluster' | 'registry' | 'objects'
  writes: boolean
  answer(state: State): Answer
}

/** What performing an act asks of the world, as `flows/acts` does; null: nothing outside is asked. */
export const touchOf = (model: Model, consumer: Consumer, act = actOf(consumer)): Touch | null => {
  const { view } = consumer
  switch (act.kind) {
    case 'look':
      return { side: needsPaper(view) ? 'cluster' : 'objects', writes: false, answer: (state) => looked(state, view) }
    case 'look-again':
      return { side: 'objects', writes: false, answer: (state) => looked(state, { ...view, letters: [act.letter] }) }
    case 'plan':
    case 'go-back':
      return { side: 'cluster', writes: false, answer: (state) => planned(state, view) }
    case 'hold':
      return view.fresh && view.doc.approved === null
        ? null
        : { side: 'cluster', writes: false, answer: (state) => planned(state, view) }
    case 'clear':
      return { side: 'cluster', writes: true, answer: (state) => cleared(state, { model, consumer }) }
    case 'begin':
    case 'see':
      return stepTouch(model, consumer, act)
    default:
      return null
  }
}

const actOf = ({ next }: Consumer) => (next.at === 'world' ? next.act : ({ kind: 'again' } as const))

/** Whether everything decided must be written down before. */
export const touches = (touch: Touch | null, act: { kind: string }): boolean =>
  act.kind === 'clear' || (act.kind === 'begin' && touch !== null)

/** What an act answers without any far side. */
export const answerAlone = (consumer: Consumer, act: { kind: string; step?: string }, state: State): Result => {
  if (act.kind === 'hold') return { kind: 'seen', kept: keptOf(state, consumer.view) }
  if ((act.kind !== 'begin' && act.kind !== 'see') || act.step === undefined) return { kind: 'nothing' }
  const step = stepOf(consumer.view, act.step)
  const values = step.kind === 'check-gate' ? valuesOf(consumer.view, state, step.of) : null
  return stepped(step.kind === 'check-gate' ? nextCheckGate(step, values) : { kind: 'done', note: '', values: null })
}

const stepped = (answer: Stepped): Result => ({ kind: 'stepped', stepped: answer })
const answered = (state: State, answer: Stepped): Answer => ({ state, result: stepped(answer), seen: {} })

/** What every place says that due letters point at, or a retry would begin from. */
export const looked = (state: State, view: View): Answer => {
  const letters = view.letters.filter((letter): letter is LookLetter => letter.kind === 'look')
  const said = (letter: LookLetter): Facts => {
    const there = state.world.source[whereOf(view, letter)]
    return there === undefined ? ({ kind: 'gone' } as Facts) : ({ kind: 'version', ...there } as Facts)
  }
  const retried = lookForRetry(view)
  const facts = [
    ...letters.map((letter): [string, Facts] => [whereOf(view, letter), said(letter)]),
    ...(retried === null ? [] : [[placeForRetry(view, retried), said(retried)] as [string, Facts]]),
  ]
  const world = needsPaper(view) || seesStanding(view) || looksForNewer(view) ? observed(state) : view.world
  return { state, result: { kind: 'looked', facts: Object.fromEntries(facts), kept: {} }, seen: { world } }
}

/** The same, when the source does not answer. */
export const unreadable = (view: View): Result => {
  const letters = view.letters.filter((letter): letter is LookLetter => letter.kind === 'look')
  const facts: Facts = { kind: 'unreadable', side: 'objects', detail: 'away', retryAfter: 0 }
  return { kind: 'looked', facts: Object.fromEntries(letters.map((one) => [whereOf(view, one), facts])), kept: {} }
}

const planned = (state: State, view: View): Answer => ({
  state,
  result: { kind: 'seen', kept: keptOf(state, view) },
  seen: { world: observed(state) },
})

const keptOf = ({ ledger, world }: State, { doc }: View): Record<string, ResultRow> =>
  Object.fromEntries(
    carried(asOfTurn(doc)).flatMap(({ row }): [string, ResultRow][] => {
      const value = ledger.rows[`result ${doc.lane}#${row}`]?.value as ResultRow | undefined
      const there = value?.made != null && world.results[value.made.ref.name] !== undefined
      return value === undefined || !there ? [] : [[value.key, value]]
    }),
  )

const stepOf = ({ doc, plan }: View, name: string): Step => {
  const mark = markOf(doc, name)
  const step = (mark.way === 'forth' ? plan?.plan.steps : plan?.back)?.find((one) => one.name === name)
  if (step === undefined) throw new Error(`the plan has no step ${name}`)
  return step
}

const stepTouch = (model: Model, consumer: Consumer, act: { kind: 'begin' | 'see'; step: string }): Touch | null => {
  const { view } = consumer
  const mark = markOf(view.doc, act.step)
  if (mark.kind === 'check-gate' || mark.kind === 'notify') return null
  const side = mark.kind === 'register-model' ? 'registry' : 'cluster'
  const task = { model, consumer, mark, run: view.doc.run as Run }
  return {
    side,
    writes: act.kind === 'begin',
    answer: (state) => {
      const step = stepOf(view, act.step)
      if (step.kind === 'launch-job') return act.kind === 'begin' ? launch(state, step, task) : seeJob(state, mark)
      if (step.kind === 'register-model') return register(state, step, task)
      return act.kind === 'begin'
        ? rollOut(state, step as RollOutModelStep, task)
        : seeRollOut(state, step as RollOutModelStep, task)
    },
  }
}

interface Task {
  model: Model
  consumer: Consumer
  mark: Mark
  run: Run
}

const launch = (state: State, step: LaunchJobStep, { model, consumer, mark, run }: Task): Answer => {
  const { metadata } = step.job
  const found = state.world.jobs[metadata.name]
  if (found !== undefined && model.guards.sameContent && !isOurs(found.object, step.job, SECRET))
    return answered(state, { kind: 'failed', reason: 'name-taken', note: 'not ours' })
  const after =
    found === undefined
      ? created(state, { object: withToken(step.job, SECRET), run, key: mark.key, me: consumer.me })
      : state
  const made = after.world.jobs[metadata.name]
  return answered(after, { kind: 'begun', made: madeOf(step, made), note: 'Job' })
}

const madeOf = (step: LaunchJobStep, job: State['world']['jobs'][string] | undefined): Made => {
  const { name } = step.job.metadata
  return { ref: { kind: 'Job', namespace: 'n', name }, uid: job?.uid ?? '', result: resultPlace(step, name) }
}

/** A Job may take six hours; then Kubernetes ends it. Milliseconds. */
const DEADLINE = 6 * 3_600_000
export const deadlineOf = ({ startedAt }: Pick<Mark, 'startedAt'>): number => (startedAt ?? 0) + DEADLINE

const seeJob = (state: State, mark: Mark): Answer => answered(state, jobNow(state, mark))

const lastLook = (state: State, mark: Mark & { made: Made }): LastLook => ({
  step: mark.name,
  made: mark.made,
  seen: jobNow(state, mark) as LastLook['seen'],
})

const jobNow = (state: State, mark: Mark): Stepped => {
  const { made } = mark
  if (made === null) return { kind: 'failed', reason: 'deleted', note: 'it never began' }
  const { name } = made.ref
  const found = state.world.jobs[name]
  const job = found?.uid === made.uid ? found : undefined
  const score = state.world.results[name]
  if (job === undefined && score === undefined) return { kind: 'failed', reason: 'deleted', note: 'gone' }
  if (job?.state === 'running' || job?.state === 'deleting')
    return { kind: 'wait', note: job.state, until: deadlineOf(mark), running: true }
  if (job?.state === 'bad') return { kind: 'failed', reason: 'exit-code', note: 'bad' }
  if (job?.state === 'lost-node') return { kind: 'failed', reason: 'node-lost', note: 'lost' }
  const read = { etag: 'e', by: 'file', pins: {}, at: made.result } as const
  return { kind: 'done', note: 'ok', values: { model: `m:${name}`, score: score ?? 0 }, read }
}

const resultOf = ({ doc, results }: View, { ledger }: State, name: string): ResultRow | null => {
  const row = doc.run?.steps.find((mark) => mark.name === name && mark.way === 'forth')?.result ?? null
  if (row === null) return null
  const stored = ledger.rows[`result ${doc.lane}#${row}`]?.value as ResultRow | undefined
  return results[row] ?? stored ?? null
}

const valuesOf = (view: View, state: State, name: string): ResultRow['values'] | null =>
  resultOf(view, state, name)?.values ?? null

const register = (state: State, step: RegisterModelStep, { consumer }: Task): Answer => {
  const { view, next } = consumer
  const input = registration(step, {
    name: view.identity.name,
    result: resultOf(view, state, step.of),
    secret: view.secret,
  })
  if (input === null) return answered(state, { kind: 'failed', reason: 'not-registered', note: 'nothing to register' })
  const [, tag] = foundTag(input)
  const registers = next.at === 'world' && next.sub === 'register'
  const found = state.world.registry.includes(tag)
  if (!registers && !found) return { state, result: { kind: 'nothing' }, seen: {}, sub: 'register' }
  const after = registers ? registered(state, tag) : state
  return answered(after, { kind: 'done', note: tag, values: { version: '1' } })
}

const wayOf = ({ plan }: View, { way }: Mark): readonly Step[] =>
  (way === 'forth' ? plan?.plan.steps : plan?.back) ?? []

const rollOut = (state: State, step: RollOutModelStep, { model, consumer, mark }: Task): Answer => {
  const replicas = model.guards.looks ? touchedNow(state, step, { consumer, mark }) : step.replicas
  if (typeof replicas === 'string') return answered(state, { kind: 'begun', made: null, note: replicas, waits: true })
  const by = { fence: mark.fence, marked: consumer.before.revision, guards: model.guards }
  const moved = applied(state, { ...step, replicas }, by)
  return moved === null
    ? answered(state, { kind: 'failed', reason: 'denied', note: 'an older fence' })
    : answered(moved, { kind: 'begun', made: null, note: 'applied' })
}

const touchedNow = (
  state: State,
  step: RollOutModelStep,
  { consumer: { view }, mark }: Pick<Task, 'consumer' | 'mark'>,
): Target[] | string => {
  const { steps: approved, bounds } = (view.plan as PlanRow).plan
  const unavailable = mark.way === 'forth' ? bounds.unavailable : null
  const { generations } = observed(state)
  return touched(step.replicas, {
    step,
    way: wayOf(view, mark),
    generations,
    approved,
    unavailable,
    traffic: 'all',
    judged: true,
  })
}

/** How long a move may take. Milliseconds. */
export const PATIENCE = 23 * 60_000

const isThere = (generations: readonly GenerationView[], generation: number): boolean =>
  generations.some((view) => view.generation === generation)

const seeRollOut = (state: State, step: RollOutModelStep, { consumer, mark }: Task): Answer => {
  const { generations } = observed(state)
  const startedAt = patientFrom({ doc: consumer.view.doc, now: state.now }, mark)
  const patient = { startedAt, now: state.now, patience: PATIENCE }
  if (mark.waits) {
    const targets = touchedNow(state, step, { consumer, mark })
    return answered(state, nextTouch(typeof targets === 'string' ? targets : null, patient))
  }
  const missing = step.replicas.map(({ generation }) => generation).filter((one) => !isThere(generations, one))
  const gone = new Map(missing.map((generation) => [generation, 'gone']))
  const way = wayOf(consumer.view, mark)
  const goneFrom = (mark.markedAt ?? 0) + consumer.view.handover
  const seen = { generations, pods: [], since: 0, logs: [], strays: [], gone, goneFrom, way }
  return answered(state, nextRollOut(step, { ...seen, ...patient }))
}

const cleared = (state: State, { model, consumer }: { model: Model; consumer: Consumer }): Answer => {
  const { view } = consumer
  const looks: LastLook[] = []
  const done = (to: State, left: boolean): Answer => ({
    state: to,
    result: { kind: 'cleared', left: left ? { note: 'deleting', until: to.now + 5000 } : null, looks },
    seen: {},
  })
  for (const mark of view.doc.run?.steps ?? []) {
    const step = view.plan?.plan.steps.find(({ name }) => name === mark.name)
    if (step?.kind !== 'launch-job' || mark.way === 'back' || mark.by === null || mark.state === 'done') continue
    const name = mark.made?.ref.name ?? runOnceName(view.identity, view.doc.run as Run, mark.name)
    const found = state.world.jobs[name]
    const ours =
      found !== undefined &&
      (mark.made === null
        ? isOurs(found.object, step.job, SECRET) || !model.guards.sameContent
        : found.uid === mark.made.uid)
    const made = mark.made ?? (ours ? madeOf(step, found) : null)
    if (mark.state === 'running' && made !== null) looks.push(lastLook(state, { ...mark, made }))
    if (found === undefined) continue
    if (!ours || ['ok', 'poor', 'bad', 'lost-node'].includes(found.state)) continue
    return done(found.state === 'running' ? deleted(state, name) : state, true)
  }
  return done(state, false)
}

/** How a far side fails. */
export const troubleOf = (kind: Trouble['kind'], side: string): Result => ({
  kind: 'trouble',
  trouble:
    kind === 'unavailable' || kind === 'not-allowed'
      ? { kind, side, said: 'away', retryAfter: 0 }
      : { kind, side, said: 'no' },
})

/** A request that is on its way when its sender has gone lands within T of its sender's beginning. */
export const landsUntil = ({ from }: Consumer): number => from + HANDOVER
