import type { Slice } from '../policy/sharing.ts'
import type { Engine } from './engine.ts'

/** Hundredths of a GPU's memory that all that have it in turn may take together: the rest is what each of their programs takes beside what it counts. */
const OF_MEMORY = 90

/** What tells an engine how much of its GPU's memory is its own, where nothing else keeps it to that; nothing where it has a whole one, or a part by itself. */
export const shareArgs = ({ inTurn }: Pick<Engine, 'inTurn'>, slice: Slice | undefined): string[] =>
  slice === undefined || slice.isApart || inTurn === null ? [] : inTurn(Math.floor(OF_MEMORY / slice.perGpu) / 100)
