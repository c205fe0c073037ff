import { BY_POLICY } from '../../core/lane/asked-otherwise.ts'
import { mayRepeat } from '../../core/lane/attempts.ts'
import { asOfTurn, turnOf } from '../../core/lane/before.ts'
import type { Change } from '../../core/lane/change.ts'
import { hasBegun, type LaneDocument, type Mark, type Run, sameRun } from '../../core/lane/document.ts'
import { carried } from '../../core/lane/kept.ts'
import {
  type CommandLetter,
  type Letter,
  type LookLetter,
  letterRow,
  type VoteLetter,
} from '../../core/lane/letters.ts'
import type { LaunchJobStep, Step } from '../../core/plan.ts'
import type { PlanRow, ResultRow } from '../../core/rows.ts'
import { readsOf } from '../../core/steps/keys.ts'
import { freezesOf } from './consumer.ts'
import { type Consumer, docOf, type Ledger, type Model, type State, spoilt } from './state.ts'

/** A commit that counts: before and after, and what was read for it. */
export interface Accepted {
  state: State
  consumer: Consumer
  change: Change
  ledger: Ledger
}

/** The state after a commit, with whatever of it may never be. */
export const accepted = (model: Model, given: Accepted): State => {
  const { state, ledger, change } = given
  const past = pastAfter(given)
  const bad =
    wrongDocument(change.doc) ??
    wrongLetters(given) ??
    wrongMarks(given) ??
    wrongHold(given) ??
    wrongVotes(given) ??
    wrongEnd(given) ??
    wrongDrop(given) ??
    wrongAttempts(model, change.doc, past)
  return spoilt({ ...state, ledger, past }, bad)
}

type Wrong = string | null

/** Bytes that a document may have, steps of a run, characters of a note. */
const [BYTES, STEPS, NOTE] = [32 * 1024, 24, 300]

const wrongDocument = (doc: LaneDocument): Wrong => {
  const steps = doc.run?.steps ?? []
  if (JSON.stringify(doc).length > BYTES) return 'a document is too large'
  if (steps.length > STEPS || steps.some(({ note }) => note.length > NOTE))
    return 'a run has too many steps or too long notes'
  if (sameRun(doc.run, doc) && doc.outcome !== null) return 'a run goes on whose attempt has an outcome'
  const approved = doc.approved?.question.id
  if (approved !== undefined && !approved.startsWith(`${doc.lane}#${doc.generation}.`))
    return 'an approval is kept for a generation that it was not of'
  return null
}

const namesIn = ({ moments }: Pick<Change, 'moments'>): string[] =>
  moments.flatMap(({ data }) => (data?.['letters'] as string[] | undefined) ?? [])

/** Every letter that goes was answered: a person's exactly once. */
const wrongLetters = ({ state, change }: Accepted): Wrong => {
  const names = namesIn(change)
  const there = (letter: Letter): boolean =>
    state.ledger.rows[`${letterRow(letter)} ${letter.lane}#${letter.id}`] !== undefined
  for (const letter of change.removed) {
    const times = names.filter((id) => id === letter.id).length
    if (letter.kind === 'go-on') continue
    if (!there(letter)) return 'a letter is removed that is not there'
    const heard = times > 0 || state.past.answered.includes(letter.id)
    if (letter.kind === 'look' ? letter.from === 'door' && !heard : times !== 1) return 'a letter is not answered once'
  }
  const gone = new Set([...change.removed, ...change.later].map(({ id }) => id))
  return names.some((id) => !gone.has(id)) ? 'a letter is answered and stays' : null
}

/** Marks that this commit makes. */
const marksMade = (before: LaneDocument | null, { run }: LaneDocument): Mark[] => {
  const known = run !== null && sameRun(before?.run ?? null, run) ? (before?.run?.steps ?? []) : []
  return (run?.steps ?? []).filter(
    ({ name, way, state, by }) =>
      state !== 'pending' &&
      by !== null &&
      !known.some((old) => old.name === name && old.way === way && old.by !== null),
  )
}

const wrongMarks = ({ state, consumer, change: { doc } }: Accepted): Wrong => {
  const before = docOf(state)
  const { run } = doc
  const made = marksMade(before, doc).filter(({ way }) => way === 'forth')
  if (run === null || made.length === 0) return carriedWrongly(state, doc, consumer)
  // A judgement touches nothing.
  const isNew = made.some(({ kind }) => kind !== 'check-gate')
  if (isNew && freezesOf(state.ledger).some((until) => until > state.now))
    return 'something new begins while it is frozen'
  if (run.hold === null) return 'a step is marked without a hold'
  const began = before !== null && sameRun(before.run, run) && hasBegun(before.run as Run)
  const finishes = doc.onNewer === 'finish' && (began || run.steps.some(isCarried))
  if (run.generation !== doc.generation && !finishes) return 'something superseded goes on'
  if (run.cancelled !== null) return 'something cancelled goes on'
  return carriedWrongly(state, doc, consumer)
}

