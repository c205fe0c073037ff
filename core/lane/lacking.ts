import type { Card } from '../cards.ts'
import { baselineView, titleOf } from '../planning/generations.ts'
import { isAnswered, isLedTo } from '../planning/traffic.ts'
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

/** What stands as it was judged lacks some that it asks for, nothing that stands is asked, or nothing scales it though something should; undefined: all of it is ready, or something else answers. */
const lackOf = (seen: Seen, baseline: Baseline | null): Lack | undefined => {
  const { generations, strays: [stray] = [] } = seen
  const base = baselineView(generations, baseline)
  if (stray !== undefined)
    return {
      text: `generation ${stray.generation} runs on without its Deployment, which somebody has deleted alone`,
      none: true,
    }
  if (baseline === null) return undefined
  // Nobody asks, and its autoscaler has it at none.
  if (base !== undefined && base.replicas === 0 && base.upTo !== undefined) return unscaledLack(base)
  if (base === undefined || base.replicas === 0)
    return isAnswered(seen) ? undefined : { text: `nobody answers: ${outText(seen, base, baseline)}`, none: true }
  if (seen.traffic !== undefined && base.ready > 0 && !isAnswered(seen))
    return { text: `nobody answers: ${elsewhereText(seen, base)}`, none: true }
  const isAlone = generations.every((view) => view === base || view.replicas === 0)
  // Beside others only that nobody answers is said: what stands there is told of otherwise.
  const { ready, replicas } = base
  if (isAlone ? ready >= replicas : ready > 0 || isAnswered(seen)) return unscaledLack(base)
  // From none it comes as any that is missing does: a node, and weights.
  return { text: readyText(base), none: ready === 0 && base.mayRest !== true }
}

/** All of it is ready, but there are as many as there were: nobody but who scales it can have more, or fewer. */
const unscaledLack = (view: GenerationView): Lack | undefined =>
  view.unscaled === undefined ? undefined : { text: `nothing scales ${titleOf(view)}: ${view.unscaled}`, none: false }

const readyText = (view: GenerationView): string => {
  const { ready, replicas, lacks } = view
  return `${titleOf(view)}: ${ready} of ${replicas} ready${lacks === undefined ? '' : `: ${lacks}`}`
}

/** What was judged last is gone, or another stands in its place that requests are led to: of that it is said. */
const outText = (
  { generations, traffic = null }: Seen,
  base: GenerationView | undefined,
  baseline: Baseline,
): string => {
  const others =
    traffic === null ? [] : generations.filter((view) => view !== base && isLedTo(traffic, view.generation))
  const asked = others.filter(({ replicas }) => replicas > 0)
  if (asked.length > 0) return asked.map(readyText).join('; ')
  const alone = others.find(({ generation }) => generation === traffic)
  const coming = generations.filter((view) => view !== base && view !== alone && view.replicas > 0)
  return [
    ...coming.map(comingText),
    alone === undefined ? goneText(base, baseline) : `${titleOf(alone)} has no replicas`,
  ].join('; ')
}

/** What shall take its place, and is asked by nobody yet: who would scale up what went for it takes its room. */
const comingText = (view: GenerationView): string =>
  view.ready < view.replicas ? readyText(view) : `${titleOf(view)} is ready, and nobody is led to it yet`

/** What was judged last is ready, and requests are led by it: to another that stands, which a run has judged, or by nobody. */
const elsewhereText = ({ generations, traffic }: Seen, base: GenerationView): string => {
  const asked = generations.find(({ generation }) => generation === traffic)
  if (asked === undefined) return `the Service that leads to ${titleOf(base)} is gone or leads elsewhere`
  return asked.replicas > 0 ? readyText(asked) : `${titleOf(asked)} has no replicas`
}

const goneText = (base: GenerationView | undefined, { generation, stands = generation }: Baseline): string =>
  base === undefined ? `what was judged last (generation ${stands}) is gone` : `${titleOf(base)} has no replicas`

