import { hubOf } from '../policy/sources.ts'
import { isAdapter } from './adapters.ts'
import type { Engine } from './engine.ts'
import { knows } from './engine-versions.ts'
import { folderOf } from './fetching.ts'
import { commitOf, MERGED, whyElsewhere, whyNotBrought } from './loading.ts'
import { DISK_ROOM } from './pod-disk.ts'
import { ENGINE_ENV } from './pod-environment.ts'
import { ANSWERING } from './serving-health.ts'

/**
 * TensorRT-LLM, by its PyTorch backend, which loads weights as they are. On SIGTERM it takes no more, answers what it has, and ends. What
 * lies in a folder it serves by the folder's name, in all versions; by another name only newer ones.
 */
const TRTLLM: Engine = {
  ...ANSWERING.trtllm,
  disk: DISK_ROOM.asked,
  spread: true,
  guarded: true,
  leaves: true,
  ranked: true,
  // What it is told is a part of what is free once its weights are loaded, which others change.
  inTurn: null,
  command: ['trtllm-serve'],
  env: ENGINE_ENV.trtllm,
  // What changes its weights only works for a server that was started to be trained.
  open: null,
  args: ({ model: name, source }, { gpusPerReplica, maxModelLen }) => [
    hubOf(source)?.id ?? folderOf({ name }),
    ...commitOf(source, 'revision'),
    ...(hubOf(source) === null ? [] : [`--served_model_name=${name}`]),
    '--backend=pytorch',
    '--host=0.0.0.0',
    `--port=${TRTLLM.port}`,
    `--tp_size=${gpusPerReplica}`,
    ...(maxModelLen === undefined ? [] : [`--max_seq_len=${maxModelLen}`]),
  ],
  cannotLoad: (desired, given) => {
    const { source } = desired
    if (isAdapter(desired))
      return `what is registered is an adapter, and trtllm-serve serves whole weights: serve it by vLLM, or ${MERGED}`
    if (hubOf(source) !== null && !knows(given.service, { engine: 'trtllm', flag: 'served_model_name' }))
      return `TensorRT-LLM ${given.service.engineVersion} serves ${source} under no other name than that, and is asked for the model's: copy the files to S3, and register the version with their address there, \`s3://…\`; or take an image of 1.3.0 or later`
    return whyElsewhere('TensorRT-LLM', source) ?? whyNotBrought('TensorRT-LLM', source, given)
  },
  fetches: ({ source: from, model: name }) => (from.startsWith('s3://') ? { from, name, most: null } : null),
}

/** All revisions of it, the first first. */
export const TRTLLM_REVISIONS = [TRTLLM] as const
