import type { LaneDocument } from '../../core/lane/document.ts'
import type { OutRow, SideRow } from '../../core/rows.ts'
import { sideOfTelling } from '../../core/telling.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import { everyLane, laneNames } from '../../flows/lanes.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import { everyRow, valuesOf } from '../../flows/rows.ts'
import { sideText, untoldOf, untoldText, utc } from '../../local/waiting.ts'
import { hasLedger, withLedger } from './ledger.ts'

/** What the ledger of a folder knows of far sides that do not answer, or refuse what they are told. None without a ledger. */
export const sideFindings = async (dataDir: string): Promise<Finding[]> => {
  if (!hasLedger(dataDir)) return []
  const found = await withLedger({ data: dataDir, config: '' }, async (ledger) => {
    const away = valuesOf(await everyRow(ledger, 'side'))
    const [tellings, lanes] = await Promise.all([tellingsIn(ledger), everyLane(ledger)])
    return [
      ...away.map(awayFinding),
      ...lanes.flatMap((doc) => aloneFinding(doc, away)),
      ...refusedFindings(tellings),
      ...waitingFindings(tellings, away),
    ]
  })
  return found.length > 0 ? found : [{ check: 'far sides', ok: true, detail: 'none is known to be away or to refuse' }]
}

const awayFinding = (row: SideRow): Finding => ({
  check: row.side,
  ok: false,
  detail: `${sideText(row)}: ${row.refuses ? 'give it the right that is missing' : 'lanes wait for it and go on by themselves'}`,
})

/** A lane for which a far side does not take one thing that it would write, though it answers else. */
const aloneFinding = ({ lane, rest }: LaneDocument, away: readonly SideRow[]): Finding[] =>
  rest?.why !== 'unavailable' || rest.side === null || away.some(({ side }) => side === rest.side)
    ? []
    : [
        {
          check: rest.side,
          ok: false,
          detail: `${lane} waits since ${utc(rest.since)}: ${rest.text}. All else of it is answered: see what stands in the way of that one (a webhook)`,
        },
      ]

const tellingsIn = async (ledger: Ledger): Promise<OutRow[]> => {
  const lanes = await laneNames(ledger)
  return (await Promise.all(lanes.map((lane) => everyRow(ledger, 'out', `${lane}#`)))).flatMap(valuesOf)
}

/** What a far side will not take: the lane goes on, and people are not told. */
const refusedFindings = (tellings: readonly OutRow[]): Finding[] =>
  untoldOf(tellings).map((one) => ({
    check: one.side,
    ok: false,
    detail: `${one.lane}: ${untoldText(one)}. Mend it: it is tried again every hour`,
  }))

/** What waits at a far side of which nothing else is known. */
const waitingFindings = (tellings: readonly OutRow[], away: readonly SideRow[]): Finding[] => {
  const waiting = tellings.filter(({ refused, tries }) => refused === null && tries > 0)
  return [...Map.groupBy(waiting, ({ telling }) => sideOfTelling(telling))]
    .filter(([side]) => !away.some((row) => row.side === side))
    .map(([side, some]) => ({
      check: side,
      ok: false,
      detail: `has not taken ${some.length} telling${some.length === 1 ? '' : 's'} since ${utc(Math.min(...some.map(({ at }) => at)))}: each is tried again, within five minutes at most`,
    }))
}
