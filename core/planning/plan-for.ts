import type { Desired } from '../desired.ts'
import type { Identity, RunKey } from '../names.ts'
import type { Bounds, Planned } from '../plan.ts'
import type { Policy } from '../policy.ts'
import type { LaneRow } from '../rows.ts'
import type { World } from '../world.ts'
import { planServe } from './serve.ts'
import { planTrain } from './train.ts'

/** Everything that a plan is made from. */
export interface PlanInput {
  desired: Desired
  run: RunKey
  baseline: LaneRow['baseline']
  policy: Policy
  world: World
  now: number
  /** Bounds that were approved: a plan made again stays inside them where it can. */
  within?: Bounds | undefined
}

/** Where names are made under this policy. */
export const identityOf = ({ installation, cluster }: Policy): Identity => ({ installation, cluster })

/** The plan for a desired state of any kind, from here. Pure. */
export const planFor = ({ desired, ...rest }: PlanInput): Planned => {
  const input = { ...rest, identity: identityOf(rest.policy) }
  return desired.kind === 'train' ? planTrain({ ...input, desired }) : planServe({ ...input, desired })
}

/** The rule's mode under the policy in force; null when the rule is gone. */
export const modeOf = (policy: Policy, desired: Desired): 'act' | 'shadow' | null =>
  (desired.kind === 'train' ? policy.datasets[desired.dataset] : policy.models[desired.model])?.mode ?? null
