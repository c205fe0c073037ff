import type { Groups } from '../core/answers.ts'
import { emptyDocument } from '../core/lane/document.ts'
import { policyNow } from '../core/lane/floors.ts'
import { type Letter, type LookLetter, letterRow } from '../core/lane/letters.ts'
import { lanesOfPools, roomOfSum } from '../core/lane/room.ts'
import { isOutdated } from '../core/lane/under.ts'
import type { View } from '../core/lane/view.ts'
import { kindOf } from '../core/lane-kinds/catalogue.ts'
import type { LaneKind } from '../core/lane-kinds/kind.ts'
import { groupsOf } from '../core/policy/approvals.ts'
import type { Policy } from '../core/policy.ts'
import type { Reaction } from '../core/reactions/reaction.ts'
import { type HoldRow, type IdentityRow, type RowKind, SELF, type SideRow } from '../core/rows.ts'
import { believed } from './approvers.ts'
import { everyLetter, isDue, someOf } from './due-letters.ts'
import { identityOf, isWhole, type Self } from './identity.ts'
import type { Key, Ledger, Stored } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { SIDES } from './sides.ts'
import { type FoundRows, ownRows, rowKey, rowsOf } from './view-rows.ts'

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
  rows: FoundRows
  /** Whether letters are due that this commit leaves for the next. */
  more: boolean
}

/** On paper, before a ledger has an id. */
const UNMINTED = 'none-yet'

/**
 * Everything that a lane's next act rests on, in one round trip; beside it the rows that a commit has lost against. Who holds an older policy than
 * the lane was decided under asks for it anew first. Throws `Unavailable` when the ledger is away, or that cannot be had.
 */
export const readView = async (
  ports: Pick<WorkPorts, 'ledger' | 'policies' | 'clock'>,
  lane: string,
  reconciler: Reconciler,
  lost: readonly Key[] = [],
): Promise<Loaded | null> => {
  const kind = kindOf(reconciler.kinds, lane)
  if (kind === undefined) return null
  const loaded = await readUnder(ports, await ports.policies.load(), { lane, kind, reconciler, lost })
  const { doc, policy } = loaded.view
  const newer = isOutdated(policy, doc) ? await ports.policies.notBefore?.(doc.policyAt) : undefined
  return newer === undefined ? loaded : readUnder(ports, newer, { lane, kind, reconciler, lost })
}

const readUnder = async (
  ports: Pick<WorkPorts, 'ledger' | 'clock'>,
  policy: Policy,
  { lane, kind, reconciler, lost }: { lane: string; kind: LaneKind; reconciler: Reconciler; lost: readonly Key[] },
): Promise<Loaded> => {
  const clock = ports.clock.now()
  const [rows, left, own] = await Promise.all([
    rowsOf(ports.ledger, { policy, lane, lost }),
    everyLetter(ports.ledger, lane, { now: clock, reactions: reconciler.reactions }),
    ownRows(ports.ledger, kind, { lane, policy, now: clock, kinds: reconciler.kinds }),
  ])
  for (const [key, row] of [...own.rows, ...left.found.map(letterAt)]) rows.set(key, row)
  const at = <K extends RowKind>(which: K, id: string): Stored<K> | null =>
    (rows.get(rowKey(which, id)) ?? null) as Stored<K> | null
  const row = at('identity', SELF)?.value
  const self = isWhole(row) ? row : await minted(ports.ledger, reconciler, clock)
  const doc = at('lane', lane)?.value ?? emptyDocument({ ...policy, ledger: self?.ledger }, lane)
  // Another's clock may be ahead of ours: what it has written is not undone by ours.
  const now = Math.max(clock, doc.writtenAt)
  const { me, handover, reactions } = reconciler
  const { some, later, less } = dueOf(
    left.found.map(({ value }) => value),
    { now, reactions },
  )
  const more = less || left.more
  const rungs = rungsIn(rows)
  const kept = policyNow(policy, { kind, lane }, { rungs, now })
  return {
    rows,
    more,
    view: {
      ...paperView({ policy: kept, doc, kind, reactions, now, self }, some),
      me,
      handover,
      revision: at('lane', lane)?.revision ?? 0,
      plan: doc.run === null && doc.halfway !== true ? null : (at('plan', lane)?.value ?? null),
      later,
      unread: more,
      ...freezesIn(at, { policy, lane, now }),
      ...roomsIn(rows, lane),
      ...own.seen,
      rungs,
      sides: sidesIn(at),
      groups: groupsIn(policy, at, now),
    },
  }
}

/** Letters that are due, as many as one commit takes, and the earliest that is due later. `less`: there are more that are due. */
const dueOf = (letters: Letter[], { now, reactions }: Pick<View, 'now' | 'reactions'>) => {
  const due = letters.filter((letter) => isDue(letter, { now, reactions }))
  const waiting = letters.filter((letter): letter is LookLetter => letter.kind === 'look' && letter.due > now)
  const { some, later } = someOf(due, waiting, reactions)
  return { some, later, less: some.length < due.length }
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
  rungs: [],
  metered: null,
  sides: {},
  groups: new Map(),
  results: {},
  world: null,
  looked: false,
  fresh: false,
  moved: false,
})

/** What the rows say of rooms: what is held for the lane, and how many stand in lines. */
export const roomsIn = (rows: Loaded['rows'], lane: string): Pick<View, 'holds' | 'lines'> => {
  const [holds, lines]: [Record<string, HoldRow>, Record<string, number>] = [{}, {}]
  for (const [key, { id, value }] of rows) {
    if (key.startsWith('hold ')) holds[id.slice(0, -lane.length - 1)] = value as HoldRow
    if (key.startsWith('sum line/')) lines[roomOfSum(id)] = (value as { n: number }).n
  }
  return { holds, lines }
}

const letterAt = (row: Stored<RowKind> & { value: Letter }): [string, Stored<RowKind>] => [
  rowKey(letterRow(row.value), row.id),
  row,
]

const rungsIn = (rows: Loaded['rows']): View['rungs'] =>
  [...rows].flatMap(([key, { value }]) => (key.startsWith('rung ') ? [value as View['rungs'][number]] : []))

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
