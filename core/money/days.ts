export const DAY = 86_400_000

/** `2026-11-29`, in UTC. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** When a day begins in UTC, or so many days after it. */
export const dayBegin = (day: string, after = 0): number => Date.parse(`${day}T00:00:00Z`) + after * DAY

/** Every day from one time to another, both included, the first first. */
export const daysBetween = (from: number, to: number): string[] => {
  const days: string[] = []
  for (let at = dayBegin(dayOf(from)); at <= to; at += DAY) days.push(dayOf(at))
  return days
}
