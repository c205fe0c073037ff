import type { ServeDesired } from '../desired.ts'
import { isServed } from '../lane-kinds/serving.ts'
import type { Planned } from '../plan.ts'
import type { Engine } from '../workloads/engine.ts'
import { asManyAsFit, whereAllHaveRoom } from './as-many.ts'
import { withHand } from './by-hand.ts'
import { standsFor } from './returns-to.ts'
import type { ServeInput } from './serve-plan.ts'
import { planRollout } from './serve-rollout.ts'
import type { Rule } from './serve-room.ts'
import { isAnswered } from './traffic.ts'

/** The version that was judged last, where nothing of it stands any more and nothing else answers requests either; null: something does, or none ever was. */
export const goneIn = ({ world, baseline }: ServeInput): Gone | null => {
  if (baseline === null || !isServed(baseline.desired) || standsFor(world.generations, baseline) !== undefined)
    return null
  const { generation, stands = generation, desired, replicas } = baseline
  return isAnswered(world) ? null : { desired, stands, replicas }
}

interface Gone {
  desired: ServeDesired
  stands: number
  replicas: number | null
}

/** What was judged is made anew, as a generation of its own: what the policy makes of its version by now was judged by nobody. */
export const planGone = (
  input: ServeInput,
  rule: Rule,
  { gone: { desired, stands, replicas }, engineFor }: { gone: Gone; engineFor: (version: ServeDesired) => Engine },
): Planned => {
  const text = `nobody answers: somebody has deleted v${desired.version} (generation ${stands}), which served ${rule.name}`
  if (rule.service.onEdit === 'tell') return { kind: 'nothing', reason: text, hand: { text, tells: true } }
  const wanted = { desired, engine: engineFor(desired), generation: input.run.generation }
  // With as many as were judged, whatever the policy has of them by now.
  const most = replicas ?? rule.service.replicas
  const planned = asManyAsFit({ most, agreed: input.agreed }, (count, isPaper) => {
    const of = { ...rule, service: { ...rule.service, replicas: count } }
    const at = isPaper ? whereAllHaveRoom({ input, rule: of }) : { input, rule: of }
    return planRollout(at.input, at.rule, wanted)
  })
  return withHand(planned, { text, tells: false })
}
