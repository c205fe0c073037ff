import { hand } from './hand.ts'
import type { Occasion, OccasionKind } from './occasion.ts'
import { scheduled } from './schedule.ts'
import { versioned } from './version.ts'

/** Every kind of occasion: a file of this folder each, and a line here. */
const OCCASIONS: { readonly [K in Occasion['kind']]: OccasionKind<Extract<Occasion, { kind: K }>> } = {
  hand,
  schedule: scheduled,
  version: versioned,
}

/** What there is to know of an occasion. */
export const occasionOf = (occasion: Occasion): OccasionKind => OCCASIONS[occasion.kind] as OccasionKind

/** Whether its run is told otherwise than the policy says: it is none of what the policy wants, though it is on the same. */
export const isToldOtherwise = (occasion: Occasion | undefined): boolean =>
  occasion !== undefined && Object.keys(occasionOf(occasion).setOf(occasion)).length > 0

/** Occasions of one lane that are remembered to have had their run. */
const MOST = 24

/** With one more that has had its run; those that came first are forgotten where there are too many. */
export const withHad = (had: readonly string[], key: string): readonly string[] =>
  [key, ...had.filter((other) => other !== key)].slice(0, MOST)
