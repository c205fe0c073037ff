import type { Asked } from '../desired.ts'
import type { Episodes } from '../episodes.ts'
import type { Again } from '../occasions/occasion.ts'

/** Where a dataset version lay that was wanted before. */
export interface Earlier {
  bucket: string
  key: string
}

/** What stands of a dataset version that was wanted before, how that ended, in its own words, and who asked for it; empty, or left out: nobody wrote that down. Without `again` nothing was said of it, and its source has proven who asked. */
export interface SaidBefore extends Partial<Asked> {
  version: string
  again?: Again
  detail: string
}

/** What a lane knows of what begins its runs. */
export interface Beginnings {
  /** Alerts that it has heard of; left out: none. */
  episodes?: Episodes
  /** Occasions that had their run, the last first; left out: none. */
  had?: readonly string[]
  /** The schedule that it goes by, and the last of its times that it knows; left out: none. */
  schedule?: { of: string; last: number }
  /** The versions that begin it, and the newest of them that it knows: its number, and when it was made; left out: none. */
  versions?: { of: string; last: number; made: number }
  /** Where datasets lay that it wanted before, the last first: where the last one is gone, the next is what there is. Left out: it wanted none. */
  earlier?: readonly Earlier[]
  /** What people have said of those, the last first; left out: nothing. */
  saidBefore?: readonly SaidBefore[]
}
