import { GPU, NODE_POOL } from '../kube.ts'
import { isRecord } from '../record.ts'
import { TRAINING_ACCOUNT } from '../workloads/accounts.ts'
import type { ManifestWrong } from '../workloads/manifest/adapter.ts'
import { mainOf } from '../workloads/manifest/job.ts'
import { RUNNER } from '../workloads/runner.ts'
import { asGang, envWrongs } from './brought-env.ts'
import { droppedOf, renamed, selectedWrongs } from './brought-names.ts'
import { shown } from './shown.ts'

type Fields = Record<string, unknown>
type Place = ManifestWrong['path']

/** What a stage says of its pod, as a template has it. */
export interface BroughtPod {
  image: unknown
  command?: unknown
  args?: unknown
  gpus: number
  pod: Fields
}

/** For which stage an object is brought. */
export interface BroughtFor {
  /** Name of the stage, which its container has. */
  stage: string
  pool: unknown
  /** Namespace that Jobs run in. */
  namespace: string
}

/** The same, and of how many pods it is one. */
type PodFor = BroughtFor & { nodes: number }

/** Labels by which people find what they call their own; here it is called as its stage, and nothing else hangs on them. */
export const CALLED = /^app$|^app\.kubernetes\.io\//

/** Its name and labels are ours. What else could be said there gives rights, or the place of others, that no card shows. */
export const metadataWrongs = (value: unknown, path: Place, namespace: string | null): ManifestWrong[] => {
  if (value === undefined) return []
  if (!isRecord(value)) return [{ path, message: `write a map, { … }; found ${shown(value)}` }]
  return Object.entries(value).flatMap(([key, one]): ManifestWrong[] => {
    const at = [...path, key]
    if (key === 'name' && namespace !== null) return []
    if (key === 'namespace' && namespace !== null)
      return one === namespace
        ? []
        : [
            {
              path: at,
              message: `it runs in \`${namespace}\`, as \`namespaces.training\` says: leave it out; found ${shown(one)}`,
            },
          ]
    if (key !== 'labels' || !isRecord(one)) return [{ path: at, message: `${OURS}; found ${shown(one)}` }]
    return Object.keys(one).flatMap((label) =>
      CALLED.test(label)
        ? []
        : [{ path: [...at, label], message: `${OURS}, but \`app\` and \`app.kubernetes.io/…\`, which are not needed` }],
    )
  })
}

const OURS =
  'what it is called and labelled is ours, and an annotation may give it rights or a queue that no card shows: leave it out'

/** What a pod template comes to, or everything of it that does not go; what is refused of any pod is left in it. */
export const podOf = (template: unknown, at: Place, of: PodFor): BroughtPod | ManifestWrong[] => {
  const wrong = (path: Place, message: string): ManifestWrong[] => [{ path: [...at, ...path], message }]
  if (!isRecord(template)) return wrong([], 'is missing: it says which pod runs')
  const { metadata, spec, ...others } = template
  const extra = Object.keys(others).flatMap((key) => wrong([key], 'a template has `metadata` and `spec` alone'))
  const about = [
    ...extra,
    ...metadataWrongs(metadata, [...at, 'metadata'], null),
    ...selectedWrongs(spec, droppedOf(metadata), [...at, 'spec']),
  ]
  const containers = isRecord(spec) ? spec['containers'] : undefined
  if (!isRecord(spec) || !Array.isArray(containers) || !containers.every(isRecord) || containers.length === 0)
    return [...about, ...wrong(['spec', 'containers'], 'is missing: write the list of its containers')]
  const index = mainOf(containers, of.stage)
  const main = containers[index]
  if (main === undefined)
    return [
      ...about,
      ...wrong(
        ['spec', 'containers'],
        `it has ${containers.length}, and one of them is what the stage is about: call that \`${of.stage}\``,
      ),
    ]
  const gpus = gpusOf(main, [...at, 'spec', 'containers', index, 'resources'])
  const wrongs = [
    ...about,
    ...(Array.isArray(gpus) ? gpus : []),
    ...envWrongs(main, of.nodes, [...at, 'spec', 'containers', index]),
    ...besideWrongs(spec, index, [...at, 'spec']),
  ]
  if (wrongs.length > 0 || Array.isArray(gpus)) return wrongs
  const { image, command, args, ...own } = main
  return {
    image,
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    gpus,
    pod: podWith(own, { spec, containers, index, of }),
  }
}

/** The pod with its containers as a stage's `pod` has them: `own` is what is left of the one that the stage is about. */
const podWith = (
  own: Fields,
  { spec, containers, index, of }: { spec: Fields; containers: readonly Fields[]; index: number; of: PodFor },
): Fields => {
  const main = { ...asLimited(withoutGpus(asRead(asGang(own, of.nodes)))), name: of.stage }
  const pod = {
    ...settled(spec, of),
    containers: containers.map((one, n) => (n === index ? main : asRead(one))),
  }
  return renamed(pod, own['name'], of.stage) as Fields
}

