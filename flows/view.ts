import type { Groups } from '../core/answers.ts'
import { emptyDocument, type LaneDocument } from '../core/lane/document.ts'
import { type Letter, type LookLetter, letterRow } from '../core/lane/letters.ts'
import { holdingOf, lanesOfPools, lineSum, poolRooms, roomOfSum, roomsOf } from '../core/lane/room.ts'
import type { View } from '../core/lane/view.ts'
import { kindOf } from '../core/lane-kinds/catalogue.ts'
import type { LaneKind } from '../core/lane-kinds/kind.ts'
import { groupsOf } from '../core/policy/approvals.ts'
import type { Policy } from '../core/policy.ts'
import type { Reaction } from '../core/reactions/reaction.ts'
import { type HoldRow, type IdentityRow, type LineRow, lineId, type RowKind, SELF, type SideRow } from '../core/rows.ts'
import { believed } from './approvers.ts'
import { everyLetter, isDue, someOf } from './due-letters.ts'
import { identityOf, isWhole, type Self } from './identity.ts'
import type { Key, Ledger, Stored } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { everyRow, readKeys, valuesOf } from './rows.ts'
import { SIDES } from './sides.ts'

/** Who reconciles, and what it knows of lanes and events. */
export interface Reconciler {
  /** Names this invocation: a step that it marked is its own to touch. */
  me: string
  /** T: the function's limit and the longest request. Milliseconds. */
  handover: number
  /** Aborts when the function is soon ended: it stops between two acts, and whoever is woken next goes on. */
  timeUp?: AbortSignal
  kinds: readonly LaneKind[]
  reactions: readonly Reaction[]
  /** Mints the ledger's id if it has none yet; left out where nothing is written down. */
  mint?: (() => string) | undefined
}

/** A view with the revisions of everything that a commit may name. */
export interface Loaded {
  view: View
  /** Rows as they were read or last committed, by kind and id. */
  rows: Map<string, Stored<RowKind>>
  /** Whether letters are due that this commit leaves for the next. */
  more: boolean
}

/** On paper, before a ledger has an id. */
const UNMINTED = 'none-yet'

export const rowKey = (kind: RowKind, id: string): string => `${kind} ${id}`

/** Who stands first in a line: so many are looked at together. */
export const HEADS = 25

/**
 * Everything that a lane's next act rests on, in one round trip; beside it the rows that a commit has lost against. Throws `Unavailable`
 * when the ledger is away.
 */
export const readView = async (
  ports: Pick<WorkPorts, 'ledger' | 'policies' | 'clock'>,
  lane: string,
  reconciler: Reconciler,
  lost: readonly Key[] = [],
): Promise<Loaded | null> => {
  const kind = kindOf(reconciler.kinds, lane)
  if (kind === undefined) return null
  const policy = await ports.policies.load()
  const clock = ports.clock.now()
  const [rows, left, { line, contributions }] = await Promise.all([
    rowsOf(ports.ledger, { policy, lane, lost }),
    everyLetter(ports.ledger, lane, { now: clock, reactions: reconciler.reactions }),
    kind.grants === true ? roomOf(ports.ledger, lane) : { line: null, contributions: [] },
  ])
  for (const row of contributions) rows.set(rowKey('contribution', row.id), row)
  for (const row of left.found) rows.set(rowKey(letterRow(row.value), row.id), row)
  const at = <K extends RowKind>(which: K, id: string): Stored<K> | null =>
    (rows.get(rowKey(which, id)) ?? null) as Stored<K> | null
  const row = at('identity', SELF)?.value
  const self = isWhole(row) ? row : await minted(ports.ledger, reconciler, clock)
  const doc = at('lane', lane)?.value ?? emptyDocument({ ...policy, ledger: self?.ledger }, lane)
  // Another's clock may be ahead of ours: what it has written is not undone by ours.
  const now = Math.max(clock, doc.writtenAt)
  const letters = left.found.map(({ value }) => value)
  const due = letters.filter((letter) => isDue(letter, { now, reactions: reconciler.reactions }))
  const waiting = letters.filter((letter): letter is LookLetter => letter.kind === 'look' && letter.due > now)
  const { some, later } = someOf(due, waiting, reconciler.reactions)
  const more = some.length < due.length || left.more
  const { me, handover, reactions } = reconciler
  return {
    rows,
    more,
    view: {
      ...paperView({ policy, doc, kind, reactions, now, self }, some),
      me,
      handover,
      revision: at('lane', lane)?.revision ?? 0,
      plan: doc.run === null && doc.halfway !== true ? null : (at('plan', lane)?.value ?? null),
      later,
      unread: more,
      ...freezesIn(at, { policy, lane, now }),
      ...roomsIn(rows, lane),
      line,
      contributions: valuesOf(contributions),
      sides: sidesIn(at),
      groups: groupsIn(policy, at, now),
    },
  }
}

/** Once in a ledger's life. */
const minted = async (ledger: Ledger, { mint }: Reconciler, now: number): Promise<Self | null> =>
  mint === undefined ? null : identityOf(ledger, { mint, now })

/**
 * A view of a document alone, to fold letters on paper: nothing that is read beside it is known. Whose ledger it is of is told each
 * time, null where it has none yet: to who does not know it, our own pods are others'.
 */
