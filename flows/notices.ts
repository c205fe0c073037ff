import { sha256Hex } from '../core/digest.ts'
import { DAY, dayBegin, dayOf } from '../core/money/days.ts'
import { addCells } from '../core/money/lines.ts'
import { laneOfNotice, NO_BUDGET } from '../core/money/notice-lane.ts'
import { besideText, noticeCard, noticeText } from '../core/money/notice-text.ts'
import {
  type Folded,
  foldNotice,
  isPlausible,
  type NoticeRow,
  noticeId,
  type OwnFigure,
} from '../core/money/notices.ts'
import type { Policy } from '../core/policy.ts'
import type { Ignored } from '../core/reasons.ts'
import { SELF } from '../core/rows.ts'
import { said } from '../core/text.ts'
import type { BudgetCrossed } from '../events/contract.ts'
import { asCounted } from './in-force.ts'
import type { Ledger, Stored, Write } from './ledger-port.ts'
import { type Ports, Unavailable } from './ports.ts'
import { everyRow, readRow, valuesOf } from './rows.ts'
import { wake } from './waking.ts'
import { outGroup } from './writing.ts'

type NoticePorts = Pick<Ports, 'ledger' | 'queue' | 'policies' | 'clock'>

/** What became of a notice: told, written down beside what was told of it before, or neither. */
export type HeardOf =
  | { kind: 'heard'; lane: string; told: boolean; detail: string }
  | { kind: 'ignored'; lane: string; reason: Ignored; detail: string }

/** Tries of a commit that others come before. */
const TRIES = 5

/**
 * Writes down what somebody else counts of a budget, on that budget's timeline, and tells it once beside our own figure. Nothing else follows
 * of it. Rejects where the ledger does not answer: whoever called is tried again, and the same again says nothing.
 */
export const hearNotice = async (ports: NoticePorts, event: BudgetCrossed): Promise<HeardOf> => {
  const policy = await asCounted(ports.ledger, await ports.policies.load())
  const lane = laneOfNotice(policy, event) ?? NO_BUDGET
  if (event.replayed) return ignore(ports, lane, 'replayed', 'an event replayed from an archive tells nothing')
  for (let tries = 0; tries < TRIES; tries++) {
    const id = noticeId(lane, event)
    const row = await readRow(ports.ledger, 'notice', id)
    if (lane === NO_BUDGET && row !== null) return unnamed(ports, event)
    const folded = await weighed(ports, event, { policy, lane, before: row?.value ?? null })
    if (folded === null) return ignore(ports, lane, 'notice-known', `${event.name} said so before`)
    const { ok } = await ports.ledger.commit(writesOf(ports, { policy, event, id, row, folded }))
    if (!ok) continue
    if (folded.tells) await wake(ports, outGroup(lane, 'chat'), id)
    return { kind: 'heard', lane, told: folded.tells, detail: textOf(folded) }
  }
  throw new Unavailable(`${event.name} is told by many at once`)
}

const weighed = async (
  { ledger }: NoticePorts,
  event: BudgetCrossed,
  { policy, lane, before }: { policy: Policy; lane: string; before: NoticeRow | null },
): Promise<Folded | null> => {
  const own = event.ofNodes && event.days !== null ? await ownIn(ledger, event.days) : null
  return foldNotice(before, event, {
    lane,
    own,
    plausible: isPlausible(event, { own, dollars: policy.budget.dollars }),
  })
}

const unnamed = (ports: NoticePorts, { name }: BudgetCrossed): Promise<HeardOf> =>
  ignore(
    ports,
    NO_BUDGET,
    'not-configured',
    `no budget names ${said(name, 120)} in its \`notices\`, which was told once`,
  )

const ignore = async ({ ledger }: NoticePorts, lane: string, reason: Ignored, detail: string): Promise<HeardOf> => {
  await ledger.commit([{ count: `ignored:${reason}`, by: 1 }])
  return { kind: 'ignored', lane, reason, detail }
}

/** Days of which a figure of ours stands beside another's: more are of no notice that is known. */
const MOST_DAYS = 100

/** What our meter has seen in some days (UTC); null: they are too many. */
const ownIn = async (
  ledger: Pick<Ledger, 'read' | 'list'>,
  { from, until }: { from: number; until: number },
): Promise<OwnFigure | null> => {
  if (until - from > MOST_DAYS * DAY) return null
  const [first, last] = [dayOf(from), dayOf(until - 1)]
  const [meter, days] = await Promise.all([
    readRow(ledger, 'meter', SELF),
    ledger.list('day', { after: dayOf(dayBegin(first, -1)), limit: MOST_DAYS + 1 }),
  ])
  const cells = addCells(valuesOf(days).flatMap(({ day, cells }) => (day <= last ? cells : [])))
  const sum = (what: 'dollars' | 'unpriced'): number => cells.reduce((total, cell) => total + cell[what], 0)
  return { dollars: sum('dollars'), since: meter?.value.since ?? null, unpricedHours: sum('unpriced') / 3600 }
}

const textOf = ({ heard }: Folded): string => [noticeText(heard), ...besideText(heard)].join('; ')

interface Writing {
  policy: Policy
  event: BudgetCrossed
  id: string
  row: Stored<'notice'> | null
  folded: Folded
}

const writesOf = ({ clock }: NoticePorts, { policy, event, id, row, folded }: Writing): Write[] => {
  const at = clock.now()
  const { lane } = folded.row
  const revision = row?.revision ?? 0
  const moment = { at, lane, generation: null, attempt: null, kind: 'event' as const }
  const data = {
    became: folded.tells ? 'told' : 'noted',
    event: event.type,
    of: event.of,
    plausible: folded.row.last.plausible,
  }
  return [
    { put: 'notice', id, revision, value: folded.row },
    { moment: { ...moment, text: said(textOf(folded), 1000), data } },
    { count: `notice:${event.of}`, by: 1 },
    ...(folded.tells ? tellingOf(policy, event, { at, lane, own: `${revision}.${id.slice(-16)}`, folded }) : []),
  ]
}

/** One card a notice: of what grows the same one is drawn anew. Beside what the lane itself has to tell, under an id that no other has. */
const tellingOf = (
  { budget }: Policy,
  { of, name, key }: BudgetCrossed,
  { at, lane, own, folded }: { at: number; lane: string; own: string; folded: Folded },
): Write[] => {
  const card = noticeCard(folded.heard, lane === NO_BUDGET ? null : budget.name)
  const telling = { kind: 'note' as const, key: `notice-${sha256Hex(`${of} ${name} ${key}`).slice(0, 16)}`, card }
  const id = `${String(at).padStart(14, '0')}.n${own}`
  return [
    {
      put: 'out',
      id: `${lane}#${id}`,
      revision: 0,
      value: { lane, at, telling, tries: 0, refused: null, again: null },
    },
    { due: { group: outGroup(lane, 'chat'), by: id }, at, was: null, side: null },
  ]
}

/** What others have told last of the policy's budget and, without a budget of the policy, of whatever else, the newest first. */
export const noticesOf = async (ledger: Pick<Ledger, 'list'>): Promise<NoticeRow[]> =>
  valuesOf(await everyRow(ledger, 'notice')).toSorted((a, b) => b.last.at - a.last.at)
