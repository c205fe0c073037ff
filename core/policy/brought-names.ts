import { isRecord } from '../record.ts'
import type { ManifestWrong } from '../workloads/manifest/adapter.ts'

type Place = ManifestWrong['path']

/** Labels of a template's own, which its pods do not have here, by name. */
export const droppedOf = (metadata: unknown): ReadonlySet<string> => {
  const labels = isRecord(metadata) ? metadata['labels'] : undefined
  return new Set(isRecord(labels) ? Object.keys(labels) : [])
}

/** What of a pod selects by such a label, or reads it: no pod has it, so that a node would be looked for that there is none of. */
export const selectedWrongs = (value: unknown, dropped: ReadonlySet<string>, at: Place): ManifestWrong[] => {
  if (dropped.size === 0) return []
  if (Array.isArray(value)) return value.flatMap((one, n) => selectedWrongs(one, dropped, [...at, n]))
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, one]): ManifestWrong[] => {
    const path = [...at, key]
    const named = namedBy(key, one).filter((name) => dropped.has(name))
    return [
      ...named.map((name) => ({ path, message: `its pods do not have the label \`${name}\` here: ${INSTEAD}` })),
      ...selectedWrongs(one, dropped, path),
    ]
  })
}

const INSTEAD = 'what they are labelled by is ours, so leave out what selects by it or reads it'

/** Labels that a field selects by or reads. */
const namedBy = (key: string, value: unknown): string[] => {
  if (key === 'matchLabels' && isRecord(value)) return Object.keys(value)
  if (key === 'matchExpressions' && Array.isArray(value))
    return value.flatMap((one) => (isRecord(one) && typeof one['key'] === 'string' ? [one['key']] : []))
  const [, read] =
    (key === 'fieldPath' && typeof value === 'string' && /^metadata\.labels\['(.*)'\]$/.exec(value)) || []
  return read === undefined ? [] : [read]
}

/** The pod, with the container that its stage is about called as that also where its room is read by name. */
export const renamed = (value: unknown, from: unknown, to: string): unknown => {
  if (Array.isArray(value)) return value.map((one) => renamed(one, from, to))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      key === 'containerName' && one === from ? to : renamed(one, from, to),
    ]),
  )
}
