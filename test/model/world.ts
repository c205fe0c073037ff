import type { KubeObject } from '../../core/kube.ts'
import type { Run } from '../../core/lane/document.ts'
import { label } from '../../core/names.ts'
import type { RollOutModelStep } from '../../core/plan.ts'
import type { World as Seen } from '../../core/world.ts'
import { CEILING, POOL } from './policies.ts'
import { docOf, type Guards, type Job, type State, spoilt } from './state.ts'

/** What planning sees of the world: read now, perhaps old when it counts. */
export const observed = ({ world }: State): Seen => ({
  pools: {
    [POOL]: {
      pool: POOL,
      ceiling: CEILING,
      used: world.others,
      usedByLane: 0,
      heldByOthers: world.others,
      beyondHolds: 0,
      provisioned: CEILING,
      provisioning: 0,
    },
  },
  dollars: { spent: 0, held: 0 },
  generations: Object.entries(world.deployments).map(([generation, { digest, replicas, ready }]) => ({
    ref: { kind: 'Deployment', namespace: 'n', name: `g${generation}` },
    uid: generation,
    generation: Number(generation),
    replicas,
    ready,
    gpusPerReplica: 1,
    pool: POOL,
    digest,
    ownedBy: null,
    scaledBy: null,
    object: { metadata: {} } as KubeObject<'Deployment'>,
  })),
})

interface Creation {
  object: KubeObject<'Job'>
  run: Pick<Run, 'generation' | 'attempt'>
  key: string
  me: string
}

/** A Job is made, and whatever may never be true of that is said. */
export const created = (state: State, { object, run, key }: Creation): State => {
  const { name } = object.metadata
  const { generation, attempt } = run
  const times = (state.past.created[name] ?? 0) + 1
  const job: Job = { object, uid: `u${state.count}`, state: 'running', run: { generation, attempt } }
  const { finished, anew } = state.past
  const again = finished.some(
    (one) => one.startsWith(`${generation}:${key}:`) && !anew.includes(one) && isThere(state, one),
  )
  const after: State = {
    ...state,
    count: state.count + 1,
    world: { ...state.world, jobs: { ...state.world.jobs, [name]: job } },
    past: { ...state.past, created: { ...state.past.created, [name]: times } },
  }
  return spoilt(after, times > 1 ? 'one Job is made twice' : again ? 'what was paid for and kept is begun again' : null)
}

/** Whether what a Job made is there, and what it was made from. */
const isThere = ({ past, world }: State, finished: string): boolean => {
  const name = finished.slice(finished.lastIndexOf(':') + 1)
  const read = past.read[name] ?? ''
  return [name, ...read.split(',')].every((one) => one === '' || world.results[one] !== undefined)
}

/** A Job of ours is taken away: only of a run that ends otherwise than well. */
export const deleted = (state: State, name: string): State => {
  const job = state.world.jobs[name] as Job
  const run = docOf(state)?.run ?? null
  const same = run !== null && run.generation === job.run?.generation && run.attempt === job.run.attempt
  const bad =
    job.run === null
      ? 'a Job that is not ours is deleted'
      : same && run.ending === null
        ? 'healthy work is deleted'
        : null
  return spoilt(withJob(state, name, { ...job, state: 'deleting' }), bad)
}

export const withJob = (state: State, name: string, job: Job | null): State => {
  const { [name]: _, ...jobs } = state.world.jobs
  return { ...state, world: { ...state.world, jobs: job === null ? jobs : { ...jobs, [name]: job } } }
}

export const registered = (state: State, tag: string): State =>
  spoilt(
    { ...state, world: { ...state.world, registry: [...state.world.registry, tag] } },
    state.world.registry.includes(tag) ? 'one result is registered twice' : null,
  )

/** A move of a rollout is applied; null: the cluster refuses it, since something newer has been applied. */
export const applied = (
  state: State,
  step: RollOutModelStep,
  { fence, marked, guards }: { fence: number; marked: number; guards: Guards },
): State | null => {
  let { deployments } = state.world
  let bad: string | null = null
  for (const { ref, generation, replicas } of step.replicas) {
    const object = step.objects.find(({ metadata }) => metadata.name === ref.name)
    const stands = deployments[generation]
    if (object === undefined && stands === undefined && replicas === 0) continue
    if (guards.fences && stands !== undefined && stands.fence > fence) return null
    if (stands !== undefined && stands.marked > marked) bad = 'an older mark is applied over a newer one'
    const digest = object?.metadata.annotations?.[label('digest')] ?? stands?.digest ?? ''
    deployments = {
      ...deployments,
      [generation]: { digest, replicas, ready: Math.min(stands?.ready ?? 0, replicas), fence, marked },
    }
  }
  const outage =
    isReady(state.world.deployments) && !isReady(deployments) && step.replicas.some(({ replicas }) => replicas > 0)
  const after = { ...state, world: { ...state.world, deployments } }
  return spoilt(after, outage ? 'the last that is ready goes for what is not' : bad)
}

const isReady = (deployments: State['world']['deployments']): boolean =>
  Object.values(deployments).some(({ ready }) => ready > 0)
