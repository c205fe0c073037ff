import type { Act } from '../../core/lane/act.ts'
import type { View } from '../../core/lane/view.ts'
import { groupsOf } from '../../core/policy.ts'
import { askedGroups } from '../approvers.ts'
import { observe } from '../observe.ts'
import type { WorkPorts } from '../ports.ts'
import { clear } from './clear.ts'
import { grant } from './grant.ts'
import { keptOf } from './kept.ts'
import { look } from './look.ts'
import type { Performed } from './performed.ts'
import { beginStep, seeStep, touchesFarSide } from './step.ts'

const NOTHING: Performed = { result: { kind: 'nothing' }, seen: {} }

/** Whether performing it changes something outside, or rests on all that was decided: then that must be written down first. */
export const touches = (act: Act, view: View): boolean =>
  act.kind === 'clear' || act.kind === 'grant' || (act.kind === 'begin' && touchesFarSide(view, act.step))

/** Does the one thing that the act says, at one far side; looks before it touches. Throws as ports do (law 6). */
export const perform = async (ports: WorkPorts, view: View, act: Act): Promise<Performed> => {
  switch (act.kind) {
    case 'look':
      return look(ports, view)
    case 'plan':
      return planned(ports, view)
    case 'hold':
      return held(ports, view)
    case 'grant':
      return grant(ports, view)
    case 'begin':
      return beginStep(ports, view, act.step)
    case 'see':
      return seeStep(ports, view, act.step)
    case 'clear':
      return { result: { kind: 'cleared', left: await clear(ports, view) }, seen: {} }
    case 'go-back':
      return { result: { kind: 'nothing' }, seen: { world: await observe(ports, view) } }
    default:
      return NOTHING
  }
}

const planned = async (ports: WorkPorts, view: View): Promise<Performed> => {
  const [world, kept] = await Promise.all([observe(ports, view), keptOf(ports, view.doc)])
  return { result: { kind: 'seen', kept }, seen: { world } }
}

/** What was planned in this invocation is held by what was seen then; who may answer is asked again before it counts. */
const held = async (ports: WorkPorts, view: View): Promise<Performed> => {
  if (view.fresh && view.doc.approved === null)
    return { ...NOTHING, result: { kind: 'seen', kept: await keptOf(ports, view.doc) } }
  const asks = view.doc.approved?.begun === false && groupsOf(view.policy.approvals).length > 0
  const [{ result, seen }, groups] = await Promise.all([
    planned(ports, view),
    asks ? askedGroups(ports, view.policy) : view.groups,
  ])
  return { result, seen: { ...seen, groups } }
}
