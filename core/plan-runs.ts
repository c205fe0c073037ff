import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import type { KubeObject } from './kube.ts'
import type { Step } from './plan.ts'
import { shortened } from './text.ts'

/** Longest that a command stands on a card: both of its ends tell most, and `signalbox trace` has all of it. Characters. */
const COMMAND = 200
/** Of an image's digest so much is shown as tells two apart. */
const DIGEST = 12

/**
 * What a step would run, as its approval binds it: the image, command and arguments of each container, and the Secrets that they are
 * given; null: it runs nothing. What a person says yes to is not told by a digest. Commands are cut to `most` characters.
 */
export const runsOf = (step: Step, most = COMMAND): string | null => {
  const pods = templatesIn(step)
  return pods.length === 0 ? null : pods.map((pod) => podText(pod, most)).join('; ')
}

const templatesIn = (step: Step): V1PodSpec[] => {
  const objects = step.kind === 'launch-job' ? [step.job] : step.kind === 'roll-out-model' ? step.objects : []
  return objects.flatMap((object) => (object as KubeObject<'Job' | 'Deployment'>).spec?.template?.spec ?? [])
}

const podText = (pod: V1PodSpec, most: number): string => {
  const { containers, initContainers = [] } = pod
  const all = [
    ...containers.map((one, n) => `${n === 0 ? '' : `beside it ${one.name}: `}${containerText(one, most)}`),
    ...initContainers.map((one) => `before it ${one.name}: ${containerText(one, most)}`),
  ]
  const secrets = secretsOf(pod)
  return [...all, ...(secrets.length === 0 ? [] : [`Secrets: ${secrets.join(', ')}`])].join('; ')
}

const containerText = (container: V1Container, most: number): string => {
  const { image = 'no image', command = [], args = [] } = container
  const words = [imageText(image), shortened(wordsOf([...command, ...args]), most)].filter((word) => word !== '')
  const others = othersIn(container).map(([what, said]) => `; ${what}: ${shortened(wordsOf(said), most)}`)
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

/** Names of the Secrets that a pod is given, in whatever way. */
const secretsOf = ({ containers, initContainers = [], volumes = [] }: V1PodSpec): string[] => {
  const all = [...containers, ...initContainers]
  const names = [
    ...all.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name)),
    ...all.flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef?.name)),
    ...volumes.flatMap(({ secret, projected }) => [
      secret?.secretName,
      ...(projected?.sources ?? []).map((source) => source.secret?.name),
    ]),
  ]
  return [...new Set(names.filter((name) => name !== undefined))].sort()
}
