import type { KubeObject, ObjectRef } from '../../../core/kube.ts'
import { isJudged, judgedIn } from '../../../core/lane/judged.ts'
import { patientFrom, spentOnWayBack } from '../../../core/lane/patience.ts'
import type { Away, Stepped } from '../../../core/lane/stepping.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { withoutReplicas } from '../../../core/planning/left-alone.ts'
import { changedOnWayBack } from '../../../core/planning/returns-to.ts'
import { asScaled, patienceOf, staysAfter, type Target, touched } from '../../../core/steps/moving.ts'
import { risenByHand } from '../../../core/steps/risen-by-hand.ts'
import { deletedNote, goneNotes, nextRollOut } from '../../../core/steps/roll-out-model.ts'
import { setAgainText, setOtherwise } from '../../../core/steps/set-by-hand.ts'
import { nextTouch } from '../../../core/steps/touching.ts'
import { scaleObject } from '../../../core/workloads/serving.ts'
import type { GenerationView, Traffic } from '../../../core/world.ts'
import { generationsOf } from '../../generations.ts'
import { trafficSeen } from '../../observe.ts'
import { straysOf } from '../../strays.ts'
import { applied } from './applied.ts'
import { classMissing } from './classed.ts'
import { goneOf } from './gone.ts'
import type { Handler, Task } from './handler.ts'
import { hindranceNow, risenSeen } from './risen.ts'
import { roomBeside } from './room-beside.ts'
import { fallen, stoodAgain, wayOf } from './stood-again.ts'
import { scalingStill, seeScaling, takeScaling } from './unscaled.ts'
import { MINUTE, NONE, podsOf, seeFirst, type Touches, waitingFor } from './waiting-first.ts'

/** Law 4, standing: server-side apply, one field manager per concern, each with its own fence. */
export const rollOutModel: Handler<RollOutModelStep> = {
  side: 'cluster',
  begin: async (task) => {
    const { step } = task
    await takeScaling(task)
    const targets = await targetsOf(task)
    if (typeof targets === 'string')
      return (await stoodAgain(task)) ?? { kind: 'begun', made: null, note: targets, waits: true }
    if ('kind' in targets) return targets
    const { first, note } = targets
    if (first.length === 0 && note !== '') return { kind: 'begun', made: null, note, waits: true }
    const failed = await allApplied(task, step.objects)
    if (failed !== null) return failed
    // How many there are of what is scaled nobody else says.
    if (step.scaled !== undefined) return { kind: 'begun', made: null, note: 'applied' }
    // What waits is there before anything leaves: then all of it is touched, by a mark of its own.
    for (const { ref, replicas } of first.length > 0 ? first : targets.all) {
      const failed = await applied(task, scaleObject(ref, replicas), 'signalbox-scale')
      if (failed !== null) return failed
    }
    // What was made again with its replicas leaves them to their own manager from then on.
    const left = await allApplied(task, step.objects.flatMap(withoutReplicas))
    if (left !== null) return left
    return first.length > 0
      ? { kind: 'begun', made: null, note, waits: 'pods' }
      : { kind: 'begun', made: null, note: 'applied' }
  },

  see: async (task) => {
    const { ports, mark, view, plan } = task
    if (mark.waits) return seeUntouched(task)
    const [{ pods, ...risen }, generations] = await Promise.all([risenSeen(task), generationsOf(ports, view)])
    const [step = task.step] = asScaled([task.step], generations)
    const way = asScaled(wayOf(task), generations)
    const at = {
      step,
      way,
      generations,
      unavailable: mark.way === 'forth' ? plan.bounds.unavailable : null,
    }
    const otherwise = setOtherwise(at, mark.fence)
    if (otherwise.length > 0) return { kind: 'free', again: setAgainText(otherwise, generations) }
    const [gone, strays, traffic, room] = await Promise.all([
      goneOf(
        ports,
        step.replicas.filter(({ replicas }) => replicas > 0),
        generations,
      ),
      straysOf(ports.cluster, pods, generations),
      mark.way === 'back' ? trafficSeen(ports, view) : null,
      roomBeside(task, pods),
    ])
    const now = ports.clock.now()
    return nextRollOut(step, {
      ...risen,
      pods: [...pods],
      generations,
      strays,
      room,
      goesBack: mark.way === 'back',
      now,
      gone,
      goneFrom: (mark.markedAt ?? 0) + view.handover,
      way,
      edited: editedIn(task, { generations, traffic }),
      startedAt: patientFrom({ doc: view.doc, now }, mark),
      patience: patienceOf(step),
    })
  },
}

