import { promotionsOf } from '../promotion.ts'
import { nearest } from './problems.ts'

/** What of the document blocks say of each other. */
export interface Together {
  pools: Record<string, { queue?: string | undefined }>
  datasets: Record<string, { bucket: string; prefix: string; launch: OnPool; evaluate: OnPool }>
  models: Record<string, OnPool & Parameters<typeof promotionsOf>[0]>
}
interface OnPool {
  pool: string
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
  ...unknownPools(value),
  ...servedFromQueues(value),
]

/** An upload must mean one of them. */
const sharedPlaces = ({ datasets }: Together): Problem[] => {
  const names = Map.groupBy(Object.entries(datasets), ([, { bucket, prefix }]) => `${bucket}/${prefix}`)
  return [...names].flatMap(([place, rules]) =>
    rules.slice(1).map(([name]) => ({
      path: ['datasets', name],
      message: `\`${rules[0]?.[0]}\` has the same bucket and prefix (${place}): an upload must mean one of them`,
    })),
  )
}

const signals = ({ models }: Together): Problem[] =>
  Object.entries(models)
    .filter(([, rule]) => promotionsOf(rule).length !== 1)
    .map(([name]) => ({
      path: ['models', name],
      message: 'name exactly one of serveAlias, serveTag and serveStage: it says which version to serve',
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
const servedFromQueues = ({ pools, models }: Together): Problem[] =>
  Object.entries(models)
    .filter(([, { pool }]) => pools[pool]?.queue !== undefined)
    .map(([name, { pool }]) => ({
      path: ['models', name, 'pool'],
      message: `Kueue owns \`${pool}\` and lends it to Jobs, which a service is not: use a pool without queue, or leave out pools.${pool}.queue`,
    }))

const poolsUsed = ({ datasets, models }: Together): { path: string[]; pool: string }[] => [
  ...Object.entries(datasets).flatMap(([name, { launch, evaluate }]) => [
    { path: ['datasets', name, 'launch', 'pool'], pool: launch.pool },
    { path: ['datasets', name, 'evaluate', 'pool'], pool: evaluate.pool },
  ]),
  ...Object.entries(models).map(([name, { pool }]) => ({ path: ['models', name, 'pool'], pool })),
]
