import type { KubeObject } from '../../core/kube.ts'
import { type Change, changed } from '../../core/lane/change.ts'
import { emptyDocument, type LaneDocument, type Run } from '../../core/lane/document.ts'
import { besideLine, inLineFor, whyWaits } from '../../core/lane/line.ts'
import { budgetRoom, holdOf, lineSum, poolRoom } from '../../core/lane/room.ts'
import type { View } from '../../core/lane/view.ts'
import { pipeline } from '../../core/lane-kinds/pipeline.ts'
import type { Plan } from '../../core/plan.ts'
import { parsePolicy } from '../../core/policy.ts'
import type { RowKind, Rows } from '../../core/rows.ts'
import type { Committed, Key, Ledger, Stored, Write } from '../../flows/ledger-port.ts'
import type { WorkPorts } from '../../flows/ports.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { roomWrites } from '../../flows/room-writes.ts'
import { readRow } from '../../flows/rows.ts'
import { paperView, roomsIn } from '../../flows/view.ts'
import { rowKey } from '../../flows/view-rows.ts'
import { CATALOGUES } from '../../functions/door.ts'

/** Many runs that hold of one pool and one budget, on a ledger whose transactions meet each other. */

/** GPUs of each run; then, for its last step. */
const [PEAK, REST] = [8, 1]
const POOL = 'p'
const ROOM = poolRoom(POOL)
/** So many are at it side by side. */
const SIDE_BY_SIDE = 64

export interface Counted {
  runs: number
  /** Runs that were in flight at once: they held or waited. */
  inFlight: number
  /** Commits of each number of tries. */
  tries: Record<number, number>
  /** Commits that lost to another's, by the kind of row that they lost at. */
  lost: Record<string, number>
  /** Most times that anybody had to read again. */
  reads: number
  granted: number
  /** Commits of the pool's lane. */
  grants: number
  largest: { row: string; bytes: number }
  /** What is left in sums and rows at the end. */
  left: Record<string, number>
  /** Who was granted before one who came first. */
  overtaken: number
}

/** The ledger, some of whose transactions meet another: nothing is written then, and they are tried again (decision 0012). */
const meeting = (ledger: Ledger, random: () => number, counted: Counted): Ledger => ({
  ...ledger,
  commit: async (writes: Write[]): Promise<Committed> => {
    let tries = 1
    while (random() < 0.3) tries++
    counted.tries[tries] = (counted.tries[tries] ?? 0) + 1
    for (const write of writes) if ('put' in write) weigh(counted, write)
    // Others come in between.
    for (let n = 0; n < tries; n++) await Promise.resolve()
    const done = await ledger.commit(writes)
    if (!done.ok) counted.lost[done.conflict.kind] = (counted.lost[done.conflict.kind] ?? 0) + 1
    return done
  },
})

const weigh = (counted: Counted, { put, value }: Extract<Write, { put: unknown }>): void => {
  const bytes = Buffer.byteLength(JSON.stringify(value))
  if (bytes > counted.largest.bytes) counted.largest = { row: put, bytes }
}

interface Play {
  ledger: Ledger
  policy: ReturnType<typeof parsePolicy>
  ceiling: number
  counted: Counted
}

/**
 * Everybody holds or waits, side by side; then whoever holds goes on to its last step and ends, and the pool's lane grants those
 * who wait, until nobody is left.
 */
