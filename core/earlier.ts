import { againOn } from './again.ts'
import type { Asked, Desired, TrainDesired } from './desired.ts'
import type { Beginnings, SaidBefore } from './lane/beginnings.ts'
import type { LaneDocument } from './lane/document.ts'
import type { Again } from './occasions/occasion.ts'
import type { Policy } from './policy.ts'
import type { OutcomeKind } from './reasons.ts'
import { said } from './text.ts'

/** What a lane remembers of dataset versions that it wants no more. */
export type Left = Pick<Beginnings, 'earlier' | 'saidBefore'>

/** Places, words, and versions that ended well, or of which nothing was said but who asked, which are remembered, the last first. */
const [PLACES, WORDS, WELL] = [3, 12, 3]
/** Longest word that is kept. Characters. */
const TEXT = 100

/** What is remembered once another dataset version takes the place of what was wanted, or that is over behind another. */
export const leaves = (
  known: Left,
  was: Pick<LaneDocument, 'desired' | 'outcome'>,
  { next, policy }: { next: Desired; policy: Policy },
): Left => {
  const [last, is] = [was.desired as TrainDesired | null, next as TrainDesired]
  if (last === null || last.version === '') return left(known)
  const again = againOn(last, was, policy)
  const isSame = last.version === is.version
  const saidBefore = isSame
    ? withWriter(known.saidBefore, { ...was, last, again }, is)
    : withWord(
        known.saidBefore,
        last,
        again === undefined ? writerOf(last, known) : { again, detail: textOf(was, again) },
      )
  const earlier = isSame ? known.earlier : withPlace(known.earlier, last, is)
  return left({ earlier, saidBefore })
}

/** Its source says who asked once (law 8): where it is wanted again by itself, that is who it was. */
const writerOf = (last: TrainDesired, known: Left): Pick<SaidBefore, 'detail'> | null => {
  const isKnown = isOfOccasion(last) ? writerBefore(known, last.version) !== null : last.proven === true
  return isKnown ? { detail: '' } : null
}

/** Whom its source has proven to have asked for a dataset version that was wanted before; null: nobody. */
export const writerBefore = ({ saidBefore = [] }: Left, version: string): string | null => {
  const known = saidBefore.find((one) => one.version === version)
  return known?.again === undefined && known?.proven === true ? (known.requester ?? null) : null
}

const textOf = ({ outcome }: Pick<LaneDocument, 'outcome'>, again: Again): string =>
  outcome !== null && outcome.kind === again ? said(outcome.detail, TEXT) : ''

const withPlace = (known: Left['earlier'], { bucket, key }: TrainDesired, is: TrainDesired): Left['earlier'] => {
  const all = [{ bucket, key }, ...(known ?? []).filter((one) => one.key !== key)]
  const places = all.filter((one) => one.key !== is.key).slice(0, PLACES)
  return known === undefined && places.length === 0 ? undefined : places
}

/** The same where a person runs by hand what somebody else wrote and people have not agreed to: who wrote it is known until it has ended well. */
const withWriter = (
  known: Left['saidBefore'],
  { last, again, outcome }: { last: TrainDesired; again: Again | undefined; outcome: LaneDocument['outcome'] },
  { requester }: TrainDesired,
): Left['saidBefore'] => {
  if (again === 'succeeded') return withWord(known, last, null)
  const isOfOther = requester !== null && requester !== last.requester && !isOfOccasion(last)
  const word = outcome?.kind === 'refused' ? (again ?? 'refused') : again
  if (word === undefined) return writerOf(last, {}) === null ? known : withWord(known, last, { detail: '' })
  return isOfOther ? withWord(known, last, { again: word, detail: '' }) : known
}

const isOfOccasion = ({ drift, occasion }: TrainDesired): boolean => drift !== undefined || occasion !== undefined

/** With what was said of it, and who wrote it; null: nothing was. What ended well takes the place of nothing that people have said. */
const withWord = (
  known: Left['saidBefore'],
  last: TrainDesired,
  word: Omit<SaidBefore, 'version' | keyof Asked> | null,
): Left['saidBefore'] => {
  const { version } = last
  const own = known?.find((one) => one.version === version)
  const asked = askedIn(own?.requester !== undefined && isOfOccasion(last) ? own : last)
  const others = (known ?? []).filter((one) => one.version !== version)
  const all = word === null ? others : [{ version, ...word, ...asked }, ...others]
  const words = [
    ...all.filter(isSaid).slice(0, WORDS),
    ...all.filter(isWell).slice(0, WELL),
    ...all.filter(isOfWriter).slice(0, WELL),
  ]
  return known === undefined && words.length === 0 ? undefined : words
}

const isWell = ({ again }: SaidBefore): boolean => again === 'succeeded'
const isOfWriter = ({ again }: SaidBefore): boolean => again === undefined
const isSaid = (one: SaidBefore): boolean => !isWell(one) && !isOfWriter(one)

const askedIn = ({ requester = null, proven }: Partial<Asked>): Partial<Asked> =>
  requester === null ? {} : { requester, ...(proven === true ? { proven } : {}) }

const left = ({ earlier, saidBefore }: { [K in keyof Left]?: Left[K] | undefined }): Left => ({
  ...(earlier === undefined ? {} : { earlier }),
  ...(saidBefore === undefined ? {} : { saidBefore }),
})

/**
 * How people have ended a dataset version that is wanted by itself again, though others were wanted since: it stays so. Null: they have not. What was
 * refused is judged anew, and what is wanted for an occasion is asked about.
 */
export const endedBefore = (
  { saidBefore = [] }: Left,
  { version, drift, occasion }: TrainDesired,
): { kind: OutcomeKind; detail: string } | null => {
  const known = saidBefore.find((one) => one.version === version)
  if (known?.again === undefined || !NO.has(known.again) || drift !== undefined || occasion !== undefined) return null
  return { kind: known.again, detail: known.detail === '' ? ENDED : known.detail }
}

const NO: ReadonlySet<Again> = new Set<Again>(['rejected', 'cancelled', 'expired'])
const ENDED = 'people have ended it before'
