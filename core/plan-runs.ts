import type {
  V1Container,
  V1EnvFromSource,
  V1EnvVar,
  V1EnvVarSource,
  V1PodSpec,
  V1Volume,
  V1VolumeProjection,
} from '@kubernetes/client-node'
import { NODE_POOL, podSpecOf } from './kube.ts'
import type { Step } from './plan.ts'
import { RUNNER_SETTINGS } from './policy/ours.ts'
import { askedBy } from './workloads/asking.ts'
import { ENGINE_ENV } from './workloads/pod-environment.ts'
import { SERVING_USER } from './workloads/pod-room.ts'
import { PRESETS } from './workloads/presets.ts'
import { broughtTo, fetchedBy } from './workloads/runner.ts'

/** Of an image's digest so much is shown as tells two apart. */
const DIGEST = 12

/**
 * What a step would run, as its approval binds it: the image, command and arguments of each container, the Secrets and ConfigMaps that
 * they are given, and what they mount that is not their own; null: it runs nothing. What a person says yes to is not told by a digest.
 */
export const runsOf = (step: Step): string | null => {
  const objects = step.kind === 'launch-job' ? [step.job] : step.kind === 'roll-out-model' ? step.objects : []
  const pods = objects.flatMap((object) => podSpecOf(object) ?? [])
  return pods.length === 0 ? null : pods.map(podText).join('; ')
}

const podText = (pod: V1PodSpec): string => {
  const { containers, initContainers = [] } = pod
  const given: [string, string[]][] = [
    ['Secrets', namesIn(pod, SECRETS)],
    ['ConfigMaps', namesIn(pod, CONFIG_MAPS)],
    ['mounts', mountsOf(pod)],
    ...placedBy(pod),
  ]
  return [
    ...containers.map((one, n) => `${n === 0 ? '' : `beside it ${one.name}: `}${containerText(one)}`),
    ...initContainers.map((one) => `before it ${one.name}: ${fetchText(one) ?? containerText(one)}`),
    ...given.filter(([, all]) => all.length > 0).map(([what, all]) => `${what}: ${all.join(', ')}`),
  ].join('; ')
}

/** Of what brings `signalbox-run` from a bucket its script is ours; what it may bring is what people say yes to. */
const fetchText = (container: V1Container): string | null => {
  const source = fetchedBy(container)
  if (source === null) return null
  const programs = Object.entries(source.sha256).map(([processor, digest]) => `${processor} ${digest.slice(0, DIGEST)}`)
  return `${imageText(source.image)} fetches it from ${source.uri}, by its SHA-256: ${programs.join(', ')}`
}

const containerText = (container: V1Container): string => {
  const { image = 'no image', command = [], args = [] } = container
  const words = [imageText(image), wordsOf([...command, ...args])].filter((word) => word !== '')
  const others = [...othersIn(container), ...toldTo(container)].map(([what, said]) => `; ${what}: ${wordsOf(said)}`)
  return `${words.join(' ')}${others.join('')}`
}

