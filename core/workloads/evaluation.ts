import type { KubeObject } from '../kube.ts'
import { fromLabel, gpuJob, type TrainingInput } from './gpu-job.ts'
import { INPUT_JOB_LABEL } from './object-digest.ts'

/** The step that launches the evaluation Job, and the end of the Job's name. */
export const EVALUATION_STEP = 'evaluate'

/**
 * The evaluation Job of what the same generation has fine-tuned: its image's own program reads the artifact that
 * `ADAPTER_RESULT_URI` names. The fine-tuning Job's name comes through a label, so the digest does not know it.
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
    ],
    podLabels: { [INPUT_JOB_LABEL]: input.trained },
  })
