import * as z from 'zod/mini'
import { ENGINE_METRICS } from '../bootstrap/metric-names.ts'
import { count, matching } from './fields.ts'
import type { Wrong } from './ours.ts'

/** Longest query of a user's own: it stands in an object, and on a card's plan. */
const QUERY = 1_000

/**
 * Highest share to scale by. Kubernetes' autoscaler does nothing within a tenth of what it is told (its `tolerance`), and a share is never more than 1.
 */
const FULL = 0.85
const LEFT_ALONE = 'an autoscaler leaves a tenth above that alone, and a cache is never fuller than full'

/** What KEDA is asked through, and who it is. */
export const keda = z.strictObject({
  /** Where it asks Prometheus, as seen from its own pods: one that asks for no credentials. */
  prometheus: matching(
    /^https?:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[A-Za-z0-9._~/-]*)?$/,
    'write an address without credentials or a query: `http://prometheus-operated.monitoring.svc:9090`',
  ),
  /** The service account of its operator, `NAMESPACE/NAME`: admission lets it make the autoscaler of what a ScaledObject of ours names, and nobody else. */
  account: z._default(
    matching(
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
      'write the namespace and the name of its service account: `keda/keda-operator`',
    ),
    'keda/keda-operator',
  ),
})

/** Between how many replicas KEDA scales a service, and by what. */
export const autoscaling = z.strictObject({
  /** Replicas at the least; 0 takes all of them away while nobody asks, which only `on.query` can tell. */
  min: z.int().check(z.nonnegative()),
  /** Replicas at the most: so many are approved, held and priced, be there fewer. */
  max: count,
  /** What one replica is to have at most, on average; of several what asks for most replicas counts. */
  on: z.strictObject({
    /** Requests that it works at or that wait for a place in its batch. */
    requests: z.optional(z.number().check(z.positive())),
    /** Requests that wait for a place in its batch: beside something else, since nothing waits as soon as there are enough. */
    waiting: z.optional(z.number().check(z.positive())),
    /** Share of its cache of keys and values that is in use. */
    cache: z.optional(z.number().check(z.positive(), z.maximum(FULL, `write a share, at most ${FULL}: ${LEFT_ALONE}`))),
    /** A query of Prometheus of your own that gives one number, and what of that one replica is to have: requests that a gateway holds, for example. */
    query: z.optional(
      z.strictObject({
        /** PromQL. */
        promql: z
          .string()
          .check(
            z.minLength(1, 'write a query that gives one number'),
            z.maxLength(QUERY, `write at most ${QUERY} characters: a recording rule of yours may have more`),
          ),
        /** Of its number one replica is to have. */
        perReplica: z.number().check(z.positive()),
      }),
    ),
  }),
  /** Minutes for which fewer have to be enough before a replica goes. */
  calmMinutes: z._default(
    z.int().check(z.positive(), z.maximum(60, 'write at most 60: an autoscaler remembers no more')),
    15,
  ),
})

/** As the policy says it. */
export type Autoscaling = z.output<typeof autoscaling>

/** A service, as far as its autoscaling tells of it. */
interface Scaled {
  engine: string
  replicas: number
  autoscaling?: Autoscaling | undefined
}

/** What the policy says of replicas where it says nothing: KEDA has them. */
export const UNSAID = 0

/** With as many replicas as it may have: what reads a policy and knows nothing of autoscaling counts these. */
export const atMost = <T extends Scaled>(rule: T): T =>
  rule.replicas === UNSAID && rule.autoscaling !== undefined ? { ...rule, replicas: rule.autoscaling.max } : rule

/** What of it does not hold together, each with what to write. A document that was read already has its most replicas beside it. */
export const autoscalingWrongs = ({ engine, replicas, autoscaling: scaled }: Scaled): Wrong[] => {
  if (scaled === undefined)
    return replicas === UNSAID
      ? [{ path: ['replicas'], message: 'say how many, or `autoscaling: { min, max, on }`' }]
      : []
  const { min, max, on } = scaled
  const at = 'autoscaling'
  const counts = ENGINE_METRICS[engine as keyof typeof ENGINE_METRICS] !== undefined
  const named = Object.keys(on).filter((key) => on[key as keyof typeof on] !== undefined)
  const uncounted = counts ? [] : named.filter((key) => key !== 'query')
  const wrong = (isSo: boolean, path: string[], message: string): Wrong[] => (isSo ? [{ path, message }] : [])
  return [
    ...wrong(
      replicas !== UNSAID && replicas !== max,
      ['replicas'],
      'KEDA says how many there are: leave `replicas` out beside `autoscaling`, or that',
    ),
    ...wrong(min > max, [at, 'min'], `write no more than \`max\`, ${max}`),
    ...wrong(min === max, [at, 'max'], `there is nothing to scale between ${min} and ${max}: say \`replicas: ${max}\``),
    ...wrong(named.length === 0, [at, 'on'], 'say what it is scaled by: `requests`, `cache`, `waiting` or `query`'),
    ...wrong(
      named.length === 1 && on.waiting !== undefined,
      [at, 'on'],
      'nothing waits as soon as there are enough, so all but the least would go, and come back: say `requests` in place of `waiting`, or one of the others beside it',
    ),
    ...wrong(
      min === 0 && on.query === undefined,
      [at, 'on'],
      'what does not run counts no requests, and would never come back: say `query` of something that counts them before they reach it, or `min: 1`',
    ),
    ...uncounted.flatMap((key) =>
      wrong(
        true,
        [at, 'on', key],
        `${engine} counts nothing that Prometheus reads as it is: say \`query\`, or serve it by vllm or sglang`,
      ),
    ),
  ]
}
