import type { TrainDesired } from '../desired.ts'
import { label } from '../names.ts'
import type { RegisterModelStep } from '../plan.ts'

/** The tag by which a repeated registration finds the version that it made (law 14). */
export const PLAN_TAG = label('plan')

/** What is registered from a finished training run; null when its result names no `model` artifact. */
export const registration = (
  step: RegisterModelStep,
  { plan, desired, result }: { plan: string; desired: TrainDesired; result: Record<string, string | number> | null },
): { model: string; source: string; runId: null; tags: Record<string, string> } | null => {
  const source = result?.['model']
  if (typeof source !== 'string') return null
  const asked: Record<string, string> = desired.requester === null ? {} : { [label('requested-by')]: desired.requester }
  const tags = {
    [PLAN_TAG]: plan,
    [label('dataset')]: desired.dataset,
    [label('dataset-version')]: desired.version,
    ...asked,
  }
  return { model: step.model, source, runId: null, tags }
}
