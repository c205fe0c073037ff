/** GPUs by pool. */
export type Gpus = Record<string, number>

/** GPUs of pools and dollars set aside before the first effect. */
export interface Hold {
  gpus: Gpus
  /** The budget that they are of. */
  budget: string
  dollars: number
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
  /** Nothing is granted to it after this time; null: whenever there is room. */
  until: number | null
}
