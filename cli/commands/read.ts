import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { desiredTitle } from '../../core/desired.ts'
import { planText } from '../../core/plan-text.ts'
import type { LaneRow, Moment, RunRow } from '../../core/rows.ts'
import { everyLane, everyRow } from '../../flows/lanes.ts'
import type { Ledger } from '../../flows/ports.ts'
import { openLedger } from '../../local/ledger/sqlite-ledger.ts'
import { openStores } from '../../local/stores.ts'
import { columns, EXIT, Explained, type Output, show, type Where } from '../output.ts'
import { withInstallation } from './in-aws.ts'

/** Reads the ledger that the product writes, whether it runs or not: of this folder, or of AWS. */
const withLedger = <T>({ data, config, aws }: Where, read: (ledger: Ledger) => Promise<T>): Promise<T> =>
  aws === undefined ? withLocalLedger(data, read) : withInstallation({ aws, config }, ({ ledger }) => read(ledger))

const withLocalLedger = async <T>(dataDir: string, read: (ledger: Ledger) => Promise<T>): Promise<T> => {
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
export const plans = (where: Where, output: Output): Promise<void> =>
  withLedger(where, async (ledger) => {
    const runs = (await everyRow(ledger, 'run')).sort((a, b) => b.startedAt - a.startedAt)
    const lanes = await everyLane(ledger)
    const text =
      runs.length === 0
        ? `no plan yet${where.aws === undefined ? ': `signalbox emit dataset-uploaded/base` sends an event' : ''}`
        : columns([['PLAN', 'LANE', 'STATE', 'COST', 'WHAT'], ...runs.map(line)])
    show(output, { plans: runs, lanes }, text)
  })

const line = (run: RunRow): string[] => [
  run.id,
  run.lane,
  run.outcome?.kind ?? run.stage,
  `$${run.cost.toFixed(2)}`,
  run.outcome?.detail ?? run.steps.find(({ state }) => state === 'running')?.title ?? '',
]

/** The timeline of a lane, or of a plan's lane with the plan itself. */
export const trace = (where: Where, subject: string, output: Output): Promise<void> =>
  withLedger(where, async (ledger) => {
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
