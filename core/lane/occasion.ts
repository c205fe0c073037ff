import { isUnanswered } from '../again.ts'
import type { OfOccasions } from '../lane-kinds/kind.ts'
import { withHad } from '../occasions/catalogue.ts'
import type { Intent } from '../reactions/reaction.ts'
import { mayRepeat } from './attempts.ts'
import { asBefore, generationOf } from './before.ts'
import type { LaneDocument, Run } from './document.ts'
import { carried } from './kept.ts'
import { leaving } from './leaving.ts'
import type { View } from './view.ts'
import { hadBegun, isSaidNoTo } from './wanted.ts'

/** Whether it is what is wanted already, but for the occasion: its source says nothing new. */
export const isOfOccasion = ({ doc, kind }: View, { desired }: Intent): boolean => {
  const plain = doc.desired === null ? null : (kind.withoutOccasion?.(doc.desired as never) ?? null)
  return plain !== null && kind.keyOf(plain as never) === kind.keyOf(desired as never)
}

/** What is remembered of what gives way to that: what it was on, what people have said of it, and whether what it was wanted for had its run. */
export const givesWay = (view: View, intent: Intent): Partial<LaneDocument> => {
  const { aside, ...doc } = view.doc
  return {
    ...leaving(view, intent.desired, ...(aside === undefined ? [] : [aside]), doc),
    ...displacedBy(view, intent),
  }
}

/**
 * What is known of what something was wanted for, once its source's own takes its place: what has begun nothing, and to which nobody has said no,
 * had no run. Behind another occasion it stays (`gaveWay`).
 */
const displacedBy = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, intent: Intent): Partial<LaneDocument> => {
  const isOfOthers = (kind.withoutOccasion?.(intent.desired as never) ?? null) !== null
  if (isOfOthers && kind.isOwn?.(intent.desired as never) !== true) return {}
  const { gaveWay, ...own } = doc
  const goesOn = doc.outcome === null && intent.onNewer === 'finish' && carried(doc).length > 0
  const behind = [gaveWay, gaveWay?.gaveWay].flatMap((one) =>
    one === undefined ? [] : [{ ...own, ...one, run: null }],
  )
  const all = [...behind.map((one) => [one, hadRun(one)] as const), [own, goesOn || hadRun(own)] as const]
  let known: OfOccasions = own
  for (const [{ desired }, had] of all)
    if (desired !== null) known = { ...known, ...kind.displaced?.(desired as never, had, known) }
  const { episodes, schedule } = known
  return { ...(episodes === undefined ? {} : { episodes }), ...(schedule === undefined ? {} : { schedule }) }
}

const hadRun = (doc: LaneDocument): boolean => hadBegun(doc) || isSaidNoTo(doc) || isUnanswered(doc.outcome)

/** By which its kind knows what is wanted, whatever for. */
export const plainKeyOf = ({ kind }: Pick<View, 'kind'>, desired: NonNullable<LaneDocument['desired']>): string =>
  kind.keyOf((kind.withoutOccasion?.(desired as never) ?? desired) as never)

/** Of what is done once, what ended well last as the policy says is remembered, whatever ends otherwise after it. */
export const endedWellAs = (kind: View['kind'], { desired }: Pick<Run, 'desired'>): Pick<LaneDocument, 'endedWell'> => {
  const isOther = (kind.toldAs?.(desired as never) ?? '') !== ''
  return kind.lasts === 'once' && !isOther ? { endedWell: plainKeyOf({ kind }, desired) } : {}
}

/**
 * What is wanted for an occasion keeps what it takes the place of. What drifts goes on from what was paid for of the same, but for what a gate
 * has found unfit (law 7); what is asked for by hand or by the clock does all of it anew, since nothing but that is new about it: a retry keeps
 * what was finished.
 */