/** What was judged badly is measured anew, and what is kept was made from what is kept. */
const carriedWrongly = (state: State, { run, lane }: LaneDocument, { view }: Consumer): Wrong => {
  const before = docOf(state)
  if (run === null || sameRun(before?.run ?? null, run)) return null
  const over = new Set(run.steps.filter(isCarried).map(({ name }) => name))
  const plan =
    view.plan?.plan.steps ?? (state.ledger.rows[`plan ${lane}`]?.value as PlanRow | undefined)?.plan.steps ?? []
  for (const mark of run.steps) {
    if (!over.has(mark.name)) continue
    if (state.past.spoiled.includes(`${run.generation}:${mark.key}`)) return 'what a gate has refused is kept'
    const step = plan.find(({ name }) => name === mark.name) as Step
    if (readsOf(step).some((name) => !over.has(name))) return 'what is kept was made from what is not'
    const known = state.past.read[mark.made?.ref.name ?? '']
    if (known !== undefined && known !== readBy(run, step)) return 'what is kept was made from something else'
  }
  return null
}

/** The Jobs whose results a step of this run reads. */
const readBy = ({ steps }: Run, step: Step): string =>
  readsOf(step)
    .map((name) => steps.find((mark) => mark.name === name)?.made?.ref.name)
    .join()

const wrongHold = ({ state, consumer, change: { doc }, ledger }: Accepted): Wrong => {
  const before = docOf(state)
  if (doc.run?.hold != null && before?.run?.hold == null) {
    const { approved } = asOfTurn(doc)
    const until = approved?.question.bounds.until ?? consumer.view.plan?.plan.bounds.until ?? 0
    const began = (before === null ? null : asOfTurn(before).approved)?.begun ?? false
    if (consumer.view.now > until && !began) return 'something begins after the time that was given it'
  }
  if (doc.run === null && Object.keys(ledger.rows).some((key) => key.startsWith('line ')))
    return 'a run that is over waits'
  return null
}

const letterBy = <L extends Letter>({ change }: Accepted, data: Record<string, unknown> | undefined): L[] =>
  change.removed.filter(({ id }) => ((data?.['letters'] as string[] | undefined) ?? []).includes(id)) as L[]

/** What people say reaches what they saw, and in time. */
const wrongVotes = (given: Accepted): Wrong => {
  const before = docOf(given.state)
  for (const { data } of given.change.moments) {
    const recorded = data?.['became'] === 'recorded'
    for (const letter of letterBy<VoteLetter | CommandLetter | LookLetter>(given, data)) {
      if (letter.kind === 'vote') {
        if (letter.at <= (given.state.past.expired[letter.question] ?? -1)) return 'a vote in time is not counted'
        const question = before?.run?.question ?? null
        const counts = question !== null && question.id === letter.question && letter.at <= question.until
        if (recorded && !counts) return 'a vote counts that may not'
        const late = data?.['reason'] === 'too-late' || data?.['reason'] === 'question-closed'
        if (late && counts && given.change.past.some(({ run }) => run.question?.state === 'expired'))
          return 'a vote in time is not counted'
      } else if (letter.kind !== 'look' && recorded && letter.saw !== null && before !== null) {
        const now = letter.kind === 'cancel' && !letter.wanted ? (before.run ?? asOfTurn(before)) : before
        if (letter.saw === 'idle' || !sameRun(now, letter.saw)) return 'a command reaches what its writer did not see'
      }
    }
  }
  return null
}

const wrongEnd = ({ state, change: { past, doc } }: Accepted): Wrong => {
  for (const { run, outcome } of past) {
    if (run.hold !== null || run.question?.state === 'open') return 'a run ends with a hold or an open question'
    if (run.cancelled !== null && outcome.kind !== 'cancelled' && outcome.kind !== 'superseded')
      return `an acknowledged cancel ends as ${outcome.kind}`
    if (outcome.kind === 'failed' && outcome.reason !== 'bound-reached' && !state.past.excused)
      return 'faults alone end a run as failed'
    if (outcome.kind === 'expired' && lapsed(run, doc))
      return 'a run expires by a time that was past when it was wanted'
  }
  return null
}

/** Something newer that lets it finish takes the place of nothing that another attempt would carry over. */
const wrongDrop = ({ state, change: { doc, past, removed } }: Accepted): Wrong => {
  const before = docOf(state)
  if (before === null || doc.generation === asOfTurn(before).generation || doc.onNewer !== 'finish') return null
  const dropped = past.some(({ run: { steps }, outcome }) => outcome.kind === 'superseded' && steps.some(isCarried))
  if (dropped) return 'something newer takes the place of what carries over what was paid for'
  const was = asOfTurn(before)
  const outcome = past.find(({ run }) => sameRun(was, run))?.outcome ?? was.outcome
  const repeats = carried(was).length > 0 && mayRepeat({ doc: { ...was, outcome: outcome as LaneDocument['outcome'] } })
  const stops =
    doc.run?.generation !== was.generation && turnOf(doc) === null && !removed.some(({ kind }) => kind === 'cancel')
  return repeats && stops ? 'something newer takes the place of what is repeated with what was paid for' : null
}

const isCarried = ({ state, by }: Mark): boolean => state === 'done' && by === null

