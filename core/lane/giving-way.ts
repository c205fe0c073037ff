import type { Asked } from '../desired.ts'
import { laneName } from '../lane-kinds/kind.ts'
import type { Plan, Planned } from '../plan.ts'
import type { Intent } from '../reactions/reaction.ts'
import { frozen } from './act.ts'
import { covers } from './approval.ts'
import { firstAttempt, mayRepeat, newRun } from './attempts.ts'
import { hasBegun, type LaneDocument, sameRun } from './document.ts'
import { carried, carriesOver } from './kept.ts'
import { linesAfter, whyWaits } from './line.ts'
import { plainKeyOf } from './occasion.ts'
import { marksOf, pinned, planOnPaper } from './planning.ts'
import { keptByRung } from './rungs.ts'
import { costUntil } from './so-far.ts'
import type { View } from './view.ts'
import type { Wanted } from './wanted.ts'

/**
 * Whether what is newly wanted is planned on paper before anything gives way to it: what is wanted has begun nothing yet, or what was paid for
 * would be ended by it. What is to stand gives way at once: the newer one goes on from where it stands.
 */
const weighsNewer = ({ doc, kind, policy }: Pick<View, 'doc' | 'kind' | 'policy'>): boolean =>
  kind.lasts === 'once' &&
  doc.desired !== null &&
  (isOpen(doc) || isRefused(doc) || (isPaidFor(doc) && kind.replaces?.(policy, laneName(doc.lane)) === true))

/** Whether the world is looked at for that, before letters are folded: each may find what the one before it has brought. */
export const looksForNewer = ({ letters, ...view }: Pick<View, 'doc' | 'kind' | 'policy' | 'letters'>): boolean =>
  weighsNewer(view) || (view.kind.lasts === 'once' && letters.filter(({ kind }) => kind === 'look').length > 1)

/** Whether what is wanted has begun nothing, and may yet. */
export const isOpen = ({ run, outcome, ...doc }: LaneDocument): boolean =>
  outcome === null && !(run !== null && sameRun(run, doc) && hasBegun(run))

/** Whether it was refused on paper, and so begins by itself once what refused it has passed. */
export const isRefused = ({ outcome }: LaneDocument): boolean => outcome?.kind === 'refused'

/** Whether something is under way, or goes on, that was paid for. */
const isPaidFor = ({ run, ...doc }: LaneDocument): boolean =>
  run === null
    ? carried(doc).length > 0 && (doc.outcome === null || mayRepeat({ doc }))
    : hasBegun(run) || carriesOver(run)

/**
 * Why something newer takes no place yet of what is wanted and has begun nothing: it is refused on paper, or people are to be asked about it while
 * what they have approved, or need not, waits to begin. What told of it waits, with all that it proves. Null: it takes the place.
 */
export const keepsPlace = (view: View, { desired }: Intent): Later | null => {
  const { doc, kind } = view
  if (!weighsNewer(view) || doc.desired === null) return null
  if (isRefused(doc)) return keepsRefused(view, desired, kind.titleOf(doc.desired as never))
  return isOpen(doc) && !isAtSame(kind, doc.desired, desired) ? beside(view, desired) : null
}

type Later = Extract<Wanted, { kind: 'later' }>

const beside = (view: View, desired: Intent['desired']): Later | null => {
  const { doc, kind } = view
  const title = kind.titleOf(doc.desired as never)
  const at = asNewer(view, desired)
  const paper = at === null ? null : onPaper(at)
  if (paper === null) return { kind: 'later', reason: null, detail: 'nobody knows yet whether it may begin' }
  if (paper.kind === 'refuse')
    return { kind: 'later', reason: 'run-not-over', detail: `${paper.detail}; meanwhile it stays at ${title}` }
  if (paper.kind !== 'plan' || at === null || covers(at, paper.plan) === 'yes' || !needsNobody(view)) return null
  return {
    kind: 'later',
    reason: 'run-not-over',
    detail: `people are asked about it once what needs nobody’s word any more is over: ${title}`,
  }
}

/**
 * The same of what was refused, and begins by itself once that has passed: what would be refused where money and room keep nothing out takes no
 * place. An occasion on the same takes away neither its approval nor what its source proves of who wrote it, but where it may begin and that may not.
 */
const keepsRefused = (view: View, desired: Intent['desired'], title: string): Later | null => {
  const { doc, kind } = view
  const isSame = isOwnOf(view, desired)
  if (!isSame && (isAtSame(kind, doc.desired, desired) || isElsewhere(kind, doc.desired, desired))) return null
  const free = whereItMayPass(view)
  if (free === null) return null
  const at = asNewer(isSame ? view : free, desired)
  const paper = at === null ? null : onPaper(at)
  if (paper === null) return { kind: 'later', reason: null, detail: 'nobody knows yet whether it may begin' }
  if (!isSame)
    return paper.kind === 'refuse'
      ? { kind: 'later', reason: 'run-not-over', detail: `${paper.detail}; meanwhile it stays at ${title}` }
      : null
  if (paper.kind === 'plan' && onPaper(anew(view)).kind !== 'plan') return null
  return {
    kind: 'later',
    reason: 'run-not-over',
    detail: `its own run comes first, and begins by itself once it may: ${title}`,
  }
}

/** Whether an occasion is to run on something else than what is wanted by its source, which it does where that is there no more. */
const isElsewhere = (kind: View['kind'], wanted: LaneDocument['desired'], desired: Intent['desired']): boolean => {
  const plain = kind.withoutOccasion?.(desired as never) ?? null
  const own = wanted === null ? null : (kind.withoutOccasion?.(wanted as never) ?? wanted)
  return plain !== null && own !== null && kind.placeOf?.(plain as never) !== kind.placeOf?.(own as never)
}

