import type { KubeObject } from '../../core/kube.ts'
import type { Baseline } from '../../core/lane/document.ts'
import type { LaneKind, PlanInput } from '../../core/lane-kinds/kind.ts'
import { generationName, label, laneLabels, runName, runOnceName } from '../../core/names.ts'
import type { Plan, Planned, RollOutModelStep, Step } from '../../core/plan.ts'
import type { Policy } from '../../core/policy.ts'
import { withDigest } from '../../core/workloads/object-digest.ts'
import type { GenerationView } from '../../core/world.ts'
import { CEILING, LANE, type ModelPolicy, POOL, type Wanted } from './policies.ts'

/** The throw-away kinds of lane that are explored: as small as lanes can be, and planned as real ones are. */

const ruleOf = (policy: Policy) => {
  const { rule } = policy as ModelPolicy
  return rule === null ? null : { lane: LANE, name: 'a', mode: rule }
}

const said = {
  name: 'lane',
  ruleOf,
  keyOf: ({ version }: Wanted) => `v${version}`,
  titleOf: ({ version }: Wanted) => `v${version}`,
  requesterOf: () => null,
  isNothing: () => false,
  pinned: (desired: Wanted) => desired,
}

const once: LaneKind<Wanted> = {
  ...said,
  placeOf: ({ place }) => place ?? '',
  placedAs: (desired, { place }) => ({ ...desired, ...(place === undefined ? {} : { place }) }),
  lasts: 'once',
  stands: false,
  plan: (input) => refused(input) ?? { kind: 'plan', plan: planOf(input, onceSteps(input)) },
  back: () => [],
  baselineOf: () => null,
}

const standing: LaneKind<Wanted> = {
  ...said,
  lasts: 'standing',
  stands: true,
  plan: (input) => {
    const { generations } = input.world
    const mine = generations.find((view) => isMine(view, input))
    const others = generations.filter((view) => view !== mine && view.replicas > 0)
    if (mine?.replicas === 1 && mine.ready === 1 && others.length === 0) return { kind: 'nothing', reason: 'it stands' }
    return refused(input) ?? { kind: 'plan', plan: planOf(input, standingSteps(input, { mine, others })) }
  },
  back: ({ identity, run, baseline, world, halfway = false, brought = [] }) => {
    const base = baselineIn(world.generations, baseline)
    const all = base !== undefined || halfway
    const leaving = world.generations.filter(
      (view) =>
        view !== base &&
        view.replicas > 0 &&
        (all || view.generation === run.generation || brought.includes(view.generation)),
    )
    if (leaving.length === 0 && (base === undefined || base.replicas === 1)) return []
    const stays: [number, number][] = base === undefined ? [] : [[base.generation, 1]]
    const away = move({ identity, run }, 'back-2', [...stays, ...leaving.map(goes)])
    return base === undefined ? [away] : [move({ identity, run }, 'back-1', stays), away]
  },
  isBackAt: ({ version }, baseline) => (baseline?.desired as Wanted | undefined)?.version === version,
  baselineOf: (desired, { run }) => ({ generation: run.generation, desired, replicas: 1 }),
}

/** What stands for the baseline: where it took over what stood already, that. */
const baselineIn = (generations: readonly GenerationView[], baseline: Baseline | null): GenerationView | undefined => {
  if (baseline === null) return undefined
  const digest = `v${(baseline.desired as Wanted).version}`
  return (
    generations.find((view) => view.generation === baseline.generation) ??
    generations.find((view) => view.digest === digest)
  )
}

const refused = ({ policy }: PlanInput<Wanted>): Planned | null =>
  (policy as ModelPolicy).refuses ? { kind: 'refuse', reason: 'budget-exceeded', detail: 'too dear' } : null

const isMine = ({ generation, digest }: GenerationView, { run, desired }: PlanInput<Wanted>): boolean =>
  generation === run.generation || digest === `v${desired.version}`

const goes = ({ generation }: GenerationView): [generation: number, replicas: number] => [generation, 0]

const text = { title: '', why: '' }

