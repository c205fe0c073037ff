import { milliseconds } from '../duration.ts'
import { votesUntil } from '../lane/asking.ts'
import { usd } from '../money/prices.ts'
import { choosePath } from '../planning/paths.ts'
import { mostOnPaper } from '../planning/pipeline-price.ts'
import { slotGpus } from '../planning/serve-room.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import { highestOf, wholeNodes } from '../pools/ceiling.ts'
import { mostKey, mostSaid, unitsOf } from '../pools/counts.ts'
import { laneOf, type OnPaper } from './paper.ts'

/** Where a policy gives less money, room, time or length than what it asks for takes. */
export const enoughOnPaper = (policy: Policy): OnPaper[] => [
  ...Object.entries(policy.pipelines).flatMap(([name, rule]) => [
    ...moneyOf(policy, name, rule),
    ...lengthOf(name, rule),
  ]),
  ...Object.entries(policy.services).flatMap(([name, rule]) => laterVersions(policy, name, rule)),
  ...Object.entries(policy.pools).flatMap(([name, pool]) => roomOf(policy, name, pool)),
  ...timeOf(policy.approvals),
]

type Pipeline = Policy['pipelines'][string]
type Pool = Policy['pools'][string]

/** A run is begun only if its bad case fits into the month, of which it is the first at best. */
const moneyOf = (policy: Policy, name: string, rule: Pipeline): OnPaper[] => {
  const { budget } = policy
  // What could not be priced or run is told by itself.
  const most = mostOnPaper(policy, rule) ?? 0
  const why = `one run of \`${name}\` may cost up to ${usd(most)}, and a month has ${usd(budget.dollars)}: none would ever begin; raise it, or lower hours.p95 or gpus of its stages`
  return most > budget.dollars ? [{ path: 'budget.dollars', why, lanes: [laneOf('pipeline', name, rule)] }] : []
}

/** Bytes of the longest key in S3. */
const LONGEST_KEY = 1024

const lengthOf = (name: string, rule: Pipeline): OnPaper[] => {
  const { prefix = '', manifest = '' } = rule.on.dataset ?? {}
  const bytes = Buffer.byteLength(prefix + manifest)
  const why = `with its manifest’s name a key would have ${bytes} bytes, and S3 takes ${LONGEST_KEY}: no upload could begin it; write shorter ones`
  return bytes > LONGEST_KEY
    ? [{ path: `pipelines.${name}.on.dataset.prefix`, why, lanes: [laneOf('pipeline', name, rule)] }]
    : []
}

/** GPUs below the highest ceiling that its policy ever has, in whole nodes, as Karpenter counts. */
const ceilingOf = (pool: Pool): number => wholeNodes(highestOf(pool), pool)

const slotsOf = (pool: Pool, { replicas, gpusPerReplica }: ServicePolicy): number =>
  replicas * slotGpus({ pool }, gpusPerReplica)

/** Whether a version could follow another, where nothing else is in the pool: the first one comes into an empty pool. */
const laterVersions = ({ pools }: Policy, name: string, rule: ServicePolicy): OnPaper[] => {
  const pool = pools[rule.pool]
  if (pool === undefined || rule.gpusPerReplica > pool.gpusPerNode || slotsOf(pool, rule) > ceilingOf(pool)) return []
  const { replicas, maxUnavailable } = rule
  const gpus = slotGpus({ pool }, rule.gpusPerReplica)
  const path = choosePath({
    old: Array.from({ length: replicas }, () => ({ gpus, ready: true })),
    present: { asked: 0, ready: 0 },
    want: replicas,
    gpusPerReplica: gpus,
    freeGpus: ceilingOf(pool) - slotsOf(pool, rule),
    maxUnavailable,
    baselineReplicas: replicas,
  })
  if (path.kind === 'path') return []
  const away = path.remedies.maxUnavailable
  const enough = Math.ceil((ceilingOf(pool) + path.shortGpus) / pool.gpusPerNode) * pool.gpusPerNode
  const cure = away === null ? '' : `write ${away}${away > replicas ? ', which accepts an outage' : ''}, or `
  const why = `found ${maxUnavailable}, and its ${replicas === 1 ? 'one replica fills' : `${replicas} replicas fill`} ${rule.pool}: every version after the first would wait for ever; ${cure}raise pools.${rule.pool}.${mostKey(pool)} to ${mostSaid(enough, pool)}`
  return [{ path: `services.${name}.maxUnavailable`, why, lanes: [] }]
}

/** Each of them may fit by itself. */
const roomOf = ({ services }: Policy, name: string, pool: Pool): OnPaper[] => {
  const all = Object.entries(services).flatMap(([key, rule]) =>
    rule.pool === name ? [{ key, gpus: slotsOf(pool, rule) }] : [],
  )
  const together = all.reduce((sum, { gpus }) => sum + gpus, 0)
  if (together <= ceilingOf(pool) || all.some(({ gpus }) => gpus > ceilingOf(pool))) return []
  const each = all.map(({ key, gpus }) => `${key} ${gpus}`).join(', ')
  const why = `its services take ${together} ${unitsOf(pool)} together (${each}), and nodes below ${mostSaid(highestOf(pool), pool)} have ${ceilingOf(pool)}: the last to come would find no room; raise it, or lower replicas`
  return [{ path: `pools.${name}.${mostKey(pool)}`, why, lanes: [] }]
}

/** Less nobody has who reads a card before answering. Milliseconds. */
const TO_ANSWER = 60_000

const timeOf = ({ expiry }: Policy['approvals']): OnPaper[] => {
  const left = votesUntil({ until: milliseconds(expiry) }, 0)
  const why = `of ${expiry} half is kept for beginning what is agreed to, and ${left / 1000} seconds are left for an answer: write \`10m\` or more`
  return left < TO_ANSWER ? [{ path: 'approvals.expiry', why, lanes: [] }] : []
}
