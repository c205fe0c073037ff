import type { ScheduleDue } from '../../events/occasions.ts'
import { scheduleDue } from '../../events/schedule-due.ts'
import type { Desired, TrainDesired } from '../desired.ts'
import type { LaneDocument } from '../lane/document.ts'
import { laneName, laneOf, type Rule } from '../lane-kinds/kind.ts'
import { pipeline } from '../lane-kinds/pipeline.ts'
import type { Scheduled } from '../occasions/occasion.ts'
import { scheduled } from '../occasions/schedule.ts'
import { sinceOf } from '../policy/begun-by.ts'
import { laneNameOf, ruleNamed } from '../policy/names.ts'
import type { Policy } from '../policy.ts'
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
  // Of a slot that begins nothing no dataset is read.
  look: ({ slot }, given) => {
    const schedule = scheduleIn(given.policy, given.rule.name)
    const isOver = schedule === null || slot <= knownOf(given, schedule, slot).last
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
    if (wanted) return run(wanted)
    const schedule = scheduleIn(policy, rule.name)
    // What it knew is forgotten: one that comes back begins as a new one does.
    if (schedule === null)
      return {
        kind: 'ignore',
        reason: 'older-than-current',
        detail: `\`${rule.name}\` has no schedule`,
        schedule: null,
      }
    const last = lastSlot(schedule, now)
    if (last !== event.slot)
      return {
        kind: 'ignore',
        reason: 'older-than-current',
        detail: `${minuteText(event.slot)} is not the last time that the schedule of \`${rule.name}\` says by now`,
      }
    const known = knownOf(given, schedule, last)
    if (last <= known.last)
      return { kind: 'ignore', reason: 'already-done', detail: `${minuteText(last)} is known`, schedule: known }
    const decision = run({ kind: 'schedule', slot: last, ...schedule })
    const isSame = decision.kind === 'intend' && isUnderWay(doc, decision.intent.desired as TrainDesired)
    const same: Decision = {
      ...{ kind: 'ignore', reason: 'already-done' },
      detail: `a run on the same is not over yet: ${minuteText(last)} is that one’s`,
    }
    return { ...(isSame ? same : decision), schedule: { ...known, last } }
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

/** Whether the lane wants the same already, whatever for, and that is not over: a time that comes then says nothing new. */
const isUnderWay = ({ desired, outcome }: LaneDocument, wanted: TrainDesired): boolean => {
  if (desired === null || outcome !== null) return false
  const plain = (one: Desired): string =>
    pipeline.keyOf(pipeline.withoutOccasion?.(one as TrainDesired) ?? (one as TrainDesired))
  return plain(desired) === plain(wanted)
}

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
