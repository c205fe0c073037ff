import { nameOf } from '../answers.ts'
import type { Card } from '../cards.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { capOf } from '../money/rungs.ts'
import { capText } from '../money/rungs-text.ts'
import type { PoolPolicy } from '../policy.ts'
import { type Capped, ceilingAt, changesAfter, ownOf } from '../pools/ceiling.ts'
import type { Ceiling, ContributionRow } from '../pools/contribution.ts'
import { amountText, type Counts, mostKey } from '../pools/counts.ts'
import type { Telling } from '../telling.ts'
import { said } from '../text.ts'
import type { Act } from './act.ts'
import { type Change, changed, moment, REST } from './change.ts'
import { hasBegun, type LaneDocument, type Rest } from './document.ts'
import type { View } from './view.ts'

/**
 * What setting a ceiling came to: the limit that the NodePool had and has, or why it was not set. `right`: since we may not; `soon`: it was not answered, and is
 * tried again by itself; `theirs`: it is gone, or another's to set; `back`: what it had been set to by its lane is its own again, which it was not before.
 */
export type Resized =
  | { kind: 'set'; was: number | null }
  | { kind: 'not'; why: string; right?: true; soon?: true; theirs?: true; back?: { was: number | null } }

/** After so long. Milliseconds. */
const SOON = 5 * 60_000

type Seen = Pick<View, 'kind' | 'doc' | 'policy' | 'rungs' | 'now'>

/** The policy's pool of a lane that is one, with what caps it now. */
const ruleOf = ({ kind, doc, policy, ...seen }: Seen): (PoolPolicy & Capped) | undefined => {
  const name = laneName(doc.lane)
  const rule = kind.grants === true && Object.hasOwn(policy.pools, name) ? policy.pools[name] : undefined
  return rule === undefined ? undefined : { ...rule, cap: capOf(name, policy, seen) }
}

/**
 * Whether its lane sets a pool's ceiling: its policy lets it move, a rung caps it, or it has been set before. Of any other it stays as it was bootstrapped,
 * or as somebody has lowered it since (law 15).
 */
export const isManaged = (
  rule: Pick<PoolPolicy, 'hours' | 'leases'> & Capped,
  doc: Pick<LaneDocument, 'ceiling'> | null | undefined,
): boolean => rule.hours !== undefined || rule.leases !== undefined || rule.cap != null || doc?.ceiling !== undefined

/** The ceiling that a lane sees to, as it was last read; undefined: it sees to none. */
export const readCeiling = (doc: Pick<LaneDocument, 'ceiling'> | undefined): LaneDocument['ceiling'] => doc?.ceiling

/**
 * The ceiling that a pool's lane sees to now; null: it sees to none. What it had raised of a pool that has left the policy it takes back, once (laws 11, 18): from
 * then on nobody of us says how high that goes.
 */
const wantedCeiling = (view: View): number | null => {
  const rule = ruleOf(view)
  const { gpus = 0, own } = view.doc.ceiling ?? {}
  if (rule === undefined) return own === undefined ? null : Math.min(gpus, own)
  return isManaged(rule, view.doc) ? ceilingAt(rule, view.contributions, view.now) : null
}

/** Whether it is written down what a ceiling goes back to that is higher than the pool's own. */
export const isOwnKnown = (
  { gpus, own }: Pick<Ceiling, 'gpus' | 'own'>,
  rule: Pick<PoolPolicy, 'maxGpus' | 'gpusPerNode'> | undefined,
): boolean => rule === undefined || gpus <= ownOf(rule) || own === ownOf(rule)

/** Whether the lane of a pool that the policy has no more has something to do: its question closes, and what it has raised it takes back. */
export const isLeftOver = ({ run, ceiling }: Pick<LaneDocument, 'run' | 'ceiling'>): boolean =>
  (run !== null && !hasBegun(run)) || ceiling?.own !== undefined

/** Leases that are over. */
const overIn = ({ contributions, now }: View): ContributionRow[] => contributions.filter(({ until }) => until <= now)

/** What is next of a pool's ceiling, whatever its line or its run waits for; null: it is as it is to be. */
export const resizing = (view: View): Act | null => {
  const { ceiling } = view.doc
  const gpus = wantedCeiling(view)
  if (overIn(view).length > 0) return { kind: 'end-leases' }
  if (gpus === null) return null
  const rule = ruleOf(view)
  const isSo = ceiling !== undefined && ceiling.gpus === gpus && isOwnKnown(ceiling, rule)
  if (isSo && isSettled(ceiling, view.now) && (rule !== undefined || !mayBeHigher(ceiling))) return null
  const isMarked = isSo && ceiling.by === view.me
  return isMarked ? { kind: 'resize' } : { kind: 'mark-ceiling', gpus }
}

