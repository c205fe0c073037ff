import { isLeaving, type KubeObject, keepersOf, type ObjectRef } from '../../../core/kube.ts'
import { isJudged } from '../../../core/lane/going-back.ts'
import { patientFrom, spentOnWayBack } from '../../../core/lane/patience.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import { laneNameIn, makerOf } from '../../../core/lane/waits.ts'
import { laneLabels } from '../../../core/names.ts'
import type { RollOutModelStep, Step } from '../../../core/plan.ts'
import { crashedOf } from '../../../core/pods/trouble.ts'
import { nextTouch, patienceOf, staysAfter, type Target, touched } from '../../../core/steps/moving.ts'
import { risenByHand } from '../../../core/steps/risen-by-hand.ts'
import { broughtBy, deletedNote, goneNotes, nextRollOut } from '../../../core/steps/roll-out-model.ts'
import { scaleObject } from '../../../core/workloads/serving.ts'
import type { GenerationView } from '../../../core/world.ts'
import { generationsOf, trafficSeen } from '../../observe.ts'
import { straysOf } from '../../strays.ts'
import { aroundOf } from '../around.ts'
import { lastLines } from '../pods.ts'
import { applied } from './applied.ts'
import type { Handler, Task } from './handler.ts'

/** Law 4, standing: server-side apply, one field manager per concern, each with its own fence. */
export const rollOutModel: Handler<RollOutModelStep> = {
  side: 'cluster',
  begin: async (task) => {
    const { step } = task
    const targets = await targetsOf(task)
    if (typeof targets === 'string') return { kind: 'begun', made: null, note: targets, waits: true }
    if (!Array.isArray(targets)) return targets
    for (const object of step.objects) {
      const failed = await applied(task, object, 'signalbox-workload')
      if (failed !== null) return failed
    }
    for (const { ref, replicas } of targets) {
      const failed = await applied(task, scaleObject(ref, replicas), 'signalbox-scale')
      if (failed !== null) return failed
    }
    return { kind: 'begun', made: null, note: 'applied' }
  },

  see: async (task) => {
    const { ports, step, mark, view } = task
    if (mark.waits) return seeUntouched(task)
    const [pods, generations] = await Promise.all([podsOf(task), generationsOf(ports, view)])
    const [gone, strays] = await Promise.all([goneOf(task, generations), straysOf(ports.cluster, pods, generations)])
    const since = mark.startedAt ?? mark.markedAt ?? 0
    const now = ports.clock.now()
    const [logs, around] = await Promise.all([
      lastLines(ports, crashedOf(broughtBy(step, { pods, since }))),
      aroundOf(ports, { pods, now }),
    ])
    return nextRollOut(step, {
      generations,
      pods,
      since,
      logs,
      strays,
      now,
      gone,
      goneFrom: (mark.markedAt ?? 0) + view.handover,
      way: wayOf(task),
      edited: editedIn(task, generations),
      startedAt: patientFrom({ doc: view.doc, now }, mark),
      patience: patienceOf(step),
      around,
    })
  },
}

/** What the move touches now; or why it touches nothing yet, or cannot any more. */
const targetsOf = async (task: Task<RollOutModelStep>): Promise<Target[] | string | Stepped> => {
  const { ports, step, view, plan, mark, run } = task
  const [standing, traffic] = await Promise.all([generationsOf(ports, view), trafficSeen(ports, view)])
  const edited = editedIn(task, standing)
  if (edited !== null) return { kind: 'failed', reason: 'edited-by-hand', note: edited }
  const way = wayOf(task)
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
  return touched(there, { step, way, generations: standing, approved: plan.steps, unavailable, traffic, judged })
}

/** Only who marks it anew touches it: this is a look. */
const seeUntouched = async (task: Task<RollOutModelStep>): Promise<Stepped> => {
  const { ports, mark, view, run, step } = task
  const targets = await targetsOf(task)
  if (typeof targets !== 'string' && !Array.isArray(targets)) return targets
  const now = ports.clock.now()
  const startedAt = patientFrom({ doc: view.doc, now }, mark) - spentOnWayBack(run, mark)
  return nextTouch(typeof targets === 'string' ? targets : null, { now, startedAt, patience: patienceOf(step) })
}

/** What somebody has changed of what the way forth brings up: nothing goes for it. */
const editedIn = ({ mark, plan }: Task, generations: readonly GenerationView[]): string | null =>
  mark.way === 'forth' ? risenByHand(plan.steps, generations) : null

/** All steps of the way that is walked now. */
const wayOf = ({ view: { plan }, mark }: Task<RollOutModelStep>): readonly Step[] =>
  (mark.way === 'forth' ? plan?.plan.steps : plan?.back) ?? []

const isThere = async ({ ports }: Task, ref: ObjectRef): Promise<boolean> => (await ports.cluster.get(ref)) !== null

/**
 * Generations that the move asks for, whose Deployments are not there by name, since a list alone says nothing; or are being
 * deleted and have no pod left, since then they make none any more. What is said of each.
 */
const goneOf = async (
  { ports, step }: Task<RollOutModelStep>,
  seen: readonly GenerationView[],
): Promise<Map<number, string>> => {
  const asked = step.replicas.filter(({ replicas }) => replicas > 0)
  const found = await Promise.all(
    asked.map(async ({ ref, generation }) => {
      const known = seen.find((view) => view.generation === generation)?.object
      return { generation, object: (known ?? (await ports.cluster.get(ref))) as KubeObject<'Deployment'> | null }
    }),
  )
  const gone = found.filter(({ object }) => object === null || isEmptied(object))
  return new Map(
    gone.map(({ generation, object }) => [
      generation,
      deletedNote(generation, object === null ? [] : keepersOf(object)),
    ]),
  )
}

const isEmptied = (object: KubeObject<'Deployment'>): boolean =>
  isLeaving(object) && (object.status?.replicas ?? 0) === 0

const podsOf = async ({ ports, view }: Task): Promise<KubeObject<'Pod'>[]> => {
  const where = { namespace: view.policy.namespaces.serving, labels: laneLabels(view.identity, view.doc.lane) }
  const pods = await ports.cluster.list('Pod', where)
  return pods.filter((pod) => isOf(pod, view.doc.name)) as KubeObject<'Pod'>[]
}

/** That a generation is gone, and what of the lane runs on without its Deployment. */
const wholeNote = async (task: Task, standing: readonly GenerationView[], generation: number): Promise<string> => {
  const strays = await straysOf(task.ports.cluster, await podsOf(task), standing)
  return goneNotes(new Map([[generation, deletedNote(generation)]]), strays).join('; ')
}

/** Whether a Deployment that the lane made has made it: labels alone say nothing. */
const isOf = (pod: KubeObject, name: string): boolean => {
  const maker = makerOf(pod)
  return maker !== null && laneNameIn(maker) === name
}
