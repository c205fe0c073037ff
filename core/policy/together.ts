import { promotionsOf, signalAt } from '../promotion.ts'
import { datasetsIn } from './datasets.ts'
import { type DriftTogether, driftProblems } from './drift.ts'
import { nearest } from './nearest.ts'
import type { PodPatch } from './pod.ts'
import { nodeProblems } from './pod-nodes.ts'
import { sharedGpuProblems } from './shared-gpus.ts'
import type { Sharing } from './sharing.ts'
import { nameOfStage } from './stages.ts'
import { versionProblems } from './versions.ts'
import { gpuPoolProblems } from './without-gpus.ts'

/** What of the document blocks say of each other. */
export interface Together extends DriftTogether {
  nodes?: { ami?: string } | undefined
  keda?: object | undefined
  pools: Record<string, PoolTogether>
  pipelines: Record<
    string,
    {
      was?: string | undefined
      on: { dataset?: { bucket: string; prefix: string } | undefined }
      stages: (OnPool & {
        gpus: number
        nodes?: number | undefined
        name?: string | undefined
        use?: string | undefined
        preemptible?: boolean | undefined
      })[]
      alternatives?:
        | Record<
            string,
            {
              stages: Record<string, { pool?: string | undefined; gpus?: number | undefined }>
              whenOpens?: true | undefined
            }
          >
        | undefined
    } & DriftTogether['pipelines'][string] &
      Parameters<typeof versionProblems>[0][string]
  >
  services: Record<
    string,
    OnPool & {
      gpusPerReplica: number
      was?: string | undefined
      model?: string | undefined
      autoscaling?: object | undefined
    } & Parameters<typeof promotionsOf>[0] &
      DriftTogether['services'][string]
  >
}
interface PoolTogether {
  gpusPerNode: number
  sharing?: Sharing | undefined
  hours?: object | undefined
  mode?: string | undefined
  queue?: string | undefined
  instanceType?: string | undefined
  instanceTypes?: string[] | undefined
  capacityTypes: readonly string[]
  reservations?: readonly object[] | undefined
  nodeClass?: string | undefined
}
interface OnPool {
  pool: string
  pod?: PodPatch | undefined
}

/** One thing that does not hold together: where, and what to write there. */
export interface Problem {
  path: string[]
  message: string
}

/** What no block can see alone. */
export const togetherProblems = (value: Together): Problem[] => [
  ...sharedPlaces(value),
  ...signals(value),
  ...sharedSignals(value),
  ...renamed('pipelines', value.pipelines),
  ...renamed('services', value.services),
  ...modelsOfRenamed(value),
  ...unknownPools(value),
  ...scaledByNobody(value),
  ...servedFromQueues(value),
  ...gpuPoolProblems(value),
  ...sharedGpuProblems(value),
  ...reservedOfNothing(value),
  ...otherNodes(value),
  ...neverOpened(value),
  ...driftProblems(value, nearest),
  ...versionProblems(value.pipelines),
]

/** Pods that ask for nodes which their pool never has. */
const otherNodes = ({ pools, pipelines, services }: Together): Problem[] => [
  ...Object.entries(pipelines).flatMap(([name, { stages, alternatives = {} }]) =>
    stages.flatMap((stage, index) => [
      ...nodeProblems(stage, { pools, path: ['pipelines', name, 'stages', String(index)] }),
      ...Object.entries(alternatives).flatMap(([key, { stages: others }]) => {
        const { pool = stage.pool } = others[nameOfStage(stage)] ?? {}
        const path = ['pipelines', name, 'alternatives', key, 'stages', nameOfStage(stage)]
        return pool === stage.pool ? [] : nodeProblems({ ...stage, pool }, { pools, path })
      }),
    ]),
  ),
  ...Object.entries(services).flatMap(([name, rule]) => nodeProblems(rule, { pools, path: ['services', name] })),
]

/** KEDA is asked through an address that only the policy knows. */
const scaledByNobody = ({ keda, services }: Together): Problem[] =>
  Object.entries(services).flatMap(([name, { autoscaling }]) => {
    const message =
      'nothing says where KEDA asks Prometheus: say `keda: { prometheus }` of the whole config, or `replicas` here'
    return autoscaling === undefined || keda !== undefined ? [] : [{ path: ['services', name, 'autoscaling'], message }]
  })

/** Alternatives that are to wait until a pool opens, of pools that are as high at all times. */
const neverOpened = ({ pools, pipelines }: Together): Problem[] =>
  Object.entries(pipelines).flatMap(([name, { stages, alternatives = {} }]) =>
    Object.entries(alternatives).flatMap(([key, { stages: others, whenOpens }]) => {
      const used = stages.map((stage) => others[nameOfStage(stage)]?.pool ?? stage.pool)
      const opens = used.some((pool) => pools[pool]?.hours !== undefined && pools[pool]?.mode !== 'shadow')
      if (whenOpens !== true || opens) return []
      const message = `no pool of it has \`hours\` in force, so none ever opens: leave it out, or say hours of ${[...new Set(used)].join(' or ')}`
      return [{ path: ['pipelines', name, 'alternatives', key, 'whenOpens'], message }]
    }),
  )

