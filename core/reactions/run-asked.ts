import type { RunAsked } from '../../events/occasions.ts'
import { isNothingSet } from '../../events/occasions.ts'
import { runAsked } from '../../events/run-asked.ts'
import { laneName, laneOf } from '../lane-kinds/kind.ts'
import { pipeline } from '../lane-kinds/pipeline.ts'
import { hand, setLines } from '../occasions/hand.ts'
import type { Hand } from '../occasions/occasion.ts'
import { laneNameOf, ruleNamed } from '../policy/names.ts'
import { whyNotSet } from '../policy/set.ts'
import { said } from '../text.ts'
import { awaitedFor, isWantedFor, occasionIn, wantedFor } from './for-occasion.ts'
import { lookAtNewest, type NewestFacts } from './newest-dataset.ts'
import type { Ask, Reaction } from './reaction.ts'

/** Somebody asks for a run: on the newest dataset version, or on none where its pipeline has no datasets. Once a request. */
export const onRunAsked: Reaction<RunAsked, NewestFacts> = {
  contract: runAsked,
  kind: pipeline,
  ruleOf: (event, policy) => pipeline.ruleOf(policy, event.pipeline),
  whyNoRule: (event) => `the policy has no pipeline \`${said(event.pipeline, 60)}\``,
  at: (event) => hand.placeOf(handOf(event)),
  look: (_, given) => lookAtNewest(given),
  whence: (desired, { lane }) => {
    const asked = occasionIn(desired, 'hand')
    return asked === null ? null : again(asked, lane)
  },
  decide: (event, facts, given) => {
    const asked = handOf(event)
    const { doc, policy, rule } = given
    const isWanted = isWantedFor(doc, asked)
    // An event alone asks for nothing: who may tell of events may not ask for runs.
    if (given.asked !== true && !isWanted)
      return { kind: 'ignore', reason: 'not-by-hand', detail: 'nobody’s own letter asks for that: say `signalbox run`' }
    if (!isWanted && doc.had?.includes(hand.keyOf(asked)))
      return { kind: 'ignore', reason: 'already-done', detail: `the request ${asked.id} was taken before` }
    const wanted = ruleNamed(policy.pipelines, rule.name)?.rule
    if (wanted?.on.hand === false && !isWanted)
      return {
        kind: 'ignore',
        reason: 'not-by-hand',
        detail: `pipelines.${rule.name}.on.hand is false: nobody begins it by hand`,
      }
    const wrong = wanted === undefined ? null : whyNotSet(wanted.stages, event.set, policy)
    if (wrong !== null) return { kind: 'ignore', reason: 'bad-set', detail: `it cannot be set so: ${wrong}` }
    return wantedFor(asked, { facts, detail: detailOf(asked), requester: asked.by }, given)
  },
  resync: ({ policy, docOf }) =>
    Object.entries(policy.pipelines).flatMap(([key, rule]): Ask[] => {
      const lane = laneOf(pipeline, laneNameOf(key, rule))
      const asked = awaitedFor(docOf(lane), 'hand')
      return asked === null ? [] : [{ kind: 'event', event: again(asked, lane) }]
    }),
}

const detailOf = ({ set = {} }: Hand): string => {
  const lines = setLines(set)
  return lines.length === 0 ? 'asked for by hand' : `asked for by hand, with ${lines.join(', ')}`
}

const handOf = ({ id, at, by, set }: RunAsked): Hand => ({
  ...{ kind: 'hand', id, at, by },
  ...(isNothingSet(set) ? {} : { set }),
})

/** The event that would ask for it again. */
const again = ({ id, by, at, set = {} }: Hand, lane: string): RunAsked => ({
  ...{ type: 'run-asked', id, at, pipeline: laneName(lane), by, set, replayed: false },
})