export const paperView = (
  {
    policy,
    doc,
    kind,
    reactions,
    now,
    self,
  }: Pick<View, 'policy' | 'doc' | 'kind' | 'reactions' | 'now'> & { self: IdentityRow | null },
  letters: Letter[],
): View => ({
  now,
  me: 'on-paper',
  handover: 0,
  identity: { installation: policy.installation, ledger: self?.ledger ?? UNMINTED, name: doc.name },
  secret: self?.secret ?? '',
  fenceFrom: self?.fenceFrom ?? 0,
  generationFrom: self?.generationFrom ?? 0,
  kind,
  reactions,
  policy,
  revision: 0,
  doc,
  plan: null,
  letters,
  later: [],
  unread: false,
  frozenUntil: null,
  frozenPools: {},
  holds: {},
  lines: {},
  line: null,
  contributions: [],
  sides: {},
  groups: new Map(),
  results: {},
  world: null,
  looked: false,
  fresh: false,
  moved: false,
})

/** Rows by kind and id: those of the policy in force, and in a second batch what only the document still names. */
const rowsOf = async (
  ledger: Ledger,
  { policy, lane, lost }: { policy: Policy; lane: string; lost: readonly Key[] },
): Promise<Loaded['rows']> => {
  const rooms = roomsOf(policy)
  const rows: Loaded['rows'] = new Map()
  const read = async (keys: Key[]): Promise<void> => {
    const found = await readKeys(ledger, keys)
    for (const [index, row] of found.entries())
      if (row !== null) rows.set(rowKey((keys[index] as Key).kind, row.id), row)
  }
  await read([...keysOf(policy, lane), ...lost])
  const doc = (rows.get(rowKey('lane', lane))?.value ?? { run: null }) as Pick<LaneDocument, 'run' | 'stands'>
  const named = new Set([
    ...Object.keys(holdingOf(doc)),
    ...Object.keys(holdingOf({ ...doc, run: null })),
    ...Object.keys(doc.run?.line?.needs ?? {}),
  ])
  const others = [...named].filter((room) => !rooms.includes(room))
  const more = [...placesIn(others, lane), ...standingIn(doc)]
  if (more.length > 0) await read(more)
  return rows
}

/** Where the document says that its run stands in line: a restore may hold the one without the other. */
const standingIn = ({ run }: Pick<LaneDocument, 'run'>): Key[] => {
  const { place = '', rooms = [] } = run?.line ?? {}
  return rooms.map((room): Key => ({ kind: 'line', id: lineId(room, place) }))
}

/** What the rows say of rooms: what is held for the lane, and how many stand in lines. */
export const roomsIn = (rows: Loaded['rows'], lane: string): Pick<View, 'holds' | 'lines'> => {
  const [holds, lines]: [Record<string, HoldRow>, Record<string, number>] = [{}, {}]
  for (const [key, { id, value }] of rows) {
    if (key.startsWith('hold ')) holds[id.slice(0, -lane.length - 1)] = value as HoldRow
    if (key.startsWith('sum line/')) lines[roomOfSum(id)] = (value as { n: number }).n
  }
  return { holds, lines }
}

/** Of the lane of a pool: who stands first in its line, and what goes on top of its ceiling. */
const roomOf = async (ledger: Pick<Ledger, 'list'>, lane: string) => {
  const [line, contributions] = await Promise.all([headsOf(ledger, lane), everyRow(ledger, 'contribution', `${lane}#`)])
  return { line, contributions }
}

/** Who stands first in a room's line, in order. */
export const headsOf = async (ledger: Pick<Ledger, 'list'>, room: string): Promise<LineRow[]> =>
  valuesOf(await ledger.list('line', { prefix: `${room}#`, limit: HEADS }))

const placesIn = (rooms: string[], lane: string): Key[] =>
  rooms.map((room): Key => ({ kind: 'hold', id: `${room}#${lane}` }))

const keysOf = (policy: Policy, lane: string): Key[] => [
  { kind: 'lane', id: lane },
  { kind: 'plan', id: lane },
  { kind: 'freeze', id: lane },
  { kind: 'freeze', id: '*' },
  ...lanesOfPools(policy)
    .filter((pool) => pool !== lane)
    .map((pool): Key => ({ kind: 'freeze', id: pool })),
  { kind: 'identity', id: SELF },
  ...SIDES.map((side) => ({ kind: 'side' as const, id: side })),
  ...groupsOf(policy.approvals).map((group) => ({ kind: 'group' as const, id: group })),
  ...placesIn(roomsOf(policy), lane),
  ...poolRooms(policy).map((room): Key => ({ kind: 'sum', id: lineSum(room) })),
]

/** Freezes that are not over: of the lane or all, and of pools. */
const freezesIn = (
  at: (kind: 'freeze', id: string) => Stored<'freeze'> | null,
  { policy, lane, now }: { policy: Policy; lane: string; now: number },
): Pick<View, 'frozenUntil' | 'frozenPools'> => {
  const until = (id: string): number => at('freeze', id)?.value.until ?? 0
  const own = Math.max(until(lane), until('*'))
  const pools = lanesOfPools(policy).filter((pool) => until(pool) > now)
  return {
    frozenUntil: own > now ? own : null,
    frozenPools: Object.fromEntries(pools.map((pool) => [pool, until(pool)])),
  }
}

/** The far sides that do not answer. */
const sidesIn = (at: (kind: 'side', id: string) => Stored<'side'> | null): View['sides'] =>
  Object.fromEntries(
    SIDES.flatMap((side): [string, SideRow][] => {
      const row = at('side', side)
      return row === null ? [] : [[side, row.value]]
    }),
  )

/** What is known of the approvers' user groups; null where it is not known, or no longer believed. */
const groupsIn = (policy: Policy, at: (kind: 'group', id: string) => Stored<'group'> | null, now: number): Groups =>
  new Map(groupsOf(policy.approvals).map((group) => [group, believed(at('group', group)?.value ?? null, now)]))