export const playHolders = async (
  given: Ledger,
  { runs, room, random }: { runs: number; room: number; random: () => number },
): Promise<Counted> => {
  const counted: Counted = {
    ...{ runs, inFlight: 0, tries: {}, lost: {}, reads: 0, granted: 0, grants: 0, overtaken: 0, left: {} },
    largest: { row: '', bytes: 0 },
  }
  const policy = parsePolicy({
    cluster: 'c',
    results: { bucket: 'results' },
    budget: { dollars: 1e9 },
    pools: { [POOL]: { instanceType: 'g', gpusPerNode: PEAK, maxGpus: room * PEAK } },
    approvals: { channel: '#c', approvers: [{ id: 'T1/U1', name: 'Ana' }], requesterMayApprove: true },
  })
  const play: Play = { ledger: meeting(given, random, counted), policy, ceiling: room * PEAK, counted }
  const lanes = Array.from({ length: runs }, (_, n) => `pipeline/d-${String(n).padStart(5, '0')}`)
  await sideBySide(lanes, (lane) => goesOn(play, lane))
  counted.inFlight = lanes.length
  for (let left = lanes; left.length > 0; ) {
    const ended = new Set<string>()
    await sideBySide(left, async (lane) => {
      if (await ends(play, lane)) ended.add(lane)
    })
    left = left.filter((lane) => !ended.has(lane))
    if (left.length > 0) await grants(play)
    await sideBySide(left, (lane) => goesOn(play, lane))
  }
  await leftIn(play)
  return counted
}

const sideBySide = async (lanes: readonly string[], work: (lane: string) => Promise<unknown>): Promise<void> => {
  const left = lanes.values()
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (const lane of left) await work(lane)
    }),
  )
}

const keysOf = ({ policy }: Play, lane: string): Key[] => {
  const rooms = [ROOM, budgetRoom(policy.budget.name)]
  return [
    { kind: 'lane', id: lane },
    ...rooms.flatMap((room): Key[] => [
      { kind: 'hold', id: `${room}#${lane}` },
      { kind: 'sum', id: room },
    ]),
    { kind: 'sum', id: lineSum(ROOM) },
  ]
}

/** What a lane reads, in one round trip. */
const readFor = async (play: Play, lane: string): Promise<{ view: View; rows: Map<string, Stored<RowKind>> }> => {
  const keys = keysOf(play, lane)
  const found = await play.ledger.read(keys)
  const rows = new Map<string, Stored<RowKind>>()
  for (const [index, row] of found.entries()) if (row !== null) rows.set(rowKey((keys[index] as Key).kind, row.id), row)
  const doc = (rows.get(rowKey('lane', lane))?.value as LaneDocument | undefined) ?? emptyDocument(play.policy, lane)
  const { holds, lines } = roomsIn(new Map([...rows].filter(([key]) => !key.startsWith('sum pool'))), lane)
  const sum = (rows.get(rowKey('sum', ROOM))?.value as Rows['sum'] | undefined)?.n ?? 0
  const pool = {
    pool: POOL,
    ceiling: play.ceiling,
    used: 0,
    usedByLane: 0,
    beyondHolds: 0,
    provisioned: 0,
    provisioning: 0,
  }
  const view: View = {
    ...paperView({ policy: play.policy, doc, kind: pipeline as never, reactions: [], now: 1, self: null }, []),
    holds,
    lines,
    revision: rows.get(rowKey('lane', lane))?.revision ?? 0,
    world: {
      pools: { [POOL]: { ...pool, heldByOthers: sum - (holds[ROOM]?.amount ?? 0) } },
      dollars: { spent: 0, held: 0 },
      generations: [],
    },
  }
  return { view, rows }
}

const PLAN = { steps: [], bounds: { gpus: { [POOL]: PEAK }, dollars: 10 } } as unknown as Plan

/** What a lane does with its room: as `settleHold` decides, without plans and approvals. */
const settled = (view: View): Change | null => {
  const run = view.doc.run ?? ({ phase: 'planned', hold: null, steps: [] } as unknown as Run)
  if (run.phase === 'steps') return null
  if (whyWaits(view, run, PLAN) !== null) {
    const line = inLineFor(view, run, { plan: PLAN, until: null })
    return line === run.line ? null : changed({ ...view.doc, run: { ...run, phase: 'waiting-for-room', line } })
  }
  const { hold, guard } = holdOf(view, PLAN)
  const { line: _, ...left } = run
  return changed(
    { ...view.doc, run: { ...left, phase: 'steps', hold } },
    { guard, beside: besideLine(view, run, PLAN) },
  )
}

