import type { V1EnvVar } from '@kubernetes/client-node'
import type { KubeObject } from '../kube.ts'
import { gpuJob, type TrainingInput } from './gpu-job.ts'

/** The step that launches the fine-tuning Job, and the end of the Job's name. */
export const FINE_TUNING_STEP = 'train'

/**
 * The fine-tuning Job: `torchrun` starts the image's `train.py` once per GPU of one node. The program reads the manifest
 * named by `INPUT_URI` and `INPUT_MANIFEST`, checks it against `INPUT_SHA256`, and writes its result last.
 */
export const fineTuningJob = (input: TrainingInput): KubeObject<'Job'> => {
  const { launch } = input.dataset
  return gpuJob(input, {
    step: FINE_TUNING_STEP,
    task: 'fine-tuning',
    uses: launch,
    command: ['torchrun', '--standalone', `--nproc-per-node=${launch.gpus}`, 'train.py'],
    args: launch.args,
    env: [{ name: 'METHOD', value: launch.method }, ...(launch.gpus > 1 ? NCCL_ENV : [])],
  })
}

/** A rank that hangs ends the run within the process group's time-out, and the log says where it hung. */
const NCCL_ENV: V1EnvVar[] = [
  { name: 'TORCH_NCCL_ASYNC_ERROR_HANDLING', value: '1' },
  { name: 'TORCH_NCCL_TRACE_BUFFER_SIZE', value: '20000' },
  { name: 'TORCH_NCCL_DUMP_ON_TIMEOUT', value: '1' },
  { name: 'NCCL_DEBUG', value: 'INFO' },
]
