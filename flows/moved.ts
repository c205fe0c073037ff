import type { KubeObject } from '../core/kube.ts'
import { isOfOtherPolicy } from '../core/lane/approval.ts'
import { standsElsewhere } from '../core/lane/asking.ts'
import { openQuestion } from '../core/lane/awaited.ts'
import { hasBegun, type LaneDocument } from '../core/lane/document.ts'
import { isOnTheWay } from '../core/lane/falling.ts'
import { hasFloors, policyNow } from '../core/lane/floors.ts'
import { isOfAnother, isRefusedElsewhere } from '../core/lane/ignoring.ts'
import { SUSPENDS } from '../core/lane/preemptible.ts'
import { isRetiring, mustRetire } from '../core/lane/retiring.ts'
import { asksInVain, isLetGo, isOnRung } from '../core/lane/rungs.ts'
import { looksSooner, mayLookSooner } from '../core/lane/sooner.ts'
import { kindOf, ruleFor } from '../core/lane-kinds/catalogue.ts'
import type { LaneKind } from '../core/lane-kinds/kind.ts'
import { rungNames } from '../core/money/rungs.ts'
import type { Policy } from '../core/policy.ts'
import type { Reaction } from '../core/reactions/reaction.ts'
import type { PlanRow } from '../core/rows.ts'
import { hasEnded } from '../core/steps/launch-job.ts'
import { askedOnce } from './asked-once.ts'
import { restsOtherwise, rungsOf } from './ladder.ts'
import type { WorkPorts } from './ports.ts'
import { readRow } from './rows.ts'
import { paperView } from './view.ts'

type Asked = Pick<WorkPorts, 'cluster' | 'ledger' | 'clock'>

/** What is read of the ledger for one lane is read once. */
type Reading = Pick<Asked, 'ledger' | 'clock'> & Record<'planOf', () => Promise<PlanRow | null>>

interface Rules {
  policy: Policy
  reactions: readonly Reaction[]
}

const kindIn = (reactions: readonly Reaction[], lane: string): LaneKind | undefined =>
  kindOf(
    reactions.map((reaction) => reaction.kind),
    lane,
  )

/** `perhaps`: nobody has lost a wake for it, and its lane asks itself. */
export type Moved = 'moved' | 'perhaps' | 'no'

/** Whether something that a lane's run rests on has moved, and nobody was woken for it. */
export const hasMoved = async (ports: Asked, rules: Rules, doc: LaneDocument): Promise<Moved> => {
  const { ledger, clock } = ports
  const once = askedOnce()
  const planOf = () => once('plan', async () => (await readRow(ledger, 'plan', doc.lane))?.value ?? null)
  const reading: Reading = { ledger, clock, planOf }
  const perhaps =
    hasLostItsRule(rules, doc) ||
    asksElsewhere(rules, doc) ||
    (await restsInVain(reading, rules, doc)) ||
    (await isDueTooLate(reading, rules, doc)) ||
    (await isPlannedOtherwise(reading, rules, doc))
  return perhaps ? 'perhaps' : hasMovedOn(ports, doc)
}

/** Rests of what waits to begin. */
const KEPT_BACK: ReadonlySet<string> = new Set(['frozen', 'no-room', 'not-yet'])

/**
 * Whether what waits to begin, or for an answer, was planned under another policy than is in force: what it waits for may be no matter of it any
 * more, who approved it may not by now, and what people are asked about may not be what is wanted. Its lane plans anew, and waits on under this one.
 */
const isPlannedOtherwise = async (
  { ledger, clock, planOf }: Reading,
  { policy, reactions }: Rules,
  { lane, run, rest }: LaneDocument,
): Promise<boolean> => {
  if (run === null || hasBegun(run) || rest === null) return false
  if (run.phase !== 'asked' && !KEPT_BACK.has(rest.why) && !isOnRung(rest)) return false
  const plan = (await planOf())?.plan ?? null
  const kind = kindIn(reactions, lane)
  const rungs = kind?.atFloor !== undefined && hasFloors(policy) ? await rungsOf(ledger, policy) : []
  const kept = kind === undefined ? policy : policyNow(policy, { kind, lane }, { rungs, now: clock.now() })
  return plan !== null && isOfOtherPolicy({ policy: kept }, plan)
}

