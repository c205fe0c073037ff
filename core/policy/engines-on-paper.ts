import { parseReference } from '../images/reference.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import type { Engine } from '../workloads/engine.ts'
import { engineFlagWrongs } from '../workloads/engine-flags.ts'
import { ENGINE_NAMES, ENGINE_VERSIONS, type EngineName } from '../workloads/engine-versions.ts'
import { ENGINES } from '../workloads/engines.ts'
import { laneOf, type OnPaper } from './paper.ts'
import { sliceOf } from './sharing.ts'
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
      ...[...flagsOnPaper(rule), ...baseOnPaper(rule, policy), ...inTurnOnPaper(rule, policy)].map(
        at([laneOf('service', name, rule)]),
      ),
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

/** Where others have its GPU too, an engine is told which share of its memory it may take; what is not told, or told otherwise, takes from theirs. */
const inTurnOnPaper = ({ pool, engine, args }: ServicePolicy, { pools }: Policy): { at: string; why: string }[] => {
  const rule = Object.hasOwn(pools, pool) ? pools[pool] : undefined
  const slice = rule === undefined ? null : sliceOf(rule)
  if (slice === null || slice.isApart) return []
  const { called } = ENGINE_VERSIONS[engine]
  if (ENGINES[engine].at(-1)?.inTurn == null)
    return [
      {
        at: 'engine',
        why: `${called} takes a part of whatever memory it finds free, and GPUs of ${pool} are had in turn: serve it by vLLM, or use a pool that has its GPUs whole, or divided by MIG`,
      },
    ]
  return args.flatMap((arg, index) =>
    isOfMemory(arg)
      ? [
          {
            at: `args.${index}`,
            why: `${slice.perGpu} pods have a GPU of ${pool} in turn, and vLLM is told its share of the memory: leave it out`,
          },
        ]
      : [],
  )
}

/** As its parser knows them, which takes beginnings and either kind of dashes. */
const OF_MEMORY = ['--gpu-memory-utilization', '--kv-cache-memory-bytes']
const isOfMemory = (arg: string): boolean => {
  const [flag = ''] = arg.split(/[=\s]/)
  const said = flag.replaceAll('_', '-')
  return said.length > '--kv-c'.length && OF_MEMORY.some((one) => one.startsWith(said))
}

const ADAPTER = { source: 's3://bucket/folder/', adapter: true } as const
