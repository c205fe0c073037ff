import type { Groups } from '../answers.ts'
import type { LaneKind } from '../lane-kinds/kind.ts'
import type { Metered, RungRow } from '../money/rungs.ts'
import type { Identity } from '../names.ts'
import type { Policy } from '../policy.ts'
import type { ContributionRow } from '../pools/contribution.ts'
import type { Reaction } from '../reactions/reaction.ts'
import type { HoldRow, LineRow, PlanRow, ResultRow, SideRow } from '../rows.ts'
import type { World } from '../world.ts'
import type { LaneDocument } from './document.ts'
import type { Letter, LookLetter } from './letters.ts'

/** Everything that `next` and `settle` know: what is written down, and what this invocation has seen. */
export interface View {
  /** `max(clock, last commit)`: time does not go back. */
  now: number
  /** This invocation: only a step that it marked itself is touched by it. */
  me: string
  /** T: how long another invocation may still be at a step after it was marked. Milliseconds. */
  handover: number
  identity: Identity
  /** The ledger's: Jobs carry a token of it (`tokenOf`). */
  secret: string
  /** What fences count from beside the document's revision: a ledger that was restored goes on above what it wrote before. */
  fenceFrom: number
  /** What generations count from: above the greatest that names of this ledger have had, which it may have forgotten. 0: it forgot nothing. */
  generationFrom: number
  kind: LaneKind
  reactions: readonly Reaction[]
  policy: Policy
  /** As it was read or last committed; 0: there is none yet. */
  revision: number
  doc: LaneDocument
  plan: PlanRow | null
  /** Letters that are due and not folded yet, in order; and the earliest that is due later. */
  letters: Letter[]
  later: LookLetter[]
  /** Whether letters are due that were not read with these. */
  unread: boolean
  frozenUntil: number | null
  /** Until when lanes of pools are frozen, those that are: nothing that holds of one begins. */
  frozenPools: Readonly<Record<string, number>>
  /** What is held for the lane of each room; how many stand in the line of each pool's. As they were read. */
  holds: Readonly<Record<string, HoldRow>>
  lines: Readonly<Record<string, number>>
  /** Who stands first in the line that the lane grants, in order; null: it grants none. */
  line: LineRow[] | null
  /** What goes on top of the ceiling of the pool that the lane is; of any other lane nothing. */
  contributions: readonly ContributionRow[]
  /** Rungs of the budget's ladder, as they were read. */
  rungs: readonly RungRow[]
  /** Of the lane of a budget: what nodes have cost; null: it is none, or has no ladder. */
  metered: Metered | null
  /** Far sides that do not answer, by port. */
  sides: Readonly<Record<string, SideRow>>
  groups: Groups
  /** What steps made in this invocation, by row: perhaps not committed yet. */
  results: Readonly<Record<string, ResultRow>>
  /** The cluster and the rooms as they were seen in this invocation; null: not looked yet. */
  world: World | null
  /** Whether what is wanted was read at its source in this invocation. */
  looked: boolean
  /** Whether the plan was made in this invocation, from `world`. */
  fresh: boolean
  /** Whether what serves was set right in this invocation: lists may lag behind that. Left out: it was not. */
  righted?: true
  /** Whether this invocation has changed anything yet: then a rest of before no longer counts. */
  moved: boolean
}

/** How a look at a far side failed (law 6). */
export type Trouble =
  | { kind: 'unavailable' | 'not-allowed'; side: string; said: string; retryAfter: number }
  /** Final, in the far side's own words. */
  | { kind: 'refused'; side: string; said: string }
  /** Anything else is ours. */
  | { kind: 'bug'; side: string; said: string }
