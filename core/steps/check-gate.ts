import type { CheckGateStep } from '../plan.ts'
import { judge } from '../result.ts'
import type { Next } from './next.ts'

/** Judges the measured numbers of the step that the gate is about; nothing measured fails (law 12). */
export const nextCheckGate = (step: CheckGateStep, measured: Record<string, string | number> | null): Next => {
  const numbers = Object.fromEntries(
    Object.entries(measured ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  )
  const { passed, lines } = judge(step.gates, numbers)
  const note = lines.join('; ')
  return passed
    ? { kind: 'done', note, result: null }
    : { kind: 'failed', reason: 'gate', note: `the gate does not hold: ${note}` }
}
