import type { Change } from '../core/lane/change.ts'
import { type LaneDocument, type Run, sameRun } from '../core/lane/document.ts'
import { waitsForSide } from '../core/lane/halfway.ts'
import { type Letter, letterRow } from '../core/lane/letters.ts'
import { lanesOfPools, poolsHeldOf } from '../core/lane/room.ts'
import { isOnRung } from '../core/lane/rungs.ts'
import { ruleFor } from '../core/lane-kinds/catalogue.ts'
import { rungId } from '../core/money/rungs.ts'
import { rungName } from '../core/policy/rung.ts'
import { contributionId } from '../core/pools/contribution.ts'
import { pastId, type RowKind, resultId } from '../core/rows.ts'
import { sideOfTelling } from '../core/telling.ts'
import { rungKeys } from './ladder.ts'
import { type Stored, type Write, weightOf } from './ledger-port.ts'
import { roomWrites } from './room-writes.ts'
import type { Loaded } from './view.ts'
import { rowKey } from './view-rows.ts'

/** A change as the writes of one commit. `before` is the document as it was read or last committed. */
export const writesOf = (
  { view, rows }: Loaded,
  before: { doc: LaneDocument; revision: number },
  change: Change,
): Write[] => {
  const { lane, name } = view.doc
  const at = view.now
  /** 0, it is not there, of what only this document's commits make: unless one was lost against it, which a restore has left. */
  const revisionOf = (kind: RowKind, id: string): number => rows.get(rowKey(kind, id))?.revision ?? 0
  const known = !isNobody(view, before.revision)
  return [
    ...(known ? [{ put: 'lane' as const, id: lane, revision: before.revision, value: change.doc }] : []),
    ...(known && before.revision === 0
      ? [nameWrite(view.doc, (rows.get(rowKey('name', name)) ?? null) as Stored<'name'> | null)]
      : []),
    ...planWrites(lane, change, revisionOf),
    ...(known ? dueWrites(lane, before.doc, change.doc) : []),
    ...change.removed.flatMap((letter) => removal(letter, rows)),
    ...change.later.flatMap((letter) => postponing(letter, { rows, revisionOf })),
    ...keptChecks(view, { before, change }, revisionOf),
    ...roomWrites({ view, rows }, before, change),
    ...contributionWrites(change, revisionOf),
    ...rungWrites(change, revisionOf),
    ...change.results.map((row): Write => {
      const id = resultId(lane, row.row)
      return { put: 'result', id, revision: revisionOf('result', id), value: row }
    }),
    ...change.past.map((row): Write => {
      const id = pastId(lane, row.run)
      return { put: 'past', id, revision: revisionOf('past', id), value: row }
    }),
    ...change.shadows.map(({ row }, index) => ({
      put: 'shadow' as const,
      id: `${lane}#${inOrderOf(at, before.revision + 1, index)}`,
      revision: 0,
      value: row,
    })),
    ...tellingWrites(lane, before.revision + 1, { change, at }),
    ...change.moments.map((moment) => ({ moment: { ...moment, at, lane } })),
    ...countWrites(change.counts),
  ]
}

/**
 * A lane that never was, and that the policy does not have: a label in the cluster or a letter may name any. Its letters are
 * answered, and no document comes of them.
 */
export const isNobody = ({ kind, doc, policy }: Loaded['view'], revision: number): boolean =>
  revision === 0 && ruleFor(kind, doc.lane, policy) === null

/** What a change weighs as one commit. */
export const weightOfChange = (...given: Parameters<typeof writesOf>): number =>
  writesOf(...given).reduce((sum, write) => sum + weightOf(write), 0)

type RevisionOf = (kind: RowKind, id: string) => number

/** The name of a lane, with its first document. A restore may have left it there; one that is another lane's is never taken from it. */
export const nameWrite = ({ lane, name }: LaneDocument, row: Stored<'name'> | null): Write => ({
  put: 'name',
  id: name,
  revision: row?.value.lane === lane ? row.revision : 0,
  value: { lane },
})

const planWrites = (lane: string, { plan }: Change, revisionOf: RevisionOf): Write[] => {
  // The plan of a run that is over stays until the next: the document names the digest of the one that counts.
  return plan == null ? [] : [{ put: 'plan', id: lane, revision: revisionOf('plan', lane), value: plan }]
}

const dueWrites = (lane: string, before: LaneDocument, after: LaneDocument): Write[] =>
  before.due === after.due && waitsForSide(before) === waitsForSide(after)
    ? []
    : [{ due: { group: lane, by: 'lane' }, at: after.due, was: before.due, side: waitsForSide(after) }]

const rowOf = (letter: Letter): string => `${letter.lane}#${letter.id}`

/** As it was read: what one change of a commit has put off and the next has answered was never written so, or never at all. */
const removal = (letter: Letter, rows: Loaded['rows']): Write[] => {
  const id = rowOf(letter)
  const stored = rows.get(rowKey(letterRow(letter), id))
  return stored == null ? [] : letterGone(stored as Stored<'look' | 'order'>)
}

/** A letter that was answered is gone, and due no more. */
export const letterGone = ({ id, revision, value }: Stored<'look' | 'order'>): Write[] => {
  const letter = value as Letter
  return [
    { remove: letterRow(letter), id, revision },
    { due: { group: letter.lane, by: letter.id }, at: null, was: letter.due, side: null },
  ]
}