/** `v1 (generation 1): 0 of 2 ready: waiting for a node: …`; empty: nothing lacks. */
export const lackIn = (seen: Seen, baseline: Baseline | null): string[] => {
  const lack = lackOf(seen, baseline)
  return lack === undefined ? [] : [lack.text]
}

type Lacks = NonNullable<LaneDocument['lacks']>

/**
 * What serves and is not ready is remembered, and told once it lasts, whatever the lane's last run came to (law 13); and so is that it is
 * ready again. That nobody answers has its own time, and is told also where people know already that some are lacking. Nothing is begun by it:
 * Kubernetes and Karpenter are at it. `named`: for so long nobody was to answer, as people were told, milliseconds.
 */
export const withLack = (view: Pick<View, 'now'>, seen: Seen, change: Change, named = NONE): Change => {
  const { lacks: last, ...doc } = change.doc
  const lacking = lackOf(seen, doc.baseline)
  if (lacking === undefined)
    return last === undefined
      ? change
      : over({ ...change, doc }, last, { now: view.now, fewer: fewerIn(seen, doc.baseline) })
  const { since, isDue, lacks } = lasting(lacking, last, { now: view.now, most: Math.max(NONE, named) })
  if (!isDue) return isSame(lacks, last) ? change : { ...change, doc: { ...doc, lacks } }
  const text = `${lacking.text} (for ${minutes(view.now - since)} min)`
  const key = `${lacking.none ? 'none' : 'lacks'}-${since}`
  return told({ ...change, doc: { ...doc, lacks } }, { text, key, tone: 'bad' })
}

/** Since when it lasts, whether people are to be told now, and what is remembered of it then. */
const lasting = (
  { none: isNone }: Lack,
  last: Lacks | undefined,
  { now, most }: { now: number; most: number },
): { since: number; isDue: boolean; lacks: Lacks } => {
  const { none: before, ...all } = last ?? { since: now }
  if (!isNone) {
    const isDue = all.told !== true && now - all.since >= FEWER
    return { since: all.since, isDue, lacks: isDue ? { ...all, told: true } : all }
  }
  const none = before ?? { since: now }
  const isDue = none.told !== true && now - none.since >= most
  // Who knows that nobody answers is told of the others once all are ready.
  const lacks = isDue ? { ...all, told: true as const, none: { ...none, told: true as const } } : { ...all, none }
  return { since: none.since, isDue, lacks }
}

const isSame = (a: Lacks, b: Lacks | undefined): boolean =>
  b !== undefined && a.told === b.told && a.none?.since === b.none?.since && a.none?.told === b.none?.told

/** What is told of who was told: nothing is missing by now, or some are that nobody has asked for yet. */
const over = (
  change: Change,
  { since, told: wasTold }: Lacks,
  { now, fewer }: { now: number; fewer: string | null },
): Change => {
  if (!wasTold) return change
  const after = `after ${minutes(now - since)} min`
  return fewer === null
    ? told(change, { text: `all that serves is ready again, ${after}`, key: `whole-${since}`, tone: 'good' })
    : told(change, { text: `requests are answered again, ${after}, ${fewer}`, key: `some-${since}`, tone: 'neutral' })
}

/** How many of what was judged, and is wanted as that was decided last, are ready where requests are led, if those are fewer. Null: they are not, or it is scaled. */
const fewerIn = ({ generations, traffic }: Seen, baseline: Baseline | null): string | null => {
  const asked = generations.filter(
    ({ generation }) => traffic === undefined || (traffic !== null && isLedTo(traffic, generation)),
  )
  const { replicas, of } = baseline ?? {}
  const wanted = Math.min(replicas ?? Number.POSITIVE_INFINITY, of ?? Number.POSITIVE_INFINITY)
  if (asked.some(({ upTo }) => upTo !== undefined) || !Number.isFinite(wanted)) return null
  const ready = asked.reduce((sum, view) => sum + view.ready, 0)
  return ready >= wanted
    ? null
    : `by ${ready} of ${wanted} replicas: ${wanted - ready} of what was judged ${wanted - ready === 1 ? 'is' : 'are'} missing`
}

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