const jobs = new Map<string, KubeObject<'Job'>>()
const jobOf = (name: string, image: string, labels: Record<string, string>): KubeObject<'Job'> => {
  const known = jobs.get(`${name} ${image}`)
  if (known !== undefined) return known
  const job = withDigest<KubeObject<'Job'>>({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'n', labels },
    spec: { template: { spec: { containers: [{ name: 'c', image }] } } },
  })
  jobs.set(`${name} ${image}`, job)
  return job
}

const launch = (input: PlanInput<Wanted>, name: string, more: { reads?: string[]; keeps?: boolean } = {}): Step => {
  const { identity, run, desired, policy } = input
  const from = desired.place === undefined ? '' : `@${desired.place}`
  const image = `${(policy as ModelPolicy).image}:${name}:v${desired.version}${from}`
  const job = jobOf(runOnceName(identity, run, name), image, laneLabels(identity, LANE))
  const { reads = [], keeps = true } = more
  const { perHour } = policy as ModelPolicy
  return { ...text, kind: 'launch-job', name, job, results: policy.results, pool: POOL, gpus: 1, perHour, reads, keeps }
}

const gateOf = (of: string): Step => ({
  ...text,
  kind: 'check-gate',
  name: 'gate',
  of,
  gates: [{ metric: 'score', op: '>=', value: 1 }],
})

const onceSteps = (input: PlanInput<Wanted>): Step[] => {
  const train = launch(input, 'train')
  const register: Step = { ...text, kind: 'register-model', name: 'register', model: 'm', tags: {}, of: 'train' }
  return (input.policy as ModelPolicy).steps === 'registered'
    ? [train, register]
    : [train, launch(input, 'evaluate', { reads: ['train'] }), gateOf('evaluate'), register]
}

const standingSteps = (
  input: PlanInput<Wanted>,
  { mine, others }: { mine: GenerationView | undefined; others: GenerationView[] },
): Step[] => {
  const target = mine?.generation ?? input.run.generation
  const up = move(input, 'roll-1', [[target, 1]], `v${input.desired.version}`)
  const probe = launch(input, 'probe', { keeps: false })
  const away = move(input, 'roll-2', [[target, 1], ...others.map(goes)])
  return [up, probe, gateOf('probe'), ...(others.length === 0 ? [] : [away])]
}

const move = (
  { identity }: Pick<PlanInput, 'identity' | 'run'>,
  name: string,
  replicas: [number, number][],
  digest?: string,
): RollOutModelStep => ({
  ...text,
  kind: 'roll-out-model',
  name,
  objects:
    digest === undefined
      ? []
      : replicas.map(([generation]) => deployment(generationName(identity, generation), digest)),
  replicas: replicas.map(([generation, count]) => ({
    ref: { kind: 'Deployment', namespace: 'n', name: generationName(identity, generation) },
    generation,
    replicas: count,
    replicasReady: count,
  })),
  point: { old: 0, new: 1 },
  brings: replicas.find(([, count]) => count > 0)?.[0] ?? null,
  loadMinutes: 1,
})

const deployment = (name: string, digest: string): KubeObject<'Deployment'> => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'n', annotations: { [label('digest')]: digest } },
})

const planOf = ({ identity, run, desired, policy, now }: PlanInput<Wanted>, steps: Step[]): Plan => {
  const { image, asks, first, version, expiry } = policy as ModelPolicy
  const required = asks === 'later' ? desired.version > first || run.attempt === 2 : asks
  const none = { p50: 0, p95: 0 }
  const moves = steps.filter(({ kind }) => kind === 'roll-out-model').length
  return {
    ...run,
    id: runName(identity, run),
    policy: version,
    desired,
    title: `v${desired.version}`,
    steps,
    effects: { objects: [], images: [], interrupts: [], gates: [], replicas: null, registers: [], order: [] },
    digest: `${image}.v${desired.version}.${moves}`.padEnd(64, '0'),
    bounds: { dollars: 1, gpus: { [POOL]: CEILING }, unavailable: 0, until: now + expiry },
    price: { total: none, perHour: none, nowPerHour: 0, gpuHours: none, sources: [] },
    strategy: null,
    interrupts: [],
    undo: '',
    reasons: [],
    approval: { required, why: '', need: required ? 1 : 0 },
  }
}

export const kinds = { once, standing } as unknown as Record<'once' | 'standing', LaneKind>
