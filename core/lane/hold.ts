/** GPUs by pool. */
export type Gpus = Record<string, number>

/** GPUs of pools and dollars set aside before the first effect. */
export interface Hold {
  gpus: Gpus
  /** The budget that they are of. */
  budget: string
  dollars: number
  /** What of the GPUs stays once its run is over, as it is planned; left out: all of them, or an earlier release held them. */
  lasts?: Gpus
  /** Dollars that its run may cost at most, where there was no room for all that is left of what was approved; left out: that. */
  atMost?: number
}

/** What stands in the middle of its way costs on, and what was approved for that way pays for it (laws 9, 10). */
export interface HalfwayCosts {
  /** From when on it is booked to no run. */
  since: number
  /** Dollars an hour beyond what ran before. */
  perHour: number
  /** Dollars that are left for it, which stay held in this budget. */
  left: number
  budget: string
  /** When it must be told to end, so that it never costs more, and nobody is without an answer for longer than was approved. */
  until: number
  /** Minutes for which nobody was to answer, where that is why; left out: dollars are. */
  unanswered?: number
}

/** Where a run waits for room: in the lines of all of its pools at once, granted together or not at all. */
export interface InLine {
  /** The same in every line that it stands in, and its rank there; no two are alike. */
  place: string
  since: number
  /** Rooms in whose lines it stands. */
  rooms: string[]
  /** What it needs to hold of every room in all, those without a line included: GPUs, or cents. */
  needs: Record<string, number>
  /** Whole nodes that it needs at once, by the pool's room; left out: it has no gang, or an earlier release wrote it. */
  nodes?: Record<string, number>
  /** Its pods go before others' that wait for a GPU; left out: they do not, or an earlier release wrote it. */
  ahead?: true
  /** Nothing is granted to it after this time; null: whenever there is room. */
  until: number | null
}
