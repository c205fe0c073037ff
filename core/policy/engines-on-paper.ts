import type { Policy, ServicePolicy } from '../policy.ts'
import type { Engine } from '../workloads/engine.ts'
import { engineFlagWrongs } from '../workloads/engine-flags.ts'
import { ENGINES } from '../workloads/engines.ts'
import { laneOf, type OnPaper } from './paper.ts'
import { whyNotAllowed } from './sources.ts'

/** What a service says of its engine, and of what adapters are served on, that no plan could be made of. */
export const enginesOnPaper = (policy: Policy): OnPaper[] =>
  Object.entries(policy.services).flatMap(([name, rule]) =>
    [...flagsOnPaper(rule), ...baseOnPaper(rule, policy)].map(({ at, why }) => ({
      path: `services.${name}.${at}`,
      why,
      lanes: [laneOf('service', name, rule)],
    })),
  )

/** What the engine is told already by what the policy says of the service. */
const flagsOnPaper = (rule: ServicePolicy): { at: string; why: string }[] =>
  engineFlagWrongs(rule).map(({ at, why }) => ({ at: `args.${at}`, why }))

/** As its engine would answer of any adapter that is served on it. */
const baseOnPaper = (rule: ServicePolicy, policy: Policy): { at: string; why: string }[] => {
  const { base } = rule
  if (base === undefined) return []
  const { runner } = policy
  const engine = ENGINES[rule.engine].at(-1) as Engine
  const why =
    engine.cannotLoad(ADAPTER, { service: rule, ...(runner === undefined ? {} : { runner }) }) ??
    whyNotAllowed(base, policy)
  return why === null ? [] : [{ at: 'base', why }]
}

const ADAPTER = { source: 's3://bucket/folder/', adapter: true } as const
