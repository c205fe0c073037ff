import type { Card } from '../cards.ts'
import { laneNameOf } from '../policy/names.ts'
import type { Policy } from '../policy.ts'
import { laneKinds } from './catalogue.ts'
import { laneOf } from './kind.ts'

/** What a policy calls the lanes whose rules were renamed, by the name of the lane: that one stays (law 18). */
export type Called = Readonly<Record<string, string>>

/** Of every rule that says `was`. */
export const calledBy = (policy: Policy): Called =>
  Object.fromEntries(
    laneKinds.flatMap((kind) =>
      Object.entries(kind.renames?.(policy) ?? {})
        .map(([key, rule]) => [laneOf(kind, laneNameOf(key, rule)), laneOf(kind, key)] as const)
        .filter(([lane, name]) => lane !== name),
    ),
  )

/** The lane that a person means, who may say the name that it had and the one that it has. */
export const laneMeant = (called: Called, given: string): string =>
  Object.keys(called).find((lane) => called[lane] === given) ?? given

/** A text with every lane by the name that the policy has for it now. */
export const inNewNames = (called: Called, text: string): string =>
  Object.entries(called).reduce((said, [lane, name]) => said.replace(wordOf(lane), () => name), text)

/** The lane's name as a word: neither the end of a path nor the beginning of a longer name. */
const wordOf = (lane: string): RegExp =>
  new RegExp(`(?<![\\w/.-])${lane.replace(/[^\w/-]/g, '\\$&')}(?![\\w/-]|\\.\\w)`, 'g')

/** A card likewise. */
export const withNewNames = (card: Card, called: Called): Card => {
  const shown = (text: string): string => inNewNames(called, text)
  return {
    ...card,
    title: shown(card.title),
    facts: card.facts.map(({ label, value }) => ({ label, value: shown(value) })),
    lines: card.lines.map(shown),
    ...(card.choices === undefined
      ? {}
      : { choices: card.choices.map((choice) => ({ ...choice, lines: choice.lines.map(shown) })) }),
    ...(card.whole === undefined ? {} : { whole: shown(card.whole) }),
  }
}
