import type { V1Container, V1EnvVar, V1PodSpec, V1TopologySpreadConstraint } from '@kubernetes/client-node'
import type { ServeDesired } from '../desired.ts'
import { GPU, type KubeObject, NODE_POOL, type ObjectRef } from '../kube.ts'
import { generationName, type Identity, label, laneLabels, type RunKey, runName } from '../names.ts'
import type { Slice } from '../policy/sharing.ts'
import type { ServicePolicy } from '../policy.ts'
import type { Traffic } from '../world.ts'
import { SERVING_ACCOUNT } from './accounts.ts'
import { type Scales, scaledBy } from './autoscaler.ts'
import { disruptionBudget } from './disruption.ts'
import { servingGrace } from './draining.ts'
import type { Engine } from './engine.ts'
import { withFetched } from './fetching.ts'
import { DIGEST_ANNOTATION, withDigest } from './object-digest.ts'
import { isDiskSaid } from './pod-disk.ts'
import { literal } from './pod-environment.ts'
import { patched } from './pod-patch.ts'
import { HOME, SERVING_USER, servingRoom } from './pod-room.ts'
import { servingClassName } from './priority.ts'
import type { RunnerSource } from './runner.ts'
import { HTTP, healthOf } from './serving-health.ts'
import { shareArgs } from './share.ts'

/** Tells the pods that serve from the Jobs of the same lane: only the former are behind its Services. */
export const TASK_LABEL = label('task')
export const SERVING_TASK = 'serving'

/** Port of the Services: their URL needs none. */
const SERVICE_PORT = 80

export interface ServingInput {
  identity: Identity
  run: RunKey
  desired: ServeDesired
  service: ServicePolicy
  engine: Engine
  /** What brings its files where its engine has them fetched; left out: the policy does not say, and nothing is. */
  runner?: RunnerSource
  /** What scales it between how many; left out: nothing does. */
  scales?: Scales
  /** What a replica has in place of whole GPUs; left out: it has those. */
  slice?: Slice
  namespace: string
  /** Generation whose Deployment it is: another than the run's where a standing one is adopted (law 4). */
  generation?: number
}

export interface ServingObjects {
  deployment: KubeObject<'Deployment'>
  /** The lane's, with a name that never changes: what clients call. To whom it leads is told by `trafficService`. */
  service: KubeObject<'Service'>
  /** This generation's alone: what the gate asks. */
  generationService: KubeObject<'Service'>
  /** What drains are held to; left out: its engine's revision has none. */
  disruptionBudget?: KubeObject<'PodDisruptionBudget'>
  /** What scales it; left out: nothing does. */
  autoscaler?: KubeObject<'ScaledObject'>
}

/**
 * One generation of a served model: a Deployment behind the lane's Service. The Deployment says nothing of replicas, which
 * another field manager owns, and its pods say nothing of the attempt, so that a second attempt restarts none of them.
 */
export const servingObjects = (input: ServingInput): ServingObjects => {
  const { identity, run, engine, namespace } = input
  const lane = servingLabels(input)
  const ofGeneration = { ...lane, [label('generation')]: String(input.generation ?? run.generation) }
  const ours = { ...ofGeneration, [label('ledger')]: identity.ledger }
  const name = generationName(identity, input.generation ?? run.generation)
  return {
    deployment: withDigest(deployment(input, name, ofGeneration)),
    service: withDigest(serviceObject(input, identity.name, lane)),
    generationService: withDigest(serviceObject(input, name, ofGeneration)),
    ...(engine.guarded && {
      disruptionBudget: withDigest(
        disruptionBudget(
          { name, namespace, labels: ours },
          { service: leastOf(input), selector: ofGeneration, leaves: engine.leaves },
        ),
      ),
    }),
    ...scaledBy(input, { name, namespace, labels: ours }),
  }
}

/** Drains leave as many as there are at the least: one where it may have none. */
const leastOf = ({ service, scales }: Pick<ServingInput, 'service' | 'scales'>): ServicePolicy =>
  scales === undefined ? service : { ...service, replicas: Math.max(1, scales.min) }

/** The lane's Service, leading to one generation or to all that stand: what the manager `signalbox-traffic` applies, and no other. */
export const trafficService = (
  { identity, run, namespace }: Pick<ServingInput, 'identity' | 'namespace'> & { run: Pick<RunKey, 'lane'> },
  to: number | 'all',
): KubeObject<'Service'> => {
  const lane = servingLabels({ identity, run })
  const service = serviceObject({ identity, namespace }, identity.name, lane)
  const selector = to === 'all' ? lane : { ...lane, [label('generation')]: String(to) }
  return withDigest({ ...service, spec: { ...service.spec, selector } })
}

/** Whom a lane's Service leads to: nobody, where it selects by what no pod of ours has. */
export const trafficOf = (service: KubeObject<'Service'> | undefined): Traffic => {
  if (service === undefined) return null
  const { [label('generation')]: generation, ...lane } = service.spec?.selector ?? {}
  if (Object.keys(lane).some((key) => !LANE_KEYS.has(key))) return 0
  return generation === undefined ? 'all' : Number(generation) || 0
}

const LANE_KEYS: ReadonlySet<string> = new Set([label('installation'), label('lane'), TASK_LABEL])

