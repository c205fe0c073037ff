import { pauseAfter } from '../core/lane/change.ts'
import type { Trouble, View } from '../core/lane/view.ts'
import type { SideRow } from '../core/rows.ts'
import { said } from '../core/text.ts'
import type { WorkPorts } from './ports.ts'
import { readRow, readRows } from './rows.ts'
import { SIDES, type Told } from './sides.ts'
import { AT_ONCE, wakeOne } from './waking.ts'

type SidePorts = Pick<WorkPorts, 'ledger' | 'queue' | 'clock'>

/** The probe's own to do until a while after its next look, which comes five minutes later at the latest. */
const ITS_OWN = pauseAfter(10) + 60_000

/** Writes down which far sides do not answer and which do again, as `probe` was told; answers those that are still away. */
export const writeSides = async (
  ports: SidePorts,
  { probe, sides }: { probe: string; sides: View['sides'] },
  told: Told,
): Promise<View['sides']> => {
  const failed = [...told.values()].flatMap(({ trouble, alone }) =>
    trouble === null || trouble.kind === 'refused' || alone === true ? [] : [trouble],
  )
  for (const trouble of failed) await notAnswering(ports, probe, trouble)
  const heard = [...told.keys()].filter((side) => !failed.some((trouble) => trouble.side === side))
  return heardAgain(ports, sides, heard)
}

/**
 * One row a far side that does not answer: this group asks it next, the others wait for that. The row is a hint and written
 * beside the lane's commit: whoever loses the race was told the same.
 */
const notAnswering = async ({ ledger, clock }: SidePorts, probe: string, trouble: Trouble): Promise<void> => {
  // Without a policy nothing can be planned or told, whatever keeps it from being read.
  if (trouble.kind === 'refused' || (trouble.kind === 'bug' && trouble.side !== 'policies')) return
  const row = await readRow(ledger, 'side', trouble.side)
  const now = clock.now()
  if (row !== null && row.value.probe !== probe && now < row.value.until) return
  const retryAfter = 'retryAfter' in trouble ? trouble.retryAfter : 0
  const value: SideRow = {
    side: trouble.side,
    since: row?.value.since ?? now,
    said: said(trouble.said, 300),
    refuses: trouble.kind === 'not-allowed',
    probe,
    until: now + Math.max(ITS_OWN, pauseAfter(1, retryAfter) + 60_000),
  }
  await ledger.commit([{ put: 'side', id: trouble.side, revision: row?.revision ?? 0, value }])
}

/** Far sides answer again: their rows go, and the oldest that wait for them are woken; the tick wakes the rest. Answers those that are still away. */
export const heardAgain = async (
  ports: SidePorts,
  sides: View['sides'],
  heard: readonly string[],
): Promise<View['sides']> => {
  for (const side of heard) {
    if (sides[side] === undefined) continue
    const row = await readRow(ports.ledger, 'side', side)
    if (row !== null) await ports.ledger.commit([{ remove: 'side', id: side, revision: row.revision }])
    const waiting = await ports.ledger.due(Number.MAX_SAFE_INTEGER, { side, limit: AT_ONCE })
    for (const due of waiting) await wakeOne(ports, due)
  }
  return Object.fromEntries(Object.entries(sides).filter(([side]) => !heard.includes(side)))
}

/** The far sides that do not answer, by port. */
export const sidesAway = async (ledger: Pick<WorkPorts['ledger'], 'read'>): Promise<View['sides']> =>
  Object.fromEntries((await readRows(ledger, 'side', SIDES)).map(({ value }) => [value.side, value]))
