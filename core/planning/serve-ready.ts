import type { Planned, RollOutModelStep } from '../plan.ts'
import type { GenerationView } from '../world.ts'
import { refOf, replicaCount, titleOf } from './generations.ts'
import { finishPlan, heldNow, pricedFor, type ServeInput } from './serve-plan.ts'
import { servePrice } from './serve-price.ts'
import type { Rule } from './serve-room.ts'

/**
 * What stands as it is wanted: nothing is to be done, once all of it is ready. Until then a plan waits for that as a rollout's own
 * moves do, with their patience: it changes nothing, costs nothing, and nobody is asked.
 */
export const planStanding = (
  input: ServeInput,
  rule: Rule,
  { view, reason, ...about }: { view: GenerationView; reason: string; template?: string },
): Planned => {
  const { replicas, ready } = view
  if (ready >= replicas) return { kind: 'nothing', reason }
  const path = [{ old: 0, new: replicas }]
  const rising = { pool: view.pool, gpus: view.gpusPerReplica }
  const price = servePrice({ ...pricedFor(input, rule.service), leaving: [], path, gateAfter: null, rising })
  const held = heldNow(input)
  const short = `${ready} of ${replicas} ready`
  const planned = finishPlan(input, {
    title: `Wait until ${titleOf(view)} is ready, which stands already as ${rule.name}`,
    steps: [waitStep(view, rule)],
    objects: [],
    interrupts: [],
    asks: null,
    price,
    gpus: held,
    stands: held,
    unavailable: 0,
    strategy: null,
    undo: 'Nothing was changed.',
    reasons: [`${reason}, ${short}: it counts once each of them answers`],
    ...about,
  })
  return planned.kind === 'plan' ? { ...planned, agrees: `${reason}, ${short}` } : planned
}

const waitStep = (view: GenerationView, { service, range }: Rule): RollOutModelStep => {
  const { generation, replicas } = view
  return {
    kind: 'roll-out-model',
    name: 'move-1',
    title: `Keep ${replicaCount(replicas)} of ${titleOf(view)}`,
    why: 'each counts once it is ready, weights loaded',
    objects: [],
    replicas: [{ ref: refOf(view), generation, replicas, replicasReady: replicas }],
    point: { old: 0, new: replicas },
    // It brings nothing: what its pods did before says nothing of it, and its patience alone ends it.
    brings: null,
    loadMinutes: service.loadMinutes.p95,
    ...(range === undefined ? {} : { scaled: range }),
  }
}