/** Digest of what its pods are made from: the same exactly where none of them would be another. */
export const servingTemplate = (input: ServingInput): string =>
  servingObjects(input).deployment.metadata.annotations?.[DIGEST_ANNOTATION] ?? ''

/** What the manager `signalbox-scale` applies: the identity and the replicas, nothing else. */
export const scaleObject = ({ namespace, name }: ObjectRef, replicas: number): KubeObject<'Deployment'> =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...(namespace === null ? {} : { namespace }) },
    spec: { replicas },
  }) as KubeObject<'Deployment'>

/** URL inside the cluster of one generation alone. */
export const generationUrl = ({
  identity,
  run,
  namespace,
  generation,
}: Pick<ServingInput, 'identity' | 'run' | 'namespace' | 'generation'>): string =>
  `http://${generationName(identity, generation ?? run.generation)}.${namespace}.svc`

const servingLabels = ({
  identity,
  run,
}: {
  identity: Identity
  run: Pick<RunKey, 'lane'>
}): Record<string, string> => ({
  ...laneLabels(identity, run.lane),
  [TASK_LABEL]: SERVING_TASK,
})

const deployment = (input: ServingInput, name: string, labels: Record<string, string>): KubeObject<'Deployment'> => {
  const { identity, run, desired, service, namespace } = input
  const plan = runName(identity, run)
  const ours = { ...labels, [label('ledger')]: identity.ledger }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels: { ...ours, [label('attempt')]: String(run.attempt), [label('plan')]: plan },
      annotations: { [label('model')]: desired.model, [label('version')]: desired.version, [label('plan')]: plan },
    },
    spec: {
      selector: { matchLabels: labels },
      // Loading weights takes longer than the 600 s after which Kubernetes would call it stuck.
      progressDeadlineSeconds: Math.max(3600, Math.ceil(service.loadMinutes.p95 * 3 * 60)),
      minReadySeconds: 10,
      revisionHistoryLimit: 2,
      // Never more GPUs than the path has, should the template ever change in place.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      template: { metadata: { labels: ours }, spec: behindFetch(input, patched(podSpec(input), service.pod)) },
    },
  }
}

/** After what the policy patches, which cannot change what comes into the pod. */
const behindFetch = ({ desired, service, engine, runner }: ServingInput, spec: V1PodSpec): V1PodSpec => {
  const fetch = engine.fetches(desired)
  if (fetch === null || runner === undefined) return spec
  const { engine: container, pod } = service
  const most = isDiskSaid({ container, pod }) ? null : fetch.most
  return withFetched(spec, { container, source: runner, fetch: { ...fetch, most } })
}

const podSpec = (input: ServingInput): V1PodSpec => ({
  serviceAccountName: SERVING_ACCOUNT,
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: servingGrace(input.engine.drain),
  ...(input.engine.ranked ? { priorityClassName: servingClassName(input.identity) } : {}),
  nodeSelector: { [NODE_POOL]: input.service.pool },
  tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }],
  securityContext: SERVING_USER,
  ...(input.engine.spread ? { topologySpreadConstraints: spread(input) } : {}),
  containers: [container(input)],
  volumes: roomOf(input).volumes,
})

const roomOf = ({ desired, service, engine, slice }: ServingInput) => {
  const fetched = engine.fetches(desired)?.most ?? 0
  return servingRoom({ ...service, container: service.engine, fetched, slice }, engine.disk)
}

/**
 * Of nodes that have room, a replica goes to one with the fewest of its generation. It is said whatever the replicas are, which change in
 * place; and by the key of the generation, so that one template is the same in all. Never a must: on a full pool nothing would come,
 * where what leaves still stands. Hosts alone: beside a second constraint the scheduler weighs them less than free CPU.
 */
const spread = ({ identity, run }: ServingInput): V1TopologySpreadConstraint[] => [
  {
    topologyKey: 'kubernetes.io/hostname',
    maxSkew: 1,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: servingLabels({ identity, run }) },
    matchLabelKeys: [label('generation')],
  },
]

const container = (input: ServingInput): V1Container => {
  const { desired, service, engine, slice } = input
  const { resources, volumeMounts } = roomOf(input)
  return {
    name: service.engine,
    image: service.image,
    ...(engine.command === null ? {} : { command: [...engine.command] }),
    args: [...engine.args(desired, service), ...shareArgs(engine, slice), ...service.args].map(literal),
    env: [
      { name: 'SIGNALBOX_TASK', value: SERVING_TASK },
      { name: 'INPUT_URI', value: literal(desired.source) },
      { name: 'HOME', value: HOME },
      ...Object.entries(engine.env).map(([name, value]) => ({ name, value })),
      ...secretsOf(service),
    ],
    ...healthOf(engine, service),
    resources,
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts,
  }
}

const secretsOf = ({ secrets = {} }: ServicePolicy): V1EnvVar[] =>
  Object.entries(secrets)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { secret, key }]) => ({ name, valueFrom: { secretKeyRef: { name: secret, key } } }))

const serviceObject = (
  { identity, namespace }: Pick<ServingInput, 'identity' | 'namespace'>,
  name: string,
  selector: Record<string, string>,
): KubeObject<'Service'> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, labels: { ...selector, [label('ledger')]: identity.ledger } },
  spec: { type: 'ClusterIP', selector, ports: [{ name: HTTP, port: SERVICE_PORT, targetPort: HTTP }] },
})
