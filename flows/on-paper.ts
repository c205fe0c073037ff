import { nextGeneration } from '../core/lane/attempts.ts'
import { intend } from '../core/lane/intend.ts'
import { pinned, planOnPaper, type Seen } from '../core/lane/planning.ts'
import type { View } from '../core/lane/view.ts'
import type { Plan } from '../core/plan.ts'
import { reactionTo, whyNoRule } from '../core/reactions/catalogue.ts'
import type { IntendingEvent } from '../events/contract.ts'
import { keptOnPaper } from './acts/kept.ts'
import { learnedOf } from './acts/learned.ts'
import { lookAt } from './look.ts'
import { observe } from './observe.ts'
import type { WorkPorts } from './ports.ts'
import { type Reconciler, readView } from './view.ts'

/** What would become of an event now: priced, without any effect, and without a letter. */
export interface OnPaper {
  kind: 'intended' | 'ignored' | 'waiting' | 'refused' | 'recorded'
  lane: string | null
  reason: string | null
  detail: string
  plan: Plan | null
}

const ON_PAPER: Omit<Reconciler, 'kinds' | 'reactions'> = { me: 'on-paper', handover: 0 }

/** Looks where the event points, decides and plans as a fold would; nothing is written. */
export const onPaper = async (
  ports: WorkPorts,
  event: IntendingEvent,
  { kinds, reactions }: Pick<Reconciler, 'kinds' | 'reactions'>,
): Promise<OnPaper> => {
  const policy = await ports.policies.load()
  const reaction = reactionTo(reactions, event)
  const rule = reaction?.ruleOf(event, policy) ?? null
  if (reaction === undefined || rule === null)
    return {
      kind: 'ignored',
      lane: null,
      reason: 'not-configured',
      detail: whyNoRule(reaction, event, policy),
      plan: null,
    }
  const loaded = await readView(ports, rule.lane, { ...ON_PAPER, kinds, reactions })
  const view = loaded?.view
  if (view === undefined)
    return {
      kind: 'ignored',
      lane: rule.lane,
      reason: 'not-configured',
      detail: 'there is no such kind of lane',
      plan: null,
    }
  // As it is there now, whatever of it is known.
  const where = reaction.look(event, { policy, rule, doc: view.doc, again: true })
  const facts = await lookAt(ports, where, view)
  const decision = reaction.decide(event, facts, { policy, rule, doc: view.doc, now: view.now })
  if (decision.kind !== 'intend')
    return {
      kind: decision.kind === 'wait' ? 'waiting' : 'ignored',
      lane: rule.lane,
      reason: decision.reason,
      detail: decision.detail,
      plan: null,
    }
  const [at, kept, learned] = await Promise.all([
    withWorld(ports, view),
    keptOnPaper(ports, view.doc),
    learnedOf(ports, view, decision.intent.desired),
  ])
  return planned(at, { ...decision, seen: { kept, learned } })
}

const withWorld = async (ports: WorkPorts, view: View): Promise<View> => ({
  ...view,
  world: await observe(ports, view),
})

const planned = (
  view: View,
  { intent, detail, seen }: { intent: Parameters<typeof intend>[1]; detail: string; seen: Seen },
): OnPaper => {
  const { lane } = view.doc
  const wanted = intend(view, intent, seen)
  const nothing = { lane, plan: null }
  if (wanted.kind === 'note') return { kind: 'recorded', reason: null, detail: wanted.detail, ...nothing }
  const run = wanted.kind === 'want' ? wanted.doc : { generation: nextGeneration(view), attempt: 1 }
  const desired = (wanted.kind === 'want' ? wanted.doc.desired : null) ?? pinned(view, intent.desired)
  const paper = planOnPaper(view, { ...run, desired }, seen)
  if (paper.kind === 'nothing') return { kind: 'ignored', reason: 'already-true', detail: paper.reason, ...nothing }
  if (paper.kind === 'refuse') return { kind: 'refused', reason: paper.reason, detail: paper.detail, ...nothing }
  if (wanted.kind === 'ignore')
    return { kind: 'ignored', lane, reason: wanted.reason, detail: wanted.detail, plan: paper.plan }
  return { kind: 'intended', lane, reason: null, detail, plan: paper.plan }
}
