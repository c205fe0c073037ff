import { foldCancelUnread } from '../core/lane/commands.ts'
import type { LaneDocument } from '../core/lane/document.ts'
import { type CommandLetter, inOrder, type Letter, type LookLetter } from '../core/lane/letters.ts'
import { kindOf } from '../core/lane-kinds/catalogue.ts'
import { everyOrder } from './due-letters.ts'
import type { Write } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import type { Reconciler } from './view.ts'
import { countWrites, letterGone } from './writing.ts'

/** What cancels have made of a lane that cannot be read, and the answers to them. */
interface Heeded {
  doc: LaneDocument
  writes: Write[]
}

/**
 * Cancels of the run under way are heeded and answered though the lane cannot be read (law 18): no policy says what they reach. Where nothing is
 * under way nothing begins either, and they are the first that is folded once it is read.
 */
export const heedCancels = async (
  { ledger, policies }: Pick<WorkPorts, 'ledger' | 'policies'>,
  { kinds, reactions }: Pick<Reconciler, 'kinds' | 'reactions'>,
  { doc, now, rests }: { doc: LaneDocument; now: number; rests: string },
): Promise<Heeded> => {
  const kind = kindOf(kinds, doc.lane)
  if (doc.run === null || kind === undefined) return { doc, writes: [] }
  const found = await everyOrder(ledger, doc.lane, { now, reactions })
  const letters = inOrder(found.map(({ value }) => value))
  const cancels = letters.filter((letter): letter is CommandLetter => isCancel(letter) && letter.due <= now)
  if (cancels.length === 0) return { doc, writes: [] }
  const policy = await policies.load().catch(() => null)
  const later = letters.filter((letter): letter is LookLetter => letter.kind === 'look')
  let after = doc
  const writes: Write[] = []
  for (const letter of cancels.slice(0, MOST)) {
    const change = foldCancelUnread({ doc: after, kind, now, letters: [], later, policy }, letter, rests)
    after = change.doc
    writes.push(
      ...found.flatMap((row) => (row.value.id === letter.id ? letterGone(row) : [])),
      ...change.moments.map((moment): Write => ({ moment: { ...moment, at: now, lane: doc.lane } })),
      ...countWrites(change.counts),
    )
  }
  return { doc: after, writes }
}

/** So many are answered by one commit. */
const MOST = 6

const isCancel = (letter: Letter): boolean => letter.kind === 'cancel' && !letter.wanted
