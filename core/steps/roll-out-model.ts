import type { V1Pod } from '@kubernetes/client-node'
import { createdAt, isLeaving, keepersOf, NODE_POOL } from '../kube.ts'
import { larger } from '../lane/room.ts'
import type { Stepped } from '../lane/stepping.ts'
import { generationOf } from '../names.ts'
import type { RollOutModelStep, Step } from '../plan.ts'
import { answersOf, standingGpus } from '../planning/generations.ts'
import { gpusOfPod } from '../planning/pod-gpus.ts'
import type { Around } from '../pods/around.ts'
import { notMade as notMadeOf, troubleAmong } from '../pods/lacking.ts'
import { isAtWork, isLost, isOverdue, nextOfLeaving, onTimeUntil, overdueNote } from '../pods/leaving.ts'
import { withLastLines } from '../pods/logs.ts'
import { nextLook } from '../pods/telling.ts'
import { isKeptOutside } from '../pods/trouble.ts'
import { SERVING_TASK, TASK_LABEL } from '../workloads/serving.ts'
import type { GenerationView, Stray } from '../world.ts'
import { CLOCKS } from './launch-job.ts'
import { atEnd, reached, staysAfter, type Target, viewIn, type Way } from './moving.ts'
import { goesOnBeside, type Hung, heldBeside, hungIn, type RoomBeside, stuckNotes, whyTooLate } from './stuck.ts'

/** What a look at a serving lane saw. */
export interface SeenRollOut {
  generations: GenerationView[]
  /** Pods of the lane, those of strays among them. */
  pods: V1Pod[]
  strays: readonly Stray[]
  /** Generations asked for whose Deployment is not there by its name, or is on its way with no pod left; and what is said of each. */
  gone: ReadonlyMap<number, string>
  /** From when on that is a fact of those that we make: nothing of ours can still be under way (law 2). */
  goneFrom: number
  /** All steps of the way that is walked now: what does not stand at its end leaves. */
  way: readonly Step[]
  startedAt: number
  now: number
  /** When the move was begun: restarts of pods from before that say nothing of it. */
  since: number
  /** What its way has brought up by then, which it waits for too; left out: what the move itself brings. */
  rises?: number | null
  /** When the way began to bring up what it brings: those that are at work since then are its own, too. Left out: with this move. */
  firstSince?: number
  /** What somebody has changed of what it brings up; left out, or null: nothing. */
  edited?: string | null
  /** Last lines of the pod that `crashedOf` names. */
  logs: readonly string[]
  /** Milliseconds that a replica may take to be ready. */
  patience: number
  /** What stands around the pods; left out: nobody has looked. */
  around?: Around
  /** What the lane may have of pools; left out: nobody has looked, and what is brought up later has no room beside what does not end. */
  room?: RoomBeside | undefined
  /** Whether the way that is walked is one back. */
  goesBack?: boolean
}

/** The Deployment of a generation was taken away by somebody: nothing that was to rise on it will. */
export const deletedNote = (generation: number, keepers: readonly string[] = []): string =>
  keepers.length === 0
    ? `the Deployment of generation ${generation} is gone: somebody has deleted it`
    : `somebody has deleted the Deployment of generation ${generation}, and ${keepers.join(', ')} keeps it: see who sets that finalizer`

/** What goes on without anybody who would end it, and what ends it: pods that are deleted alone would be made anew. */
export const strayNote = ({ ref: { namespace, name }, generation, pods }: Stray): string =>
  `somebody has deleted the Deployment of generation ${generation} alone, and ${pods.length} of its pods run on: delete ReplicaSet ${name} of ${namespace}, which makes them`

/** All that is said of what is gone: of a Deployment that was deleted alone it is its stray that tells. */
export const goneNotes = (gone: ReadonlyMap<number, string>, strays: readonly Stray[]): string[] => {
  const alone = new Set(strays.map(({ generation }) => generation))
  return [...[...gone].flatMap(([generation, note]) => (alone.has(generation) ? [] : [note])), ...strays.map(strayNote)]
}

/**
 * A move is done when every generation has the replicas of this point, ready; it fails when one cannot start or takes too long.
 * The world is looked at as it stands: what is as far as a later move brings it is there already, and so is, of what was to
 * leave, one that somebody took away; without what is to stand there is nothing to wait for. What rises otherwise than it was applied
 * is not what was approved.
 */