const lapsed = ({ startedAt, question }: Run, { approved }: LaneDocument): boolean =>
  (question?.until ?? approved?.question.bounds.until ?? startedAt) < startedAt

const wrongAttempts = (
  { config: { retries, most } }: Model,
  { attempt }: LaneDocument,
  { wanted, lost }: State['past'],
): Wrong =>
  // What its source says no more and then again, or the policy wants otherwise, is tried again: no oftener than anything happened.
  attempt > (1 + retries) * (1 + wanted) + Math.min(lost, most.doings) ? 'more attempts than the budget has' : null

/**
 * How often its source was found to say no more what was wanted, be that by who wanted it tried again; and how often the policy wanted otherwise what
 * people were asked about.
 */
const timesLost = (before: LaneDocument | null, { doc, counts, past }: Change): number => {
  const isOtherwise = past.some(({ outcome }) => outcome.kind === 'superseded' && outcome.detail === BY_POLICY.detail)
  const isLost = isOtherwise || (doc.outcome?.kind === 'superseded' && before?.outcome?.kind !== 'superseded')
  return isLost || counts.includes('refused:source-says-otherwise') ? 1 : 0
}

/** What is known from then on. */
const pastAfter = ({ state, consumer, change }: Accepted): State['past'] => {
  const { doc, moments } = change
  const { past } = state
  const said = moments.flatMap(({ data }) =>
    data?.['became'] === 'recorded' ? namesIn({ moments: [{ data } as never] }) : [],
  )
  const retries = change.removed.filter(({ kind, id }) => kind === 'retry' && said.includes(id)) as CommandLetter[]
  const whole = retries.some(({ from }) => from === null) && docOf(state)?.outcome?.kind === 'succeeded'
  const plan = consumer.view.plan?.plan ?? (consumer.rows[`plan ${doc.lane}`]?.value as PlanRow | undefined)?.plan
  const keeps = new Set(
    (plan?.steps ?? [])
      .filter((step): step is LaunchJobStep => step.kind === 'launch-job' && step.keeps)
      .map(({ name }) => name),
  )
  const runs = [doc.run, ...change.past.map(({ run }) => run)].filter((run) => run !== null)
  const failedGate = runs.flatMap((run) => judgedBadly(run, plan?.steps ?? []))
  const there = ({ made }: ResultRow): boolean => made !== null && state.world.results[made.ref.name] !== undefined
  const made = change.results.filter((row) => keeps.has(row.step) && there(row)).map(finishedOf)
  const stands = past.finished.filter((one) => !isReplaced(past, one, made))
  const finished = [...stands, ...made].filter((one) => !failedGate.some((key) => one.startsWith(`${key}:`)))
  const last = retries.at(-1)
  return {
    ...past,
    finished: [...new Set(finished)].sort(),
    anew: last === undefined ? past.anew : last.from === null && !whole ? [] : past.finished,
    spoiled: [
      ...new Set([...past.spoiled.filter((key) => !made.some((one) => one.startsWith(`${key}:`))), ...failedGate]),
    ].sort(),
    read: { ...past.read, ...readIn(change, plan?.steps ?? []) },
    expired: { ...past.expired, ...expiredIn(change) },
    answered: [...past.answered, ...namesIn(change)].filter((id) => change.later.some((letter) => letter.id === id)),
    wanted: past.wanted + retries.length,
    lost: past.lost + timesLost(docOf(state), change),
  }
}

/** Whether another one of the same step has taken its place, or that of what it was made from. */
const isReplaced = ({ finished, read }: State['past'], one: string, made: readonly string[]): boolean => {
  const keyOf = (other: string): string => other.slice(0, other.lastIndexOf(':') + 1)
  const nameOf = (other: string): string => other.slice(keyOf(other).length)
  const gone = finished.filter((old) => made.some((now) => keyOf(now) === keyOf(old) && now !== old))
  const from = (read[nameOf(one)] ?? '').split(',')
  return gone.includes(one) || gone.some((old) => from.includes(nameOf(old)))
}

const readIn = ({ doc, past, results }: Change, steps: readonly Step[]): Record<string, string> => {
  const run = doc.run ?? past[0]?.run ?? null
  const step = (row: ResultRow) => steps.find(({ name }) => name === row.step)
  return Object.fromEntries(
    results.flatMap((row) => {
      const of = step(row)
      return run === null || of === undefined || row.made === null ? [] : [[row.made.ref.name, readBy(run, of)]]
    }),
  )
}

const expiredIn = ({ past }: Change): Record<string, number> =>
  Object.fromEntries(
    past.flatMap(({ run: { question } }) => (question?.state === 'expired' ? [[question.id, question.until]] : [])),
  )

const finishedOf = ({ generation, key, made }: ResultRow): string => `${generation}:${key}:${made?.ref.name}`

const judgedBadly = (run: Run, steps: readonly Step[]): string[] =>
  run.steps
    .filter(({ kind, state }) => kind === 'check-gate' && state === 'failed')
    .flatMap(({ name }) => readsOf(steps.find((step) => step.name === name) ?? (steps[0] as Step)))
    .flatMap((name) => run.steps.filter((mark) => mark.name === name).map(({ key }) => `${run.generation}:${key}`))
