import { openQuestion } from '../../core/lane/awaited.ts'
import type { LaneDocument } from '../../core/lane/document.ts'
import { stateOf } from '../../core/lane/lane-state.ts'
import type { Question } from '../../core/lane/question.ts'
import { soFarText } from '../../core/lane/so-far.ts'
import { type Called, inNewNames, laneMeant } from '../../core/lane-kinds/called.ts'
import { planText } from '../../core/plan-text.ts'
import type { Moment } from '../../core/rows.ts'
import { said } from '../../core/text.ts'
import { everyLane, laneNames } from '../../flows/lanes.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import { everyRow, readRow, valuesOf } from '../../flows/rows.ts'
import { everyRun, type KnownRun, listed, runOf } from '../../flows/runs.ts'
import { stoppedAt } from '../../local/main.ts'
import {
  behindText,
  type Sides,
  sideText,
  standingText,
  type Untold,
  untoldOf,
  untoldText,
  wantedTitle,
} from '../../local/waiting.ts'
import { policyNotInForce, runningClient } from '../client.ts'
import { columns, Explained, type Output, show, type Where } from '../output.ts'
import { calledIn } from './called.ts'
import { withLedger } from './ledger.ts'

/** Longest text of a cell. */
const CELL = 300
/** The same of why one lane rests, which has a line of its own. */
const WHOLE = 1000

/** Every run, the newest first; then what each lane waits for, and the far sides that do not answer. */
export const plans = (where: Where, output: Output): Promise<void> =>
  withLedger(where, async (ledger) => {
    const runs = await everyRun(ledger, nowAt(where))
    const lanes = await everyLane(ledger)
    const sides = await sidesIn(ledger)
    const untold = await untoldIn(
      ledger,
      lanes.map(({ lane }) => lane),
    )
    const called = await calledIn(where)
    const table = (rows: string[][]): string => columns(rows.map((row) => row.map((cell) => inNewNames(called, cell))))
    const notInForce = await notInForceAt(where)
    const parts = [
      runs.length === 0
        ? 'no plan yet: no event has moved a lane; `signalbox start` and its page say what does'
        : table([['PLAN', 'LANE', 'STATE', 'COST', 'WHAT'], ...runs.map(runLine)]),
      ...(lanes.length === 0 ? [] : [table([['LANE', 'STATE', 'WHY'], ...lanes.flatMap(laneLines(sides))])]),
      ...warnings(sides, untold, notInForce).map((text) => inNewNames(called, text)),
    ]
    const found = { plans: runs.map(listed), lanes, sides: [...sides.values()], untold, notInForce }
    show(output, found, parts.join('\n\n'))
  })

/** Why the product that runs on the folder goes on with an older policy than the file says; null where none runs, or it does not. */
const notInForceAt = async ({ data, aws }: Where): Promise<string | null> => {
  const client = aws === undefined ? runningClient(data) : null
  return client === null ? null : policyNotInForce(client).catch(() => null)
}

const sidesIn = async (ledger: Ledger): Promise<Sides> =>
  new Map(valuesOf(await everyRow(ledger, 'side')).map((row) => [row.side, row]))

/** What the chat or another far side refused for good, of these lanes. */
const untoldIn = async (ledger: Ledger, lanes: readonly string[]): Promise<Untold[]> =>
  untoldOf((await Promise.all(lanes.map((lane) => everyRow(ledger, 'out', `${lane}#`)))).flatMap(valuesOf))

const warnings = (sides: Sides, untold: readonly Untold[], notInForce: string | null): string[] => {
  const lines = [
    ...(notInForce === null ? [] : [notInForce]),
    ...[...sides.values()].map(sideText),
    ...untold.map((one) => `${one.lane}: ${untoldText(one)}`),
  ]
  return lines.length === 0 ? [] : [lines.map((line) => `! ${line}`).join('\n')]
}

