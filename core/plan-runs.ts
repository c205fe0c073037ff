import type {
  V1Container,
  V1EnvFromSource,
  V1EnvVarSource,
  V1PodSpec,
  V1Volume,
  V1VolumeProjection,
} from '@kubernetes/client-node'
import { podSpecOf } from './kube.ts'
import type { Step } from './plan.ts'

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
  ]
  return [
    ...containers.map((one, n) => `${n === 0 ? '' : `beside it ${one.name}: `}${containerText(one)}`),
    ...initContainers.map((one) => `before it ${one.name}: ${containerText(one)}`),
    ...given.filter(([, all]) => all.length > 0).map(([what, all]) => `${what}: ${all.join(', ')}`),
  ].join('; ')
}

const containerText = (container: V1Container): string => {
  const { image = 'no image', command = [], args = [] } = container
  const words = [imageText(image), wordsOf([...command, ...args])].filter((word) => word !== '')
  const others = othersIn(container).map(([what, said]) => `; ${what}: ${wordsOf(said)}`)
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
