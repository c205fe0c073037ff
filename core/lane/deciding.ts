import { reactionTo, whyNoRule } from '../reactions/catalogue.ts'
import type { Decision, Facts } from '../reactions/reaction.ts'
import { onceGone } from './kept.ts'
import type { LookLetter } from './letters.ts'
import { isGivenUp } from './passed.ts'
import type { View } from './view.ts'

/** What letters of one place come to is the most that any of them says: what one of them proves counts, whoever else tells of the place. */
export const decidedBy = (view: View, letters: LookLetter[], told: Facts): Decision => {
  const [most] = letters
    .map((letter) => decisionOf(view, letter, told))
    .toSorted((a, b) => weightOf(view, b) - weightOf(view, a))
  return most as Decision
}

const weightOf = ({ kind }: View, decision: Decision): number => {
  if (decision.kind === 'intend') return kind.requesterOf(decision.intent.desired as never)?.proven === true ? 3 : 2
  return decision.kind === 'wait' ? 1 : 0
}

/** What one letter comes to. `asked`: a person's own letter is what brings it. */
export const decisionOf = (...[view, { event, from }, facts, asked]: [View, LookLetter, Facts, true?]): Decision => {
  const { reactions, policy, doc, now } = view
  const reaction = reactionTo(reactions, event)
  const rule = reaction?.ruleOf(event, policy) ?? null
  if (reaction === undefined || rule === null)
    return { kind: 'ignore', reason: 'not-configured', detail: whyNoRule(reaction, event, policy) }
  // The policy has given its place to another lane since it was told: that one finds it by resync.
  if (rule.lane !== doc.lane)
    return { kind: 'ignore', reason: 'not-configured', detail: `${reaction.at(event)} is about ${rule.lane} now` }
  const decision = reaction.decide(event, facts, { policy, rule, doc, now, ...(asked && { asked }) })
  // Resync finds again what was given up; whoever uploads the rest writes the manifest again.
  if (from === 'resync' && isGivenUp(view, event, facts))
    return { kind: 'ignore', reason: 'missed-deadline', detail: 'it was given up unfinished: write the manifest again' }
  return onceGone(view, decision, reaction.at(event))
}
