import type { ScheduleDue } from '../../events/occasions.ts'
import { scheduleDue } from '../../events/schedule-due.ts'
import type { TrainDesired } from '../desired.ts'
import type { LaneDocument } from '../lane/document.ts'
import { hadBegun } from '../lane/wanted.ts'
import { laneName, laneOf, type Rule } from '../lane-kinds/kind.ts'
import { pipeline } from '../lane-kinds/pipeline.ts'
import { isToldOtherwise } from '../occasions/catalogue.ts'
import type { Scheduled } from '../occasions/occasion.ts'
import { scheduled } from '../occasions/schedule.ts'
import { sinceOf } from '../policy/begun-by.ts'
import { laneNameOf, ruleNamed } from '../policy/names.ts'
import type { Policy } from '../policy.ts'
import type { Ignored } from '../reasons.ts'
import { lastSlot, nameOfSchedule, type Schedule } from '../slots.ts'
import { minuteText, said } from '../text.ts'
import { awaitedFor, occasionIn, wantedFor } from './for-occasion.ts'
import { lookAtNewest, type NewestFacts } from './newest-dataset.ts'
import type { Ask, Decision, Reaction } from './reaction.ts'

/**
 * The time of a pipeline has come: it runs on the newest dataset version, or on none, once a slot. Of those that passed while nobody looked the
 * last one counts; those before the policy said so never do.
 */
export const onScheduleDue: Reaction<ScheduleDue, NewestFacts> = {
  contract: scheduleDue,
  kind: pipeline,
  ruleOf: (event, policy) => pipeline.ruleOf(policy, event.pipeline),
  whyNoRule: (event) => `the policy has no pipeline \`${said(event.pipeline, 60)}\``,
  at: ({ slot }) => `schedule ${new Date(slot).toISOString()}`,
  // Of a slot that begins nothing no dataset is read; what is wanted for one may be on what is gone by now.
  look: ({ slot }, given) => {
    const schedule = scheduleIn(given.policy, given.rule.name)
    const isWanted = occasionIn(given.doc.desired, 'schedule')?.slot === slot
    const isOver = !isWanted && (schedule === null || slot <= knownOf(given, schedule, slot).last)
    return isOver && !given.again ? { kind: 'nowhere' } : lookAtNewest(given)
  },
  whence: (desired, { lane }) => {
    const wanted = occasionIn(desired, 'schedule')
    return wanted === null ? null : eventOf(laneName(lane), wanted.slot)
  },
  decide: (event, facts, given) => {
    const { doc, policy, rule, now } = given
    if (event.replayed)
      return { kind: 'ignore', reason: 'replayed', detail: 'an event replayed from an archive never intends' }
    const wanted = [doc.desired, doc.aside?.desired ?? null]
      .map((one) => occasionIn(one, 'schedule'))
      .find((one) => one?.slot === event.slot)
    const run = (occasion: Scheduled): Decision =>
      wantedFor(occasion, { facts, detail: scheduled.titleOf(occasion), requester: null }, { policy, rule, doc })
    const schedule = scheduleIn(policy, rule.name)
    const last = schedule === null ? null : lastSlot(schedule, now)
    // What it knew of one that is gone is forgotten, also while what that began is wanted: one that comes back begins as a new one does.
    const known = schedule === null || last === null ? null : knownOf(given, schedule, last)
    if (wanted) return { ...run(wanted), schedule: known }
    const none = (reason: Ignored, detail: string): Decision => ({ kind: 'ignore', reason, detail, schedule: known })
    if (schedule === null || last === null || known === null)
      return none('older-than-current', `\`${rule.name}\` has no schedule`)
    if (last !== event.slot) {
      const detail = `${minuteText(event.slot)} is not the last time that the schedule of \`${rule.name}\` says by now`
      return none('older-than-current', detail)
    }
    if (last <= known.last) return none('already-done', `${minuteText(last)} is known`)
    const decision = run({ kind: 'schedule', slot: last, ...schedule })
    const other = decision.kind === 'intend' ? besideRun(doc, decision.intent.desired as TrainDesired, last) : null
    // It is used up by what is begun for it, and by nothing that may come to nothing yet; where it cannot run on anything, that is said.
    const said = decision.kind === 'ignore' ? { ...decision, isOver: true as const } : decision
    return { ...(other ?? said), schedule: other?.kind === 'wait' ? known : { ...known, last } }
  },
  resync: ({ policy, now, docOf }) =>
    Object.entries(policy.pipelines).flatMap(([key, rule]): Ask[] => {
      const name = laneNameOf(key, rule)
      const { schedule } = rule.on
      const awaited = awaitedFor(docOf(laneOf(pipeline, name)), 'schedule')
      const last = schedule === undefined ? null : lastSlot(schedule, now)
      const known = schedule === undefined ? docOf(laneOf(pipeline, name))?.schedule?.last : null
      const slots = new Set([awaited?.slot ?? null, last, known ?? null].filter((slot) => slot !== null))
      return [...slots].map((slot) => ({ kind: 'event', event: eventOf(name, slot) }))
    }),
}

/**
 * What comes of a time where the lane wants the same, whatever for, and that was not over when the time came: it is that one's once that has begun,
 * and waits until then, since nobody may agree to it. What is told otherwise than the policy says is waited for to its end. Null: it has its own run.
 */
const besideRun = (doc: LaneDocument, wanted: TrainDesired, slot: number): Decision | null => {
  const { outcome } = doc
  const desired = doc.desired as TrainDesired | null
  if (desired === null || plainKey(desired) !== plainKey(wanted)) return null
  const isOther = isToldOtherwise(desired.occasion)
  if (outcome !== null && (isOther || outcome.at < slot || !hadBegun(doc))) return null
  if (!isOther && hadBegun(doc)) {
    const detail = `a run on the same was not over at ${minuteText(slot)}, and has begun: that time is that one’s`
    return { kind: 'ignore', reason: 'already-done', detail }
  }
  const detail = isOther
    ? `the time ${minuteText(slot)} has come, and a run that is told otherwise than the policy says is not over: it begins after that`
    : `the time ${minuteText(slot)} has come, and a run on the same has not begun yet: it is that one’s once it does, else it has its own`
  return { kind: 'wait', reason: 'run-not-over', detail, until: null }
}

const plainKey = (one: TrainDesired): string => pipeline.keyOf(pipeline.withoutOccasion?.(one) ?? one)

const scheduleIn = (policy: Policy, name: string): Schedule | null =>
  ruleNamed(policy.pipelines, name)?.rule.on.schedule ?? null

/**
 * What the lane knows of this schedule: what came before the policy said so is no slot of it. Where nobody knows since when that is, and it is
 * another than the lane knew, or the first, what is looked at now is known.
 */
const knownOf = (
  { policy, rule, doc: { schedule } }: { policy: Policy; rule: Rule; doc: Pick<LaneDocument, 'schedule'> },
  now: Schedule,
  last: number,
): NonNullable<LaneDocument['schedule']> => {
  const [of, since] = [nameOfSchedule(now), sinceOf(policy, rule.name, 'schedule')]
  const known = schedule?.of === of ? schedule.last : null
  return { of, last: Math.max(known ?? 0, since > 0 ? since : known === null ? last : 0) }
}

/** The event that would tell of a slot. */
const eventOf = (name: string, slot: number): ScheduleDue => ({
  ...{ type: 'schedule-due', id: 'slot', at: slot, pipeline: name, slot, replayed: false },
})