const runLine = ({ id, lane, plan, run, outcome, ...costs }: KnownRun): string[] => [
  id,
  lane,
  outcome?.kind ?? run.phase,
  outcome === null ? costNow(costs, plan?.bounds.dollars) : `$${costs.cost.toFixed(2)}`,
  said(outcome?.detail ?? plan?.title ?? '', CELL),
]

/** What it has cost so far once it is at work; before that, what it may at most. */
const costNow = ({ cost, atMost }: Pick<KnownRun, 'cost' | 'atMost'>, planned: number | undefined): string => {
  if (atMost !== null) return soFarText({ cost, atMost })
  return planned === undefined ? '-' : `≤ $${planned.toFixed(2)}`
}

/** What time it is for the product: in AWS the real one, else that of its folder. */
const nowAt = ({ data, aws }: Where): number => (aws === undefined ? stoppedAt(data) : null) ?? Date.now()

const laneLines =
  (sides: Sides) =>
  (doc: LaneDocument): string[][] => {
    const behind = behindText(doc)
    return [
      [doc.lane, stateOf(doc), said(standingText(doc, sides), CELL)],
      ...(behind === null ? [] : [['', '', said(behind, CELL)]]),
    ]
  }

/** The timeline of a lane, or of a plan's lane with the plan itself. */
export const trace = (where: Where, subject: string, output: Output): Promise<void> =>
  withLedger(where, async (ledger) => {
    const called = await calledIn(where)
    const found = await runOf(ledger, subject, nowAt(where))
    const lane = found?.lane ?? laneMeant(called, subject)
    const doc = (await readRow(ledger, 'lane', lane))?.value ?? null
    const moments = (await ledger.moments(lane, { limit: 500 })).reverse().filter(about(found))
    if (doc === null && moments.length === 0) throw await unknownSubject({ ledger, called }, `lane or plan ${subject}`)
    const sides = await sidesIn(ledger)
    const untold = await untoldIn(ledger, [lane])
    const plan = found?.plan ?? null
    const text = [
      ...headOf(lane, doc, sides),
      ...untold.map((one) => `! ${untoldText(one)}`),
      ...(plan === null ? [] : ['', planText(plan, null, askedNow(found)), '']),
      columns(
        moments.map(({ at, kind, text }) => [new Date(at).toISOString().slice(0, 19).replace('T', ' '), kind, text]),
      ),
    ]
    show(
      output,
      { lane: doc, plan, run: found === null ? null : listed(found), untold, timeline: moments },
      inNewNames(called, text.join('\n')),
    )
  })

/** Until when a run may be answered, while it is asked about. */
const askedNow = (found: KnownRun | null): Question | null =>
  found?.outcome === null ? openQuestion({ run: found.run }) : null

/** Says which lanes there are. */
export const unknownSubject = async (
  { ledger, called }: { ledger: Ledger; called: Called },
  subject: string,
): Promise<Explained> => {
  const known = (await laneNames(ledger)).slice(0, 20).map((lane) => called[lane] ?? lane)
  return new Explained(`there is no ${subject}${known.length === 0 ? '' : `: lanes are ${known.join(', ')}`}`)
}

const headOf = (lane: string, doc: LaneDocument | null, sides: Sides): string[] => {
  if (doc === null) return [lane]
  const { run, desired, generation, attempt } = doc
  const at = run ?? { generation, attempt }
  const wants = said(wantedTitle(lane, run?.desired ?? desired), CELL)
  const behind = behindText(doc)
  return [
    `${lane} · ${stateOf(doc)} · ${wants} · generation ${at.generation}, attempt ${at.attempt}`,
    said(standingText(doc, sides), WHOLE),
    ...(behind === null ? [] : [said(behind, CELL)]),
  ]
}

const about =
  (found: KnownRun | null) =>
  (moment: Moment): boolean =>
    found === null ||
    moment.generation === null ||
    (moment.generation === found.run.generation && moment.attempt === found.run.attempt)