/** Whether a lane rests on a rung that is over, or does not keep to one that is in force: who was to tell it may have died. */
const restsInVain = async (
  { ledger, clock, planOf }: Reading,
  { policy, reactions }: Rules,
  doc: LaneDocument,
): Promise<boolean> => {
  const kind = kindIn(reactions, doc.lane)
  const isAsked = doc.run?.phase === 'asked'
  if (!isOnRung(doc.rest) && !isAsked && !mayBeSuspended({ policy, kind }, doc)) return false
  const seen = { policy, rungs: await rungsOf(ledger, policy), now: clock.now() }
  if (isLetGo(doc, seen) || (isAsked && asksInVain({ ...seen, doc, plan: await planOf() }))) return true
  return kind !== undefined && (await restsOtherwise(ledger, { ...seen, doc, kind }))
}

/** Whether the policy in force has what is at work looked at, or asked about, before its lane is due. */
const isDueTooLate = async (
  { clock, planOf }: Reading,
  { policy, reactions }: Rules,
  doc: LaneDocument,
): Promise<boolean> => {
  const kind = kindIn(reactions, doc.lane)
  if (kind === undefined || !mayLookSooner({ kind, policy, doc })) return false
  const plan = await planOf()
  const view = paperView({ policy, doc, kind, reactions, now: clock.now(), self: null }, [])
  return looksSooner({ ...view, plan })
}

/** Whether a rung may suspend what a lane has under way, or has: of any other nothing is read. */
const mayBeSuspended = (
  { policy, kind }: { policy: Policy; kind: LaneKind | undefined },
  { run }: LaneDocument,
): boolean =>
  kind?.preemptible !== undefined &&
  run !== null &&
  (rungNames(policy).includes(SUSPENDS) || run.steps.some(({ suspended }) => suspended !== undefined))

/** Whether the policy asks in another channel than where the question of a lane stands. */
const asksElsewhere = ({ policy }: Rules, doc: LaneDocument): boolean => {
  const question = openQuestion(doc)
  return question !== null && standsElsewhere(question, policy)
}

/**
 * Whether what a run waits for has moved, and nobody was woken for it: a Job that was written down has ended or gone, which a GET by
 * its name tells (law 2). Of a rollout nothing is written down that one GET could tell of: it may have, and its lane asks itself.
 */
const hasMovedOn = async ({ cluster }: Asked, { run }: LaneDocument): Promise<Moved> => {
  const mark = run?.steps.find(({ state, touched }) => state === 'running' && touched)
  if (mark === undefined) return 'no'
  if (mark.made === null) return 'perhaps'
  // Nor of whom requests are led to, while a rollout's gate is at work.
  if (run !== null && isOnTheWay(run)) return 'perhaps'
  const job = (await cluster.get(mark.made.ref)) as KubeObject<'Job'> | null
  return job === null || job.metadata.uid !== mark.made.uid || hasEnded(job) ? 'moved' : 'no'
}

/**
 * Whether a run that has begun nothing, or is on its way, is no longer the policy's to begin, so that its question closes though nobody answers it; or
 * whether something stands that the policy has no rule for any more, or was refused and lies under no rule of the lane.
 */
const hasLostItsRule = ({ policy, reactions }: Rules, doc: LaneDocument): boolean => {
  const { lane, run, rest } = doc
  // What is to be retired and is frozen is looked at when that ends: nothing would come of it before.
  if (run === null ? rest?.why === 'frozen' : hasBegun(run) && !isOnTheWay(run)) return false
  const kind = kindIn(reactions, lane)
  if (kind !== undefined && (run === null || isRetiring({ kind }, run.desired)))
    return run === null
      ? mustRetire({ doc, kind, policy }) || isRefusedElsewhere({ doc, kind, policy, reactions })
      : ruleFor(kind, lane, policy) !== null
  if (run !== null && !hasBegun(run) && isOfAnother({ reactions, policy, doc }, run.desired)) return true
  return kind !== undefined && ruleFor(kind, lane, policy)?.mode !== 'act'
}
