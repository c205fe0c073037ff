import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import { literal } from './pod-environment.ts'
import { broughtInto, PROGRAM, RUNNER_FOLDER, type RunnerSource } from './runner.ts'

/** What lies in S3 and is brought into a pod before its engine begins. */
export interface Fetch {
  /** A folder of S3. */
  from: string
  /** Name of its folder in the pod. */
  name: string
  /** GiB that it has at most, which are asked for and beyond which its pod is evicted; null: nobody knows, and its engine's disk is what `pod` says. */
  most: number | null
}

/** The container that fetches, and the volume that it lies in. */
export const FETCHER = 'signalbox-fetch'
export const WEIGHTS_VOLUME = 'signalbox-weights'
/** Where that is mounted. */
export const FETCHED = `${RUNNER_FOLDER}/in`

/** Where it lies in the pod. */
export const folderOf = ({ name }: Pick<Fetch, 'name'>): string => `${FETCHED}/${name}`

/** The pod with what is fetched in a volume that one container reads: its program and its files are brought by init containers, in this order. */
export const withFetched = (
  spec: V1PodSpec,
  { container, source, fetch }: { container: string; source: RunnerSource; fetch: Fetch },
): V1PodSpec => {
  const { initContainers = [], volumes = [], ...brought } = broughtInto(spec, source)
  const limit = fetch.most === null ? {} : { sizeLimit: `${fetch.most}Gi` }
  return {
    ...brought,
    initContainers: [...initContainers, fetcher(source, fetch, initContainers.at(-1)?.volumeMounts ?? [])],
    containers: spec.containers.map((one) =>
      one.name === container
        ? {
            ...one,
            volumeMounts: [...(one.volumeMounts ?? []), { name: WEIGHTS_VOLUME, mountPath: FETCHED, readOnly: true }],
          }
        : one,
    ),
    volumes: [...volumes, { name: WEIGHTS_VOLUME, emptyDir: limit }],
  }
}

/** It runs in the image that has brought it: the program needs nothing of an image. It asks for less than any engine beside it. */
const fetcher = (
  { image }: RunnerSource,
  fetch: Fetch,
  mounts: NonNullable<V1Container['volumeMounts']>,
): V1Container => ({
  name: FETCHER,
  image,
  command: [PROGRAM, 'fetch', folderOf(fetch), literal(fetch.from)],
  resources: { requests: { cpu: '1', memory: '512Mi' } },
  terminationMessagePolicy: 'FallbackToLogsOnError',
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  volumeMounts: [...mounts, { name: WEIGHTS_VOLUME, mountPath: FETCHED }],
})
