import { isLeaving } from '../kube.ts'
import { baselineView } from '../planning/generations.ts'
import { planServe } from '../planning/serve.ts'
import { walkBack } from '../planning/walk-back.ts'
import type { GenerationView, PoolView } from '../world.ts'
import { type LaneKind, laneOf } from './kind.ts'
import { isServed, type Standing } from './serving.ts'

/** Standing: a registered model is served, and rolled out version by version. */
export const service: LaneKind<Standing> = {
  name: 'service',
  lasts: 'standing',
  stands: true,
  ruleOf: (policy, name) => {
    const rule = Object.hasOwn(policy.models, name) ? policy.models[name] : undefined
    return rule === undefined ? null : { lane: laneOf(service, name), name, mode: rule.mode }
  },
  keyOf: (desired) =>
    isServed(desired) ? `serve:${desired.model}:${desired.version}:${desired.digest}` : `none:${desired.model}`,
  titleOf: (desired) =>
    isServed(desired) ? `serve ${desired.model} v${desired.version}` : `serve no promoted version of ${desired.model}`,
  requesterOf: (desired) => (isServed(desired) ? desired.requester : null),
  isNothing: (desired) => !isServed(desired),
  plan: planServe,
  back: ({ identity, run, lane, baseline, policy, world, halfway = false, brought = [], judged = false, held }) => {
    if (world.generations.length === 0) return []
    // What is judged and stands goes for a baseline only: without it there would be nothing.
    if (judged && baseline !== null && isGone(baselineView(world.generations, baseline))) return []
    const model = policy.models[lane.slice('service/'.length)]
    const pool = model === undefined ? undefined : world.pools[model.pool]
    return walkBack({
      identity,
      run,
      baseline,
      generations: world.generations,
      without: halfway ? 'all' : 'run',
      brought,
      loadMinutes: model?.loadMinutes.p95 ?? 30,
      wantReplicas: baseline?.replicas ?? model?.replicas ?? 1,
      freeGpus: freeToGoBack(pool, model === undefined ? undefined : held?.[model.pool]),
    })
  },
  baselineOf: (desired, { run, policy }) =>
    isServed(desired)
      ? { generation: run.generation, desired, replicas: policy.models[desired.model]?.replicas ?? null }
      : null,
}

const isGone = (base: GenerationView | undefined): boolean => base === undefined || isLeaving(base.object)

/** What the way back may take beyond what the lane uses: what its run holds, and where nothing is held what is free. */
const freeToGoBack = (pool: PoolView | undefined, held: number | undefined): number | null => {
  if (pool === undefined) return null
  if (held !== undefined) return held - pool.usedByLane
  return pool.ceiling === null ? null : pool.ceiling - pool.heldByOthers - pool.usedByLane
}
