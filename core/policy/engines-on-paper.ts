import type { Policy, ServicePolicy } from '../policy.ts'
import { saysAdapter } from '../workloads/adapters.ts'
import { engineFlagWrongs } from '../workloads/engine-flags.ts'
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

const baseOnPaper = ({ base, engine }: ServicePolicy, policy: Policy): { at: string; why: string }[] => {
  const why = base === undefined ? null : whyNoBase(base, engine, policy)
  return why === null ? [] : [{ at: 'base', why }]
}

const whyNoBase = (base: string, engine: ServicePolicy['engine'], policy: Policy): string | null => {
  if (engine !== 'vllm') return "only vLLM serves adapters: leave it out, or say `engine: 'vllm'`"
  if (policy.runner === undefined)
    return 'what is served on it is an adapter, which `signalbox-run` fetches: say `runner: { image }` of the whole config'
  if (saysAdapter(base)) return 'it is an adapter itself: name whole weights'
  return whyNotAllowed(base, policy)
}