/** Whether somebody may have died who had set it higher for a lease, before that was written down; where it cannot be set it is tried again later. */
const mayBeHigher = ({ own, why }: Ceiling): boolean => own !== undefined && why === undefined

/** The document as a lease is about to be set: what it goes back to is known before, as of any ceiling that is higher than the pool's own. */
export const markedForLease = (view: Seen): LaneDocument => {
  const { doc } = view
  const rule = ruleOf(view)
  return rule === undefined || doc.ceiling === undefined
    ? doc
    : { ...doc, ceiling: { ...doc.ceiling, own: ownOf(rule) } }
}

/** Whether it was seen to be so, or it is too soon to try again. */
const isSettled = ({ at, again }: Ceiling, now: number): boolean => at !== null && (again === undefined || now < again)

/** Says which ceiling is to be set, by whom, before it is: a later one has a higher fence, and admission takes no lower. */
export const settleMarkCeiling = (view: View, gpus: number): Change => {
  const { doc, me, fenceFrom, revision } = view
  const { again: _, ...ceiling } = doc.ceiling ?? {}
  const rule = ruleOf(view)
  // Known until it was read to be no higher: who dies before that may leave what it was.
  const own = rule === undefined ? {} : { own: ownOf(rule) }
  return changed({ ...doc, ceiling: { ...ceiling, ...own, gpus, at: null, by: me, fence: revision + 1 + fenceFrom } })
}

/** The ceiling as its NodePool was read back. */
export const settleResized = (view: View, resized: Resized): Change => {
  const { doc, now } = view
  const ceiling = doc.ceiling as NonNullable<LaneDocument['ceiling']>
  const { why: known, again: _, ...marked } = ceiling
  const { gpus } = ceiling
  const soon = resized.kind === 'not' && resized.soon === true ? { again: now + SOON } : {}
  const seen = { ...withoutOwn(view, marked, resized), at: now, ...soon }
  const back = setBack(view, resized)
  if (resized.kind === 'not' && resized.why === known)
    return changed({ ...doc, ceiling: { ...seen, why: known } }, back)
  if (resized.kind === 'not')
    return changed(
      { ...doc, ceiling: { ...seen, why: resized.why } },
      {
        moments: [
          ...back.moments,
          moment('note', `its ceiling would be ${amountText(gpus, ruleOf(view))} and is not set: ${resized.why}`),
        ],
        // Its line is granted all the same, and somebody is told.
        counts: [...back.counts, ...(resized.right === true ? ['not-allowed:cluster'] : [])],
      },
    )
  return changed({ ...doc, ceiling: seen }, moved({ gpus, of: ruleOf(view) }, resized.was, becauseOf(view)))
}

/** What is told where it was another one. */
const moved = (
  { gpus, of }: { gpus: number; of: Counts | undefined },
  was: number | null,
  why: string,
): Pick<Change, 'moments' | 'counts'> => {
  if (was === gpus) return { moments: [], counts: [] }
  const text = `its ceiling is ${amountText(gpus, of)}, and was ${was === null ? 'no limit' : amountText(was, of)}: ${why}`
  return { moments: [moment('step', text, { data: { gpus, was } })], counts: ['resized'] }
}

/** Of a pool in shadow: what its lane had set is its own again. */
const setBack = (view: Seen, resized: Resized): ReturnType<typeof moved> => {
  const rule = ruleOf(view)
  if (rule === undefined || resized.kind === 'set' || resized.back === undefined) return { moments: [], counts: [] }
  return moved({ gpus: ownOf(rule), of: rule }, resized.back.was, `in shadow it keeps to ${ownKey(rule)}`)
}

/** Once it is no higher than its own, nothing is to be taken back; nor of a pool that has left the policy where others say how high it goes. */
const withoutOwn = (view: Seen, { own, ...ceiling }: Ceiling, resized: Resized): Ceiling => {
  const isDone =
    resized.kind === 'set'
      ? own === undefined || ceiling.gpus <= own
      : resized.theirs === true && ruleOf(view) === undefined
  return isDone || own === undefined ? ceiling : { ...ceiling, own }
}

