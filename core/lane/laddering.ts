import type { Card } from '../cards.ts'
import { ruleFor } from '../lane-kinds/catalogue.ts'
import { monthBegin, monthOf } from '../money/months.ts'
import { usd } from '../money/prices.ts'
import { type RungChange, type RungRow, rungId, rungsDue } from '../money/rungs.ts'
import { crossedText, FLOORS, measureText, type RungNow, rungsNow, savesText } from '../money/rungs-text.ts'
import { rungName } from '../policy/rung.ts'
import type { Telling } from '../telling.ts'
import { plainTime, said } from '../text.ts'
import type { Act } from './act.ts'
import { type Change, changed, moment, REST } from './change.ts'
import type { Rest } from './document.ts'
import { wokenBy } from './rungs.ts'
import type { View } from './view.ts'

/** Rungs that have to be written or forgotten; of any other lane none, and where no ladder is any more all that are written. */
const rungsDueIn = (view: View): RungChange[] => {
  const { metered, rungs, policy, doc, kind, now } = view
  if (metered === null) return []
  const { dollars } = policy.budget
  const ladder = ruleFor(kind, doc.lane, policy) === null ? [] : (policy.budget.ladder ?? [])
  const { saves, aboveFloors = 0, caps } = metered
  // What was read as the month turned is of the one before, and crosses nothing of this.
  const spent = metered.month === monthOf(now) ? metered.spent : null
  return rungsDue(rungs, {
    lane: doc.lane,
    spent,
    dollars,
    ladder,
    now,
    until: monthBegin(now, 1),
    saves,
    aboveFloors,
    caps,
  })
}

/** The lane of a budget first makes its rungs what the money says; then it rests until the month turns, or the meter sees more. */
export const besideLadder = (view: View, act: Act): Act => {
  if (act.kind !== 'rest') return act
  return rungsDueIn(view).length > 0 ? { kind: 'climb' } : { kind: 'rest', rest: untilTurn(view, act.rest) }
}

/** What is in force until the month turns is looked at then. */
const untilTurn = (view: View, given: Rest): Rest => {
  const { rungs, policy, now } = view
  const standing = rungs.filter(({ until }) => now < until)
  const until = standing.length === 0 ? given.until : Math.min(given.until ?? monthBegin(now, 1), monthBegin(now, 1))
  if (given.why !== 'done' || view.metered === null) return { ...given, until }
  const { spent, forecast } = view.metered
  const so =
    spent === null
      ? 'nobody has looked at a node yet'
      : `${usd(spent)} of ${usd(policy.budget.dollars)} are spent on nodes`
  const goesOn = forecast === null ? '' : `, about ${usd(forecast)} at the month’s end`
  return { ...given, until, text: said([`${so}${goesOn}`, ...ladderTexts(policy, standing, now)].join('; '), REST) }
}

/** What is crossed, the greatest share first, since that keeps people from most; then what is ahead, which `signalbox budgets` says whole. */
const ladderTexts = (policy: View['policy'], rungs: readonly RungRow[], now: number): string[] => {
  const [all, ahead] = [rungsNow(policy, rungs, now), (one: RungNow) => one.state === 'ahead']
  const crossed = all.filter((one) => !ahead(one)).map(({ text }) => text)
  const coming = all.filter(ahead).map(({ name, dollars }) => `${name} from ${usd(dollars)} on`)
  return [...crossed.toReversed(), ...(coming.length === 0 ? [] : [`ahead: ${coming.join(', ')}`])]
}

/** Writes rungs that were crossed and forgets those that are not any more: each is told once, and so is what they let go of. */
export const settleClimb = (view: View): Change => {
  const rungs = rungsDueIn(view)
  const crossed = rungs.flatMap(({ row, gone }) => (gone ? [] : [row]))
  const over = rungs.flatMap(({ row, gone }) => (gone && !isNotice(row) ? [row] : []))
  const { name } = view.policy.budget
  return changed(view.doc, {
    rungs,
    moments: [
      ...crossed.map((row) =>
        moment('step', `${crossedText(row, name)}; ${savesText(row)}`, { data: { rung: row.name } }),
      ),
      ...over.map((row) => moment('step', overText(row, view.now), { data: { rung: row.name } })),
    ],
    counts: [...crossed.map((row) => `rung:${row.name}`), ...over.map((row) => `rung-over:${row.name}`)],
    // Each pool's lane lowers its own ceiling, or lets it go up again.
    wakes: wokenBy(rungs, view.policy),
    tellings: [...crossed.map((row) => crossedNote(view, row)), ...over.map((row) => overNote(view, row))],
  })
}

const isNotice = ({ name }: Pick<RungRow, 'name'>): boolean => name.startsWith('notify@')

const overText = ({ name, until }: RungRow, now: number): string =>
  `${name} is in force no more: ${now >= until ? 'its month is over' : 'it is not crossed any more, by the policy as it is now'}`

const noteOf = (
  view: View,
  row: RungRow,
  more: { key: string; card: Pick<Card, 'title' | 'lines' | 'tone'> },
): Telling => {
  const { policy, doc, metered } = view
  const facts = [
    { label: 'Lane', value: doc.lane },
    { label: 'Spent on nodes', value: `${usd(metered?.spent ?? row.spent)} of ${usd(policy.budget.dollars)}` },
    { label: 'An hour now', value: usd(metered?.perHour ?? 0) },
  ]
  return { kind: 'note', key: `${doc.name}-${more.key}`, card: { ...more.card, facts, question: null } }
}

const crossedNote = (view: View, row: RungRow): Telling => {
  const { budget } = view.policy
  const shadow = budget.mode === 'shadow' ? ['`budget.mode` is shadow: nobody keeps to it'] : []
  const isFloor = budget.ladder?.some((rung) => rung.serving === 'floor' && rungName(rung) === row.name) === true
  const floors = isFloor ? [FLOORS] : []
  const until = isNotice(row)
    ? []
    : [`until ${plainTime(row.until)}, when the month turns, or until it is not crossed any more; ${savesText(row)}`]
  return noteOf(view, row, {
    key: `${row.name}-${row.since}`,
    card: {
      title: crossedText(row, budget.name),
      lines: [...until, ...floors, ...shadow, `\`signalbox spend\` says on what`],
      tone: 'bad',
    },
  })
}

const overNote = (view: View, row: RungRow): Telling =>
  noteOf(view, row, {
    key: `${row.name}-${row.since}-over`,
    card: { title: overText(row, view.now), lines: [`no longer: ${measureText(row.name)}`], tone: 'neutral' },
  })

/** Rungs after a change. */
export const rungsAfter = (before: readonly RungRow[], { rungs }: Pick<Change, 'rungs'>): RungRow[] => {
  const rows = new Map(before.map((row) => [rungId(row), row]))
  for (const { row, gone } of rungs) {
    if (gone) rows.delete(rungId(row))
    else rows.set(rungId(row), row)
  }
  return [...rows.values()]
}