/** Null where all of them were taken, in this order; else how the step has failed at the first that was not. */
const allApplied = async (task: Task, objects: readonly KubeObject[]): Promise<Stepped | null> => {
  for (const object of objects) {
    const failed = await applied(task, object, 'signalbox-workload')
    if (failed !== null) return failed
  }
  return null
}

/** What the move touches now; or why it touches nothing yet, or cannot any more. */
const targetsOf = async (task: Task<RollOutModelStep>): Promise<Touches | string | Stepped> => {
  const { ports, view, plan, mark, run } = task
  const [standing, traffic, classless, scaling] = await Promise.all([
    generationsOf(ports, view),
    trafficSeen(ports, view),
    classMissing(task, task.step.objects),
    scalingStill(task),
  ])
  const [step = task.step] = asScaled([task.step], standing)
  const edited = editedIn(task, { generations: standing, traffic })
  if (edited !== null) return { kind: 'failed', reason: 'edited-by-hand', note: edited }
  if (classless !== null) return { ...NONE, note: classless }
  if (scaling !== null) return { ...NONE, ...scaling }
  const way = asScaled(wayOf(task), standing)
  const there: Target[] = []
  for (const target of step.replicas) {
    const { ref, replicas, generation } = target
    const made = step.objects.some(({ metadata }) => metadata.name === ref.name)
    if (made || standing.some((seen) => seen.generation === generation) || (await isThere(task, ref)))
      there.push(target)
    // Before anything is touched: what takes its place must not go where it is gone itself.
    else if (replicas > 0 && staysAfter(way).has(generation))
      return { kind: 'failed', reason: 'deleted', note: await wholeNote(task, standing, generation) }
  }
  // On the way back what was brought up was judged only where its gate has passed.
  const judged = mark.way === 'forth' || isJudged(run) || plan.steps.every(({ kind }) => kind !== 'check-gate')
  const unavailable = mark.way === 'forth' ? plan.bounds.unavailable : null
  // What never began was denied, or refused: nobody has agreed to the outage that it names.
  const hasBegun = mark.way === 'forth' || run.steps.some(({ way: led, by }) => led === 'forth' && by !== null)
  const approved = hasBegun ? plan.steps : []
  const at = { step, way, generations: standing, approved, unavailable, traffic, judged }
  const all = touched(there, at)
  if (typeof all === 'string') return all
  return waitingFor(task, all, at)
}

/** Only who marks it anew touches it: this is a look. */
const seeUntouched = async (task: Task<RollOutModelStep>): Promise<Stepped | Away> => {
  const { ports, mark, view, run, step } = task
  const targets = await targetsOf(task)
  if (typeof targets !== 'string' && 'kind' in targets) return targets
  const now = ports.clock.now()
  const looked = { now, startedAt: patientFrom({ doc: view.doc, now }, mark) - spentOnWayBack(run, mark) }
  const patient = { ...looked, patience: patienceOf(step) }
  if (typeof targets === 'string') {
    // What was scaled just now, to wait, is seen as it is only once Kubernetes has seen that.
    const seenAt = mark.waits === 'pods' ? (mark.markedAt ?? 0) + MINUTE : 0
    return now < seenAt
      ? { kind: 'wait', note: targets, until: seenAt + 1, running: false }
      : ((await fallen(task)) ?? nextTouch(targets, { ...patient, hindrance: await hindranceNow(task) }))
  }
  const scaling = seeScaling(task, targets, now - looked.startedAt)
  if (scaling !== null) return scaling
  const isAsked = mark.waits === 'pods'
  const { all, note } = targets
  return (
    (isAsked ? seeFirst(task, targets, looked) : null) ??
    nextTouch(note === '' || (all.length > 0 && !isAsked) ? null : note, { ...patient, again: MINUTE })
  )
}

/** What somebody has changed of what the way forth brings up, or of where the way back leads: nothing goes for it. */
const editedIn = (
  { mark, plan, view, run }: Task,
  seen: { generations: readonly GenerationView[]; traffic: Traffic },
): string | null =>
  mark.way === 'forth'
    ? risenByHand(plan.steps, seen.generations)
    : changedOnWayBack(seen, { baseline: view.doc.baseline, judged: judgedIn(view, run) })

const isThere = async ({ ports }: Task, ref: ObjectRef): Promise<boolean> => (await ports.cluster.get(ref)) !== null

/** That a generation is gone, and what of the lane runs on without its Deployment. */
const wholeNote = async (task: Task, standing: readonly GenerationView[], generation: number): Promise<string> => {
  const strays = await straysOf(task.ports.cluster, await podsOf(task), standing)
  return goneNotes(new Map([[generation, deletedNote(generation)]]), strays).join('; ')
}
