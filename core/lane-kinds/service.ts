import { planServe } from '../planning/serve.ts'
import { walkBack } from '../planning/walk-back.ts'
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
  back: ({ identity, run, lane, baseline, policy, world, halfway = false }) => {
    if (world.generations.length === 0) return []
    const model = policy.models[lane.slice('service/'.length)]
    const pool = model === undefined ? undefined : world.pools[model.pool]
    return walkBack({
      identity,
      run,
      baseline,
      generations: world.generations,
      without: halfway ? 'all' : 'run',
      loadMinutes: model?.loadMinutes.p95 ?? 30,
      wantReplicas: baseline?.replicas ?? model?.replicas ?? 1,
      freeGpus: pool === undefined || pool.ceiling === null ? null : pool.ceiling - pool.heldByOthers - pool.usedByLane,
    })
  },
  baselineOf: (desired, { run, policy }) =>
    isServed(desired)
      ? { generation: run.generation, desired, replicas: policy.models[desired.model]?.replicas ?? null }
      : null,
}