export const nextRollOut = (step: RollOutModelStep, seen: SeenRollOut): Stepped => {
  if (seen.edited != null) return { kind: 'failed', reason: 'edited-by-hand', note: seen.edited }
  const gone = goneNotes(seen.gone, seen.strays)
  const look: Look = { ...seen, step, stays: staysAfter(seen.way), goesOn: goesOnBeside({ ...seen, step }) }
  const missing = step.replicas.map((target) => whyLate(target, look)).filter((why) => why !== null)
  const late = [...new Set([...missing.map(({ note }) => note), ...seen.strays.map(strayNote)])].join('; ')
  if (missing.length === 0) {
    const { old, new: risen } = step.point
    const held = heldBeside(look)
    return {
      kind: 'done',
      note: [`${old} old and ${risen} new replicas`, ...aheadNotes(step, look), ...gone, ...stuckNotes(look)].join(
        '; ',
      ),
      values: null,
      stands: larger(standingGpus(seen.generations), aliveGpus(seen.pods)),
      ...(held === null ? {} : { beside: held }),
    }
  }
  if ([...seen.gone.keys()].some((generation) => look.stays.has(generation)))
    return seen.now < seen.goneFrom
      ? { kind: 'wait', note: late, until: seen.goneFrom, running: false }
      : { kind: 'failed', reason: 'deleted', note: gone.join('; ') }
  const rising = risingIn(seen.rises ?? step.brings, seen)
  const trouble = troubleAmong(rising, seen)
  if (trouble !== null && trouble.endsAt !== null && trouble.endsAt <= seen.now)
    return { kind: 'failed', reason: trouble.failure, note: withLastLines(trouble.note, seen.logs) }
  const why = trouble === null ? late : `${late}: ${trouble.note}`
  // What only waits for pods to end as they may is not late.
  const onTime = missing.map(({ onTime }) => onTime ?? 0)
  const ends = Math.max(seen.startedAt + seen.patience, onTime.includes(0) ? 0 : Math.max(...onTime))
  const hung = missing.map((late) => (seen.goesBack === true ? undefined : late.hung))
  const reason = whyTooLate(hung, seen.now > ends)
  const minutes = Math.round((Math.min(ends, seen.now) - seen.startedAt) / 60_000)
  if (reason !== null) return { kind: 'failed', reason, note: `not ready after ${minutes} minutes: ${why}` }
  const until = Math.min(
    trouble?.endsAt ?? Number.POSITIVE_INFINITY,
    ends + 1,
    ...seen.pods.flatMap((pod) => nextOfLeaving(pod, seen.now) ?? []),
    ...rising.filter(isKeptOutside).map((pod) => nextLook(createdAt(pod), seen.now)),
  )
  return { kind: 'wait', note: why, until, running: broughtBy(step.brings, seen).some(isOnNode) }
}

/** `goesOn`: nothing of the way needs what pods have whose end is long due. */
type Look = SeenRollOut & Way & { stays: ReadonlySet<number>; goesOn: boolean }

/** What is further already than this move brings it. */
const aheadNotes = (step: RollOutModelStep, look: Look): string[] =>
  step.replicas.flatMap((target) => {
    const at = reached(target, look)
    return at === undefined || at.replicas === target.replicas
      ? []
      : [`generation ${at.generation} has ${at.replicas} already`]
  })

/** `onTime`: it lacks nothing but the end of pods, which they have until then. */
interface Late {
  note: string
  onTime?: number
  /** It lacks nothing but the end of pods that hang. */
  hung?: Hung | undefined
}

/** What a generation still lacks at this point; null: nothing. */
const whyLate = (target: Target, seen: Look): Late | null => {
  const { generation, replicas } = target
  const view = viewIn(seen.generations, target)
  const hasLeft = view === undefined || seen.gone.has(generation)
  if (hasLeft && replicas > 0 && (seen.stays.has(generation) || !seen.gone.has(generation)))
    return { note: `the Deployment of generation ${generation} is gone` }
  const at = hasLeft ? target : (reached(target, seen) ?? enough(target, seen))
  if (at === undefined)
    return {
      note: `generation ${generation}: ${readyOf(view, replicas)} of ${replicas} ready${keptBy(view)}${notMade(view)}`,
    }
  // What ends still has its GPUs: room is given back only for what is seen gone (law 10).
  const strays = seen.strays.filter((stray) => stray.generation === generation)
  const astray = new Set(strays.flatMap(({ pods }) => pods))
  const alive = seen.pods.filter((pod) => isAtWork(pod) && !astray.has(pod) && generationIn(pod) === generation)
  // What a node does not end is waited for where its GPUs are: a node that is lost loses no rollout.
  const counted = alive.filter((pod) => !isLeft(pod, seen))
  // As many as the plan still wanted of it may run on meanwhile; what was to be gone is not.
  if (astray.size > at.replicas) return { note: strays.map(strayNote).join('; ') }
  if (counted.length <= at.replicas) return null
  const kept = alive.map((pod) => overdueNote(pod, seen.around?.nodes ?? [], seen.now)).find((note) => note !== null)
  const ending = `generation ${generation}: ${counted.length - at.replicas} pods are still ending`
  const onTime = Math.max(...counted.map((pod) => onTimeUntil(pod, seen.now)))
  return { note: kept === undefined ? ending : `${ending}; ${kept}`, onTime, hung: hungIn(counted, at, seen.now) }
}

