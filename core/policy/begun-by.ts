import { nameOfSchedule } from '../slots.ts'
import { laneNameOf } from './names.ts'
import { nameOfTrigger, type VersionTrigger } from './versions.ts'

/** What of a rule says by which times and versions it begins. */
interface Begun {
  was?: string | undefined
  on: { schedule?: { cron: string; zone: string } | undefined; version?: VersionTrigger | undefined }
}
type Kind = 'schedule' | 'version'

/** Since when the policy says by what pipelines begin: what that is, and milliseconds since the epoch, 0 where nobody knows. */
export type Since = Readonly<Record<string, { of: string; at: number }>>

const keyOf = (name: string, kind: Kind): string => `${name} ${kind}`

/** With what the policy in force says now: what is new, or says something else, begins at this time; what it says no more is forgotten. */
export const laterSince = (
  since: Since,
  { pipelines }: { pipelines: Readonly<Record<string, Begun>> },
  now: number,
): Since =>
  Object.fromEntries(
    Object.entries(pipelines).flatMap(([key, rule]) =>
      saidBy(rule).map(([kind, of]) => {
        const name = keyOf(laneNameOf(key, rule), kind)
        const known = Object.hasOwn(since, name) ? since[name] : undefined
        return [name, known?.of === of ? known : { of, at: now }]
      }),
    ),
  )

const saidBy = ({ on: { schedule, version } }: Begun): [Kind, string][] => [
  ...(schedule === undefined ? [] : [['schedule', nameOfSchedule(schedule)] as [Kind, string]]),
  ...(version === undefined ? [] : [['version', nameOfTrigger(version)] as [Kind, string]]),
]

/** Since when the policy says so of a pipeline; 0: nobody knows. */
export const sinceOf = ({ since = {} }: { since?: Since }, name: string, kind: Kind): number =>
  since[keyOf(name, kind)]?.at ?? 0
