import { said } from '../../core/text.ts'
import type { Policies } from '../../flows/ports.ts'

/** What is repeated of why a file is not in force. Characters. */
const WHY = 600

/** What is said while an older policy is in force than the one that is written (law 15); null: what is written is in force. */
export const notInForce = async (policies: Policies): Promise<string | null> => {
  // Of one that cannot be read nobody knows it: who needs it says so.
  const problem = (await policies.problem?.().catch(() => null)) ?? null
  if (problem === null) return null
  const { version } = await policies.load()
  return `in force is policy ${version}; the file as it is now is not, because: ${said(problem, WHY)}`
}

/** Looks whether what is written is in force, and tells once whenever that is otherwise than before. */
export const tellsWhenNotInForce = (
  policies: Policies,
  tell: (sentence: string | null) => void,
): (() => Promise<void>) => {
  let last: string | null = null
  return async () => {
    const now = await notInForce(policies)
    if (now === last) return
    last = now
    tell(now)
  }
}
