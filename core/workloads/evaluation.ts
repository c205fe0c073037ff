import type { KubeObject } from '../kube.ts'
import { fromLabel, gpuJob, type TrainingInput } from './gpu-job.ts'
import { INPUT_MODEL_ENV } from './inputs.ts'
import { INPUT_JOB_LABEL } from './object-digest.ts'

/** The step that launches the evaluation Job, and the end of the Job's name. */
export const EVALUATION_STEP = 'evaluate'

/**
 * The evaluation Job of what the same generation has fine-tuned: its image's own program reads the artifact that
 * `ADAPTER_RESULT_URI` and `ADAPTER_URI` name, which was `ADAPTER_PIN` when it was read. These come through a label and annotations, so the
 * digest does not know them.
 */
export const evaluationJob = (
  /** `trained`: name of the Job whose result it reads: of an earlier attempt where that is carried over. */
  input: TrainingInput & { trained: string },
): KubeObject<'Job'> =>
  gpuJob(input, {
    step: EVALUATION_STEP,
    task: 'evaluation',
    uses: input.dataset.evaluate,
    env: [
      fromLabel('FINE_TUNING_JOB', INPUT_JOB_LABEL),
      { name: 'ADAPTER_RESULT_URI', value: '$(RESULTS_URI)/$(FINE_TUNING_JOB)/result.json' },
      ...INPUT_MODEL_ENV,
    ],
    podLabels: { [INPUT_JOB_LABEL]: input.trained },
  })
