import { orders } from '../../core/lane.ts'
import type { Step } from '../../core/plan.ts'
import type { Failure } from '../../core/reasons.ts'
import type { LaneRow, RunRow, StepRow } from '../../core/rows.ts'
import { NOTE, said } from '../../core/text.ts'
import { asHolder, type Carrier, momentOf, readRows, type Wait } from './carrier.ts'
import { frozenFor } from './frozen.ts'
import type { Stop } from './planning.ts'
import type { Task } from './steps/handler.ts'
import { handlerOf } from './steps/small.ts'

/** What a step comes to. `frozen`: nothing has begun, so the hold goes back and it is planned anew afterwards (law 16). */
export type Stepped = { kind: 'begun' | 'done' | 'frozen' } | { kind: 'failed'; reason: Failure; detail: string } | Stop

/** Which list of steps is walked: the plan's, or those that lead back, which are never frozen. */
export type Way = 'forth' | 'back'

/** Begins a step: its row says `running` before anything is touched, so that what it may have made can be found again. */
export const beginStep = async (carrier: Carrier, way: Way, name: string): Promise<Stepped | Wait> => {
  const rows = await readRows(carrier)
  const row = rowOf(rows.run.value, name)
  const held =
    whyHalt(carrier, rows.lane.value, way) ?? (way === 'forth' ? await whyRest(carrier, rows.run.value, row) : null)
  if (held !== null) return held
  if (row.state === 'done') return { kind: 'begun' }
  const startedAt = row.startedAt ?? carrier.ports.clock.now()
  if ((await mark(carrier, name, { state: 'running', startedAt, note: 'begins' })) === 'lost') return { kind: 'lost' }
  const task = await taskOf(carrier, way, name)
  const begun = await handlerOf(task.step).begin(task)
  if ('wait' in begun) return begun
  if (begun.kind === 'failed') return fail(carrier, name, begun)
  const object = begun.object ?? null
  const note = object === null ? 'begun' : `${object.ref.kind} ${object.ref.name}`
  return (await mark(carrier, name, { object, note })) === 'lost' ? { kind: 'lost' } : { kind: 'begun' }
}

/** Frozen: rests before a step that has not begun; when none has, the hold goes back first. */
const whyRest = async (carrier: Carrier, run: RunRow, row: StepRow): Promise<Stepped | Wait | null> => {
  const frozen = row.state === 'pending' ? await frozenFor(carrier) : null
  if (frozen === null) return null
  if (run.steps.every(({ state }) => state === 'pending')) return { kind: 'frozen' }
  return (await mark(carrier, row.name, { note: 'rests: frozen' })) === 'lost' ? { kind: 'lost' } : frozen
}

/** Looks at a step that has begun. */
export const seeStep = async (carrier: Carrier, way: Way, name: string): Promise<Stepped | Wait> => {
  const rows = await readRows(carrier)
  const stop = whyHalt(carrier, rows.lane.value, way)
  if (stop !== null) return stop
  const task = await taskOf(carrier, way, name)
  if (task.row.state === 'done') return { kind: 'done' }
  const seen = await handlerOf(task.step).see(task)
  if (seen.kind === 'failed') return fail(carrier, name, seen)
  if (seen.kind === 'wait')
    return (await mark(carrier, name, { note: seen.note })) === 'lost' ? { kind: 'lost' } : { wait: 6 * 3600 }
  const ended = { state: 'done' as const, endedAt: carrier.ports.clock.now(), note: seen.note, result: seen.result }
  return (await mark(carrier, name, ended)) === 'lost' ? { kind: 'lost' } : { kind: 'done' }
}

/** On the way back only a newer wish or a lost lane stops it: what is cancelled or failed is being undone already. */
const whyHalt = ({ run }: Carrier, lane: LaneRow, way: Way): Stop | null => {
  const order = orders(lane, run, true)
  if (order === 'lost' || order === 'superseded') return { kind: order }
  if (order === 'cancelled' && way === 'forth')
    return { kind: 'cancelled', detail: `cancelled by ${lane.cancelled?.by}` }
  return null
}

const fail = async (
  carrier: Carrier,
  name: string,
  { reason, note: full }: { reason: Failure; note: string },
): Promise<Stepped> => {
  const note = said(full, NOTE)
  const marked = await mark(
    carrier,
    name,
    { state: 'failed', endedAt: carrier.ports.clock.now(), note },
    `failed (${reason}): ${note}`,
  )
  return marked === 'lost' ? { kind: 'lost' } : { kind: 'failed', reason, detail: note }
}

const taskOf = async (carrier: Carrier, way: Way, name: string): Promise<Task> => {
  const policy = await carrier.ports.policies.load()
  const { run } = await readRows(carrier)
  const plan = (await carrier.ports.ledger.read('plan', carrier.id))?.value
  const steps: Step[] = way === 'forth' ? (plan?.steps ?? []) : run.value.back
  const step = steps.find((candidate) => candidate.name === name)
  if (plan === undefined || step === undefined) throw new Error(`run ${carrier.id} has no step ${name}`)
  return { carrier, step, row: rowOf(run.value, name), run: run.value, plan, policy }
}

const rowOf = (run: RunRow, name: string): StepRow => {
  const row = run.steps.find((candidate) => candidate.name === name)
  if (row === undefined) throw new Error(`run ${run.id} has no row for step ${name}`)
  return row
}

/** Writes a step's progress, with a line for the timeline when its state changes; nothing when nothing changed. */
const mark = (carrier: Carrier, name: string, change: Partial<StepRow>, line?: string): Promise<'ok' | 'lost'> =>
  asHolder(carrier, ({ run }) => {
    const row = rowOf(run, name)
    const next = { ...row, ...change, note: said(change.note ?? row.note, NOTE) }
    if (JSON.stringify(next) === JSON.stringify(row)) return null
    const text = line ?? (next.state === row.state ? null : `${row.title}: ${next.note}`)
    return {
      run: { ...run, steps: run.steps.map((candidate) => (candidate.name === name ? next : candidate)) },
      writes: text === null ? [] : [momentOf(carrier, 'step', text, { step: name, state: next.state })],
    }
  })
