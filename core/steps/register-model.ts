import { sha256Hex } from '../digest.ts'
import { label } from '../names.ts'
import type { RegisterModelStep } from '../plan.ts'

/** The tag by which a repeated registration finds the version that it made. */
const MADE_BY = label('plan')

/** What is registered. */
export interface Registration {
  model: string
  source: string
  runId: null
  tags: Record<string, string>
}

/**
 * What is registered from a finished step; null when its result names no `model` artifact. Its tag names
 * the lane and the artifact alone: whichever attempt or generation registers it finds what another has registered (law 7).
 */
export const registration = (
  step: RegisterModelStep,
  { name, values }: { name: string; values: Readonly<Record<string, string | number>> | null },
): Registration | null => {
  const source = values?.['model']
  if (typeof source !== 'string') return null
  const made = `${name}-${sha256Hex(source).slice(0, 8)}`
  return { model: step.model, source, runId: null, tags: { ...step.tags, [MADE_BY]: made } }
}

/** The tag to search by, and its value. */
export const foundTag = ({ tags }: Registration): [key: string, value: string] => [MADE_BY, tags[MADE_BY] ?? '']
