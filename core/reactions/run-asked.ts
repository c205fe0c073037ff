import type { RunAsked } from '../../events/contract.ts'
import { runAsked } from '../../events/run-asked.ts'
import { isNothingSet } from '../../events/set.ts'
import type { Desired, TrainDesired } from '../desired.ts'
import { hasBegun, type LaneDocument } from '../lane/document.ts'
import { laneName, laneOf } from '../lane-kinds/kind.ts'
import { pipeline } from '../lane-kinds/pipeline.ts'
import { hand, setLines } from '../occasions/hand.ts'
import type { Hand, Occasion } from '../occasions/occasion.ts'
import { laneNameOf, ruleNamed } from '../policy/names.ts'
import { whyNotSet } from '../policy/set.ts'
import { said } from '../text.ts'
import { lookAtNewest, type NewestFacts, onNewest } from './newest-dataset.ts'
import type { Ask, Decision, Reaction } from './reaction.ts'

/** Somebody asks for a run: on the newest dataset version, or on none where its pipeline has no datasets. Once a request. */
export const onRunAsked: Reaction<RunAsked, NewestFacts> = {
  contract: runAsked,
  kind: pipeline,
  ruleOf: (event, policy) => pipeline.ruleOf(policy, event.pipeline),
  whyNoRule: (event) => `the policy has no pipeline \`${said(event.pipeline, 60)}\``,
  at: (event) => hand.placeOf(handOf(event)),
  look: (_, given) => lookAtNewest(given),
  whence: (desired, { lane }) => {
    const asked = handIn(desired)
    return asked === null ? null : again(asked, lane)
  },
  decide: (event, facts, given) => {
    const asked = handOf(event)
    const { doc, policy, rule } = given
    const isWanted = keyIn(doc.desired) === hand.keyOf(asked)
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
    const wrong = wanted === undefined ? null : whyNotSet(wanted.stages, event.set)
    if (wrong !== null) return { kind: 'ignore', reason: 'bad-set', detail: `it cannot be set so: ${wrong}` }
    return intended(asked, onNewest(facts, given), { name: rule.name, onNewer: wanted?.onNewer })
  },
  resync: ({ policy, docOf }) =>
    Object.entries(policy.pipelines).flatMap(([key, rule]): Ask[] => {
      const lane = laneOf(pipeline, laneNameOf(key, rule))
      const asked = awaitedIn(docOf(lane))
      return asked === null ? [] : [{ kind: 'event', event: again(asked, lane) }]
    }),
}

const intended = (
  asked: Hand,
  on: ReturnType<typeof onNewest>,
  { name, onNewer }: { name: string; onNewer: 'finish' | 'replace' | undefined },
): Decision => {
  if (on.kind === 'none') return { kind: 'ignore', reason: on.reason, detail: on.detail }
  const desired: TrainDesired = {
    ...{ kind: 'train', dataset: name, ...on.dataset, requester: asked.by },
    occasion: asked,
  }
  const lines = setLines(asked.set ?? {})
  const detail = lines.length === 0 ? 'asked for by hand' : `asked for by hand, with ${lines.join(', ')}`
  // Behind whatever orders its lane: the source of what people say orders nothing.
  return {
    kind: 'intend',
    detail,
    intent: { order: null, onNewer: onNewer === 'replace' ? 'stop' : 'finish', desired },
  }
}

const handOf = ({ id, at, by, set }: RunAsked): Hand => ({
  ...{ kind: 'hand', id, at, by },
  ...(isNothingSet(set) ? {} : { set }),
})

const occasionIn = (desired: Desired | null): Occasion | undefined => (desired as TrainDesired | null)?.occasion

/** The request that something is wanted for; null: for none. */
const handIn = (desired: Desired | null): Hand | null => {
  const occasion = occasionIn(desired)
  return occasion?.kind === 'hand' ? occasion : null
}

const keyIn = (desired: Desired | null): string | null => {
  const asked = handIn(desired)
  return asked === null ? null : hand.keyOf(asked)
}

/** What has begun nothing, was refused or lost its rule: where it was read, or what stood in its way, may have changed. */
const awaitedIn = (doc: LaneDocument | null): Hand | null => {
  if (doc === null) return null
  const { run, outcome } = doc
  if (run !== null) return hasBegun(run) ? null : handIn(run.desired)
  return outcome?.kind === 'refused' || outcome?.reason === 'not-configured' ? handIn(doc.desired) : null
}

/** The event that would ask for it again. */
const again = ({ id, by, at, set = {} }: Hand, lane: string): RunAsked => ({
  ...{ type: 'run-asked', id, at, pipeline: laneName(lane), by, set, replayed: false },
})
