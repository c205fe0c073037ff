import type { Config } from '../core/policy.ts'

/** Where the tour is played: the terminal answers its questions itself and has its own time and policy, the page waits for the person's clicks. */
export interface Stage {
  say(line: string): void
  /** Goes on until this holds; throws when it does not in a day of the tour's time. */
  until(what: string, done: () => Promise<boolean>): Promise<void>
  /** Who answers, as `TEAM/USER`; null: the person at the page. */
  answerAs: string | null
  /** Changes the policy, as a commit to its file would; null: it is the person's own. What follows from an edit is told only where one may be made. */
  edit: ((change: (config: Config) => Config) => void) | null
}

/** How one chapter ended beside how it should. */
export interface Chapter {
  title: string
  lane: string
  expected: string
  outcome: string
}

/** What the rest of the tour does with the story so far. */
export interface Play {
  chapter(told: Omit<Chapter, 'outcome'> & { act: () => Promise<void> }): Promise<Chapter>
  /** Another dataset lands. */
  upload(): Promise<void>
  /** The version that the last training registered; null: none. */
  registered(): Promise<string | null>
}

/** A stage on which the policy is the tour's own. */
export type EditedStage = Stage & { edit: NonNullable<Stage['edit']> }
