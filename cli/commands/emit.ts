import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import { inNewNames } from '../../core/lane-kinds/called.ts'
import { datasetsIn } from '../../core/policy/datasets.ts'
import { parsePolicy } from '../../core/policy.ts'
import { datasetUploaded } from '../../events/dataset-uploaded.ts'
import { SIMULATION_FILE } from '../../local/cluster/simulation.ts'
import { figuresOfStages } from '../../local/figures.ts'
import type { ImaginedObject } from '../../local/objects/imagined-objects.ts'
import { readSimulated } from '../../local/policies/file-policies.ts'
import { findRunning } from '../client.ts'
import { EXIT, Explained, type Output, show } from '../output.ts'
import { calledOn } from './called.ts'

/** A stored sample: an EventBridge event, a message of SNS, or a webhook request with the secret that signed it. */
interface Sample {
  event?: unknown
  /** A message of SNS, about a budget. */
  message?: unknown
  request?: { route: string; headers: Record<string, string>; body: string }
}

/** Reads an event from a file or from a sample named `<contract>/<case>`. Throws `Explained`. */
export const readEvent = (name: string): Sample => {
  const sample = new URL(`../../events/samples/${name.replace(/\.json$/, '')}.json`, import.meta.url)
  const file = existsSync(name)
    ? name
    : /^[a-z-]+\/[a-z0-9-]+(\.json)?$/.test(name) && existsSync(sample)
      ? sample
      : null
  if (file === null)
    throw new Explained(`${name} is neither a file nor a sample: \`signalbox contracts\` lists the samples`, EXIT.usage)
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Explained(`${name} is not JSON: ${error instanceof Error ? error.message : String(error)}`, EXIT.usage)
  }
  if (typeof value === 'object' && value !== null && ('event' in value || 'message' in value || 'request' in value))
    return value as Sample
  return { event: value }
}

/** The event in a file or a sample, to be sent or planned. Throws `Explained`, also for a delivery, which its sender alone can sign. */
export const eventOf = (name: string): unknown => {
  const { event, request } = readEvent(name)
  if (request !== undefined)
    throw new Explained(
      `${name} is a webhook delivery, signed with its producer's secret and long stale: take an event, e.g. \`model-promoted/bus-alias-set\``,
      EXIT.usage,
    )
  if (event === undefined) throw new Explained(`${name} holds no event`, EXIT.usage)
  return event
}

/**
 * The objects of the dataset that a sample's event names, which a fresh machine does not have: a small one, the manifest
 * last, as a real producer writes it. None when the event names no dataset.
 */
export const datasetOf = (event: unknown): ImaginedObject[] => {
  const parsed = datasetUploaded.parse(event)
  if (!parsed.ok) return []
  const { bucket, key } = parsed.event
  const part = `${key.slice(0, key.lastIndexOf('/') + 1)}part-0.jsonl`
  const text = JSON.stringify({ prompt: 'My order has not arrived.', answer: 'Let me look that up.' })
  const manifest = JSON.stringify({ version: 1, objects: [{ key: part, size: Buffer.byteLength(text) }] })
  return [
    { bucket, key: part, text },
    { bucket, key, text: manifest },
  ]
}

/** With what simulated containers must be told, so that gates of the pipeline that a sample's dataset begins hold: it is written before the manifest. */
export const behaving = async (objects: ImaginedObject[], config: string | undefined): Promise<ImaginedObject[]> => {
  const manifest = objects.at(-1)
  if (manifest === undefined || config === undefined) return objects
  const { bucket, key } = manifest
  const policy = await readSimulated(config)
    .then(parsePolicy)
    .catch(() => null)
  const begun = datasetsIn(policy?.pipelines ?? {}).find(
    ({ dataset }) => dataset.bucket === bucket && key.startsWith(dataset.prefix),
  )
  const figures = begun === undefined ? null : figuresOfStages(begun.rule)
  if (figures === null) return objects
  return [{ bucket, key: key.replace(/[^/]*$/, SIMULATION_FILE), text: JSON.stringify(figures) }, ...objects]
}

/** Writes a sample's dataset into the local bucket, so that the event finds what it points to. What is there is left alone. */
const layDown = (dataDir: string, objects: ImaginedObject[]): void => {
  const files = objects.map(({ bucket, key, text }) => {
    const root = resolve(dataDir, 'buckets', bucket)
    return { root, file: resolve(root, key), text }
  })
  const manifest = files.at(-1)
  if (manifest === undefined || !manifest.file.startsWith(manifest.root + sep) || existsSync(manifest.file)) return
  mkdirSync(dirname(manifest.file), { recursive: true })
  for (const { file, text } of files) if (!existsSync(file)) writeFileSync(file, text)
}

/** Sends one event to the running product; says what it became. Exit 1 when it was refused. */
export const emit = async (name: string, { data }: { data: string }, output: Output): Promise<number> => {
  const { message } = readEvent(name)
  const event = message ?? eventOf(name)
  const client = findRunning(data)
  // Asked first, so that the event follows at once on its dataset: the product finds uploads by itself too.
  await client.get('/healthz')
  if (!existsSync(name)) layDown(data, await behaving(datasetOf(event), client.config))
  const { status, body } = await client.post(message === undefined ? '/events' : '/notices', event)
  const became =
    (body['events'] as { kind: string; lane: string | null; reason: string | null; detail: string }[] | undefined) ?? []
  if (status !== 202) throw new Explained(String(body['detail'] ?? body['error'] ?? status))
  const lines = became
    .map(
      ({ kind, lane, reason, detail }) =>
        `${kind}${reason === null ? '' : ` (${reason})`}${lane === null ? '' : ` · ${lane}`}: ${detail}`,
    )
    .join('\n')
  show(output, body, inNewNames(await calledOn(data), lines))
  return became.some(({ kind }) => kind === 'refused') ? EXIT.failed : EXIT.ok
}
