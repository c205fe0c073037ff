import type { V1Container } from '@kubernetes/client-node'
import { DRAIN, PRE_STOP } from './draining.ts'

/** How an engine is asked whether it is ready, and left. */
export interface Answering {
  /** Port on which it answers. */
  port: number
  /** Path that answers only once the weights are loaded. */
  health: string
  /** Seconds that requests in flight are given once no new ones come. */
  drain: number
  /** Path of what it counts, as Prometheus reads it; null: it has none unless its own configuration says so. */
  metrics: string | null
  /** Seconds in which it says that it is ready, however busy it is; null: Kubernetes' own, which is one. */
  readyWithin: number | null
}

/** Of each engine as it is made from now on: what a policy says of its pods is held to that. */
export const ANSWERING = {
  // Its health is told by the loop that takes requests in and streams answers, which under load is seconds late: whoever is taken out for
  // that leaves its share to others, who are late then, too.
  vllm: { port: 8000, health: '/health', metrics: '/metrics', drain: DRAIN, readyWithin: 5 },
  sglang: { port: 30000, health: '/health', metrics: '/metrics', drain: DRAIN, readyWithin: 5 },
  // What it has at `/metrics` is JSON.
  trtllm: { port: 8000, health: '/health', metrics: null, drain: DRAIN, readyWithin: 5 },
} as const satisfies Record<string, Answering>

/** The port of ours as its Services and probes call it. */
export const HTTP = 'http'

/** How it is known of a replica that it has loaded, is ready and lives, and how it takes its leave. */
export const healthOf = (
  { port, health: path, readyWithin }: Pick<Answering, 'port' | 'health' | 'readyWithin'>,
  { loadMinutes }: { loadMinutes: { p95: number } },
): Pick<V1Container, 'ports' | 'startupProbe' | 'readinessProbe' | 'livenessProbe' | 'lifecycle'> => {
  const health = { httpGet: { path, port: HTTP } }
  return {
    ports: [{ name: HTTP, containerPort: port }],
    startupProbe: {
      ...health,
      periodSeconds: 10,
      failureThreshold: Math.max(180, Math.ceil(loadMinutes.p95 * 3 * 6)),
    },
    readinessProbe: {
      ...health,
      periodSeconds: 5,
      failureThreshold: 2,
      ...(readyWithin === null ? {} : { timeoutSeconds: readyWithin }),
    },
    livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 },
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP } } },
  }
}
