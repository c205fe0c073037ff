import { currentRun, retried } from '../core/lane.ts'
import { runName } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
import type { LaneRow } from '../core/rows.ts'
import { everyLane } from './lanes.ts'
import type { Ports, Stored } from './ports.ts'
import { ringRun, startRun } from './start.ts'

/** What a command came to: `detail` says what was done, or why not. */
export interface Commanded {
  ok: boolean
  detail: string
}

/** What a command needs. */
export type CommandPorts = Pick<Ports, 'ledger' | 'policies' | 'workflow' | 'clock'>

/** Another attempt at what the lane wants, though it is held or done. */
export const retry = (ports: CommandPorts, lane: string, by: string): Promise<Commanded> =>
  onLane(ports, lane, async (stored) => {
    const policy = await ports.policies.load()
    const next = retried(stored.value, { now: ports.clock.now(), retries: policy.retries })
    if ('why' in next) return { ok: false, detail: next.why }
    const { ok } = await ports.ledger.commit([
      { put: 'lane', id: lane, revision: stored.revision, value: next.row },
      said(ports, next.row, `${by} says retry`),
    ])
    if (!ok) return null
    await startRun(ports, policy, currentRun(next.row))
    return { ok: true, detail: `attempt ${next.row.attempt} of generation ${next.row.generation} has started` }
  })

/** Stop the lane's current attempt and go back to baseline. */
export const cancel = (ports: CommandPorts, lane: string, by: string): Promise<Commanded> =>
  onLane(ports, lane, async (stored) => {
    const row = stored.value
    if (row.state !== 'wanted') return { ok: false, detail: `${lane} has nothing in progress (${row.state})` }
    const cancelled = { by, at: ports.clock.now(), generation: row.generation, attempt: row.attempt }
    const { ok } = await ports.ledger.commit([
      { put: 'lane', id: lane, revision: stored.revision, value: { ...row, cancelled } },
      said(ports, row, `${by} says cancel`),
    ])
    if (!ok) return null
    await ringCurrent(ports, row)
    return { ok: true, detail: `attempt ${row.attempt} of generation ${row.generation} stops at its next safe point` }
  })

/** Nothing new begins on the lane (`*`: on any) until then; what goes back goes on (law 16). */
export const freeze = async (
  ports: CommandPorts,
  lane: string,
  { until, by }: { until: number; by: string },
): Promise<Commanded> => {
  const now = ports.clock.now()
  if (!Number.isFinite(until) || until <= now) return { ok: false, detail: 'a freeze needs a time that lies ahead' }
  if (lane !== '*' && (await ports.ledger.read('lane', lane)) === null)
    return { ok: false, detail: `there is no lane ${lane}` }
  for (;;) {
    const stored = await ports.ledger.read('freeze', lane)
    const { ok } = await ports.ledger.commit([
      { put: 'freeze', id: lane, revision: stored?.revision ?? 0, value: { lane, by, at: now, until } },
      {
        moment: {
          at: now,
          lane: lane === '*' ? '-' : lane,
          generation: null,
          attempt: null,
          kind: 'note',
          text: `${by} freezes ${lane === '*' ? 'every lane' : lane} until ${new Date(until).toISOString()}`,
        },
      },
    ])
    if (ok) return { ok: true, detail: `frozen until ${new Date(until).toISOString()}` }
  }
}

/** Ends a freeze and wakes who rested; said again it wakes them again, as when a bell was lost. */
export const thaw = async (ports: CommandPorts, lane: string, by: string): Promise<Commanded> => {
  const stored = await ports.ledger.read('freeze', lane)
  if (stored === null) {
    await ringWanted(ports, lane)
    return { ok: false, detail: `${lane} is not frozen` }
  }
  const { ok } = await ports.ledger.commit([
    { remove: 'freeze', id: lane, revision: stored.revision },
    {
      moment: {
        at: ports.clock.now(),
        lane: lane === '*' ? '-' : lane,
        generation: null,
        attempt: null,
        kind: 'note',
        text: `${by} ends the freeze`,
      },
    },
  ])
  if (!ok) return thaw(ports, lane, by)
  await ringWanted(ports, lane)
  return { ok: true, detail: 'thawed' }
}

/** Rings who carries out a lane, or each of them; one bell that fails keeps no other from being rung. */
const ringWanted = async (ports: CommandPorts, lane: string): Promise<void> => {
  const lanes = lane === '*' ? await everyLane(ports.ledger) : [(await ports.ledger.read('lane', lane))?.value]
  const failures: unknown[] = []
  for (const row of lanes)
    if (row?.state === 'wanted') await ringCurrent(ports, row).catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}

const onLane = async (
  ports: CommandPorts,
  lane: string,
  act: (stored: Stored<'lane'>) => Promise<Commanded | null>,
): Promise<Commanded> => {
  for (;;) {
    const stored = await ports.ledger.read('lane', lane)
    if (stored === null) return { ok: false, detail: `there is no lane ${lane}` }
    const done = await act(stored)
    if (done !== null) return done
  }
}

const ringCurrent = async (ports: CommandPorts, row: LaneRow): Promise<void> =>
  ringRun(ports, runName(identityOf(await ports.policies.load()), currentRun(row)))

const said = ({ clock }: CommandPorts, row: LaneRow, text: string) => ({
  moment: { at: clock.now(), ...currentRun(row), kind: 'note' as const, text },
})
