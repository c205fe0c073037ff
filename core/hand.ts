/** What somebody has changed by hand of what stands. */
export interface Hand {
  /** Who, and what: a sentence. */
  text: string
  /** Whether it is only told, and stays as it is until a person says what is to become of it. */
  tells: boolean
}