/** How high the pool goes now, and why, as a lane that sees to it says while it rests; null: it sees to none. */
const ceilingText = (view: View): string | null => {
  const { ceiling } = view.doc
  if (ceiling === undefined) return null
  const gpus = amountText(ceiling.gpus, ruleOf(view))
  return ceiling.why === undefined
    ? `its ceiling is ${gpus}: ${becauseOf(view)}`
    : `its ceiling would be ${gpus} and is not set: ${ceiling.why}`
}

const ownKey = (of: Counts): string => `\`${mostKey(of)}\``

/** What a ceiling is made of now, in words. */
export const becauseOf = (view: Seen & Pick<View, 'contributions'>): string => {
  const rule = ruleOf(view)
  if (rule === undefined) return 'the policy has no such pool'
  const { cap, ...uncapped } = rule
  const own = ceilingAt(uncapped, [], view.now)
  const leased = ceilingAt(uncapped, view.contributions, view.now) - own
  const whose = rule.hours === undefined ? ownKey(rule) : `\`hours\` and ${ownKey(rule)}`
  return `${whose} of the policy say ${own}${leased === 0 ? '' : `, and ${leased} are leased`}${cap == null ? '' : `; ${capText(cap, view.policy.budget.name)}`}`
}

/** What is told of a lease that is over, once: by its pool, its name and its end. */
const overNote = (view: View, { id, gpus, until, by }: ContributionRow): Telling => {
  const pool = laneName(view.doc.lane)
  const facts = [
    { label: 'Lane', value: view.doc.lane },
    { label: 'Leased by', value: nameOf(by, view.policy.approvals) },
    { label: 'Ceiling now', value: amountText(wantedCeiling(view) ?? view.doc.ceiling?.gpus ?? 0, ruleOf(view)) },
  ]
  const card: Card = {
    title: `The lease ${id} of ${amountText(gpus, ruleOf(view))} of ${pool} is over`,
    ...{ facts, lines: [FINISHED], question: null, tone: 'neutral' },
  }
  return { kind: 'note', key: `${view.doc.name}-${id}-over-${until}`, card }
}

const FINISHED = 'What runs is finished, and nothing new begins beyond the ceiling.'

/** A lease that is over is forgotten; nothing that runs is touched. */
export const settleEndLeases = (view: View): Change => {
  const over = overIn(view)
  return changed(view.doc, {
    contributions: over.map((row) => ({ row, gone: true })),
    moments: over.map((row) =>
      moment(
        'step',
        `the lease ${row.id} of ${amountText(row.gpus, ruleOf(view))} has ended: what runs is finished, and nothing new begins on them`,
        { data: { lease: row.id } },
      ),
    ),
    counts: over.map(() => 'lease-ended'),
    tellings: over.map((row) => overNote(view, row)),
  })
}

/** What became of the last lease that somebody wanted, where it did not come to be; null: it did, or nobody wanted one. */
const lastText = ({ doc: { run, desired, outcome }, kind }: View): string | null =>
  run !== null || desired === null || outcome === null || outcome.kind === 'succeeded'
    ? null
    : `${kind.titleOf(desired as never)}: ${outcome.kind}${outcome.reason === null ? '' : ` (${outcome.reason})`}, ${outcome.detail}`

/** Rests no longer than until another ceiling is in force or is tried again, or a lease is over; and says what it is, where there is nothing else to say. */
export const untilResized = (view: View, given: Rest): Rest => {
  const says = given.why === 'done' ? [lastText(view), ceilingText(view)].filter((text) => text !== null) : []
  const rest = says.length === 0 ? given : { ...given, text: said([...says, given.text].join('; '), REST) }
  const rule = ruleOf(view)
  // What is leased of a pool that has left the policy ends all the same.
  const isSeen = rule === undefined || wantedCeiling(view) !== null
  const turn = isSeen ? changesAfter(rule ?? {}, view.contributions, view.now) : null
  const turns = [turn, view.doc.ceiling?.again ?? null, rest.until].filter((at) => at !== null)
  return turns.length === 0 ? rest : { ...rest, until: Math.min(...turns) }
}

/** Somebody has moved what it had set: it looks again. */
export const looksAgain = ({ ceiling, ...doc }: LaneDocument): LaneDocument =>
  ceiling === undefined ? doc : { ...doc, ceiling: { ...ceiling, at: null, by: '' } }
