import type { KubeObject } from '../../core/kube.ts'
import { type Change, changed } from '../../core/lane/change.ts'
import { emptyDocument, type LaneDocument, type Run } from '../../core/lane/document.ts'
import { type Head, settleGrant } from '../../core/lane/granting.ts'
import { besideLine, inLineFor, whyWaits } from '../../core/lane/line.ts'
import { budgetRoom, holdOf, poolRoom } from '../../core/lane/room.ts'
import type { View } from '../../core/lane/view.ts'
import { pipeline } from '../../core/lane-kinds/pipeline.ts'
import { pool } from '../../core/lane-kinds/pool.ts'
import { label, laneLabel } from '../../core/names.ts'
import type { Plan } from '../../core/plan.ts'
import { poolView, usedByLane } from '../../core/planning/pool-view.ts'
import { parsePolicy } from '../../core/policy.ts'
import type { PoolView } from '../../core/world.ts'
import type { Stored, Write } from '../../flows/ledger-port.ts'
import { roomWrites } from '../../flows/room-writes.ts'
import { paperView, roomsIn } from '../../flows/view.ts'
import { committed } from './ledger.ts'
import {
  type Cluster,
  type Inside,
  isOwn,
  linesIn,
  type RoomCore,
  type RoomGuards,
  type RoomState,
} from './room-state.ts'
import type { Ledger } from './state.ts'

export const ROOM_CORE: RoomCore = { whyWaits, besideLine, inLineFor, holdOf, settleGrant }
export const ROOM_GUARDS: RoomGuards = { bounds: true, compares: true, seesGone: true, keepsStanding: true }

const POOL = 'p'
export const ROOM = poolRoom(POOL)
/** Far above every ceiling: the limit of the NodePool counts. */
const MOST = 100
export const policy = parsePolicy({
  cluster: 'c',
  results: { bucket: 'results' },
  budget: { dollars: 100 },
  pools: { [POOL]: { instanceType: 'g', gpusPerNode: 1, maxGpus: MOST } },
  approvals: { channel: '#c', approvers: [{ id: 'T1/U1', name: 'Ana' }], requesterMayApprove: true },
})
export const BUDGET = budgetRoom(policy.budget.name)

const podOf = (lane: string | null, gpus: number): KubeObject => {
  const limits = { 'nvidia.com/gpu': String(gpus) }
  const labels = lane === null ? {} : { [label('installation')]: policy.installation, [label('lane')]: laneLabel(lane) }
  const spec = { nodeSelector: { 'karpenter.sh/nodepool': POOL }, containers: [{ name: 'c', resources: { limits } }] }
  const namespace = policy.namespaces.training
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${lane}`, namespace, labels }, spec } as KubeObject
}

const views = new Map<string, PoolView>()
/** The pool as a lane counts it, from rows and a look that were read apart. */
export const counted = (
  { ceiling, foreign, pods }: Cluster,
  holds: readonly Stored<'hold'>[],
  { lane, lanes }: { lane: string; lanes: readonly string[] },
): PoolView => {
  const rows = holds.filter(({ id }) => id.startsWith(`${ROOM}#`)).map(({ value }) => value)
  const key = JSON.stringify([ceiling, foreign, pods, rows.map((row) => [row.lane, row.amount, row.lasts]), lane])
  const known = views.get(key)
  if (known !== undefined) return known
  const running = [podOf(null, foreign), ...pods.map((gpus, index) => podOf(lanes[index] ?? '', gpus))]
  const spec = { limits: { 'nvidia.com/gpu': String(ceiling) } }
  const nodePool = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: POOL }, spec } as KubeObject
  const seen = { pods: running, nodes: [], nodePools: [nodePool] }
  const held = {
    total: rows.reduce((sum, { amount }) => sum + amount, 0),
    own: rows.find((row) => row.lane === lane)?.amount ?? 0,
  }
  const by = new Map(rows.map((row) => [laneLabel(row.lane), row]))
  const used = usedByLane(seen, POOL, { policy, ledger: '' })
  const view = poolView(seen, { pool: POOL, policy, lane, ledger: '', used, by, held, ahead: false })
  views.set(key, view)
  return view
}

export const planFor = (gpus: number): Plan =>
  ({ steps: [], bounds: { gpus: { [POOL]: gpus }, dollars: 1 } }) as unknown as Plan

export const docIn = ({ rows }: Ledger, lane: string): LaneDocument =>
  (rows[`lane ${lane}`]?.value as LaneDocument | undefined) ?? emptyDocument(policy, lane)

/** What an invocation knows once it has read and looked. */
const viewOf = (lane: string, { read, holds, cluster }: Inside, lanes: readonly string[]): View => {
  const rows = new Map(Object.entries(read.rows).filter(([key]) => key.endsWith(`#${lane}`)))
  const dollars = (holds ?? []).filter(({ id }) => id.startsWith(`${BUDGET}#`) && !id.endsWith(`#${lane}`))
  return {
    ...paperView({ policy, doc: docIn(read, lane), kind: pipeline as never, reactions: [], now: 1, self: null }, []),
    ...roomsIn(rows, lane),
    lines: { [ROOM]: read.sums[`line/${ROOM}`] ?? 0 },
    revision: read.rows[`lane ${lane}`]?.revision ?? 0,
    world: {
      pools: { [POOL]: counted(cluster as Cluster, holds ?? [], { lane, lanes }) },
      dollars: { spent: 0, held: dollars.reduce((sum, { value }) => sum + value.amount, 0) / 100 },
      generations: [],
    },
  }
}

