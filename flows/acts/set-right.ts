import { type Righted, rightBeside, viewOfRight } from '../../core/lane/righting.ts'
import type { View } from '../../core/lane/view.ts'
import { observe } from '../observe.ts'
import type { WorkPorts } from '../ports.ts'
import type { Performed } from './performed.ts'
import { beginStep } from './step.ts'

/** Sets right what somebody has done to what serves, beside a run that waits: it is looked at first, and applied as a run of its own would. */
export const setRight = async (ports: WorkPorts, view: View): Promise<Performed> => {
  const world = await observe(ports, view)
  return { result: { kind: 'righted', came: await righted(ports, { ...view, world }) }, seen: { world } }
}

const righted = async (ports: WorkPorts, view: View): Promise<Righted> => {
  const found = rightBeside(view)
  if (found === null) return { kind: 'right' }
  const { plan, text } = found
  const own = viewOfRight(view, plan)
  for (const { kind, name } of plan.steps) {
    if (kind === 'notify') continue
    const { result } = await beginStep(ports, own, name)
    const stepped = result.kind === 'stepped' ? result.stepped : null
    if (stepped?.kind === 'failed') return { kind: 'failed', text, note: stepped.note }
    // Requests are led to what is ready, which the next look sees.
    if (stepped?.kind === 'begun' && stepped.waits) return { kind: 'right' }
  }
  return { kind: 'done', text, note: '' }
}
