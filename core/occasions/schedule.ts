import { minuteText } from '../text.ts'
import type { OccasionKind, Scheduled } from './occasion.ts'

/** Its time has come, as the policy says. */
export const scheduled: OccasionKind<Scheduled> = {
  isOfPolicy: true,
  keyOf: ({ slot }) => `schedule ${new Date(slot).toISOString()}`,
  placeOf: ({ slot }) => `schedule ${new Date(slot).toISOString()}`,
  titleOf: ({ slot }) => `as scheduled for ${minuteText(slot)}`,
  reasonsOf: ({ slot, cron, zone }) => [`scheduled for ${minuteText(slot)}: \`${cron}\`, ${zone}`],
  setOf: () => ({}),
  whyNot: (on) => (on.schedule === undefined ? 'the policy has no schedule for it any more' : null),
  sourceOf: () => 'schedule',
  goesOn: true,
  displaced: ({ slot }, had, { schedule }) => {
    if (schedule === undefined) return {}
    const { last } = schedule
    return { schedule: { ...schedule, last: had ? Math.max(last, slot) : last === slot ? slot - 1 : last } }
  },
}
