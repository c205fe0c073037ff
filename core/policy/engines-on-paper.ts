import { parseReference } from '../images/reference.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import type { Engine } from '../workloads/engine.ts'
import { engineFlagWrongs } from '../workloads/engine-flags.ts'
import { ENGINE_NAMES, ENGINE_VERSIONS, type EngineName } from '../workloads/engine-versions.ts'
import { ENGINES } from '../workloads/engines.ts'
import { laneOf, type OnPaper } from './paper.ts'
import { whyNotAllowed } from './sources.ts'

/** What a service says of its engine, and of what adapters are served on, that no plan could be made of. */
export const enginesOnPaper = (policy: Policy): OnPaper[] =>
  Object.entries(policy.services).flatMap(([name, rule]) => {
    const at = (lanes: string[]) => (wrong: { at: string; why: string }) => ({
      path: `services.${name}.${wrong.at}`,
      why: wrong.why,
      lanes,
    })
    return [
      // What an image is called proves nothing of what is in it: whoever writes the policy is told, and no plan is refused.
      ...imageOnPaper(rule).map(at([])),
      ...[...flagsOnPaper(rule), ...baseOnPaper(rule, policy)].map(at([laneOf('service', name, rule)])),
    ]
  })

/** An image that the makers of another engine call so: its pods would never begin. */
const imageOnPaper = ({ engine, image }: ServicePolicy): { at: string; why: string }[] => {
  const { repository = '' } = parseReference(image) ?? {}
  const isOf = (one: EngineName): boolean => ENGINE_VERSIONS[one].repository.test(repository)
  const other = ENGINE_NAMES.find((one) => one !== engine && isOf(one))
  if (other === undefined || isOf(engine)) return []
  const [is, said] = [ENGINE_VERSIONS[other].called, ENGINE_VERSIONS[engine].called]
  return [
    {
      at: 'image',
      why: `\`${repository}\` is ${is}, and \`engine\` says ${said}: say \`engine: '${other}'\`, or take an image of ${said}`,
    },
  ]
}

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
