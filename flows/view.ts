import type { Groups } from '../core/answers.ts'
import { whereOf } from '../core/lane/answering.ts'
import { emptyDocument, type LaneDocument } from '../core/lane/document.ts'
import { inOrder, isUnderstood, type Letter, type LookLetter, letterRow } from '../core/lane/letters.ts'
import { amountsOf } from '../core/lane/room.ts'
import type { View } from '../core/lane/view.ts'
import { kindOf } from '../core/lane-kinds/catalogue.ts'
import type { LaneKind } from '../core/lane-kinds/kind.ts'
import { groupsOf, type Policy } from '../core/policy.ts'
import type { Reaction } from '../core/reactions/reaction.ts'
import { type IdentityRow, type RowKind, SELF, type SideRow } from '../core/rows.ts'
import { believed } from './approvers.ts'
import { identityOf } from './identity.ts'
import type { Key, Ledger, Stored } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { SIDES } from './sides.ts'
import { roomsOf } from './sums.ts'

/** Who reconciles, and what it knows of lanes and events. */
export interface Reconciler {
  /** Names this invocation: a step that it marked is its own to touch. */
  me: string
  /** T: the function's limit and the longest request. Milliseconds. */
  handover: number
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

/** Letters of one commit: so many, and at most so many that are answered each by itself (a commit has its weight). */
const LETTERS = 16
const ANSWERS = 6
/** Letters that are read at once. */
const PAGE = 100

/** Everything that a lane's next act rests on, in one round trip. Throws `Unavailable` when the ledger is away. */
export const readView = async (
  ports: Pick<WorkPorts, 'ledger' | 'policies' | 'clock'>,
  lane: string,
  reconciler: Reconciler,
): Promise<Loaded | null> => {
  const kind = kindOf(reconciler.kinds, lane)
  if (kind === undefined) return null
  const policy = await ports.policies.load()
  const clock = ports.clock.now()
  const [rows, looks, orders] = await Promise.all([
    rowsOf(ports.ledger, policy, lane),
    lettersOf(ports.ledger, 'look', { lane, now: clock }),
    lettersOf(ports.ledger, 'order', { lane, now: clock }),
  ])
  for (const row of [...looks.found, ...orders.found]) rows.set(rowKey(letterRow(row.value as Letter), row.id), row)
  const at = <K extends RowKind>(which: K, id: string): Stored<K> | null =>
    (rows.get(rowKey(which, id)) ?? null) as Stored<K> | null
  const self = at('identity', SELF)?.value ?? (await minted(ports.ledger, reconciler, clock))
  const doc = at('lane', lane)?.value ?? emptyDocument({ ...policy, ledger: self?.ledger }, lane)
  // Another's clock may be ahead of ours: what it has written is not undone by ours.
  const now = Math.max(clock, doc.writtenAt)
  const letters = [...looks.found, ...orders.found].map(({ value }) => value as Letter)
  const due = letters.filter((letter) => isDue(letter, now))
  const waiting = letters.filter((letter): letter is LookLetter => letter.kind === 'look' && letter.due > now)
  const { some, later } = someOf(due, waiting, reconciler.reactions)
  const more = some.length < due.length || looks.more || orders.more
  const frozen = [at('freeze', lane)?.value.until ?? 0, at('freeze', '*')?.value.until ?? 0]
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
      frozenUntil: Math.max(...frozen) > now ? Math.max(...frozen) : null,
      sides: Object.fromEntries(
        SIDES.flatMap((side): [string, SideRow][] => {
          const row = at('side', side)
          return row === null ? [] : [[side, row.value]]
        }),
      ),
      groups: groupsIn(policy, at, now),
    },
  }
}

/** Once in a ledger's life. */
const minted = async (ledger: Ledger, { mint }: Reconciler, now: number): Promise<IdentityRow | null> =>
  mint === undefined ? null : identityOf(ledger, { mint, now })

/** A view of a document alone, to fold letters on paper: nothing that is read beside it is known. */
export const paperView = (
  {
    policy,
    doc,
    kind,
    reactions,
    now,
    self = null,
  }: Pick<View, 'policy' | 'doc' | 'kind' | 'reactions' | 'now'> & { self?: IdentityRow | null },
  letters: Letter[],
): View => ({
  now,
  me: 'on-paper',
  handover: 0,
  identity: { installation: policy.installation, ledger: self?.ledger ?? UNMINTED, name: doc.name },
  fenceFrom: self?.fenceFrom ?? 0,
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
  sides: {},
  groups: new Map(),
  results: {},
  world: null,
  fresh: false,
  moved: false,
})

