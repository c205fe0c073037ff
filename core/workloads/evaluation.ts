import type { KubeObject } from '../kube.ts'
import { runOnceName } from '../names.ts'
import { FINE_TUNING_STEP } from './fine-tuning.ts'
import { fromLabel, gpuJob, type TrainingInput } from './gpu-job.ts'
import { INPUT_JOB_LABEL } from './object-digest.ts'

/** The step that launches the evaluation Job, and the end of the Job's name. */
export const EVALUATION_STEP = 'evaluate'

/**
 * The evaluation Job of what the same run has fine-tuned: its image's own program reads the artifact that
 * `ADAPTER_RESULT_URI` names. The fine-tuning Job's name comes through a label, so the digest does not know it.
 */
export const evaluationJob = (input: TrainingInput): KubeObject<'Job'> =>
  gpuJob(input, {
    step: EVALUATION_STEP,
    task: 'evaluation',
    uses: input.dataset.evaluate,
    env: [
      fromLabel('FINE_TUNING_JOB', INPUT_JOB_LABEL),
      { name: 'ADAPTER_RESULT_URI', value: '$(RESULTS_URI)/$(FINE_TUNING_JOB)/result.json' },
    ],
    podLabels: { [INPUT_JOB_LABEL]: runOnceName(input.identity, input.run, FINE_TUNING_STEP) },
  })
