import type { ServeDesired } from '../desired.ts'
import { hubOf } from '../policy/sources.ts'
import type { ServicePolicy } from '../policy.ts'
import { DISK_ROOM } from './pod-disk.ts'
import { ANSWERING, type Answering } from './serving-health.ts'

/** What serves a model: a few pure answers, from which its pods are made. */
export interface Engine extends Answering {
  /** Arguments of its container. What the user wrote comes after them and wins. */
  args(desired: ServeDesired, service: ServicePolicy): string[]
  /** Why it cannot load what lies there, in a sentence that says what to do; null: nothing on paper speaks against it. */
  cannotLoad(desired: Pick<ServeDesired, 'source' | 'adapter'>): string | null
  /** GiB of its node's disk that a replica asks for, for each of its GPUs; null: it asks for none. */
  disk: number | null
  /** Whether a replica goes, of nodes that have room, to one with the fewest of them. */
  spread: boolean
  /** Whether a drain takes no more of its replicas than its service can miss. */
  guarded: boolean
  /** Whether drains leave as many of it as the service can do with, counted beside no other generation: two of which one each stands lose neither. */
  leaves: boolean
  /** Whether its pods are of the class of what serves: they wait before others for a GPU that comes free. */
  ranked: boolean
}

const VLLM: Engine = {
  ...ANSWERING.vllm,
  readyWithin: null,
  disk: null,
  spread: false,
  guarded: false,
  leaves: false,
  ranked: false,
  // The image's entry point is `vllm serve`, so the model comes first.
  args: ({ model: name, source }, { gpusPerReplica, maxModelLen }) => [
    // It knows no scheme of Hugging Face, so that nothing ever got ready that was told one.
    hubOf(source)?.id ?? source,
    ...commitOf(source),
    `--served-model-name=${name}`,
    `--port=${VLLM.port}`,
    `--tensor-parallel-size=${gpusPerReplica}`,
    ...(maxModelLen === undefined ? [] : [`--max-model-len=${maxModelLen}`]),
    `--shutdown-timeout=${VLLM.drain}`,
    '--disable-access-log-for-endpoints=/health,/metrics',
    ...(source.startsWith('s3://') ? ['--load-format=runai_streamer'] : []),
  ],
  cannotLoad: ({ source, adapter = false }) => {
    if (adapter || isAdapter(source)) return ADAPTER
    if (/^s3:\/\/[^/]+\/[^/]/.test(source) || hubOf(source) !== null) return null
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(source)?.[1] ?? ''
    const why = Object.hasOwn(ELSEWHERE, scheme) ? ELSEWHERE[scheme] : ELSEWHERE['']
    return `vLLM cannot load ${source}: ${why}`
  },
}

/** Of what was named without a commit it is told none, as ever. */
const commitOf = (source: string): string[] => {
  const commit = hubOf(source)?.commit ?? null
  return commit === null ? [] : [`--revision=${commit}`, `--tokenizer-revision=${commit}`]
}

const ADAPTER =
  'what is registered is an adapter, and vLLM serves whole weights: merge it into its base model in a stage, and register what that makes'

/**
 * Whether an address says by itself that it is an adapter: a folder that is called so, or a file of one. A registry knows no more,
 * unless the version carries our tag; a folder of another name with an adapter in it is found out by its gate.
 */
const isAdapter = (source: string): boolean =>
  /\/(adapter|lora|adapter_model\.(safetensors|bin)|adapter_config\.json)\/?$/.test(source)

const IN_S3 = 'register the version with the address of its files in S3, `s3://…`'
const COPIED = 'copy the files to S3, and register the version with their address there, `s3://…`'
const OF_MLFLOW = `only MLflow's own client fetches from there: ${IN_S3}; a tracking server that keeps artifacts in S3 and hands them out itself has them below its --artifacts-destination`

/** What to do about addresses, by their scheme. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'mlflow-artifacts': OF_MLFLOW,
  runs: OF_MLFLOW,
  models: OF_MLFLOW,
  dbfs: `it is a file system of Databricks: ${COPIED}`,
  file: `it is a path of one machine, and pods have none of its files: ${COPIED}`,
  gs: `pods have no rights at Google Cloud Storage: ${COPIED}`,
  hf: 'it is no repository: write `hf://owner/name`, or with a whole commit `hf://owner/name@COMMIT`, since a branch or a tag is moved',
  s3: 'it names a bucket and nothing in it: register the version with the address of a folder',
  '': `it loads from S3, \`s3://…\`, and from Hugging Face, \`hf://owner/name\` or \`hf://owner/name@COMMIT\`: ${COPIED}`,
}

const SECOND_VLLM: Engine = {
  ...VLLM,
  readyWithin: ANSWERING.vllm.readyWithin,
  disk: DISK_ROOM.asked,
  spread: true,
  guarded: true,
}

const THIRD_VLLM: Engine = { ...SECOND_VLLM, ranked: true }

/** Engines by name, each with its revisions. */
export type Engines = Readonly<Record<ServicePolicy['engine'], readonly [Engine, ...Engine[]]>>

/**
 * All engines, each with its revisions, the first first. A service keeps the revision that it was made with until somebody wants a
 * change (law 15): a revision is never edited and never taken away, a better one is added after it.
 */
export const ENGINES: Engines = {
  vllm: [VLLM, SECOND_VLLM, THIRD_VLLM, { ...THIRD_VLLM, leaves: true }],
}

/**
 * The engine of a service, in the revision that this version is served by: the newest where it was made with another engine. Throws
 * where there never was such a revision.
 */
export const engineOf = (
  { engine: made = { name: 'vllm', revision: 1 } }: Pick<ServeDesired, 'engine'>,
  { engine: name }: Pick<ServicePolicy, 'engine'>,
  engines: Engines = ENGINES,
): Engine => {
  const revisions = engines[name]
  const engine = revisions[(made.name === name ? made.revision : revisions.length) - 1]
  if (engine === undefined) throw new Error(`there is no revision ${made.revision} of the engine ${name}`)
  return engine
}