/**
 * Whether what is wanted is by its source what is newly wanted for an occasion, and begins by itself: what waits for a person gives way to one. Who has
 * it told otherwise takes the place of it knowingly, and it begins after that.
 */
const isOwnOf = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, desired: Intent['desired']): boolean =>
  doc.desired !== null &&
  (doc.outcome?.against !== null || (desired as Partial<Asked>).requester == null) &&
  (kind.toldAs?.(desired as never) ?? '') === '' &&
  kind.keyOf(doc.desired as never) === plainKeyOf({ kind }, doc.desired) &&
  kind.keyOf(doc.desired as never) === plainKeyOf({ kind }, desired)

/** The view as if what was refused had not been planned yet. */
const anew = (view: View): View => ({ ...view, doc: { ...view.doc, outcome: null, run: null }, plan: null })

/** The view with more money than anything costs and pools larger than anything needs, with nothing in them; null: what was refused would be refused there, too. */
const whereItMayPass = (view: View): View | null => {
  const { policy, world } = view
  if (world === null) return view
  const pools = Object.entries(world.pools).map(([name, { capped: _, unset: __, ...pool }]) => {
    return [name, { ...pool, ceiling: Number.MAX_SAFE_INTEGER, heldByOthers: 0, used: pool.usedByLane }]
  })
  const budget = { ...policy.budget, dollars: Number.MAX_SAFE_INTEGER }
  const at = anew({ ...view, policy: { ...policy, budget }, world: { ...world, pools: Object.fromEntries(pools) } })
  return onPaper(at).kind === 'plan' ? at : null
}

/** Whether what is wanted is there no more where this was read, be it wanted for an occasion on what was read there. */
export const isAtSame = (kind: View['kind'], wanted: LaneDocument['desired'], desired: Intent['desired']): boolean => {
  const place = kind.placeOf?.(desired as never)
  const plain = wanted === null ? null : (kind.withoutOccasion?.(wanted as never) ?? null)
  return [wanted, plain].some((one) => one !== null && kind.placeOf?.(one as never) === place)
}

/** Whether nobody is to be asked about what is wanted: people have approved it, or need not, as it would be planned now. */
const needsNobody = (view: View): boolean => {
  const { doc, world } = view
  const { run } = doc
  if (run !== null && sameRun(run, doc) && run.phase === 'asked') return false
  if (doc.approved !== null) return true
  const at: View = { ...view, doc: { ...doc, run: null }, plan: null }
  const paper = world === null ? null : onPaper(at)
  return paper?.kind === 'plan' && covers(at, paper.plan) === 'yes'
}

/** What it asks of the run under way: what was paid for ends for what may itself begin now, and for nothing that is refused, asked about or kept back. */
export const askedOfRun = (view: View, { desired, onNewer }: Intent): LaneDocument['onNewer'] =>
  onNewer === 'finish' || view.kind.lasts !== 'once' || !isPaidFor(view.doc) || mayBegin(view, desired)
    ? onNewer
    : 'finish'

/** The document once what waits behind a run that it is to replace may begin; null: it may not yet, or has nothing to replace. */
export const replacingNow = (view: View, { desired, onNewer }: Intent): LaneDocument | null => {
  const { doc, kind } = view
  const waits = doc.outcome === null && doc.run !== null && !sameRun(doc.run, doc) && doc.onNewer === 'finish'
  return waits && onNewer === 'stop' && kind.lasts === 'once' && mayBegin(view, desired) ? { ...doc, onNewer } : null
}

/**
 * Whether it would begin at once: planned, with nobody to ask, kept back by nothing, and with room for it beside what is given back to it. Whom
 * Kueue lends that to nobody here knows.
 */
const mayBegin = (view: View, desired: Intent['desired']): boolean => {
  const at = asNewer(view, desired)
  const paper = at === null ? null : onPaper(at)
  if (at === null || paper?.kind !== 'plan') return paper?.kind === 'nothing'
  const { plan } = paper
  if (isLent(view, plan)) return false
  const known: View = { ...at, plan: { plan, back: [] } }
  const run = { ...newRun(at.doc, at.now), digest: plan.digest, steps: marksOf(plan, NONE) }
  return (
    covers(known, plan) === 'yes' &&
    frozen(known) === null &&
    keptByRung(known, run) === null &&
    whyWaits(known, run, plan) === null
  )
}

const isLent = ({ policy }: View, { steps }: Plan): boolean =>
  steps.some((step) => step.kind === 'launch-job' && step.pool !== null && policy.pools[step.pool]?.queue !== undefined)

const NONE = { kept: {} }

const onPaper = (at: View): Planned => planOnPaper(at, newRun(at.doc, at.now), NONE)

/**
 * The view as it would be once that is wanted, and what was before has ended, as it has cost until now, with what it held and its place in line given
 * back; null: nobody has looked at the world.
 */
const asNewer = (view: View, desired: Intent['desired']): View | null => {
  const { doc, now, plan: row, world } = view
  if (world === null) return null
  const { before: _, ...wanted } = firstAttempt(view, pinned(view, desired))
  const { spent, held } = world.dollars
  const cost = doc.run === null ? 0 : costUntil(doc, { run: doc.run, plan: row?.plan ?? null, now })
  return {
    ...view,
    doc: { ...wanted, run: null },
    plan: null,
    holds: {},
    lines: linesAfter(view, { ...doc, run: null }),
    world: { ...world, dollars: { spent: spent + cost, held } },
  }
}
