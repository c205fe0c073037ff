/** What the nodes of a pool are, and how they may be bought: as its price is shown for. */
export interface NodesOf {
  /** A text where all are of one type, as earlier releases wrote it. */
  instanceType: string | string[]
  capacityTypes: string[]
}
