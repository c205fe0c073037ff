import type { Counts } from './pools/counts.ts'

/** What the nodes of a pool are, how they may be bought, and whether they are what is counted of it: as its price is shown for. */
export interface NodesOf extends Counts {
  /** A text where all are of one type, as earlier releases wrote it. */
  instanceType: string | string[]
  capacityTypes: string[]
}
