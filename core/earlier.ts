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

/** Places, words, and versions that ended well, which are remembered, the last first. */
const [PLACES, WORDS, WELL] = [3, 12, 3]
/** Longest word that is kept. Characters. */
const TEXT = 100

/** What is remembered once another dataset version takes the place of what was wanted, or that is over behind another. */
export const leaves = (
  { earlier, saidBefore }: Left,
  { desired, outcome }: Pick<LaneDocument, 'desired' | 'outcome'>,
  { next, policy }: { next: Desired; policy: Policy },
): Left => {
  const [was, is] = [desired as TrainDesired | null, next as TrainDesired]
  if (was === null || was.version === '' || was.version === is.version) return left({ earlier, saidBefore })
  const { version, bucket, key } = was
  const again = againOn(was, { desired, outcome }, policy)
  const others = (saidBefore ?? []).filter((one) => one.version !== version)
  const detail = outcome !== null && outcome.kind === again ? said(outcome.detail, TEXT) : ''
  const all = again === undefined ? others : [{ version, again, detail, ...askedIn(was) }, ...others]
  const isWell = (one: SaidBefore): boolean => one.again === 'succeeded'
  // What ended well takes the place of nothing that people have said.
  const words = [...all.filter((one) => !isWell(one)).slice(0, WORDS), ...all.filter(isWell).slice(0, WELL)]
  const places = [{ bucket, key }, ...(earlier ?? []).filter((one) => one.key !== key)].filter(
    (one) => one.key !== is.key,
  )
  return left({
    ...(earlier === undefined && places.length === 0 ? {} : { earlier: places.slice(0, PLACES) }),
    ...(saidBefore === undefined && words.length === 0 ? {} : { saidBefore: words }),
  })
}

const askedIn = ({ requester, proven }: TrainDesired): Partial<Asked> =>
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
  if (known === undefined || !NO.has(known.again) || drift !== undefined || occasion !== undefined) return null
  return { kind: known.again, detail: known.detail === '' ? ENDED : known.detail }
}

const NO: ReadonlySet<Again> = new Set<Again>(['rejected', 'cancelled', 'expired'])
const ENDED = 'people have ended it before'
