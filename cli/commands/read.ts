import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { desiredTitle } from '../../core/desired.ts'
import { planText } from '../../core/plan-text.ts'
import type { LaneRow, Moment, RunRow } from '../../core/rows.ts'
import type { Ledger } from '../../flows/ports.ts'
import { openLedger } from '../../local/ledger/sqlite-ledger.ts'
import { openStores } from '../../local/stores.ts'
import { columns, EXIT, Explained, type Output, show } from '../output.ts'

/** Reads the ledger that the product on this folder writes, whether it runs or not. */
export const withLedger = async <T>(dataDir: string, read: (ledger: Ledger) => Promise<T>): Promise<T> => {
  if (!existsSync(join(dataDir, 'ledger.db')))
    throw new Explained(
      `there is no ledger in ${dataDir}: start the product once, or name its folder with --data`,
      EXIT.notRunning,
    )
  const stores = openStores(dataDir)
  try {
    return await read(openLedger(stores.ledger))
  } finally {
    stores.close()
  }
}

/** Every run, the newest first. */
export const plans = ({ data }: { data: string }, output: Output): Promise<void> =>
  withLedger(data, async (ledger) => {
    const runs = (await ledger.list('run', { limit: 1000 }))
      .map(({ value }) => value)
      .sort((a, b) => b.startedAt - a.startedAt)
    const wanted = new Map((await ledger.list('lane', { limit: 1000 })).map(({ value }) => [value.lane, value]))
    const text =
      runs.length === 0
        ? 'no plan yet: `signalbox emit dataset-uploaded/base` sends an event'
        : columns([['PLAN', 'LANE', 'STATE', 'COST', 'WHAT'], ...runs.map(line)])
    show(output, { plans: runs, lanes: [...wanted.values()] }, text)
  })

const line = (run: RunRow): string[] => [
  run.id,
  run.lane,
  run.outcome?.kind ?? run.stage,
  `$${run.cost.toFixed(2)}`,
  run.outcome?.detail ?? run.steps.find(({ state }) => state === 'running')?.title ?? '',
]

/** The timeline of a lane, or of a plan's lane with the plan itself. */
export const trace = ({ data }: { data: string }, subject: string, output: Output): Promise<void> =>
  withLedger(data, async (ledger) => {
    const plan = (await ledger.read('plan', subject))?.value ?? null
    const lane = plan?.lane ?? subject
    const row = (await ledger.read('lane', lane))?.value ?? null
    const moments = (await ledger.moments(lane, { limit: 500 })).reverse().filter(about(plan))
    if (row === null && moments.length === 0) throw await unknownSubject(ledger, subject)
    const run = plan === null ? null : ((await ledger.read('run', plan.id))?.value ?? null)
    const body = columns(
      moments.map(({ at, kind, text }) => [new Date(at).toISOString().slice(0, 19).replace('T', ' '), kind, text]),
    )
    show(
      output,
      { lane: row, plan, run, timeline: moments },
      [headOf(lane, row), ...(plan === null ? [] : ['', planText(plan, plan.bounds.until), '']), body].join('\n'),
    )
  })

const unknownSubject = async (ledger: Ledger, subject: string): Promise<Explained> => {
  const known = (await ledger.list('lane', { limit: 20 })).map(({ id }) => id)
  return new Explained(
    `there is no lane or plan ${subject}${known.length === 0 ? '' : `: lanes are ${known.join(', ')}`}`,
  )
}

const headOf = (lane: string, row: LaneRow | null): string => {
  if (row === null) return lane
  const wants = row.desired === null ? 'wants nothing' : desiredTitle(row.desired)
  return `${lane} · ${row.state} · ${wants} · generation ${row.generation}, attempt ${row.attempt}`
}

const about =
  (plan: { generation: number; attempt: number } | null) =>
  (moment: Moment): boolean =>
    plan === null ||
    moment.generation === null ||
    (moment.generation === plan.generation && moment.attempt === plan.attempt)