const postponing = (
  letter: Change['later'][number],
  { rows, revisionOf }: { rows: Loaded['rows']; revisionOf: RevisionOf },
): Write[] => {
  const id = rowOf(letter)
  const was = (rows.get(rowKey('look', id))?.value as Letter | undefined)?.due ?? null
  const side = letter.waits?.reason === 'source-unreadable' ? letter.waits.side : null
  return [
    { put: 'look', id, revision: revisionOf('look', id), value: letter },
    { due: { group: letter.lane, by: letter.id }, at: letter.due, was, side },
  ]
}

/** The last of each: what one change of a commit has written and the next has forgotten was never there. */
const contributionWrites = ({ contributions }: Change, revisionOf: RevisionOf): Write[] =>
  [...new Map(contributions.map((one) => [contributionId(one.row), one]))].flatMap(([id, { row, gone }]): Write[] => {
    const revision = revisionOf('contribution', id)
    if (!gone) return [{ put: 'contribution', id, revision, value: row }]
    return revision === 0 ? [] : [{ remove: 'contribution', id, revision }]
  })

/** Likewise of rungs. */
const rungWrites = ({ rungs }: Change, revisionOf: RevisionOf): Write[] =>
  [...new Map(rungs.map((one) => [rungId(one.row), one]))].flatMap(([id, { row, gone }]): Write[] => {
    const revision = revisionOf('rung', id)
    if (!gone) return [{ put: 'rung', id, revision, value: row }]
    return revision === 0 ? [] : [{ remove: 'rung', id, revision }]
  })

/**
 * What begins does so only while nothing has come since the view was read that keeps it back, and who rests on that has not been let go since: a thaw,
 * or a rung that is over, tells those alone who have written that they rest so. What goes back is never kept back (law 18).
 */
const keptChecks = (
  view: Loaded['view'],
  { before, change }: { before: { doc: LaneDocument }; change: Change },
  revisionOf: RevisionOf,
): Write[] => {
  const [begins, { rest }] = [hasBegunIn(before.doc, change), change.doc]
  const freezes = begins || rest?.why === 'frozen' ? [before.doc.lane, '*', ...poolsRead(view, change)] : []
  const rungs = begins || isOnRung(rest) || change.grants.length > 0 ? rungsRead(view) : []
  return [
    ...[...new Set(freezes)].map((id): Write => ({ check: 'freeze', id, revision: revisionOf('freeze', id) })),
    ...rungs.map((id): Write => ({ check: 'rung', id, revision: revisionOf('rung', id) })),
  ]
}

/** Whether a change begins something: it marks a step, or holds. */
const hasBegunIn = ({ run: was }: LaneDocument, { doc, past }: Change): boolean => {
  const runs = [...past.map(({ run }) => run), ...(doc.run === null ? [] : [doc.run])]
  return runs.some((run) => {
    const before = sameRun(was, run) ? was : null
    const begun = before === null ? [] : begunOf(before)
    return begunOf(run).some((name) => !begun.includes(name)) || (run.hold !== null && (before?.hold ?? null) === null)
  })
}

/** The rows of rungs that may keep something from beginning, unasked or at all, whether they are there or not. Who writes them asks nobody. */
const rungsRead = ({ kind, policy }: Loaded['view']): string[] => {
  if (kind.ladder === true) return []
  const acting = (policy.budget.ladder ?? []).filter(({ do: does }) => does !== 'notify').map(rungName)
  return acting.flatMap((name) => rungKeys(policy, name)).map(({ id }) => id)
}

/** Lanes of pools that the plan holds of, of which freezes are read: those of the policy in force. */
const poolsRead = ({ plan, policy }: Loaded['view'], change: Change): string[] => {
  const read = lanesOfPools(policy)
  return poolsHeldOf((change.plan ?? plan)?.plan).filter((pool) => read.includes(pool))
}

/** Steps forth that were marked. */
const begunOf = ({ steps }: Run): string[] =>
  steps.filter(({ way, by }) => way === 'forth' && by !== null).map(({ name }) => name)

/** Several rows of one commit, and those of two commits of one moment, have ids of their own. */
const inOrderOf = (at: number, revision: number, index: number): string =>
  `${String(at).padStart(14, '0')}.${String(revision).padStart(8, '0')}.${String(index).padStart(2, '0')}`

/** What a change tells, each once. */
export const tellingWrites = (
  lane: string,
  revision: number,
  { change, at }: { change: Pick<Change, 'tellings'>; at: number },
): Write[] => {
  const told = new Map(change.tellings.map((telling) => [JSON.stringify(telling), telling]))
  return [...told.values()].flatMap((telling, index): Write[] => {
    const id = inOrderOf(at, revision, index)
    return [
      {
        put: 'out',
        id: `${lane}#${id}`,
        revision: 0,
        value: { lane, at, telling, tries: 0, refused: null, again: null },
      },
      { due: { group: outGroup(lane, sideOfTelling(telling)), by: id }, at, was: null, side: null },
    ]
  })
}

/** What a lane tells has its own group, one for each far side: one that does not answer keeps no other waiting. */
export const outGroup = (lane: string, side: string): string => `out/${side}/${lane}`

/** How often each of these happened. */
export const countWrites = (counts: string[]): Write[] => {
  const by = new Map<string, number>()
  for (const count of counts) by.set(count, (by.get(count) ?? 0) + 1)
  return [...by].map(([count, n]) => ({ count, by: n }))
}
