import type { Pod } from './wire.ts'

type Container = NonNullable<Pod['spec']>['containers'][number]

/**
 * A container's environment as the kubelet makes it: in order, `$(NAME)` being what an earlier variable says, `$$` a `$`,
 * and a reference to what is not there left as it stands. Fields of the pod are taken as they are.
 */
export const environmentOf = (pod: Pod, container: Container | undefined): Record<string, string> => {
  const known: Record<string, string> = {}
  for (const { name, value, valueFrom } of container?.env ?? []) {
    const path = valueFrom?.fieldRef?.fieldPath
    known[name] = path === undefined ? expand(value ?? '', known) : fieldOf(pod, path)
  }
  return known
}

/** The container that the simulation plays: the first that names an input, else the first. */
export const playedContainer = (pod: Pod): Container | undefined =>
  pod.spec?.containers.find(({ env }) => env?.some(({ name }) => name === 'INPUT_URI')) ?? pod.spec?.containers[0]

/** Bucket and key of an `s3://` URI, or null. */
export const s3Location = (uri: string | undefined): { bucket: string; key: string } | null => {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(uri ?? '') ?? []
  return bucket === undefined ? null : { bucket, key }
}

const expand = (text: string, known: Record<string, string>): string =>
  text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) => {
    if (name === undefined) return '$'
    return Object.hasOwn(known, name) ? (known[name] ?? '') : found
  })

/** The downward API: what a pod may know of itself. */
const fieldOf = ({ metadata, spec }: Pod, path: string): string => {
  const [, map, key = ''] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? []
  if (map === 'labels') return metadata.labels?.[key] ?? ''
  if (map === 'annotations') return metadata.annotations?.[key] ?? ''
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec?.nodeName,
    'spec.serviceAccountName': spec?.serviceAccountName ?? 'default',
  }
  return fields[path] ?? ''
}
