import type { Baseline } from '../lane/document.ts'
import { isServed } from '../lane-kinds/serving.ts'
import { label } from '../names.ts'
import type { RollOutModelStep } from '../plan.ts'
import { counted } from '../text.ts'
import { editsText } from '../workloads/same-content.ts'
import type { GenerationView, World } from '../world.ts'
import type { Leaving } from './walk.ts'

/** One asked replica of a generation that will leave. */
export interface Replica extends Leaving {
  view: GenerationView
}

/**
 * The Deployment that stands for the baseline, and no other, whichever version that has: it alone was judged. An earlier release did
 * not write down which one a generation took up that has none of its own: then it is the newest earlier one of the same version.
 */
export const baselineView = (
  generations: readonly GenerationView[],
  baseline: Baseline | null,
): GenerationView | undefined => {
  if (baseline === null) return undefined
  const { generation, stands, desired } = baseline
  const own = generations.find((view) => view.generation === (stands ?? generation))
  if (own !== undefined || stands !== undefined || !isServed(desired)) return own
  const { version } = desired
  const adopted = generations.filter((view) => view.generation < generation && versionOf(view) === version)
  return adopted.toSorted((a, b) => b.replicas - a.replicas || b.generation - a.generation)[0]
}

/**
 * What a lane runs but for what was brought up by runs that were stopped in the middle of their way: of its baseline what that had,
 * whatever a way has left of it.
 */
export const ranBefore = ({
  world: { generations },
  baseline,
  brought = [],
}: {
  world: { generations: readonly GenerationView[] }
  baseline: Baseline | null
  brought?: readonly number[]
}): readonly GenerationView[] => {
  if (brought.length === 0) return generations
  const base = baselineView(generations, baseline)
  return generations.flatMap((view) => {
    if (brought.includes(view.generation)) return []
    return view === base ? [{ ...view, replicas: Math.max(view.replicas, baseline?.replicas ?? 0) }] : [view]
  })
}

/** Replicas of a generation that answer now, whatever they were made from: what leaves is counted by these, what rises by those that are ready. */
export const answersOf = ({ answers, ready }: Pick<GenerationView, 'answers' | 'ready'>): number => answers ?? ready

/** Whether somebody has changed of it what we apply: it is not what was judged. */
export const isEditedByHand = ({ edited = [] }: Pick<GenerationView, 'edited'>): boolean => edited.length > 0

/** Who has changed what of a generation, as a sentence. */
export const editedText = (view: GenerationView): string => `${editsText(view.edited ?? [])} of ${titleOf(view)}`

/** The replicas of these generations one by one, in this order; of each generation the unready leave first, as in Kubernetes. */
export const replicasOf = (views: readonly GenerationView[], gpusIn: (view: GenerationView) => number): Replica[] =>
  views.flatMap((view) =>
    Array.from({ length: view.replicas }, (_, index) => ({
      view,
      gpus: gpusIn(view),
      ready: index >= view.replicas - answersOf(view),
    })),
  )

/** What a step asks of the leaving generations when the last `left` of their replicas remain. */
export const leavingAt = (
  leaving: readonly Replica[],
  { left, wait }: { left: number; wait: boolean },
): RollOutModelStep['replicas'] => {
  const remaining = leaving.slice(leaving.length - left)
  return [...new Set(leaving.map(({ view }) => view))].map((view) => {
    const mine = remaining.filter((replica) => replica.view === view)
    const ready = wait ? mine.filter((replica) => replica.ready).length : 0
    return { ref: refOf(view), generation: view.generation, replicas: mine.length, replicasReady: ready }
  })
}

/** The reference with its fields in one order: equal inputs give equal bytes (law 10). */
export const refOf = ({ ref: { kind, namespace, name } }: GenerationView): GenerationView['ref'] => ({
  kind,
  namespace,
  name,
})

/** `v7 (generation 3)`. */
export const titleOf = (view: GenerationView): string => {
  const version = versionOf(view)
  return version === undefined ? `generation ${view.generation}` : `v${version} (generation ${view.generation})`
}

/** Which generations are replaced, not how: an approval binds this, and any strategy may run inside it (law 7). */
export const interruptsOf = (views: readonly GenerationView[], by: string): string[] =>
  [...new Set(views.map(titleOf))].map((title) => `${title} is replaced by ${by}`)

/** `1 replica`, `2 replicas`. */
export const replicaCount = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`)

const versionOf = ({ object }: GenerationView): string | undefined => object.metadata.annotations?.[label('version')]

/** Whether it stands: with replicas, or with an autoscaler that has none of them while nobody asks. */
export const isStanding = ({ replicas, upTo }: Pick<GenerationView, 'replicas' | 'upTo'>): boolean =>
  replicas > 0 || upTo !== undefined

/** GPUs of each pool that the lane's generations ask for, or may at any time where an autoscaler stands. */
export const standingGpus = (generations: readonly GenerationView[]): Record<string, number> => {
  const gpus: Record<string, number> = {}
  for (const { pool, replicas, upTo = 0, gpusPerReplica } of generations) {
    const most = Math.max(replicas, upTo) * gpusPerReplica
    if (most > 0) gpus[pool] = (gpus[pool] ?? 0) + most
  }
  return gpus
}

/** The same as they are held: of what was judged as many as people have agreed that it may have, whatever scales it at the moment. */
export const heldGpus = (generations: readonly GenerationView[], baseline: Baseline | null): Record<string, number> => {
  const { upTo } = baseline ?? {}
  const base = upTo === undefined ? undefined : baselineView(generations, baseline)
  if (upTo === undefined || base === undefined) return standingGpus(generations)
  const agreed = { ...base, upTo: Math.max(base.upTo ?? 0, upTo) }
  return standingGpus(generations.map((view) => (view === base ? agreed : view)))
}

/** Which pods of a lane nobody ends but a person, and what they keep until then. */
export const stuckTexts = ({ stuck = [] }: Pick<World, 'stuck'>): string[] =>
  stuck.map(
    ({ generation, gpus, note }) =>
      `generation ${generation}: ${note}. Until then its ${counted(gpus, 'GPU')} stay held`,
  )

/** `v7 (generation 3) with 2 replicas`, for each of these. */
export const standingText = (views: readonly GenerationView[]): string =>
  views.map((view) => `${titleOf(view)} with ${replicaCount(view.replicas)}`).join(' and ')
