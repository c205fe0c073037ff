import type { V1PodSpec, V1ResourceRequirements } from '@kubernetes/client-node'
import { numberIn } from '../quantity.ts'
import { isRecord } from '../record.ts'
import { graceOfStage, servingGrace } from '../workloads/draining.ts'
import { DISK_ROOM } from '../workloads/pod-disk.ts'
import { patched } from '../workloads/pod-patch.ts'
import { SERVING_USER, servingRoom, stageRoom } from '../workloads/pod-room.ts'
import { ANSWERING, healthOf } from '../workloads/serving-health.ts'
import type { Wrong } from './ours.ts'
import type { PodPatch } from './pod.ts'
import { containerWrongs, initWrongs, rootWrongs, type Written } from './pod-containers.ts'
import { portWrongs, servingWrongs } from './pod-serving.ts'
import { shown } from './shown.ts'
import { nameOfStage } from './stages.ts'
import { inPlaceOfRunner, PLACES } from './wrapped.ts'

/** The parts of a policy that patch pods. */
interface Patching {
  runner?: object | undefined
  pipelines: Readonly<Record<string, { stages: readonly (Parameters<typeof nameOfStage>[0] & Patched & OfStage)[] }>>
  services: Readonly<Record<string, Patched & OfService & { engine: keyof typeof ANSWERING }>>
}
interface Patched {
  pod?: PodPatch | undefined
}
type OfStage = { gpus: number; runner?: object | undefined } & Parameters<typeof graceOfStage>[0]
type OfService = { gpusPerReplica: number } & Parameters<typeof healthOf>[1]

/**
 * What of patches that are right by themselves makes a pod that the API server refuses, that nobody meant, or that breaks what we
 * promise, once they are merged onto ours: it would be known only after somebody has approved it.
 */
export const resultProblems = ({ runner, pipelines, services }: Patching): Wrong[] => [
  ...Object.entries(pipelines).flatMap(([name, { stages }]) =>
    stages.flatMap((stage, index) =>
      stageWrongs(nameOfStage(stage), stage).map(below('pipelines', name, 'stages', index, 'pod')),
    ),
  ),
  ...Object.entries(services).flatMap(([name, service]) =>
    [
      ...serviceWrongs(service),
      ...(runner === undefined || service.pod === undefined
        ? []
        : inPlaceOfRunner(service.pod, { own: service.engine, places: PLACES.services })),
    ].map(below('services', name, 'pod')),
  ),
]

const below =
  (...path: Wrong['path']) =>
  (wrong: Wrong): Wrong => ({ ...wrong, path: [...path, ...wrong.path] })

const stageWrongs = (name: string, stage: Patched & OfStage): Wrong[] => {
  if (stage.pod === undefined) return []
  // Where Kueue lends the pool less is asked for: what holds beside ours holds there, too.
  const { volumes, ...room } = stageRoom({ ...stage, container: name, isLent: false })
  const container = { name, image: OURS, ...room }
  const grace = graceOfStage(stage)
  const spec = patched({ terminationGracePeriodSeconds: grace, containers: [container], volumes }, stage.pod)
  return [
    ...podWrongs(spec, stage.pod),
    ...(stage.runner === undefined ? [] : inPlaceOfRunner(stage.pod, { own: name, places: PLACES.stages })),
  ]
}

const serviceWrongs = (service: Patching['services'][string]): Wrong[] => {
  const { pod: patch, engine: name } = service
  if (patch === undefined) return []
  const engine = ANSWERING[name]
  const { volumes, ...room } = servingRoom({ ...service, container: name }, DISK_ROOM.asked)
  const container = { name, image: OURS, ...healthOf(engine, service), ...room }
  const grace = servingGrace(engine.drain)
  const spec = patched(
    { terminationGracePeriodSeconds: grace, securityContext: SERVING_USER, containers: [container], volumes },
    patch,
  )
  const own = containersIn('containers', spec, patch).find((one) => one.container.name === name)
  if (own === undefined) return podWrongs(spec, patch)
  // Of a port that is not there its probes would say so once more.
  const port = portWrongs(own, engine.port)
  return port.length > 0 ? port : [...podWrongs(spec, patch), ...servingWrongs(own, engine.drain, spec)]
}

/** What is in the image of our own container, its block says. */
const OURS = 'ours'

const podWrongs = (spec: V1PodSpec, patch: PodPatch): Wrong[] => [
  ...volumeWrongs(spec, patch),
  ...LISTS.flatMap((list) =>
    containersIn(list, spec, patch).flatMap((one) => [
      ...ranWrongs(one, spec),
      ...(list === 'containers' ? containerWrongs(one, spec) : initWrongs(one)),
    ]),
  ),
  ...nameWrongs(patch, spec),
  ...resourceWrongs(spec.resources, ['resources']),
  ...tolerationWrongs(patch),
  ...(spec.dnsPolicy === 'None' && (spec.dnsConfig?.nameservers ?? []).length === 0
    ? [{ path: ['dnsPolicy'], message: 'without any nameserver it resolves nothing: say `dnsConfig.nameservers`' }]
    : []),
  ...(spec.terminationGracePeriodSeconds === undefined
    ? [
        {
          path: ['terminationGracePeriodSeconds'],
          message: 'how long it has to end is planned: write seconds, or leave it out',
        },
      ]
    : []),
]

/** Lists of containers, whose names are of one pod. */
const LISTS = ['initContainers', 'containers'] as const