/** Whether its end is not waited for: nothing needs what it has, or on a way back, that is walked whatever is, nobody ends it but a person. */
const isLeft = (pod: V1Pod, { goesOn, goesBack, now }: Look): boolean =>
  goesOn ? isOverdue(pod, now) : goesBack === true && isLost(pod, now)

/** More than is asked for yet of what the way brings up is no less: as many as this move needs are ready. */
const enough = (target: Target, seen: Look): Target | undefined => {
  const view = viewIn(seen.generations, target)
  const { replicas, replicasReady } = target
  if (view === undefined || replicas === 0 || view.replicas <= replicas) return undefined
  return view.replicas <= atEnd(target, seen) && view.ready >= replicasReady
    ? { ...target, replicas: view.replicas }
    : undefined
}

/** What is to be gone is so once none of it answers. */
const readyOf = (view: GenerationView | undefined, wanted: number): number => {
  if (view === undefined) return 0
  return wanted === 0 ? answersOf(view) : view.ready
}

/** One that is deleted takes no more orders: it goes when whoever keeps it lets it go. */
const keptBy = (view: GenerationView | undefined): string => {
  const keepers = view !== undefined && isLeaving(view.object) ? keepersOf(view.object) : []
  return keepers.length === 0
    ? ''
    : `; somebody has deleted its Deployment, and ${keepers.join(', ')} keeps it: see who sets that finalizer`
}

/** What is waited for before anything leaves: the pods that are to wait for its room. */
export const firstNote = (first: readonly Target[], generations: readonly GenerationView[]): string =>
  first
    .map(
      (target) => `generation ${target.generation}: its pods are not there yet${notMade(viewIn(generations, target))}`,
    )
    .join('; ')

const notMade = (view: GenerationView | undefined): string => {
  const why = notMadeOf(view?.object)
  return why === '' ? '' : `; ${why}`
}

const generationIn = ({ metadata }: V1Pod): number => generationOf(metadata?.labels ?? {})

/** A node runs for it, whatever it still loads. */
const isOnNode = (pod: V1Pod): boolean => isAtWork(pod) && pod.spec?.nodeName !== undefined

/** The same of a pod that serves, or is to: a gate's is no replica. */
export const isServingOnNode = (pod: V1Pod): boolean =>
  isOnNode(pod) && pod.metadata?.labels?.[TASK_LABEL] === SERVING_TASK

/** GPUs that pods keep: also those of a Deployment that somebody has deleted, until they have ended. */
const aliveGpus = (pods: readonly V1Pod[]): Record<string, number> => {
  const gpus: Record<string, number> = {}
  for (const pod of pods.filter(isAtWork)) {
    const [pool, count] = [pod.spec?.nodeSelector?.[NODE_POOL], gpusOfPod(pod)]
    if (pool !== undefined && count > 0) gpus[pool] = (gpus[pool] ?? 0) + count
  }
  return gpus
}

/**
 * Pods of a generation that rises made since the move began, and those that a move before it has brought up and that are at work: what crashes after
 * it was judged heals no more than what does before. Null: none rises.
 */
export const risingIn = <P extends V1Pod>(
  rises: number | null,
  { firstSince, ...seen }: Pick<SeenRollOut, 'since' | 'firstSince'> & { pods: readonly P[] },
): P[] => {
  const own = broughtBy(rises, seen)
  const before = broughtBy(rises, { ...seen, since: firstSince ?? seen.since })
  return [...own, ...before.filter((pod) => !own.includes(pod) && isAtWork(pod))]
}

/** Pods of a generation, made since a move began: no other's trouble is its own. */
export const broughtBy = <P extends V1Pod>(
  generation: number | null,
  { pods, since }: { pods: readonly P[]; since: number },
): P[] => pods.filter((pod) => generationIn(pod) === generation && createdAt(pod) >= since - CLOCKS)