/** Rows by kind and id: those of the policy in force, and in a second batch what only the document still names. */
const rowsOf = async (ledger: Ledger, policy: Policy, lane: string): Promise<Loaded['rows']> => {
  const rooms = roomsOf(policy)
  const rows: Loaded['rows'] = new Map()
  const read = async (keys: Key[]): Promise<void> => {
    for (const [index, row] of (await ledger.read(keys)).entries())
      if (row !== null) rows.set(rowKey((keys[index] as Key).kind, row.id), row)
  }
  await read(keysOf(policy, lane))
  const { run } = (rows.get(rowKey('lane', lane))?.value ?? { run: null }) as Pick<LaneDocument, 'run'>
  const named = new Set([...Object.keys(amountsOf(run?.hold ?? null)), ...(run?.line ?? [])])
  const others = [...named].filter((room) => !rooms.includes(room))
  if (others.length > 0) await read(placesIn(others, lane))
  return rows
}

const placesIn = (rooms: string[], lane: string): Key[] =>
  rooms.flatMap((room): Key[] => [
    { kind: 'hold', id: `${room}#${lane}` },
    { kind: 'line', id: `${room}#${lane}` },
  ])

const keysOf = (policy: Policy, lane: string): Key[] => [
  { kind: 'lane', id: lane },
  { kind: 'plan', id: lane },
  { kind: 'freeze', id: lane },
  { kind: 'freeze', id: '*' },
  { kind: 'identity', id: SELF },
  ...SIDES.map((side) => ({ kind: 'side' as const, id: side })),
  ...groupsOf(policy.approvals).map((group) => ({ kind: 'group' as const, id: group })),
  ...placesIn(roomsOf(policy), lane),
]

const isDue = (letter: Letter, now: number): boolean => letter.due <= now && isUnderstood(letter)

/** Letters of one sort, those that are due among them: pages of letters that all wait are passed over. `more`: some were not read. */
const lettersOf = async (
  ledger: Ledger,
  kind: 'look' | 'order',
  { lane, now }: { lane: string; now: number },
): Promise<{ found: Stored<'look' | 'order'>[]; more: boolean }> => {
  const found: Stored<'look' | 'order'>[] = []
  for (let after: string | undefined; ; ) {
    const page = await ledger.list(kind, { prefix: `${lane}#`, limit: PAGE, ...(after === undefined ? {} : { after }) })
    found.push(...page)
    if (page.length < PAGE) return { found, more: false }
    if (page.some(({ value }) => isDue(value, now))) return { found, more: true }
    after = page.at(-1)?.id
  }
}

/**
 * The first letters, as many as one commit can answer: those that point at one place are answered as one, together with those
 * that wait there. Of these, what is too many is left for another fold, and so is a place that does not fit any more.
 */
export const someOf = (
  due: Letter[],
  waiting: LookLetter[],
  reactions: readonly Reaction[],
): { some: Letter[]; later: LookLetter[] } => {
  const whereAt = (letter: Letter): string => (letter.kind === 'look' ? whereOf({ reactions }, letter) : letter.id)
  const answers = new Set<string>()
  const [some, taken]: [Letter[], LookLetter[]] = [[], []]
  for (const letter of inOrder(due)) {
    const answer = whereAt(letter)
    const isNew = !answers.has(answer)
    if (isNew && answers.size === ANSWERS) continue
    const there = isNew ? waiting.filter((other) => whereAt(other) === answer) : []
    const room = LETTERS - some.length - taken.length
    if (room < 1 || (some.length > 0 && room < 1 + there.length)) break
    answers.add(answer)
    some.push(letter)
    taken.push(...there.slice(0, room - 1))
  }
  const elsewhere = waiting.filter((letter) => !answers.has(whereAt(letter)))
  return { some, later: [...taken, ...elsewhere] }
}

/** What is known of the approvers' user groups; null where it is not known, or no longer believed. */
const groupsIn = (policy: Policy, at: (kind: 'group', id: string) => Stored<'group'> | null, now: number): Groups =>
  new Map(groupsOf(policy.approvals).map((group) => [group, believed(at('group', group)?.value ?? null, now)]))
