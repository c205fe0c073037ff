import { ENGINE_METRICS } from '../bootstrap/metric-names.ts'
import type { KubeObject, ScaledObject } from '../kube.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import { withDigest } from './object-digest.ts'

/** What scales a service, between how many. */
export interface Scales {
  keda: NonNullable<Policy['keda']>
  min: number
  max: number
}

/** What scales one generation, with its digest; nothing where nothing does. */
export const scaledBy = (
  { service, scales }: { service: ServicePolicy; scales?: Scales },
  where: Pick<ScalerInput, 'name' | 'namespace' | 'labels'>,
): { autoscaler?: KubeObject<'ScaledObject'> } => {
  if (scales === undefined || service.autoscaling === undefined) return {}
  const { keda, min, max } = scales
  const autoscaling = { ...service.autoscaling, min, max }
  return { autoscaler: withDigest(scaledObject({ ...where, service: { ...service, autoscaling }, keda })) }
}

/** What one generation is scaled by. */
interface ScalerInput {
  name: string
  namespace: string
  labels: Record<string, string>
  service: Pick<ServicePolicy, 'engine' | 'loadMinutes'> & { autoscaling: NonNullable<ServicePolicy['autoscaling']> }
  keda: NonNullable<Policy['keda']>
}

type Trigger = NonNullable<ScaledObject['spec']>['triggers'][number]

/** How often KEDA asks while nothing runs, and for how long nothing may have asked before the last replica goes. Seconds. */
const POLLING = 15

/** Longest period of a HorizontalPodAutoscaler. Seconds. */
const LONGEST = 1_800

/**
 * The ScaledObject of one generation, called as its Deployment is. Of several triggers the one that asks for most replicas counts. One more comes at a
 * time, and the next once that is ready as a rule: what loads for minutes would else be asked for several times over. Where Prometheus does not
 * answer there are no fewer than there were.
 */
const scaledObject = ({ name, namespace, labels, service, keda }: ScalerInput): KubeObject<'ScaledObject'> => {
  const { min, max, calmMinutes } = service.autoscaling
  const loads = Math.min(LONGEST, Math.max(60, Math.ceil(service.loadMinutes.p50 * 60)))
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name, namespace, labels },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      pollingInterval: POLLING,
      cooldownPeriod: calmMinutes * 60,
      // What has never been asked under this one would go at once, be there however many.
      ...(min === 0 ? { initialCooldownPeriod: calmMinutes * 60 } : {}),
      minReplicaCount: min,
      maxReplicaCount: max,
      fallback: { failureThreshold: 3, replicas: Math.max(1, min), behavior: 'currentReplicasIfHigher' },
      advanced: {
        horizontalPodAutoscalerConfig: {
          behavior: {
            scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: loads }] },
            scaleDown: {
              stabilizationWindowSeconds: calmMinutes * 60,
              policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
            },
          },
        },
      },
      triggers: triggersOf({ name, namespace, service, keda }),
    },
  }
}

/**
 * Sums, which KEDA divides by the replicas there are: an average would ask for as many again, however many came. An answer without a number is
 * 0 to KEDA unless it is told otherwise, and a full service would lose its replicas because nobody reads its pods any more; where none may
 * run, no number is how an engine says so.
 */
const triggersOf = ({ name, namespace, service, keda }: Omit<ScalerInput, 'labels'>): Trigger[] => {
  const { min, on } = service.autoscaling
  const metrics = ENGINE_METRICS[service.engine]
  const summed = (metric: string | undefined): string => `sum(${metric}{namespace="${namespace}",pod=~"${name}-.+"})`
  const counted = {
    requests: `${summed(metrics?.running)} + ${summed(metrics?.waiting)}`,
    waiting: summed(metrics?.waiting),
    cache: summed(metrics?.cache),
  }
  const trigger = (called: string, promql: string, perReplica: number, isNullZero: boolean): Trigger => ({
    type: 'prometheus',
    name: called,
    metricType: 'AverageValue',
    metadata: {
      serverAddress: keda.prometheus,
      query: promql,
      threshold: String(perReplica),
      ignoreNullValues: String(isNullZero),
    },
  })
  const ofEngine = (['requests', 'waiting', 'cache'] as const).flatMap((called) => {
    const perReplica = on[called]
    return perReplica === undefined ? [] : [trigger(called, counted[called], perReplica, min === 0)]
  })
  return [
    ...ofEngine,
    ...(on.query === undefined ? [] : [trigger('query', on.query.promql, on.query.perReplica, false)]),
  ]
}
