import type { RetiredDesired } from '../desired.ts'
import { label, laneLabel } from '../names.ts'
import type { NotifyStep, Planned } from '../plan.ts'
import { counted } from '../text.ts'
import { standingGpus, titleOf } from './generations.ts'
import { finishPlan, type ServeInput } from './serve-plan.ts'
import { servePrice } from './serve-price.ts'
import { walkBack, wayBack } from './walk-back.ts'

/** Nothing loads and nothing is judged on the way to nothing. */
const NO_TIME = { p50: 0, p95: 0 }

/**
 * The plan of a service that has left the policy: every replica goes, and somebody is asked first whatever it costs. Its Deployments
 * and Services stay, empty: they cost nothing, and are used again should the service come back.
 */
export const planRetired = (input: ServeInput, { model }: RetiredDesired): Planned => {
  const { world, policy, run, identity } = input
  const { generations } = world
  const all = {
    identity,
    run,
    baseline: null,
    generations,
    wantReplicas: 0,
    freeGpus: null,
    loadMinutes: 0,
    called: 'move',
  }
  const { leaving, path } = wayBack({ ...all, without: 'all' })
  if (leaving.length === 0) return withoutDeployments(input, model)
  const names = [...new Set(leaving.map(({ view }) => titleOf(view)))]
  const [first] = leaving
  return finishPlan(input, {
    title: `Retire ${model}: take ${names.join(', ')} away`,
    steps: [...walkBack({ ...all, without: 'all' }), told(model)],
    objects: [],
    interrupts: names.map((name) => `${name} stops answering, and nothing takes its place`),
    asks: 'what answers requests is taken away',
    price: servePrice({
      policy,
      service: { loadMinutes: NO_TIME, gate: { minutes: NO_TIME } },
      generations,
      leaving,
      path,
      gateAfter: null,
      rising: { pool: first?.view.pool ?? '', gpus: 0 },
    }),
    gpus: Object.fromEntries(
      Object.entries(standingGpus(generations)).filter(([pool]) => Object.hasOwn(policy.pools, pool)),
    ),
    unavailable: leaving.length,
    strategy: null,
    undo: 'Put the service back into the policy: the version that is promoted then is served again.',
    reasons: [`the policy has no service for ${run.lane} any more`],
  })
}

const told = (model: string): NotifyStep => ({
  kind: 'notify',
  name: 'notify',
  title: 'Tell the channel',
  why: 'nothing answers for it any more',
  text: `${model} is retired: nothing of it stands`,
})

/** Pods may run on for a while, or where somebody has deleted their Deployment alone: nobody here makes or unmakes those. */
const withoutDeployments = ({ world, policy, run }: ServeInput, model: string): Planned => {
  const used = Object.values(world.pools).reduce((sum, { usedByLane }) => sum + usedByLane, 0)
  if (used === 0) return { kind: 'nothing', reason: `nothing of ${model} stands` }
  const find = `kubectl -n ${policy.namespaces.serving} get replicasets -l ${label('lane')}=${laneLabel(run.lane)}`
  return {
    kind: 'nothing',
    reason: `no Deployment of ${model} stands, and its pods still use ${counted(used, 'GPU')}: they are ending, or somebody has deleted their Deployment alone, and \`${find}\` shows what makes them`,
  }
}
