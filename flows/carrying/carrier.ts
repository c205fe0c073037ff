import { sameRun } from '../../core/lane.ts'
import type { RunKey } from '../../core/names.ts'
import type { LaneRow, Moment, RunRow } from '../../core/rows.ts'
import type { Stored, WorkflowContext, WorkPorts, Write } from '../ports.ts'

/** Who carries out a run: its ports, its durable context and its name. */
export interface Carrier {
  ports: WorkPorts
  context: WorkflowContext
  run: RunKey
  /** The run's name. */
  id: string
}

/** Look again when the bell rings, or after so many seconds at most. */
export interface Wait {
  wait: number
}

/** Growing slices: 1 minute, doubled with each that nobody ended, up to 6 hours (law 5). Seconds. */
const slice = (silent: number, most: number): number =>
  Math.max(1, Math.min(60 * 2 ** Math.min(silent, 9), 6 * 3600, Math.ceil(most)))

const isWait = (seen: object): seen is Wait => 'wait' in seen

/**
 * Looks, and sleeps while the answer is to wait. `look` runs inside a durable step, possibly more than once, so it must be
 * harmless to repeat. The bell's id is stored before the second look: a change between the two is never missed.
 */
export const waitFor = async <T extends object>(
  carrier: Carrier,
  name: string,
  look: () => Promise<T | Wait>,
): Promise<T> => {
  for (let [k, silent] = [0, 0]; ; k++) {
    const seen = await carrier.context.step(`${name} ${k}`, look)
    if (!isWait(seen)) return seen
    const slept = await carrier.context.sleep(`${name} sleep ${k}`, slice(silent, seen.wait), async (bell) => {
      await setBell(carrier, bell)
      return isWait(await look())
    })
    if (slept === 'over') silent++
  }
}

const setBell = async ({ ports: { ledger }, id }: Carrier, bell: string): Promise<void> => {
  for (;;) {
    const row = await ledger.read('run', id)
    if (row === null) throw new Error(`run ${id} has no row`)
    const { ok } = await ledger.commit([{ put: 'run', id, revision: row.revision, value: { ...row.value, bell } }])
    if (ok) return
  }
}

/** The lane and the run as they are now. */
export interface Rows {
  lane: Stored<'lane'>
  run: Stored<'run'>
}

export const readRows = async ({ ports: { ledger }, run, id }: Carrier): Promise<Rows> => {
  const [lane, row] = [await ledger.read('lane', run.lane), await ledger.read('run', id)]
  if (lane === null || row === null) throw new Error(`${run.lane} or its run ${id} has no row`)
  return { lane, run: row }
}

/**
 * One commit of the holder: `change` answers the new run row and further writes, or null for no change. It is conditional
 * on the holder: `lost` when another has the lane, and then nothing is written (design.md §2).
 */
export const asHolder = async (
  carrier: Carrier,
  change: (rows: { lane: LaneRow; run: RunRow }) => { run: RunRow; writes?: Write[] } | null,
): Promise<'ok' | 'lost'> => {
  for (;;) {
    const { lane, run } = await readRows(carrier)
    if (!sameRun(lane.value.holder, carrier.run)) return 'lost'
    const next = change({ lane: lane.value, run: run.value })
    if (next === null) return 'ok'
    const { ok } = await carrier.ports.ledger.commit([
      { check: 'lane', id: carrier.run.lane, revision: lane.revision },
      { put: 'run', id: carrier.id, revision: run.revision, value: next.run },
      ...(next.writes ?? []),
    ])
    if (ok) return 'ok'
  }
}

/** A timeline entry of this run, now. */
export const momentOf = (
  { run, ports: { clock } }: Pick<Carrier, 'run' | 'ports'>,
  kind: Moment['kind'],
  text: string,
  data?: Record<string, unknown>,
): Write => ({
  moment: { at: clock.now(), ...run, kind, text, ...(data === undefined ? {} : { data }) },
})
