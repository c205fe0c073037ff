/** What stages took in past runs, by what they are made of (`makingOf`). Hours. */
export type Learned = Readonly<Record<string, Took>>

/** How long the last runs of a stage took. */
export interface Took {
  /** The median of those that count, hours to the hundredth; never 0. */
  hours: number
  /** The longest of them. */
  most: number
  /** How many they are. */
  of: number
}
