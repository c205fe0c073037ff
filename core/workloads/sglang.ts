import type { ServeDesired } from '../desired.ts'
import { hubOf } from '../policy/sources.ts'
import { isAdapter } from './adapters.ts'
import type { Engine } from './engine.ts'
import { folderOf } from './fetching.ts'
import { commitOf, MERGED, whyElsewhere, whyNotBrought } from './loading.ts'
import { DISK_ROOM } from './pod-disk.ts'
import { ENGINE_ENV } from './pod-environment.ts'
import { ANSWERING } from './serving-health.ts'

/** SGLang. On SIGTERM it says that it is not well, answers what it has, and ends: no flag says for how long, so its pod's grace does. */
const SGLANG: Engine = {
  ...ANSWERING.sglang,
  disk: DISK_ROOM.asked,
  spread: true,
  guarded: true,
  leaves: true,
  ranked: true,
  // What it is told is a part of what it finds free when it begins, which others change.
  inTurn: null,
  command: ['python3', '-m', 'sglang.launch_server'],
  env: ENGINE_ENV.sglang,
  // Its keys keep nobody off: whoever asks it for its settings is told them.
  open: 'whoever may reach its replicas may have them load other weights, by SGLang’s own `/update_weights_from_disk`: say by a NetworkPolicy who may',
  args: (desired, { gpusPerReplica, maxModelLen }) => [
    `--model-path=${placeOf(desired)}`,
    ...commitOf(desired.source, 'revision'),
    `--served-model-name=${desired.model}`,
    '--host=0.0.0.0',
    `--port=${SGLANG.port}`,
    `--tp-size=${gpusPerReplica}`,
    ...(maxModelLen === undefined ? [] : [`--context-length=${maxModelLen}`]),
    '--enable-metrics',
  ],
  cannotLoad: (desired, given) =>
    isAdapter(desired)
      ? `what is registered is an adapter, and SGLang answers the name of the model by its base alone: serve it by vLLM, or ${MERGED}`
      : (whyElsewhere('SGLang', desired.source) ?? whyNotBrought('SGLang', desired.source, given)),
  fetches: ({ source: from, model: name }) => (from.startsWith('s3://') ? { from, name, most: null } : null),
}

/** All revisions of it, the first first. */
export const SGLANG_REVISIONS = [SGLANG] as const

const placeOf = ({ source, model: name }: ServeDesired): string => hubOf(source)?.id ?? folderOf({ name })