export const forOccasion = ({ doc, kind }: View, { desired }: Intent): Partial<LaneDocument> => {
  const plain = kind.withoutOccasion?.(desired as never) ?? null
  const key = kind.occasionOf?.(desired as never) ?? null
  const had = key === null ? {} : { had: withHad(doc.had ?? [], key) }
  if (plain === null || doc.desired === null) return had
  const isSame = plainKeyOf({ kind }, doc.desired) === kind.keyOf(plain as never)
  const { redo = [], outcome } = doc
  const kept = doc.kept.filter(({ unfit }) => unfit !== true)
  return {
    ...had,
    gaveWay: givingWay({ doc, kind }, desired),
    ...(isSame && key === null && outcome?.kind !== 'succeeded' ? { kept, redo } : {}),
  }
}

/**
 * What it takes the place of. What was refused for an occasion waits on behind this one, and leads back in turn; where its own source wants
 * something later by this, that is gone for good. So is what has neither ended nor begun.
 */
const givingWay = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, desired: Intent['desired']): GaveWay => {
  const { outcome, gaveWay } = doc
  const own = generationOf(doc)
  if (gaveWay === undefined || (outcome !== null && outcome.kind !== 'refused')) return own
  const isOver = outcome === null || kind.sourceOf?.(doc.desired as never) === kind.sourceOf?.(desired as never)
  const { gaveWay: bottom = gaveWay } = gaveWay
  // However many came between: two are kept.
  return isOver ? gaveWay : { ...own, gaveWay: bottom }
}

type GaveWay = NonNullable<LaneDocument['gaveWay']>

/**
 * The document once a run for an occasion is over, of which something may have come. What was refused behind it and is told otherwise is none of
 * that, though it is on the same: it is wanted again, once that is repeated no more. So is what is told alike, where nothing was begun and nobody
 * has said no to it (`untried`).
 */
export const afterOccasion = (
  kind: View['kind'],
  { desired, untried }: Pick<Run, 'desired'> & { untried: boolean },
  doc: LaneDocument,
): LaneDocument => {
  const { gaveWay, ...done } = doc
  const left = leftOf(kind, { desired, untried }, gaveWay)
  if (left === undefined) return done
  // It had its run, and is remembered so.
  return mayRepeat({ doc }) ? { ...done, gaveWay: left } : asBefore(done, left)
}

const leftOf = (
  kind: View['kind'],
  run: Pick<Run, 'desired'> & { untried: boolean },
  one?: GaveWay,
): GaveWay | undefined => {
  if (one === undefined || one.desired === null) return undefined
  const { gaveWay, ...own } = one
  const rest = leftOf(kind, run, gaveWay)
  const below = gaveWay?.outcome?.kind === 'refused' ? rest : gaveWay
  const isSame = plainKeyOf({ kind }, one.desired) === plainKeyOf({ kind }, run.desired)
  const isOpen = run.untried || kind.toldAs?.(one.desired as never) !== kind.toldAs?.(run.desired as never)
  if (own.outcome?.kind !== 'refused' || !isSame || !isOpen) return rest
  return { ...own, ...(below === undefined ? {} : { gaveWay: below }) }
}

/**
 * The document once nothing comes of the occasion for which something is wanted: as if it had never been (law 7), and said again it is new. Where that
 * was on something else than what the lane comes back to, and is gone, the occasion itself may come again.
 */
export const asBeforeOccasion = ({ kind }: Pick<View, 'kind'>, { gaveWay, ...doc }: LaneDocument): LaneDocument => {
  if (gaveWay === undefined) return doc
  const key = doc.desired === null ? null : (kind.occasionOf?.(doc.desired as never) ?? null)
  const { had = [] } = doc
  const open = { ...doc, ...comesAgain(kind, doc, gaveWay) }
  return asBefore(key === null ? open : { ...open, had: had.filter((other) => other !== key) }, gaveWay)
}

const comesAgain = (
  kind: View['kind'],
  { desired, ...known }: Omit<LaneDocument, 'gaveWay'>,
  to: GaveWay,
): OfOccasions => {
  if (desired === null || to.desired === null) return {}
  const isSame = plainKeyOf({ kind }, desired) === plainKeyOf({ kind }, to.desired)
  return isSame ? {} : (kind.displaced?.(desired as never, false, known) ?? {})
}
