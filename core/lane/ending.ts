import type { Outcome } from '../reasons.ts'
import { type Change, changed, moment } from './change.ts'
import type { Run } from './document.ts'
import type { View } from './view.ts'

/** The run ends otherwise than by its last step. */
export const settleEnd = ({ doc }: View, ending: Outcome): Change => {
  const run = doc.run as Run
  return changed(
    { ...doc, run: { ...run, ending } },
    { moments: [moment('step', `ends: ${ending.detail}`, { run, data: { ending: ending.kind } })] },
  )
}
