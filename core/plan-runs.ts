import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import type { KubeObject } from './kube.ts'
import type { Step } from './plan.ts'
import { shortened } from './text.ts'

/** Longest that a command stands in a line: both of its ends tell most. Characters. */
const COMMAND = 200
/** Of an image's digest so much is shown as tells two apart. */
const DIGEST = 12

/**
 * What a step would run, as its approval binds it: the image, command and arguments of each container, and the Secrets that they are
 * given; null: it runs nothing. What a person says yes to is not told by a digest.
 */
export const runsOf = (step: Step): string | null => {
  const pods = templatesIn(step)
  if (pods.length === 0) return null
  return pods.map(podText).join('; ')
}

const templatesIn = (step: Step): V1PodSpec[] => {
  const objects = step.kind === 'launch-job' ? [step.job] : step.kind === 'roll-out-model' ? step.objects : []
  return objects.flatMap((object) => (object as KubeObject<'Job' | 'Deployment'>).spec?.template?.spec ?? [])
}

const podText = (pod: V1PodSpec): string => {
  const { containers, initContainers = [] } = pod
  const all = [
    ...containers.map((one, n) => (n === 0 ? containerText(one) : `beside it ${one.name}: ${containerText(one)}`)),
    ...initContainers.map((one) => `before it ${one.name}: ${containerText(one)}`),
  ]
  const secrets = secretsOf(pod)
  return [...all, ...(secrets.length === 0 ? [] : [`Secrets: ${secrets.join(', ')}`])].join('; ')
}

const containerText = ({ image = 'no image', command = [], args = [] }: V1Container): string => {
  const words = [...command, ...args].map((word) => (/^[^\s"']+$/.test(word) ? word : JSON.stringify(word)))
  return [imageText(image), ...(words.length === 0 ? [] : [shortened(words.join(' '), COMMAND)])].join(' ')
}

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
