import type { LaneKind } from '../../core/lane-kinds/kind.ts'
import type { Facts, Reaction } from '../../core/reactions/reaction.ts'
import type { IntendingEvent } from '../../events/contract.ts'
import type { Wanted } from './policies.ts'

interface Event extends IntendingEvent {
  place: string
}

/** What stands at a place. */
export type Said = Facts & { kind: 'version'; version: number; order: number; complete: boolean; until: number }

/** An event that says where to look. */
export const eventAt = (place: string): Event => ({ type: 'said', id: '', at: 0, replayed: false, place })

const reactionOf = (kind: LaneKind, onNewer: 'finish' | 'stop'): Reaction => {
  const reaction: Reaction<Event, Said> = {
    contract: {
      name: 'said',
      summary: '',
      via: { route: '' },
      parse: () => ({ ok: false, reason: 'not-this-event', detail: '' }),
    },
    kind,
    ruleOf: (_event, policy) => kind.ruleOf(policy, 'a'),
    at: ({ place }) => place,
    look: () => ({ kind: 'nowhere' }),
    whence: (desired, { now }) => {
      const { place } = desired as Wanted
      return place === undefined ? null : { ...eventAt(place), at: now }
    },
    decide: ({ place }, facts, { now }) => {
      if ((facts as Facts).kind === 'gone') return { kind: 'ignore', reason: 'source-gone', detail: 'it is gone' }
      if (!facts.complete)
        return now > facts.until
          ? { kind: 'ignore', reason: 'missed-deadline', detail: 'late' }
          : { kind: 'wait', reason: 'objects-missing', detail: 'not all there', until: facts.until }
      const desired: Wanted = { kind: 'model', version: facts.version, place }
      const order = kind.lasts === 'once' ? String(facts.order) : null
      return { kind: 'intend', detail: 'there', intent: { desired, order, onNewer } }
    },
    resync: () => [],
  }
  return reaction as unknown as Reaction
}

export const reactionsOf = (kind: LaneKind, onNewer: 'finish' | 'stop'): readonly Reaction[] => [
  reactionOf(kind, onNewer),
]
