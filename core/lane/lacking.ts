import type { Card } from '../cards.ts'
import { baselineView, titleOf } from '../planning/generations.ts'
import type { Telling } from '../telling.ts'
import type { GenerationView, World } from '../world.ts'
import { type Change, moment } from './change.ts'
import type { Baseline, LaneDocument } from './document.ts'
import type { View } from './view.ts'

/** What serves may lack replicas for so long before people are told: a node comes, and weights load; and have none for so long. Milliseconds. */
const FEWER = 30 * 60_000
const NONE = 5 * 60_000

/** What stands as it was judged, and lacks some that it asks for; undefined: all of it is ready, or something else stands. */
const lackingOf = (generations: readonly GenerationView[], baseline: Baseline | null): GenerationView | undefined => {
  const standing = generations.filter(({ replicas }) => replicas > 0)
  const [first] = standing
  const isAlone = standing.length === 1 && first === baselineView(generations, baseline)
  return isAlone && first !== undefined && first.ready < first.replicas ? first : undefined
}

/** `v1 (generation 1): 0 of 2 ready: waiting for a node: …`; empty: nothing lacks. */
export const lackIn = (generations: readonly GenerationView[], baseline: Baseline | null): string[] => {
  const view = lackingOf(generations, baseline)
  if (view === undefined) return []
  const { ready, replicas, lacks } = view
  return [`${titleOf(view)}: ${ready} of ${replicas} ready${lacks === undefined ? '' : `: ${lacks}`}`]
}

/**
 * What serves and is not ready is remembered, and told once it lasts, whatever the lane's last run came to (law 13); and so is that it is
 * ready again. Nothing is begun by it: Kubernetes and Karpenter are at it.
 */
export const withLack = (view: Pick<View, 'now'>, { generations }: World, change: Change): Change => {
  const { lacks: last, ...doc } = change.doc
  const lacking = lackingOf(generations, doc.baseline)
  if (lacking === undefined) return last === undefined ? change : over({ ...change, doc }, last, view.now)
  const since = last?.since ?? view.now
  const isLong = view.now - since >= (lacking.ready === 0 ? NONE : FEWER)
  if (last !== undefined && (last.told || !isLong)) return change
  const lacks: LaneDocument['lacks'] = isLong ? { since, told: true } : { since }
  const after = { ...change, doc: { ...doc, lacks } }
  const [text = ''] = lackIn(generations, doc.baseline)
  return isLong
    ? told(after, { text: `${text} (for ${minutes(view.now - since)} min)`, key: `lacks-${since}`, tone: 'bad' })
    : after
}

const over = (change: Change, { since, told: wasTold }: NonNullable<LaneDocument['lacks']>, now: number): Change =>
  wasTold
    ? told(change, {
        text: `all that serves is ready again, after ${minutes(now - since)} min`,
        key: `whole-${since}`,
        tone: 'good',
      })
    : change

const minutes = (ms: number): number => Math.round(ms / 60_000)

/** The change, told to people as a card, once for each key. */
export const told = (
  change: Change,
  { text, key, tone }: { text: string; key: string; tone: Card['tone'] },
): Change => {
  const { lane } = change.doc
  const facts = [{ label: 'Lane', value: lane }]
  const note: Telling = {
    kind: 'note',
    key: `${lane}-${key}`,
    card: { title: text, facts, lines: [], question: null, tone },
  }
  return { ...change, moments: [...change.moments, moment('note', text)], tellings: [...change.tellings, note] }
}
