import type { Reaction } from '../../../core/reactions/reaction.ts'
import type { Contract, IntendingEvent } from '../../../events/contract.ts'
import { bulletin, type TellDesired } from './lane-kind.ts'

/** Somebody asks for a word to be told on a board. */
export interface WordSaid extends IntendingEvent {
  type: 'word-said'
  board: string
  word: string
}

const wordSaid: Contract<WordSaid> = {
  name: 'word-said',
  summary: 'somebody wants a word to be told',
  via: { bus: 'default', pattern: { source: ['test'] } },
  parse: (input) =>
    typeof input === 'object' && input !== null
      ? { ok: true, event: input as WordSaid }
      : { ok: false, reason: 'not-an-object', detail: 'an object is expected' },
}

/** A reaction that nothing else knows: the event itself says all that there is to know. */
export const onWordSaid: Reaction<WordSaid, { kind: 'nowhere' }> = {
  contract: wordSaid,
  kind: bulletin,
  ruleOf: ({ board }, policy) => bulletin.ruleOf(policy, board),
  at: ({ board }) => `board ${board}`,
  look: () => ({ kind: 'nowhere' }),
  decide: ({ word, replayed }) =>
    replayed
      ? { kind: 'ignore', reason: 'replayed', detail: 'an event replayed from an archive never intends' }
      : {
          kind: 'intend',
          detail: `it says ${word}`,
          intent: { desired: { kind: 'tell', word } satisfies TellDesired, order: null, onNewer: 'finish' },
        },
  resync: () => [],
}
