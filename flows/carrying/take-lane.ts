import { finished, sameRun, TAKEOVER_AFTER, takeLane } from '../../core/lane.ts'
import { runName } from '../../core/names.ts'
import { identityOf } from '../../core/planning/plan-for.ts'
import type { Holder, RunRow } from '../../core/rows.ts'
import { type Carrier, momentOf, type Wait } from './carrier.ts'
import { closing } from './closing.ts'
import { tell } from './telling.ts'

/** Longest sleep while another has the lane, in seconds: a holder that was asked to stop is passed over after 10 minutes. */
const LOOK_AGAIN = TAKEOVER_AFTER / 1000

/** Writes the run's row, once. `superseded` when the lane already wants something else. */
export const beginRun = async ({ ports, run, id }: Omit<Carrier, 'context'>): Promise<'begun' | 'superseded'> => {
  for (;;) {
    const lane = await ports.ledger.read('lane', run.lane)
    const current = lane !== null && sameRun(lane.value, run)
    if ((await ports.ledger.read('run', id)) !== null) return current ? 'begun' : 'superseded'
    const { ok } = await ports.ledger.commit([
      { put: 'run', id, revision: 0, value: newRun(run, id, ports.clock.now()) },
    ])
    if (ok) return current ? 'begun' : 'superseded'
  }
}

/** Takes the lane, or says to wait for its holder; passes over one whose execution is closed or that does not stop. */
export const tryTakeLane = async (carrier: Carrier): Promise<{ kind: 'mine' | 'superseded' } | Wait> => {
  const { ports, run, id } = carrier
  for (;;) {
    const lane = await ports.ledger.read('lane', run.lane)
    if (lane === null) throw new Error(`lane ${run.lane} has no row`)
    const taken = takeLane(lane.value, run, ports.clock.now())
    if (taken.kind === 'mine' || taken.kind === 'superseded') return { kind: taken.kind }
    if (taken.kind === 'wait') {
      if (!(await buryHolder(carrier, taken.holder))) return { wait: LOOK_AGAIN }
      continue
    }
    const { ok } = await ports.ledger.commit([
      { put: 'lane', id: run.lane, revision: lane.revision, value: taken.row },
      momentOf(carrier, 'note', `took the lane ${run.lane}`, { run: id }),
    ])
    if (ok) return { kind: 'mine' }
  }
}

/** A holder whose execution is closed without an outcome has died: its outcome is written for it, its hold goes back. */
export const buryHolder = async ({ ports, run }: Omit<Carrier, 'context' | 'id'>, holder: Holder): Promise<boolean> => {
  const policy = await ports.policies.load()
  const dead = { lane: run.lane, generation: holder.generation, attempt: holder.attempt }
  const id = runName(identityOf(policy), dead)
  if ((await ports.workflow.describe(id)) === 'running') return false
  const outcome = {
    kind: 'failed' as const,
    reason: 'workflow-died' as const,
    detail: 'its execution ended without an outcome',
  }
  await tell({ ports, run: dead, id }, await closing({ ports, run: dead, id }, { outcome, row: finished }))
  return true
}

const newRun = (run: { lane: string; generation: number; attempt: number }, id: string, now: number): RunRow => ({
  ...run,
  id,
  startedAt: now,
  endedAt: null,
  stage: 'waiting-for-lane',
  bell: null,
  answer: null,
  hold: null,
  steps: [],
  ending: null,
  back: [],
  outcome: null,
  cost: 0,
})
