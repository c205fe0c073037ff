import type { Card } from '../cards.ts'
import { baselineView, titleOf } from '../planning/generations.ts'
import { isAnswered } from '../planning/traffic.ts'
import type { Telling } from '../telling.ts'
import type { GenerationView, World } from '../world.ts'
import { type Change, moment } from './change.ts'
import type { Baseline, LaneDocument } from './document.ts'
import type { View } from './view.ts'

/** What serves may lack replicas for so long before people are told: a node comes, and weights load; and have none for so long. Milliseconds. */
const FEWER = 30 * 60_000
const NONE = 5 * 60_000

/** What is lacking of what serves, in words, and whether none of it answers. */
interface Lack {
  text: string
  none: boolean
}

type Seen = Pick<World, 'generations' | 'traffic' | 'strays'>

/** What stands as it was judged lacks some that it asks for, or nothing that stands is asked; undefined: all of it is ready, or something else answers. */
const lackOf = (seen: Seen, baseline: Baseline | null): Lack | undefined => {
  const { generations, strays: [stray] = [] } = seen
  const base = baselineView(generations, baseline)
  if (stray !== undefined)
    return {
      text: `generation ${stray.generation} runs on without its Deployment, which somebody has deleted alone`,
      none: true,
    }
  if (baseline === null) return undefined
  if (base === undefined || base.replicas === 0)
    return isAnswered(seen) ? undefined : { text: `nobody answers: ${goneText(base, baseline)}`, none: true }
  const isAlone = generations.every((view) => view === base || view.replicas === 0)
  const { ready, replicas, lacks } = base
  // Beside others only that nobody answers is said: what stands there is told of otherwise.
  if (isAlone ? ready >= replicas : ready > 0 || isAnswered(seen)) return undefined
  const why = lacks === undefined ? '' : `: ${lacks}`
  return { text: `${titleOf(base)}: ${ready} of ${replicas} ready${why}`, none: ready === 0 }
}

const goneText = (base: GenerationView | undefined, { generation, stands = generation }: Baseline): string =>
  base === undefined ? `what was judged last (generation ${stands}) is gone` : `${titleOf(base)} has no replicas`

/** `v1 (generation 1): 0 of 2 ready: waiting for a node: …`; empty: nothing lacks. */
export const lackIn = (seen: Seen, baseline: Baseline | null): string[] => {
  const lack = lackOf(seen, baseline)
  return lack === undefined ? [] : [lack.text]
}

/**
 * What serves and is not ready is remembered, and told once it lasts, whatever the lane's last run came to (law 13); and so is that it is
 * ready again. Nothing is begun by it: Kubernetes and Karpenter are at it.
 */
export const withLack = (view: Pick<View, 'now'>, seen: Seen, change: Change): Change => {
  const { lacks: last, ...doc } = change.doc
  const lacking = lackOf(seen, doc.baseline)
  if (lacking === undefined) return last === undefined ? change : over({ ...change, doc }, last, view.now)
  const since = last?.since ?? view.now
  const isLong = view.now - since >= (lacking.none ? NONE : FEWER)
  if (last !== undefined && (last.told || !isLong)) return change
  const lacks: LaneDocument['lacks'] = isLong ? { since, told: true } : { since }
  const after = { ...change, doc: { ...doc, lacks } }
  return isLong
    ? told(after, {
        text: `${lacking.text} (for ${minutes(view.now - since)} min)`,
        key: `lacks-${since}`,
        tone: 'bad',
      })
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