/** GPUs of the container that the stage is about: as many are asked for as are the limit. */
const gpusOf = ({ resources }: Fields, path: Place): number | ManifestWrong[] => {
  const { limits, requests } = isRecord(resources) ? resources : {}
  const [limit, request] = [limits, requests].map((one) => (isRecord(one) ? one[GPU] : undefined))
  const wrong = (list: string, message: string): ManifestWrong[] => [{ path: [...path, list, GPU], message }]
  if (limit === undefined && request !== undefined)
    return wrong('limits', 'is missing: as many are asked for as are the limit')
  if (request !== undefined && textOf(request) !== textOf(limit))
    return wrong('requests', `as many are asked for as are the limit: leave it out; found ${shown(request)}`)
  if (limit === undefined) return 0
  return /^\d{1,6}$/.test(textOf(limit))
    ? Number(limit)
    : wrong('limits', `write a whole number; found ${shown(limit)}`)
}

/** A quantity as a text; of what is none nothing. */
const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** What stands beside the container that the stage is about, and would not be counted, or would be taken for ours. */
const besideWrongs = (spec: Fields, index: number, at: Place): ManifestWrong[] => [
  ...(['initContainers', 'containers'] as const).flatMap((list) =>
    listOf(spec[list]).flatMap((one, n) =>
      (list === 'containers' && n === index) || !saysGpus(one)
        ? []
        : [
            {
              path: [...at, list, n, 'resources'],
              message: 'one container of a pod has its GPUs, the one that its stage is about: leave them out here',
            },
          ],
    ),
  ),
  ...listOf(spec['volumes']).flatMap(({ name }, n) =>
    typeof name === 'string' && OUR_VOLUMES.has(name)
      ? [{ path: [...at, 'volumes', n, 'name'], message: `\`${name}\` is ours here: use another name` }]
      : [],
  ),
]

const OUR_VOLUMES: ReadonlySet<string> = new Set(['shared-memory', 'signalbox-scratch', RUNNER])

const listOf = (value: unknown): Fields[] =>
  Array.isArray(value) ? value.map((one) => (isRecord(one) ? one : {})) : []

const saysGpus = ({ resources }: Fields): boolean =>
  isRecord(resources) &&
  [resources['limits'], resources['requests']].some((one) => isRecord(one) && Object.hasOwn(one, GPU))

const withoutGpus = (container: Fields): Fields => {
  const { resources, ...rest } = container
  if (!isRecord(resources)) return container
  const left = Object.entries(resources).map(([key, one]) => [key, isRecord(one) ? without(one, GPU) : one] as const)
  return {
    ...rest,
    resources: Object.fromEntries(left.filter(([, one]) => !isRecord(one) || Object.keys(one).length > 0)),
  }
}

/** The pod without what it says as we do: what it says otherwise is left there, and refused as of any pod. */
const settled = (spec: Fields, { pool }: BroughtFor): Fields => {
  const ours: Readonly<Fields> = {
    restartPolicy: 'Never',
    serviceAccountName: TRAINING_ACCOUNT,
    automountServiceAccountToken: false,
    hostNetwork: false,
    hostPID: false,
    hostIPC: false,
  }
  const left = Object.fromEntries(
    Object.entries(spec).filter(([key, one]) => !Object.hasOwn(ours, key) || ours[key] !== one),
  )
  const { nodeSelector, initContainers, ...rest } = left
  const init = Array.isArray(initContainers)
    ? initContainers.map((one) => (isRecord(one) ? asRead(one) : one))
    : initContainers
  const nodes =
    isRecord(nodeSelector) && nodeSelector[NODE_POOL] === pool ? without(nodeSelector, NODE_POOL) : nodeSelector
  return {
    ...rest,
    ...(init === undefined ? {} : { initContainers: init }),
    ...(nodes === undefined ? {} : { nodeSelector: nodes }),
  }
}

/** A container without what all say, and with its quantities as texts: YAML has `cpu: 8`, and Kubernetes takes it. */
const asRead = (container: Fields): Fields => {
  const { securityContext, resources } = container
  return {
    ...container,
    ...(isRecord(resources)
      ? { resources: mapped(resources, (list) => (isRecord(list) ? mapped(list, quantity) : list)) }
      : {}),
    ...(isRecord(securityContext) && securityContext['privileged'] === false
      ? { securityContext: without(securityContext, 'privileged') }
      : {}),
  }
}

/** Of what is limited and not asked for as much is asked for, as Kubernetes has it: beside what is asked for here it would go under. */
const asLimited = (container: Fields): Fields => {
  const { resources } = container
  if (!isRecord(resources) || !isRecord(resources['limits'])) return container
  const { limits, requests } = resources
  return { ...container, resources: { ...resources, requests: { ...limits, ...(isRecord(requests) ? requests : {}) } } }
}

const quantity = (value: unknown): unknown => (typeof value === 'number' ? String(value) : value)

const mapped = (fields: Fields, by: (value: unknown) => unknown): Fields =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, by(value)]))

const without = (fields: Fields, key: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([one]) => one !== key))
