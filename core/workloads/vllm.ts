import type { ServeDesired } from '../desired.ts'
import { hubOf } from '../policy/sources.ts'
import type { ServicePolicy } from '../policy.ts'
import { baseOf, isAdapter } from './adapters.ts'
import type { Engine, Given } from './engine.ts'
import { type Fetch, folderOf } from './fetching.ts'
import { commitOf, MERGED, whyElsewhere } from './loading.ts'
import { ADAPTER_ROOM, DISK_ROOM } from './pod-disk.ts'
import { ENGINE_ENV } from './pod-environment.ts'
import { ANSWERING } from './serving-health.ts'

const VLLM: Engine = {
  ...ANSWERING.vllm,
  readyWithin: null,
  disk: null,
  spread: false,
  guarded: false,
  leaves: false,
  ranked: false,
  command: null,
  inTurn: (share) => [`--gpu-memory-utilization=${share}`],
  env: ENGINE_ENV.vllm,
  // The image's entry point is `vllm serve`, so the model comes first.
  args: ({ model: name, source }, { gpusPerReplica, maxModelLen }) => [
    // It knows no scheme of Hugging Face, so that nothing ever got ready that was told one.
    hubOf(source)?.id ?? source,
    ...commitOf(source, 'revision', 'tokenizer-revision'),
    `--served-model-name=${name}`,
    `--port=${VLLM.port}`,
    `--tensor-parallel-size=${gpusPerReplica}`,
    ...(maxModelLen === undefined ? [] : [`--max-model-len=${maxModelLen}`]),
    `--shutdown-timeout=${VLLM.drain}`,
    '--disable-access-log-for-endpoints=/health,/metrics',
    ...(source.startsWith('s3://') ? ['--load-format=runai_streamer'] : []),
  ],
  cannotLoad: (desired) =>
    isAdapter(desired)
      ? `what is registered is an adapter, and vLLM serves whole weights: ${MERGED}`
      : whyElsewhere('vLLM', desired.source),
  fetches: () => null,
  open: null,
}

const SECOND_VLLM: Engine = {
  ...VLLM,
  readyWithin: ANSWERING.vllm.readyWithin,
  disk: DISK_ROOM.asked,
  spread: true,
  guarded: true,
}

const THIRD_VLLM: Engine = { ...SECOND_VLLM, ranked: true }

const FOURTH_VLLM: Engine = { ...THIRD_VLLM, leaves: true }

/** Serves an adapter on its base, under the name of its model; whole weights as before. */
const FIFTH_VLLM: Engine = {
  ...FOURTH_VLLM,
  args: (desired, service) => (isAdapter(desired) ? adapterArgs(desired, service) : FOURTH_VLLM.args(desired, service)),
  cannotLoad: (desired, given) =>
    isAdapter(desired) ? whyNoAdapter(desired, given) : FOURTH_VLLM.cannotLoad(desired, given),
  fetches: (desired) => (isAdapter(desired) ? adapterOf(desired) : null),
}

/** All revisions of it, the first first. */
export const VLLM_REVISIONS = [VLLM, SECOND_VLLM, THIRD_VLLM, FOURTH_VLLM, FIFTH_VLLM] as const

const adapterOf = ({ source: from, model: name }: Pick<ServeDesired, 'source' | 'model'>): Fetch => ({
  from,
  name,
  most: ADAPTER_ROOM,
})

/** Largest rank of an adapter: with vLLM's own, 16, most would not load. What is larger says so in `args`, which come later. */
const RANK = 64

/** Who asks for the model is answered by the adapter, and by its base who asks for that: another name, or nobody could tell which answers. */
const adapterArgs = (desired: ServeDesired, service: ServicePolicy): string[] => [
  ...FOURTH_VLLM.args({ ...desired, model: `${desired.model}-base`, source: baseOf(desired, service) ?? '' }, service),
  '--enable-lora',
  `--max-lora-rank=${RANK}`,
  `--lora-modules=${desired.model}=${folderOf(adapterOf(desired))}`,
]

const whyNoAdapter = (
  desired: Pick<ServeDesired, 'source' | 'adapter' | 'base'>,
  { service, runner }: Given,
): string | null => {
  const { source } = desired
  const is = 'what is registered is an adapter'
  if (!/^s3:\/\/[^/]+\/[^/]/.test(source))
    return `${is}, and adapters are fetched from S3, which ${source} is not: copy its files there, and register the version with their address, \`s3://…\`; or ${MERGED}`
  if (/\.(safetensors|bin|json)$/.test(source))
    return `${is}, and ${source} is one file of it: register the version with the address of its folder`
  const base = baseOf(desired, service)
  if (base === null)
    return `${is}, and nobody says of which model: set the tag \`signalbox.dev/base\` of the version, \`s3://…\` or \`hf://owner/name@COMMIT\`, or say \`base\` of the service; or ${MERGED}`
  if (isAdapter({ source: base })) return `${is}, and its base, ${base}, is one itself: name whole weights`
  const unloadable = whyElsewhere('vLLM', base)
  if (unloadable !== null) return `${is}, and of its base: ${unloadable}`
  if (runner === undefined)
    return `${is}, which vLLM reads from a folder: say \`runner: { image }\` of the whole config, and \`signalbox-run\` brings it there; or ${MERGED}`
  return service.args.some((one) => /^\s*--?lora[-_]modules/.test(one))
    ? `${is}, and \`--lora-modules\` of \`args\` would take its place: leave that out`
    : null
}
