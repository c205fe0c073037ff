import type { LocalHouse } from './house.ts'

/** What a person does outside Signalbox: upload datasets, register and promote versions. Used by the tour and by tests. */

/** How simulated Pods behave that read this folder: see local/cluster/simulation.ts. */
export type Simulation = Record<string, unknown>

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')

/** Uploads a small dataset: its objects first, its manifest last. Answers the manifest's key. */
export const uploadDataset = async (
  house: LocalHouse,
  {
    bucket,
    folder,
    rows,
    simulation,
    requestedBy,
    leaveOut = [],
  }: {
    bucket: string
    folder: string
    rows: string[]
    simulation?: Simulation
    requestedBy?: string
    leaveOut?: number[]
  },
): Promise<string> => {
  const objects = rows.map((row, index) => ({
    key: `${folder}part-${index}.jsonl`,
    size: Buffer.byteLength(row),
    text: row,
  }))
  for (const [index, { key, text }] of objects.entries())
    if (!leaveOut.includes(index)) await house.objects.write(bucket, key, bytes(text))
  if (simulation !== undefined)
    await house.objects.write(bucket, `${folder}simulation.json`, bytes(JSON.stringify(simulation)))
  const manifest = {
    version: 1,
    objects: objects.map(({ key, size }) => ({ key, size })),
    ...(requestedBy === undefined ? {} : { requestedBy }),
  }
  await house.objects.write(bucket, `${folder}manifest.json`, bytes(JSON.stringify(manifest)))
  return `${folder}manifest.json`
}

/** Registers a version whose weights lie in the local bucket of results, below a folder of it where one is said, behaving as `simulation` says. Answers its version. */
export const registerVersion = async (
  house: LocalHouse,
  {
    model,
    simulation,
    tags = {},
    below = '',
  }: { model: string; simulation?: Simulation; tags?: Record<string, string>; below?: string },
): Promise<string> => {
  const folder = `${below}models/${model}/${Object.keys(tags).length}-${house.clock.now()}-${Math.abs(hash(JSON.stringify(simulation ?? {})))}/`
  const { bucket } = (await house.ports.policies.load()).results
  await house.objects.write(bucket, `${folder}config.json`, bytes('{}'))
  if (simulation !== undefined)
    await house.objects.write(bucket, `${folder}simulation.json`, bytes(JSON.stringify(simulation)))
  const made = await house.registry.register({ model, source: `s3://${bucket}/${folder}`, runId: null, tags })
  return made.version
}

/** How what serves a version will behave, or is judged: it lies beside its weights, which stay what was measured. */
export const behaves = async (
  house: LocalHouse,
  { model, version, simulation }: { model: string; version: string; simulation: Simulation },
): Promise<void> => {
  const { source = '' } = (await house.registry.version(model, version)) ?? {}
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(source) ?? []
  if (bucket === undefined || key === undefined) return
  await house.objects.write(bucket, key.replace(/[^/]*$/, 'simulation.json'), bytes(JSON.stringify(simulation)))
}

/** Points the alias at a version, as a person does in MLflow: its webhook reaches our door. */
export const promote = (house: LocalHouse, model: string, version: string): Promise<void> =>
  house.registry.setAlias(model, 'champion', version)

const hash = (text: string): number => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7)
