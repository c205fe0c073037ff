import type { Stepped } from '../lane/stepping.ts'
import type { CheckGateStep } from '../plan.ts'
import { judge } from '../result.ts'

/** Judges the measured numbers of the step that the gate is about; nothing measured fails (law 14). */
export const nextCheckGate = (
  step: CheckGateStep,
  measured: Readonly<Record<string, string | number>> | null,
): Stepped => {
  const numbers = Object.fromEntries(
    Object.entries(measured ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  )
  const { passed, lines } = judge(step.gates, numbers)
  const note = lines.join('; ')
  return passed
    ? { kind: 'done', note, values: null }
    : { kind: 'failed', reason: 'gate', note: `the gate does not hold: ${note}` }
}
