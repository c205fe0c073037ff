import { stillApproved } from '../../core/answers.ts'
import type { Act } from '../../core/lane/act.ts'
import { asOfTurn } from '../../core/lane/before.ts'
import { seesStanding } from '../../core/lane/falling.ts'
import type { View } from '../../core/lane/view.ts'
import { groupsOf } from '../../core/policy/approvals.ts'
import { askedGroups } from '../approvers.ts'
import { observe } from '../observe.ts'
import type { WorkPorts } from '../ports.ts'
import { type Ahead, seenAhead } from './ahead.ts'
import { clear } from './clear.ts'
import { grant } from './grant.ts'
import { keptOf } from './kept.ts'
import { learnedNow } from './learned.ts'
import { look, lookAgain } from './look.ts'
import type { Performed } from './performed.ts'
import { resize } from './resize.ts'
import { setRight } from './set-right.ts'
import { beginStep, seeStep, touchesFarSide } from './step.ts'
import { suspend } from './suspend.ts'

const NOTHING: Performed = { result: { kind: 'nothing' }, seen: {} }

/** Whether performing it changes something outside, or rests on all that was decided: then that must be written down first. */
export const touches = (act: Act, view: View): boolean =>
  act.kind === 'clear' ||
  act.kind === 'grant' ||
  act.kind === 'resize' ||
  act.kind === 'set-right' ||
  act.kind === 'suspend' ||
  (act.kind === 'begin' && touchesFarSide(view, act.step))

/** Does the one thing that the act says, at one far side; looks before it touches. Throws as ports do (law 6). */
export const perform = async (ports: WorkPorts, view: View, act: Act, ahead: Ahead): Promise<Performed> => {
  if (act.kind === 'look') return look(ports, view, ahead)
  const own = { ...view, doc: asOfTurn(view.doc) }
  if (act.kind === 'plan') return planned(ports, own, ahead)
  if (act.kind === 'hold') return held(ports, own, ahead)
  ahead.world = null
  switch (act.kind) {
    case 'fold':
      return folded(ports, view)
    case 'look-again':
      return lookAgain(ports, view, { letter: act.letter, ahead })
    case 'grant':
      return grant(ports, view)
    case 'set-right':
      return setRight(ports, view)
    case 'resize':
      return resize(ports, view)
    case 'suspend':
      return suspend(ports, view, act.step)
    case 'begin':
      return beginStep(ports, view, act.step)
    case 'see':
      return seeStep(ports, view, act.step)
    case 'clear':
      return { result: { kind: 'cleared', ...(await clear(ports, view)) }, seen: {} }
    case 'ask-more':
    case 'go-back':
      return { result: { kind: 'nothing' }, seen: { world: await observe(ports, view) } }
    default:
      return NOTHING
  }
}

/** Whoever is told to go on at rest looks at what stands of it: no letter waits for that. */
const folded = async (ports: WorkPorts, view: View): Promise<Performed> => {
  if (!seesStanding(view) || !view.letters.some(({ kind }) => kind === 'go-on')) return NOTHING
  const world = await observe(ports, view).catch(() => null)
  return { ...NOTHING, seen: world === null ? {} : { world } }
}

const planned = async (ports: WorkPorts, view: View, ahead: Ahead): Promise<Performed> => {
  const [world, kept, learned] = await Promise.all([
    seenAhead(ports, view, ahead),
    keptOf(ports, view.doc),
    learnedNow(ports, view),
  ])
  return { result: { kind: 'seen', kept, learned }, seen: { world } }
}

/** Whether who approved counts only as a member of a user group: people who are named need no chat to say so. */
const needsGroups = ({ doc: { approved }, policy: { approvals }, plan }: View): boolean =>
  groupsOf(approvals).length > 0 &&
  (approved === null ||
    !stillApproved(approved.question, plan?.plan.approval.need ?? 0, { policy: approvals, groups: new Map() }))

/** What was planned in this invocation is held by what was seen then; who may answer is asked again before it counts. */
const held = async (ports: WorkPorts, view: View, ahead: Ahead): Promise<Performed> => {
  if (view.fresh && view.doc.approved === null) {
    ahead.world = null
    return NOTHING
  }
  const asks = view.doc.approved?.begun === false && needsGroups(view)
  const [{ result, seen }, groups] = await Promise.all([
    planned(ports, view, ahead),
    asks ? askedGroups(ports, view.policy) : view.groups,
  ])
  return { result, seen: { ...seen, groups } }
}