/** What somebody wrote at a list of a patch: its named elements, in their order. */
const writtenAt = (patch: PodPatch, list: (typeof LISTS)[number] | 'volumes'): { name?: string | null }[] =>
  (patch[list] ?? []) as { name?: string | null }[]

/** Of a volume of nothing Kubernetes makes an empty folder, which a forgotten claim would silently be. */
const volumeWrongs = ({ volumes = [] }: V1PodSpec, patch: PodPatch): Wrong[] =>
  volumes.flatMap(({ name, ...sources }) => {
    const said = Object.entries(sources).flatMap(([key, one]) => (one === undefined || one === null ? [] : [key]))
    const path = ['volumes', writtenAt(patch, 'volumes').findIndex((one) => one.name === name)]
    if (said.length === 0)
      return [{ path, message: 'says nothing of what it is: write `emptyDir: {}`, a claim, a Secret or a ConfigMap' }]
    const others = said.map((one) => `\`${one}: null\``).join(' or ')
    return said.length === 1
      ? []
      : [{ path, message: `a volume is one thing, and this is ${said.join(' and ')}: write ${others} beside it` }]
  })

/** The containers of a pod, each with what a patch says of it. */
const containersIn = (list: (typeof LISTS)[number], spec: V1PodSpec, patch: PodPatch): Written[] =>
  (spec[list] ?? []).map((container) => {
    const index = writtenAt(patch, list).findIndex(({ name }) => name === container.name)
    return { container, path: index < 0 ? [] : [list, index], said: patch[list]?.[index] }
  })

/** What any container needs to run. */
const ranWrongs = (written: Written, spec: V1PodSpec): Wrong[] => {
  const { container, path } = written
  return [
    ...(container.image === undefined
      ? [{ path: [...path, 'image'], message: 'is missing: pin it by digest, `repository@sha256:<64 hex>`' }]
      : []),
    ...mountWrongs(written, spec),
    ...rootWrongs(written, spec),
    ...resourceWrongs(container.resources, [...path, 'resources']),
  ]
}

/** A mount of ours loses its volume where a patch takes that away. */
const mountWrongs = (
  { container: { volumeMounts = [] }, path, said }: Written,
  { volumes = [] }: V1PodSpec,
): Wrong[] => {
  const names = volumes.map(({ name }) => name)
  const written =
    isRecord(said) && Array.isArray(said['volumeMounts']) ? (said['volumeMounts'] as { mountPath?: string }[]) : []
  return volumeMounts.flatMap(({ name, mountPath }) => {
    if (names.includes(name)) return []
    const index = written.findIndex((one) => one.mountPath === mountPath)
    return index < 0
      ? [{ path: ['volumes'], message: `\`${name}\` is missing, which is mounted at ${mountPath}: leave it there` }]
      : [
          {
            path: [...path, 'volumeMounts', index, 'name'],
            message: `no volume has that name: say it in \`volumes\` of the pod, or use one of ${names.join(', ') || 'none'}; found ${shown(name)}`,
          },
        ]
  })
}

/** Those that run before and beside each other are of one pod. */
const nameWrongs = (patch: PodPatch, { initContainers = [], containers = [] }: V1PodSpec): Wrong[] =>
  initContainers.flatMap(({ name }) =>
    containers.some((one) => one.name === name)
      ? [
          {
            path: ['initContainers', writtenAt(patch, 'initContainers').findIndex((one) => one.name === name), 'name'],
            message: `a container of the pod is called \`${name}\`: use another name`,
          },
        ]
      : [],
  )

/** What is not shared out beyond what there is: of it as much is asked for as is the limit. */
const isWhole = (resource: string): boolean => resource.includes('/') || resource.startsWith('hugepages-')

const resourceWrongs = (resources: V1ResourceRequirements | undefined, path: Wrong['path']): Wrong[] => {
  const { requests = {}, limits = {} } = resources ?? {}
  return Object.entries(requests).flatMap(([resource, request]) => {
    const [asked, limit] = [numberIn(request), numberIn(limits[resource])]
    if (asked === null || (limit === null && !isWhole(resource))) return []
    const at = [...path, limit === null ? 'requests' : 'limits', resource]
    if (isWhole(resource))
      return asked === limit
        ? []
        : [{ path: at, message: `request and limit are the same of it: say \`limits\` '${request}' too` }]
    return limit !== null && asked > limit
      ? [
          {
            path: at,
            message: `${request} is asked for and the limit is ${limits[resource]}: raise it, or lower \`requests.${resource}\``,
          },
        ]
      : []
  })
}

const tolerationWrongs = ({ tolerations }: PodPatch): Wrong[] =>
  (tolerations ?? []).flatMap((one, index) => {
    const { key, operator, effect, value, tolerationSeconds } = one ?? {}
    const wrong = (at: string, message: string): Wrong[] => [{ path: ['tolerations', index, at], message }]
    const isExists = operator === 'Exists'
    return [
      ...(typeof tolerationSeconds === 'number' && effect !== 'NoExecute'
        ? wrong('tolerationSeconds', 'only a pod that would be evicted counts them: say `effect: NoExecute`')
        : []),
      ...(!key && !isExists ? wrong('key', 'without one all are meant: say `operator: Exists`, or the key') : []),
      ...(isExists && value ? wrong('value', 'with `operator: Exists` any value is meant: leave it out') : []),
    ]
  })