/** An upload must mean one of them. */
const sharedPlaces = ({ pipelines }: Together): Problem[] => {
  const places = Map.groupBy(datasetsIn(pipelines), ({ dataset: { bucket, prefix } }) => `${bucket}/${prefix}`)
  return [...places].flatMap(([place, rules]) =>
    rules.slice(1).map(({ name }) => ({
      path: ['pipelines', name, 'on', 'dataset'],
      message: `\`${rules[0]?.name}\` has the same bucket and prefix (${place}): an upload must mean one of them`,
    })),
  )
}

const signals = ({ services }: Together): Problem[] =>
  Object.entries(services)
    .filter(([, rule]) => promotionsOf(rule).length !== 1)
    .map(([name]) => ({
      path: ['services', name],
      message: 'name exactly one of alias, tag and stage: it says which version to serve',
    }))

/** A promotion must mean one of them. */
const sharedSignals = ({ services }: Together): Problem[] => {
  const named = Object.entries(services).flatMap(([name, rule]) =>
    promotionsOf(rule).map((promotion) => ({ name, at: signalAt(rule.model ?? name, promotion) })),
  )
  return [...Map.groupBy(named, ({ at }) => at)].flatMap(([at, all]) =>
    all.slice(1).map(({ name }) => ({
      path: ['services', name],
      message: `\`${all[0]?.name}\` serves ${at} already: a promotion must mean one of them`,
    })),
  )
}

/** A lane belongs to one rule, and people may call it by the name that it had: no other rule has that one. */
const renamed = (block: string, rules: Record<string, { was?: string | undefined }>): Problem[] => {
  // Each rule's names once, also where it says that it was what it is.
  const names = Object.entries(rules).flatMap(([key, { was = key }]) => [...new Set([key, was])])
  const shared = new Set(
    [...Map.groupBy(names, (name) => name)].flatMap(([name, all]) => (all.length > 1 ? [name] : [])),
  )
  return Object.entries(rules).flatMap(([key, { was }]) =>
    was === undefined || !shared.has(was)
      ? []
      : [
          {
            path: [block, key, 'was'],
            message: `\`${was}\` is the name of another one too: what was begun under it can belong to one alone`,
          },
        ],
  )
}

/** A service that is named as its model and then renamed would look for versions of a model of its new name. */
const modelsOfRenamed = ({ services }: Together): Problem[] =>
  Object.entries(services)
    .filter(([key, { was, model }]) => was !== undefined && was !== key && model === undefined)
    .map(([key, { was }]) => ({
      path: ['services', key, 'model'],
      message: `is missing: a service without it serves the model of its own name, and this one has a new name: say \`model: '${was}'\`, or the name that the model has in the registry`,
    }))

const unknownPools = (value: Together): Problem[] => {
  const known = Object.keys(value.pools)
  return poolsUsed(value)
    .filter(({ pool }) => !Object.hasOwn(value.pools, pool))
    .map(({ path, pool }) => {
      const meant = nearest(pool, known)
      const use = meant === null ? `use one of ${known.join(', ')}` : `did you mean \`${meant}\`?`
      return { path, message: `there is no pool \`${pool}\`: add it under pools, or ${use}` }
    })
}

/** Kueue admits Jobs. */
const servedFromQueues = ({ pools, services }: Together): Problem[] =>
  Object.entries(services)
    .filter(([, { pool }]) => pools[pool]?.queue !== undefined)
    .map(([name, { pool }]) => ({
      path: ['services', name, 'pool'],
      message: `Kueue owns \`${pool}\` and lends it to Jobs, which a service is not: use a pool without queue, or leave out pools.${pool}.queue`,
    }))

/** Karpenter takes no reservation that its node class does not select. */
const reservedOfNothing = ({ nodes, pools }: Together): Problem[] =>
  nodes === undefined
    ? []
    : Object.entries(pools)
        .filter(([, one]) => one.capacityTypes.includes('reserved') && !one.reservations && !one.nodeClass)
        .map(([name]) => ({
          path: ['pools', name, 'reservations'],
          message:
            'is missing: no reserved node is started without one: say `[{ id }]` or `[{ tags }]`, or take `reserved` out of capacityTypes',
        }))

const poolsUsed = ({ pipelines, services }: Together): { path: string[]; pool: string }[] => [
  ...Object.entries(pipelines).flatMap(([name, { stages, alternatives = {} }]) => [
    ...stages.map(({ pool }, index) => ({ path: ['pipelines', name, 'stages', String(index), 'pool'], pool })),
    ...Object.entries(alternatives).flatMap(([key, { stages: others }]) =>
      Object.entries(others).flatMap(([stage, { pool }]) =>
        pool === undefined ? [] : [{ path: ['pipelines', name, 'alternatives', key, 'stages', stage, 'pool'], pool }],
      ),
    ),
  ]),
  ...Object.entries(services).map(([name, { pool }]) => ({ path: ['services', name, 'pool'], pool })),
]
