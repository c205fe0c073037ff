import { type Act, asksItself, awayText } from '../core/lane/act.ts'
import { askedText } from '../core/lane/awaited.ts'
import { asideText, turnOf } from '../core/lane/before.ts'
import { DETAIL, pauseAfter } from '../core/lane/change.ts'
import type { Rest } from '../core/lane/document.ts'
import { isUnderstood, type Letter, type LookLetter } from '../core/lane/letters.ts'
import { keptBack } from '../core/lane/looking-again.ts'
import { next } from '../core/lane/next.ts'
import { soFar, soFarText } from '../core/lane/so-far.ts'
import { usualIn } from '../core/lane/usual.ts'
import type { View } from '../core/lane/view.ts'
import { waitsIn } from '../core/lane/wanted.ts'
import { calledBy, inNewNames, laneMeant } from '../core/lane-kinds/called.ts'
import { ruleFor } from '../core/lane-kinds/catalogue.ts'
import { laneName } from '../core/lane-kinds/kind.ts'
import { usd } from '../core/money/prices.ts'
import { wallText } from '../core/pools/local-time.ts'
import type { RestReason, Unrested } from '../core/reasons.ts'
import { nextSlot } from '../core/slots.ts'
import { isTellable, sideOfTelling } from '../core/telling.ts'
import { said as textSaid } from '../core/text.ts'
import { sidesAway } from './far-sides.ts'
import type { Stored } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { everyRow, readRow, valuesOf } from './rows.ts'
import type { Catalogues } from './served.ts'
import { troubleOf, withSides } from './sides.ts'
import { readView } from './view.ts'

/** Why a lane is where it is. */
export interface Why {
  lane: string
  why: RestReason | Unrested
  /** One sentence for a person. */
  text: string
  /** Since when, and until when at most; milliseconds since the epoch. */
  since: number | null
  until: number | null
  /** The far side that is waited for. */
  side: string | null
  /** What the run under way has cost so far, what waits behind it, when it begins by itself next, and what could not be told. */
  also: string[]
  /** Whether it is kept back, and `retry` begins it again. */
  retry: boolean
}

/** Why a lane is where it is, in one sentence: there is always an answer (law 13). Nothing is asked but the ledger. */
export const whyOf = async (given: WhyPorts, lane: string, catalogues: Catalogues): Promise<Why> => {
  const ports = withSides(given)
  try {
    const called = await ports.policies.load().then(calledBy)
    const { text, also, ...said } = await whyNow(ports, laneMeant(called, lane), catalogues)
    const shown = (words: string): string => inNewNames(called, words)
    const others = [...also, ...(await notInForce(ports))]
    return { ...said, lane: shown(said.lane), text: shown(text), also: others.map(shown) }
  } catch (error) {
    const { kind, side, said } = troubleOf(error) ?? {
      kind: 'unavailable',
      side: 'ledger',
      said: (error as Error).message,
    }
    if (kind === 'refused') throw error
    const away = await sidesAway(ports.ledger).catch((): View['sides'] => ({}))
    const since = away[side]?.since ?? null
    return { lane, why: kind, text: awayText(side, { since, said }), since, until: null, side, also: [], retry: false }
  }
}

/** What is written may want something else than what is in force. */
const notInForce = async ({ policies }: Pick<WhyPorts, 'policies'>): Promise<string[]> => {
  const problem = (await policies.problem?.().catch(() => null)) ?? null
  return problem === null ? [] : [`the policy as it is now is not in force: ${textSaid(problem, DETAIL)}`]
}

