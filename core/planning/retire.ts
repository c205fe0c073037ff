import { laneName } from '../lane-kinds/kind.ts'
import { usd } from '../money/prices.ts'
import { label, laneLabel } from '../names.ts'
import type { NotifyStep, Planned, Price } from '../plan.ts'
import type { Policy } from '../policy.ts'
import { counted } from '../text.ts'
import type { GenerationView } from '../world.ts'
import { type Replica, replicaCount, standingGpus, titleOf } from './generations.ts'
import { unscaledStep } from './scaled-steps.ts'
import { finishPlan, pricedFor, type ServeInput } from './serve-plan.ts'
import { servePrice } from './serve-price.ts'
import { type WalkBackInput, walkBack, wayBack } from './walk-back.ts'

/** Why each step is taken. */
const LEFT = 'its service has left the policy'

/** Nothing loads and nothing is judged on the way to nothing. */
const NO_TIME = { p50: 0, p95: 0 }

/**
 * The plan of a service that has left the policy: every replica goes, and somebody is asked first whatever it costs. Its Deployments
 * and Services stay, empty: they cost nothing. Should the service come back, it has a Deployment of its own, behind the same Service.
 */
export const planRetired = (input: ServeInput): Planned => {
  const { world, policy, run } = input
  const { generations } = world
  const all = toNothing(input)
  const { leaving, path } = wayBack(all)
  const name = laneName(run.lane)
  const scaled = generations.filter(({ replicas, upTo }) => replicas === 0 && upTo !== undefined)
  if (leaving.length === 0 && scaled.length === 0) return withoutDeployments(input, name)
  const names = [...new Set([...leaving.map(({ view }) => view), ...scaled].map(titleOf))]
  const [first] = leaving
  const price = servePrice({
    ...pricedFor(input, { loadMinutes: NO_TIME, gate: { minutes: NO_TIME } }),
    leaving,
    path,
    gateAfter: null,
    rising: { pool: first?.view.pool ?? '', gpus: 0 },
  })
  return finishPlan(input, {
    title: `Retire the service ${name}: take ${names.join(', ')} away`,
    steps: [
      ...(leaving.length > 0 ? walkBack(all) : [unscaledStep(scaled, { name: 'move-1', loadMinutes: 0 })]).map(
        (step) => ({ ...step, why: LEFT }),
      ),
      told(name),
    ],
    objects: [],
    interrupts: names.map((one) => `${one} stops answering, and nothing takes its place`),
    asks: 'what answers requests is taken away',
    price,
    gpus: knownGpus(generations, policy),
    stands: {},
    unavailable: leaving.length,
    strategy: null,
    undo: 'Put the service back into the policy: the version that is promoted then is served again.',
    reasons: reasonsOf(name, { leaving, names, price, pools: policy.pools }),
  })
}

/** The way on which all that stands goes. */
const toNothing = ({ world, policy, run, identity }: ServeInput): WalkBackInput => ({
  ...{ identity, run, baseline: null, namespace: policy.namespaces.serving },
  ...{ traffic: world.traffic ?? null, generations: world.generations },
  ...{ wantReplicas: 0, freeGpus: null, loadMinutes: 0, called: 'move', without: 'all' },
})

/** What stands holds nothing of a pool that has left the policy. */
const knownGpus = (generations: readonly GenerationView[], { pools }: Policy): Record<string, number> =>
  Object.fromEntries(Object.entries(standingGpus(generations)).filter(([pool]) => Object.hasOwn(pools, pool)))

/** What stops, what is deleted and what stays, and what that saves. */
const reasonsOf = (
  name: string,
  {
    leaving,
    names,
    price,
    pools,
  }: { leaving: readonly Replica[]; names: readonly string[]; price: Price; pools: Policy['pools'] },
): string[] => [
  `the policy has no service ${name} any more`,
  `what stops: ${replicaCount(leaving.length)} of ${names.join(', ')}, and with them every answer of the service`,
  'what is deleted: their pods. Deployments and Services stay, empty and free of cost; should the service come back, its Service has the same name. Versions in the registry and their weights stay',
  `what it saves: ${savesText(price, leaving, pools)}`,
]

/** By the prices of pools that the policy still has. */
const savesText = ({ nowPerHour, perHour }: Price, leaving: readonly Replica[], pools: Policy['pools']): string => {
  const saved = nowPerHour - perHour.p95
  const gpus = leaving.reduce((sum, { view }) => sum + view.gpusPerReplica, 0)
  const isPriced = leaving.every(({ view }) => Object.hasOwn(pools, view.pool))
  const none = isPriced ? '; no dollars: their nodes go on for others' : '; their price has left the policy'
  return `${counted(gpus, 'GPU')}${saved > 0 ? `, ${usd(saved)} an hour and ${usd(24 * saved)} a day` : none}`
}

const told = (name: string): NotifyStep => ({
  kind: 'notify',
  name: 'notify',
  title: 'Tell the channel',
  why: 'nothing answers for it any more',
  text: `the service ${name} is retired: nothing of it stands`,
})

/** Pods may run on for a while, or where somebody has deleted their Deployment alone: nobody here makes or unmakes those. */
const withoutDeployments = ({ world, policy, run }: ServeInput, name: string): Planned => {
  const used = Object.values(world.pools).reduce((sum, { usedByLane }) => sum + usedByLane, 0)
  if (used === 0) return { kind: 'nothing', reason: `nothing of ${name} stands` }
  const find = `kubectl -n ${policy.namespaces.serving} get replicasets -l ${label('lane')}=${laneLabel(run.lane)}`
  return {
    kind: 'nothing',
    reason: `no Deployment of ${name} stands, and its pods still use ${counted(used, 'GPU')}: they are ending, or somebody has deleted their Deployment alone, and \`${find}\` shows what makes them`,
  }
}