const outOfLine = ({ line: _, ...run }: Run): Run => run

/** What a lane does next with its room: as `settleHold` decides, without plans and approvals. */
export const decided = (
  core: RoomCore,
  {
    view,
    peak,
    state,
  }: { view: View; peak: number; state: Pick<RoomState, 'frozen' | 'cancelled'> & { first: boolean } },
): Change | null => {
  const { doc } = view
  const run = doc.run ?? ({ phase: 'planned', hold: null, steps: [] } as unknown as Run)
  if (state.first && state.cancelled) return changed({ ...doc, run: null, generation: 1 })
  if (state.first && state.frozen)
    return run.line === undefined ? null : changed({ ...doc, run: { ...outOfLine(run), phase: 'planned' } })
  const plan = planFor(peak)
  if (core.whyWaits(view, run, plan) !== null) {
    const line = core.inLineFor(view, run, { plan, until: null })
    return line === run.line ? null : changed({ ...doc, run: { ...run, phase: 'waiting-for-room', line } })
  }
  const { hold, guard } = core.holdOf(view, plan)
  const held: Run = { ...outOfLine(run), phase: 'steps', hold }
  return changed({ ...doc, run: held }, { guard, beside: core.besideLine(view, run, plan) })
}

export interface Tried {
  change: Change
  ledger: Ledger | null
}

const written = (ledger: Ledger, writes: readonly Write[], { bounds, compares }: RoomGuards): Ledger | null => {
  const counts = writes
    // Wakes and letters carry nothing that is decided from.
    .filter((write) => !('due' in write) && !('put' in write && write.put === 'look'))
    .map((write) => (compares ? write : withRevision(ledger, write)))
  const done = committed(ledger, counts, { bounds, compares } as never)
  return done.ok === true ? done.ledger : null
}

const withRevision = ({ rows }: Ledger, write: Write): Write => {
  if (!('put' in write) && !('remove' in write)) return write
  const name = 'put' in write ? `${write.put} ${write.id}` : `${write.remove} ${write.id}`
  return { ...write, revision: rows[name]?.revision ?? 0 } as Write
}

/** A lane's commit on what stands now; null: nothing is to be written. */
export const tried = (
  { core, guards, lanes }: { core: RoomCore; guards: RoomGuards; lanes: readonly string[] },
  state: RoomState,
  { index, peak }: { index: number; peak: number },
): Tried | null => {
  const lane = lanes[index] as string
  const inside = state.inside[index] as Inside
  const view = viewOf(lane, inside, lanes)
  const change = decided(core, { view, peak, state: { ...state, first: index === 0 } })
  if (change === null) return null
  return { change, ledger: written(state.ledger, writesOf(view, inside.read, change), guards) }
}

const writesOf = (view: View, read: Ledger, change: Change): Write[] => {
  const { lane } = view.doc
  const rows = new Map(Object.entries(read.rows).filter(([key]) => isOwn(key, lane)))
  const document = { put: 'lane' as const, id: lane, revision: view.revision, value: change.doc }
  return [document, ...roomWrites({ view, rows }, { doc: view.doc }, change)]
}

/** A run is over: its hold falls to what stands. */
export const closed = (
  guards: RoomGuards,
  { ledger }: RoomState,
  { lane, after }: { lane: string; after: number },
): Ledger | null => {
  const inside: Inside = { read: ledger, holds: [], cluster: { ceiling: 0, foreign: 0, pods: [] } }
  const view = viewOf(lane, inside, [])
  const stands = guards.keepsStanding && after > 0 ? { [POOL]: after } : undefined
  return written(ledger, writesOf(view, ledger, changed({ ...view.doc, run: null, stands, generation: 1 })), guards)
}

/** What the pool's lane grants, on what it has read. */
export const grantTried = (
  { core, guards, lanes }: { core: RoomCore; guards: RoomGuards; lanes: readonly string[] },
  { ledger }: RoomState,
  { read, holds, cluster, frozen }: Inside & { frozen: boolean },
): Tried | null => {
  const line = linesIn(read)
  const heads = line.map((row): Head => {
    const had = [ROOM, BUDGET].flatMap((room): [string, Stored<'hold'>][] => {
      const found = (holds ?? []).find(({ id }) => id === `${room}#${row.lane}`)
      return found === undefined ? [] : [[room, found]]
    })
    return { row, frozenUntil: frozen && row.lane === lanes[0] ? 9 : null, had: Object.fromEntries(had), behind: [] }
  })
  const doc = emptyDocument(policy, ROOM)
  const view: View = {
    ...viewOf(ROOM, { read, holds, cluster }, lanes),
    doc,
    kind: pool,
    line,
  }
  const change = core.settleGrant(view, heads)
  if (change.grants.length === 0) return null
  return { change, ledger: written(ledger, roomWrites({ view, rows: new Map() }, { doc }, change), guards) }
}