type WhyPorts = Pick<WorkPorts, 'ledger' | 'policies' | 'clock'>
const whyNow = async (ports: WhyPorts, lane: string, { kinds, reactions }: Catalogues): Promise<Why> => {
  const loaded = await readView(ports, lane, { me: 'why', handover: 0, kinds, reactions })
  const newer = await newerRows(ports.ledger, lane, reactions)
  if (loaded === null || !(hasMoved(loaded.view) || isConfigured(loaded.view)))
    return whyNoLadder(loaded?.view, newer) ?? whyNoLane(ports, lane, newer)
  const view = withWaiting(loaded.view)
  const also = [
    ...costIn(view),
    ...usualIn(view),
    ...beginsIn(view),
    ...untoldOf(await everyRow(ports.ledger, 'out', `${lane}#`), view),
    ...newer,
  ]
  const act = nextOf(view)
  const rest = act.kind === 'rest' ? act.rest : view.doc.rest
  // An act that is due at once is under way, unless its lane rests on what only a look can change.
  const resting =
    act.kind === 'rest' ||
    (rest !== null && (keepsStill(rest, view) || (STANDING.has(rest.why) && view.letters.length === 0)))
  if (!resting || rest === null)
    return {
      lane,
      why: 'moving',
      text: nextText(view, act),
      since: view.doc.since || null,
      until: null,
      side: null,
      also,
      retry: false,
    }
  const { why, since, until, side } = rest
  const text = restText(view, rest)
  const retry = why === 'parked' && view.doc.desired !== null && view.doc.outcome !== null
  const at = { since: hasMoved(view) ? since : null, until, side }
  return { lane, why, text, ...at, also: [...behindIn(view), ...also], retry }
}

/** With whom an open question waits for: what is asked about before it begins does nothing else. */
const restText = ({ doc, policy }: View, { why, text }: Rest): string => {
  const asked = askedText(doc, policy)
  if (asked === null) return text
  return why === 'asked' ? asked : `${text}: ${asked}`
}

/** Somebody is at it, or will be at once; what else has changed since it rested is found by whoever compares, within minutes. */
const nextText = ({ doc: { rest, due }, letters, now }: View, { kind }: Act): string => {
  if (letters.length > 0 || rest === null || due !== rest.until || (due !== null && due <= now))
    return `${kind} is next, within ${Math.round(pauseAfter(1) / 1000)} s`
  // It failed alone, where the far side answers else: its lane tries again, and nobody waits for that.
  if (rest.why === 'unavailable') return `${rest.text}; ${kind} is tried again within minutes`
  return `${kind} is next, within minutes: what it rested on has changed (${rest.text})`
}

/** Who leaves a line since something keeps it back rests on that, and a question is asked as before while its card moves. */
const nextOf = (view: View): Act => {
  const act = next(view)
  if (act.kind === 'move-card' && view.doc.rest !== null) return { kind: 'rest', rest: view.doc.rest }
  return act.kind === 'leave-line' && view.doc.run !== null ? (keptBack(view, view.doc.run) ?? act) : act
}

/** What the run under way has cost, once it has begun what costs. */
const costIn = ({ doc, plan, now }: View): string[] => {
  const found = soFar(doc, { plan: plan !== null && plan.plan.digest === doc.run?.digest ? plan.plan : null, now })
  return found === null ? [] : [`it has cost ${soFarText(found)} so far`]
}

/** When it begins by itself next. */
const beginsIn = ({ kind, doc, policy, now }: View): string[] => {
  const schedule = kind.scheduleOf?.(policy, laneName(doc.lane)) ?? null
  const slot = schedule === null ? null : nextSlot(schedule, now)
  return schedule === null || slot === null ? [] : [`the schedule begins it next at ${wallText(schedule.zone, slot)}`]
}

/** What does not answer as it should meanwhile, what the run under way keeps from beginning, and what was cancelled behind it. */
const behindIn = ({ doc, kind }: View): string[] => [
  ...(doc.run === null || doc.beside === undefined ? [] : [doc.beside]),
  ...((doc.run === null && turnOf(doc) === null) || !waitsIn(doc)
    ? []
    : [`${kind.titleOf(doc.desired as never)} (generation ${doc.generation}) begins once that has ended`]),
  ...(doc.aside === undefined ? [] : [asideText(doc)]),
]

