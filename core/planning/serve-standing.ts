import type { ServeDesired } from '../desired.ts'
import { sliceOf } from '../policy/sharing.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import { own } from '../record.ts'
import type { Engine } from '../workloads/engine.ts'
import { runnerSource } from '../workloads/runner-source.ts'
import { type ServingInput, servingTemplate } from '../workloads/serving.ts'
import type { GenerationView } from '../world.ts'
import { baselineView, isEditedByHand, isStanding, replicaCount, titleOf } from './generations.ts'
import { judgedLast } from './order.ts'
import { replicasText } from './scaled.ts'
import { rangeOf } from './scaled-range.ts'
import type { ServeInput } from './serve-plan.ts'
import type { Rule } from './serve-room.ts'

/** The version that shall stand alone. */
export interface Wanted {
  desired: ServeDesired
  engine: Engine
  generation: number
}

/** What of the lane is the wanted version already, and what is not. */
export interface Standing {
  digest: string
  base: GenerationView | undefined
  /** The Deployment that rises: the generation's own, or one with the desired digest that stands (law 4). */
  target: GenerationView | undefined
  others: GenerationView[]
  /** The generation that is planned is the baseline's. */
  isBaselines: boolean
  /** It was judged before and has not changed since. */
  judged: boolean
}

/** What the objects of the wanted version are built from. */
export const buildOf = (
  { identity, run, policy }: Pick<ServeInput, 'identity' | 'run' | 'policy'>,
  { service }: Pick<Rule, 'service'>,
  { desired, engine }: Wanted,
): ServingInput => ({
  identity,
  run,
  desired,
  service,
  engine,
  namespace: policy.namespaces.serving,
  ...(policy.runner === undefined ? {} : { runner: runnerSource(policy) }),
  ...scalesOf(policy, service),
  ...slicedIn(policy, service),
})

/** What a replica has of a pool that shares its GPUs. */
const slicedIn = ({ pools }: Policy, { pool }: ServicePolicy): Pick<ServingInput, 'slice'> => {
  const rule = own(pools, pool)
  const slice = rule === undefined ? null : sliceOf(rule)
  return slice === null ? {} : { slice }
}

const scalesOf = (policy: Policy, service: ServicePolicy): Pick<ServingInput, 'scales'> => {
  const range = rangeOf(policy, service)
  return range === null || policy.keda === undefined ? {} : { scales: { keda: policy.keda, ...range } }
}

/** How what stands compares with what is wanted. */
export const standingOf = (input: ServeInput, rule: Rule, wanted: Wanted): Standing => {
  const {
    world: { generations },
    baseline,
  } = input
  const digest = servingTemplate(buildOf(input, rule, wanted))
  const base = baselineView(generations, baseline)
  const own = generations.find(({ generation }) => generation === wanted.generation)
  // Content counts, and the digest that it was applied with: what somebody has changed since is another's.
  const isIt = (view: GenerationView | undefined): boolean => view?.digest === digest && !isEditedByHand(view)
  const same = generations.filter((view) => isIt(view) && isStanding(view))
  const target = isIt(own) ? own : (same.find((view) => view === base) ?? same.at(-1) ?? own)
  const others = generations.filter((view) => view !== target && isStanding(view))
  const judged = target !== undefined && target === base && isIt(target)
  return {
    digest,
    base,
    target,
    isBaselines: baseline?.generation === wanted.generation,
    judged,
    others: judgedLast(others, base),
  }
}

/** Which service it is, where that is not called as the model is: two may serve one model. */
export const asService = (name: string, { model }: { model: string }): string => (name === model ? '' : ` as ${name}`)

/** The plan in one line. */
export const titleOfPlan = ({ desired }: Wanted, rule: Rule, { others, target, judged }: Standing): string => {
  const { name, service, range } = rule
  const it = `${desired.model} v${desired.version}${asService(name, desired)}`
  const now = target?.replicas ?? 0
  if (others.length === 0 && now > 0 && judged && range !== undefined)
    return `Scale ${it} between ${range.min} and ${replicaCount(range.max)}`
  if (others.length === 0 && now === service.replicas && range === undefined && target?.upTo !== undefined)
    return `Let nothing scale ${it} any more: ${replicaCount(now)}`
  if (others.length === 0 && now > 0)
    return now === service.replicas
      ? `${judged ? 'Lead requests to' : 'Judge'} ${it}, which stands already`
      : `Scale ${it} from ${now} to ${replicaCount(service.replicas)}`
  const from = others.length === 0 ? '' : ` instead of ${others.map(titleOf).join(', ')}`
  return `Serve ${it} with ${replicasText(rule)}${from}`
}

/**
 * Whether its generation is another template's already, which would be changed under it: it stands, or stood, with that; or it is the
 * baseline's, which took up the Deployment of one before it; or somebody has changed it by hand.
 */
export const isEdited = ({ target, digest, base, isBaselines }: Standing): boolean =>
  target === undefined ? isBaselines && base !== undefined : target.digest !== digest || isEditedByHand(target)