/** Reads, settles and commits, again until it has won. */
const acts = async (play: Play, lane: string, act: (view: View) => Change | null): Promise<boolean> => {
  for (let reads = 1; ; reads++) {
    play.counted.reads = Math.max(play.counted.reads, reads)
    const { view, rows } = await readFor(play, lane)
    const change = act(view)
    if (change === null) return false
    const document: Write = { put: 'lane', id: lane, revision: view.revision, value: change.doc }
    const done = await play.ledger.commit([document, ...roomWrites({ view, rows }, { doc: view.doc }, change)])
    if (done.ok) return true
  }
}

const goesOn = (play: Play, lane: string): Promise<boolean> => acts(play, lane, settled)

/** Its hold falls to what its last step needs, and then to nothing. */
const ends = async (play: Play, lane: string): Promise<boolean> => {
  const falls = await acts(play, lane, ({ doc }) =>
    doc.run?.hold == null
      ? null
      : changed({ ...doc, run: { ...doc.run, hold: { ...doc.run.hold, gpus: { [POOL]: REST } } } }),
  )
  return falls && acts(play, lane, ({ doc }) => changed({ ...doc, run: null }))
}

/** The pool's own lane, as the product reconciles it. */
const grants = async ({ ledger, policy, ceiling, counted }: Play): Promise<void> => {
  const spec = { limits: { 'nvidia.com/gpu': String(ceiling) } }
  const nodePool = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: POOL }, spec } as KubeObject
  let again = true
  const watched: Ledger = {
    ...ledger,
    commit: async (writes) => {
      const places = writes.flatMap((write) => ('remove' in write && write.remove === 'line' ? [write.id] : []))
      const first = await ledger.list('line', { prefix: `${ROOM}#`, limit: places.length })
      const done = await ledger.commit(writes)
      if (!done.ok || places.length === 0) return done
      counted.grants++
      counted.granted += places.length
      if (first.some(({ id }) => !places.includes(id))) counted.overtaken++
      return done
    },
  }
  const ports = {
    ledger: watched,
    // It wakes itself where there is more to grant.
    queue: {
      wake: async (group: string) => {
        if (group === ROOM) again = true
      },
    },
    cluster: { list: async (kind: string) => (kind === 'NodePool' ? [nodePool] : []) },
    policies: { load: async () => policy },
    clock: { now: () => 1 },
  } as unknown as WorkPorts
  while (again) {
    again = false
    await reconcile(ports, ROOM, { ...CATALOGUES, me: `pool-${counted.grants}`, handover: 1 })
  }
}

const leftIn = async ({ ledger, policy, counted }: Play): Promise<void> => {
  for (const room of [ROOM, budgetRoom(policy.budget.name), lineSum(ROOM)])
    counted.left[room] = (await readRow(ledger, 'sum', room))?.value.n ?? 0
  for (const kind of ['hold', 'line'] as const)
    counted.left[kind] = (await ledger.list(kind, { prefix: `${ROOM}#`, limit: 10 })).length
}

/** What it came to, a line each. */
export const linesOf = (counted: Counted): string[] => {
  const { tries, runs, lost, reads, grants: commits, granted, largest } = counted
  const all = Object.values(tries).reduce((sum, n) => sum + n, 0)
  const within = Object.entries(tries).reduce((sum, [n, times]) => sum + (Number(n) <= 5 ? times : 0), 0)
  return [
    `${runs} runs in flight on one pool and one budget, 30 % of all transactions meet another: ${all} commits, ${((100 * within) / all).toFixed(2)} % within 5 tries (${JSON.stringify(tries)})`,
    `  lost to others: ${JSON.stringify(lost)}; nobody read more than ${reads} times for one act`,
    `  ${granted} were granted in order by ${commits} commits of the pool’s lane; largest row: ${largest.row}, ${largest.bytes} bytes`,
  ]
}