/** A budget without a ladder has no lane, and is there all the same; null: it is none of the policy. */
const whyNoLadder = (view: View | undefined, also: string[]): Why | null => {
  if (view === undefined) return null
  const {
    kind,
    policy: { budget },
    doc: { lane },
  } = view
  if (kind.ladder !== true || laneName(lane) !== (budget.known ?? budget.name)) return null
  const text = `${budget.name} has ${usd(budget.dollars)} a month and no ladder, so nothing is done as it is spent but that no plan begins that it has no room for: \`signalbox spend\` says what nodes have cost, \`signalbox budgets\` what is held of it`
  return { lane, why: 'done', text, since: null, until: null, side: null, also, retry: false }
}

/** There is no such lane; or there is, of a kind that a newer release has brought. */
const whyNoLane = async ({ ledger }: WhyPorts, lane: string, also: string[]): Promise<Why> => {
  const row = await readRow(ledger, 'lane', lane)
  const where = { lane, since: row?.value.writtenAt ?? null, until: null, side: null, also, retry: false }
  if (row === null) return { ...where, why: 'nothing-known', text: `there is no lane ${lane}` }
  return { ...where, why: 'newer-schema', text: `this release knows no lanes like it: ${NEWER}` }
}

/** Letters, and what must be told, that a newer release has left: a sentence for each sort of them. */
const newerRows = async (ledger: WhyPorts['ledger'], lane: string, reactions: View['reactions']): Promise<string[]> => {
  const [looks, orders, out] = await Promise.all([
    everyRow(ledger, 'look', `${lane}#`),
    everyRow(ledger, 'order', `${lane}#`),
    everyRow(ledger, 'out', `${lane}#`),
  ])
  const letters = valuesOf<'look' | 'order'>([...looks, ...orders]) as Letter[]
  const unread = letters.filter((letter) => !isUnderstood(letter, reactions))
  const untold = valuesOf(out).filter(({ telling }) => !isTellable(telling))
  const kinds = [
    ...unread.map((letter) => `letter: ${letter.kind === 'look' ? letter.event.type : letter.kind}`),
    ...untold.map(({ telling }) => `telling: ${telling.kind}`),
  ]
  return [...new Set(kinds)].map((kind) => `this release does not know the ${kind}: ${NEWER}`)
}

const NEWER = 'it waits for the release that wrote it, or a newer one'

const hasMoved = ({ revision, letters }: View): boolean => revision > 0 || letters.length > 0

/** A lane of the policy rests also before anything has moved it. */
const isConfigured = ({ kind, doc, policy }: View): boolean => ruleFor(kind, doc.lane, policy) !== null

/** Letters that are due and wait for a far side that another lane asks are not looked at before that answers. */
const withWaiting = (view: View): View => {
  const waits = (letter: Letter): letter is LookLetter => {
    const side = letter.kind === 'look' ? (letter.waits?.side ?? null) : null
    return side !== null && !asksItself(view.sides[side], view.doc.lane, view.now)
  }
  const letters = view.letters.filter((letter) => !waits(letter))
  return { ...view, letters, later: [...view.letters.filter(waits), ...view.later] }
}

/** What could not be told: refused for good, in the far side's words, or kept for when it answers again. */
const untoldOf = (rows: readonly Stored<'out'>[], { sides }: Pick<View, 'sides'>): string[] => {
  const refused = new Set(
    rows.flatMap(({ value }) => (value.refused === null ? [] : [`could not be told: ${value.refused}`])),
  )
  const waiting = new Set(
    rows.filter(({ value }) => value.refused === null).map(({ value }) => sideOfTelling(value.telling)),
  )
  const away = [...waiting].flatMap((side) => sides[side] ?? [])
  return [...refused, ...away.map((row) => `${awayText(row.side, row)}: what must be told waits`)]
}

/** A bug of ours keeps what is due from being done. */
const keepsStill = ({ why, until }: Rest, { now }: View): boolean => why === 'bug' && now < (until ?? 0)

/** Rests that end by what a look sees; people are asked on until a look says otherwise. */
const STANDING: ReadonlySet<string> = new Set(['asked', 'working', 'suspended', 'no-room', 'deleting'])
