import type { KubeObject } from '../../../core/kube.ts'
import { judgedIn } from '../../../core/lane/judged.ts'
import { patientFrom, spentOnWayBack } from '../../../core/lane/patience.ts'
import type { SwitchTrafficStep } from '../../../core/plan.ts'
import { isEditedByHand } from '../../../core/planning/generations.ts'
import { changedOnWayBack, notLedBackText } from '../../../core/planning/returns-to.ts'
import { patienceOf } from '../../../core/steps/moving.ts'
import { risenByHand } from '../../../core/steps/risen-by-hand.ts'
import { nextSwitch, type SeenTraffic, whyNotLed } from '../../../core/steps/switch-traffic.ts'
import { nextTouch } from '../../../core/steps/touching.ts'
import { trafficService } from '../../../core/workloads/serving.ts'
import { generationsOf } from '../../generations.ts'
import { trafficSeen } from '../../observe.ts'
import type { Applied } from '../../ports.ts'
import { straysOf } from '../../strays.ts'
import { apply, refusalOf } from './applied.ts'
import { deletedBefore } from './gone.ts'
import type { Handler, Task } from './handler.ts'
import { hindranceNow } from './risen.ts'
import { fallen, stoodAgain } from './stood-again.ts'
import { podsOf } from './waiting-first.ts'

/** Law 4, standing: one field manager for whom the lane's Service leads to, and its own fence. */
export const switchTraffic: Handler<SwitchTrafficStep> = {
  side: 'cluster',
  begin: async (task) => {
    const seen = await lookAt(task)
    const edited = editedIn(task, seen)
    if (edited !== null) return { kind: 'failed', reason: 'edited-by-hand', note: edited }
    const why = whyNotLed(task.step, seen)
    if (why !== null) return (await stoodAgain(task)) ?? { kind: 'begun', made: null, note: why, waits: true }
    const failed = refusalOf(task.step.service, await lead(task, seen))
    return failed ?? { kind: 'begun', made: null, note: 'applied' }
  },

  see: async (task) => {
    const { ports, step, mark, view, run } = task
    const now = ports.clock.now()
    const [startedAt, patience] = [patientFrom({ doc: view.doc, now }, mark), patienceOf(step)]
    if (!mark.waits) return nextSwitch(step, { traffic: await trafficSeen(ports, view), now, startedAt, patience })
    const seen = await lookAt(task)
    const edited = editedIn(task, seen)
    if (edited !== null) return { kind: 'failed', reason: 'edited-by-hand', note: edited }
    const gone = await deletedBefore(task, seen)
    if (gone !== null) return gone
    const why = whyNotLed(step, seen)
    const again = why === null ? null : await fallen(task)
    if (again !== null || why === null) return again ?? { kind: 'free' }
    const patient = { now, startedAt: startedAt - spentOnWayBack(run, mark), patience }
    return nextTouch(why, { ...patient, hindrance: await hindranceNow(task) })
  },
}

/** What somebody has changed of what requests would be led to, from what was judged as it stands. */
const editedIn = ({ mark, plan, run, step, view }: Task<SwitchTrafficStep>, seen: SeenTraffic): string | null => {
  const { generations } = seen
  if (mark.way === 'forth') return risenByHand(plan.steps, generations)
  const base = generations.find(({ generation }) => generation === step.to)
  const judged = judgedIn(view, run)
  return base === undefined || !isEditedByHand(base) || judged.length === 0
    ? changedOnWayBack(seen, { baseline: view.doc.baseline, judged })
    : notLedBackText(base)
}

const lookAt = async (task: Task<SwitchTrafficStep>): Promise<SeenTraffic> => {
  const { ports, view, mark } = task
  const [generations, traffic, pods] = await Promise.all([
    generationsOf(ports, view),
    trafficSeen(ports, view),
    podsOf(task),
  ])
  const strays = await straysOf(ports.cluster, pods, generations)
  const promised = mark.way === 'forth'
  return { generations, strays, traffic, way: (promised ? view.plan?.plan.steps : view.plan?.back) ?? [], promised }
}

const lead = async (task: Task<SwitchTrafficStep>, { traffic }: SeenTraffic): Promise<Applied> => {
  const { service } = task.step
  const answer = await apply(task, service, 'signalbox-traffic')
  if (answer.kind !== 'conflict' || answer.manager !== 'signalbox-workload' || traffic === null) return answer
  const taken = await takeOver(task, traffic)
  return taken.kind === 'applied' ? apply(task, service, 'signalbox-traffic') : taken
}

/**
 * A Service that an earlier release made is its workload manager's. First both own it as it is, then that one lets it go, so that it
 * is never without a selector.
 */
const takeOver = async (task: Task<SwitchTrafficStep>, traffic: number | 'all'): Promise<Applied> => {
  const { step, view, key } = task
  const { name, namespace = '' } = step.service.metadata
  const identity = { installation: view.policy.installation, ledger: view.identity.ledger, name }
  const asItIs = trafficService({ identity, run: key, namespace }, traffic)
  const owned = await apply(task, asItIs, 'signalbox-traffic')
  if (owned.kind !== 'applied') return owned
  const { apiVersion, kind } = asItIs
  return apply(task, { apiVersion, kind, metadata: { name, namespace } } as KubeObject, 'signalbox-workload')
}
