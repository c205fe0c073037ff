import type { Config } from '../core/policy.ts'

/** Where the tour is played: the terminal answers its questions itself and has its own time and policy, the page waits for the person's clicks. */
export interface Stage {
  say(line: string): void
  /** Goes on until this holds; throws `StoryEnds` when it does not in a day of the tour's time. */
  until(what: string, done: () => Promise<boolean>): Promise<void>
  /** Who answer, as `TEAM/USER`, one after the other until enough have; null: the person at the page. */
  answerAs: readonly string[] | null
  /** Changes the policy, as a commit to its file would; null: it is the person's own. What follows from an edit is told only where one may be made. */
  edit: ((change: (config: Config) => Config) => void) | null
}

/** The story cannot go on: what it goes on from did not come. */
export class StoryEnds extends Error {
  override name = 'StoryEnds'
}

/** How one chapter ended beside how it should. */
export interface Chapter {
  title: string
  lane: string
  expected: string
  outcome: string
}

/** What parts of the tour are told by; throws `StoryEnds` where a chapter ends otherwise than it should. */
export interface Play {
  chapter(told: Omit<Chapter, 'outcome'> & { act: () => Promise<void> }): Promise<void>
  /** A chapter that was played otherwise. */
  tell(chapter: Chapter): void
  /** Another dataset lands. */
  upload(): Promise<void>
  /** The version that the last training registered; null: none. */
  registered(): Promise<string | null>
  /** A version is promoted that is as good as its gate asks. */
  promote(version: string): Promise<void>
}

/** A stage on which the policy is the tour's own. */
export type EditedStage = Stage & { edit: NonNullable<Stage['edit']> }
