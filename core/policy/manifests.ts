import { isRecord } from '../record.ts'
import { inSight } from '../text.ts'
import { type Brought, broughtBy } from './brought.ts'
import { MANIFEST, MANIFEST_SAY } from './fields.ts'
import { type StageWith, stagesWith } from './manifest-places.ts'
import { nameOfStage } from './stages.ts'

/** A manifest as it was read: its object, or why it could not be. */
export type ReadManifest = { object: unknown } | { why: string }

/** A config whose stages say what their manifests have; or everything that is wrong with those. */
export interface WithManifests {
  config: unknown
  problems: string[]
}

/** Files that a config brings, each once. Total: of what is no config there are none. */
export const manifestsIn = (config: unknown): string[] => [
  ...new Set(stagesWith(config).flatMap(({ file }) => (MANIFEST.test(file) ? [file] : []))),
]

/**
 * Puts what manifests have in the place of their names, as digests come in the place of tags: so that what they say is part of the policy and its version,
 * goes where it goes, and is judged, priced, built and ended as of every stage. Pure: the same files are the same policy everywhere.
 */
export const withManifests = (config: unknown, read: ReadonlyMap<string, ReadManifest>): WithManifests => {
  const problems: string[] = []
  let next = config
  for (const one of stagesWith(config)) {
    const at = inSight(['pipelines', one.pipeline, 'stages', one.index, 'manifest'].join('.'))
    const found = MANIFEST.test(one.file) ? read.get(one.file) : { why: MANIFEST_SAY }
    if (found === undefined) continue
    const brought = 'why' in found ? found.why : broughtIn(config, one, found.object)
    if (typeof brought === 'string') problems.push(`${at}: ${one.file}: ${brought}`)
    else if (Array.isArray(brought)) problems.push(...brought.map((line) => `${at}: ${one.file}: ${line}`))
    else next = replaced(next, ['pipelines', one.pipeline, 'stages', one.index], said(one, brought))
  }
  return { config: next, problems }
}

const said = ({ stage, file }: StageWith, { at, ...brought }: Brought): Record<string, unknown> => ({
  ...stage,
  ...brought,
  ...(at === undefined ? {} : { manifest: `${file}#${at}` }),
})

/** What a manifest says, and its stage does not say once more. */
const SAID = ['image', 'command', 'args', 'env', 'secrets', 'use', 'pod', 'nodes', 'gpus']

const broughtIn = (config: unknown, { stage }: StageWith, object: unknown): Brought | string[] => {
  const twice = SAID.filter((key) => stage[key] !== undefined)
  if (twice.length > 0) return [`the stage says \`${twice.join('`, `')}\` beside it: say that in the manifest alone`]
  if (nameOfStage(stage) === '') return ['its container is called as the stage: give that a `name`']
  const brought = broughtBy(object, { stage: nameOfStage(stage), pool: stage['pool'], namespace: namespaceOf(config) })
  return Array.isArray(brought)
    ? brought.map(({ path, message }) => inSight(`${path.length === 0 ? '' : `${path.join('.')}: `}${message}`))
    : brought
}

const namespaceOf = (config: unknown): string => {
  const namespaces = isRecord(config) && isRecord(config['namespaces']) ? config['namespaces'] : {}
  return typeof namespaces['training'] === 'string' ? namespaces['training'] : 'training'
}

/** A copy with another value at one place; what does not lead there is shared. */
const replaced = (value: unknown, [key, ...rest]: (string | number)[], by: unknown): unknown => {
  if (key === undefined) return by
  const inner = replaced((value as Record<string | number, unknown>)[key], rest, by)
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...(value as object), [key]: inner }
}