const wordsOf = (said: readonly string[]): string =>
  said.map((word) => (/^[^\s"']+$/.test(word) ? word : JSON.stringify(word))).join(' ')

/** What is run in a container besides its program. */
const othersIn = ({ lifecycle, livenessProbe, readinessProbe, startupProbe }: V1Container): [string, string[]][] =>
  [
    ['once it has begun', lifecycle?.postStart?.exec?.command],
    ['before it ends', lifecycle?.preStop?.exec?.command],
    ['to see whether it is up', startupProbe?.exec?.command],
    ['to see whether it answers', readinessProbe?.exec?.command],
    ['to see whether it lives', livenessProbe?.exec?.command],
  ].filter((one): one is [string, string[]] => one[1] !== undefined)

/** Variables that we tell by themselves: what they say follows from the rest of a card. */
const OURS = /^(SIGNALBOX_.*|INPUT_.*|RESULTS_URI|JOB_NAME|POD_NAME|GPUS|BASE_MODEL|HOME)$/
/** What a stage that is read is told to have written, and what presets and engines say by themselves. */
const READ = /^\$\(RESULTS_URI\)\/\$\(\w+_JOB\)\/result\.json$/
const PRESET = new Map([
  ...Object.values(PRESETS).flatMap((revisions) => revisions.flatMap(({ env }) => Object.entries<string>(env))),
  ...Object.values(ENGINE_ENV).flatMap((env) => Object.entries<string>(env)),
])

/**
 * Where a container runs, and by which variables it is told what no word of its command has: their names, since one may be a secret, and
 * what they say where the command is made of it.
 */
const toldTo = (container: V1Container): [string, string[]][] => {
  const { command = [], args = [], env = [], workingDir } = container
  const own = env.filter(
    ({ name, value }) =>
      value !== undefined &&
      (!OURS.test(name) || RUNNER_SETTINGS.has(name)) &&
      !READ.test(value) &&
      PRESET.get(name) !== value,
  )
  const told: [string, string[]][] = [
    ['brought in before', broughtTo(container)],
    ['asks', askedBy(container)],
    ['in', workingDir === undefined ? [] : [workingDir]],
    ['variables', own.map(({ name }) => name)],
    ...usedIn([...command, ...args], own).map(({ name, value = '' }): [string, string[]] => [`$(${name})`, [value]]),
  ]
  return told.filter(([, said]) => said.length > 0)
}

/** Variables that words are made of, and those that these are made of. */
const usedIn = (words: readonly string[], env: readonly V1EnvVar[]): V1EnvVar[] => {
  const { used = [], others = [] } = Object.groupBy(env, ({ name }) =>
    words.some((word) => word.includes(`$(${name})`)) ? 'used' : 'others',
  )
  return used.length === 0
    ? []
    : [
        ...used,
        ...usedIn(
          used.map(({ value = '' }) => value),
          others,
        ),
      ]
}

/** What of a pod says otherwise than ours who it is, which nodes it may have and whom it takes for whom. */
const placedBy = ({
  nodeSelector = {},
  hostAliases = [],
  dnsConfig,
  securityContext,
}: V1PodSpec): [string, string[]][] => [
  ['nodes', Object.entries(nodeSelector).flatMap(([key, value]) => (key === NODE_POOL ? [] : [`${key}=${value}`]))],
  ['hosts', hostAliases.map(({ ip, hostnames = [] }) => `${hostnames.join(' and ')} at ${ip}`)],
  ['names are asked of', dnsConfig?.nameservers ?? []],
  [
    'as user',
    [securityContext?.runAsUser].flatMap((user) =>
      user === undefined || user === SERVING_USER.runAsUser ? [] : [String(user)],
    ),
  ],
]

const imageText = (image: string): string => {
  const [name = '', digest] = image.split('@sha256:')
  return digest === undefined ? image : `${name}@sha256:${digest.slice(0, DIGEST)}`
}

/** Where a pod names objects of one kind. */
interface Names {
  key(of: V1EnvVarSource): string | undefined
  all(of: V1EnvFromSource): string | undefined
  volume(of: V1Volume): string | undefined
  part(of: V1VolumeProjection): string | undefined
}

const SECRETS: Names = {
  key: ({ secretKeyRef }) => secretKeyRef?.name,
  all: ({ secretRef }) => secretRef?.name,
  volume: ({ secret, csi }) => secret?.secretName ?? csi?.nodePublishSecretRef?.name,
  part: ({ secret }) => secret?.name,
}
const CONFIG_MAPS: Names = {
  key: ({ configMapKeyRef }) => configMapKeyRef?.name,
  all: ({ configMapRef }) => configMapRef?.name,
  volume: ({ configMap }) => configMap?.name,
  part: ({ configMap }) => configMap?.name,
}

/** Names of such objects that a pod is given, in whatever way. */
const namesIn = ({ containers, initContainers = [], volumes = [] }: V1PodSpec, of: Names): string[] => {
  const all = [...containers, ...initContainers]
  const names = [
    ...all.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom && of.key(valueFrom))),
    ...all.flatMap(({ envFrom = [] }) => envFrom.map(of.all)),
    ...volumes.flatMap((volume) => [of.volume(volume), ...(volume.projected?.sources ?? []).map(of.part)]),
  ]
  return [...new Set(names.filter((name) => name !== undefined))].sort()
}

/** What of a pod's volumes comes from elsewhere, and where a program finds it: files there are run as those of its image are. */
const mountsOf = ({ containers, initContainers = [], volumes = [] }: V1PodSpec): string[] => {
  const places = [...containers, ...initContainers].flatMap(({ volumeMounts = [], volumeDevices = [] }) => [
    ...volumeMounts.map(({ name, mountPath }) => ({ name, at: mountPath })),
    ...volumeDevices.map(({ name, devicePath }) => ({ name, at: devicePath })),
  ])
  return volumes.flatMap((volume) => {
    const at = new Set(places.filter(({ name }) => name === volume.name).map((place) => place.at))
    return sourcesOf(volume).map((source) => `${source} at ${[...at].join(' and ') || 'no place'}`)
  })
}

/** An empty folder, and what a pod says of itself, come from nowhere else. */
const sourcesOf = ({ name: _, emptyDir: _own, downwardAPI: _told, ...volume }: V1Volume): string[] => {
  const { image, nfs, persistentVolumeClaim, secret, configMap, projected, ...others } = volume
  return [
    image && `image ${imageText(image.reference ?? '')}`,
    nfs && `NFS ${nfs.server}:${nfs.path}`,
    persistentVolumeClaim && `claim ${persistentVolumeClaim.claimName}`,
    secret && `Secret ${secret.secretName}`,
    configMap && `ConfigMap ${configMap.name}`,
    ...(projected?.sources ?? []).flatMap((part) => [
      part.secret && `Secret ${part.secret.name}`,
      part.configMap && `ConfigMap ${part.configMap.name}`,
      part.serviceAccountToken && 'token of its account',
    ]),
    ...Object.entries(others).map(([kind, source]) => `${kind} ${JSON.stringify(source)}`),
  ].filter((source) => source !== undefined)
}
