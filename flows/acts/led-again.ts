import { frozen } from '../../core/lane/act.ts'
import { judgedIn } from '../../core/lane/judged.ts'
import { laneName } from '../../core/lane-kinds/kind.ts'
import { ruleNamed } from '../../core/policy/names.ts'
import { ledAstray, ledBy } from '../../core/steps/led-astray.ts'
import { trafficService } from '../../core/workloads/serving.ts'
import { generationsOf } from '../generations.ts'
import { trafficSeen } from '../observe.ts'
import { Unavailable } from '../ports.ts'
import { apply } from './steps/applied.ts'
import type { Task } from './steps/handler.ts'

/**
 * What was said of it where a look at a rollout has led requests again to whom its way leads them now, since somebody has deleted the
 * lane's Service or led it elsewhere. Null: they are led there; or it only tells, is frozen, or cannot be seen: the step goes on.
 */
export const ledAgain = async (task: Task): Promise<string | null> => {
  const { view } = task
  if (!view.kind.stands || frozen(view) !== null) return null
  const rule = ruleNamed(view.policy.services, laneName(view.doc.lane))?.rule
  if (rule === undefined || rule.onEdit === 'tell') return null
  return lead(task).catch((error: unknown) => {
    if (error instanceof Unavailable) return null
    throw error
  })
}

const lead = async (task: Task): Promise<string | null> => {
  const { ports, view, run, key } = task
  const traffic = await trafficSeen(ports, view)
  const steps = [...(view.plan?.plan.steps ?? []), ...(view.plan?.back ?? [])]
  const judged = judgedIn(view, run).map(({ generation, stands = generation }) => stands)
  const at = { run, steps, baseline: view.doc.baseline, judged, traffic }
  // Most looks find it so: what stands is asked for only where it is not.
  const led = ledBy(at)
  if (led === null || led === traffic) return null
  const to = ledAstray({ ...at, generations: await generationsOf(ports, view) })
  if (to === null) return null
  const { installation, namespaces } = view.policy
  const identity = { installation, ledger: view.identity.ledger, name: view.doc.name }
  const service = trafficService({ identity, run: key, namespace: namespaces.serving }, to)
  const answer = await apply(task, service, 'signalbox-traffic')
  if (answer.kind !== 'applied') return null
  const what = traffic === null ? 'somebody has deleted' : 'somebody has led elsewhere'
  return `${what} Service ${service.metadata.name}: requests are led to ${to === 'all' ? 'all that stands' : `generation ${to}`} again`
}
