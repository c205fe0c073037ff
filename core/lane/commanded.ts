import type { CommandRefusal } from '../reasons.ts'
import { type LaneDocument, type Run, sameRun } from './document.ts'
import type { CommandLetter } from './letters.ts'
import type { View } from './view.ts'

/** What a person's command comes to. */
export type Said =
  | { kind: 'did'; doc: LaneDocument; detail: string }
  /** `doc`: what the lane knows since somebody has looked; left out: nothing new. */
  | { kind: 'refused'; reason: CommandRefusal; detail: string; doc?: LaneDocument }

/** That it changed nothing, and why. */
export const refuse = (reason: CommandRefusal, detail: string): Said => ({ kind: 'refused', reason, detail })

/** What the letter names must still be so: a lane moves on while a person types. */
export const noLongerSo = (
  { kind }: Pick<View, 'kind'>,
  now: LaneDocument | Run,
  { saw, wanted }: CommandLetter,
): Said | null => {
  if (saw !== 'idle' && (saw === null || sameRun(now, saw))) return null
  const { generation, attempt, desired } = now
  const title = kind.titleOf(desired as never)
  return refuse(
    'no-longer-so',
    saw === 'idle'
      ? `nothing ${wanted ? 'waited' : 'was in progress'}; ${title} (generation ${generation}) has ${wanted ? 'come' : 'begun'} meanwhile: look again`
      : `you saw generation ${saw.generation}, attempt ${saw.attempt}; now it is generation ${generation}, attempt ${attempt}: look again`,
  )
}

/** What is wanted, as a person is told of it. */
export const namedIn = (
  { kind }: Pick<View, 'kind'>,
  { desired, generation }: Pick<LaneDocument, 'desired' | 'generation'>,
): string => `${kind.titleOf(desired as never)} (generation ${generation})`

/** Whether somebody has cancelled the run. */
export const isBeingCancelled = ({ ending, cancelled }: Run): boolean =>
  ending === null ? cancelled !== null : ending.kind === 'cancelled'

export const CANCELLED = 'it is being cancelled: say retry once it is gone'

/** That it ends already, whatever somebody says. */
export const endingText = ({ ending }: Run): string => `it is ending already (${ending?.kind})`
