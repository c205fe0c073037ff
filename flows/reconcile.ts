import { type KubeObject, refOf } from '../core/kube.ts'
import { emptyLane, finished, sameRun } from '../core/lane.ts'
import { label, runName } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
import { groupsOf, type Policy } from '../core/policy.ts'
import { promotionOf } from '../core/promotion.ts'
import type { LaneRow } from '../core/rows.ts'
import type { ModelPromoted } from '../events/contract.ts'
import { readGroup } from './approvers.ts'
import { closing } from './carrying/closing.ts'
import { hasEnded } from './carrying/steps/launch-job.ts'
import { beginRun, buryHolder } from './carrying/take-lane.ts'
import { tell } from './carrying/telling.ts'
import { everyLane } from './lanes.ts'
import { newestManifest } from './newest-manifest.ts'
import type { Ports, WorkPorts } from './ports.ts'
import { type Intending, react } from './react.ts'
import { startRun } from './start.ts'

/** Sources that are asked side by side: a registry of thousands of models is through within a minute. */
const SIDE_BY_SIDE = 16

/** What reconcile found and mended, counted. */
export interface Healed {
  buried: number
  started: number
  intended: number
  deleted: number
}

/**
 * What the sources say ≠ what lanes want ≠ what the cluster runs → the same intents (design.md §2). Harmless to repeat,
 * and harmless beside everything else. What cannot be looked at keeps nothing else from being healed: it rejects at the end,
 * with the first reason.
 */
export const reconcile = async (ports: WorkPorts): Promise<Healed> => {
  const policy = await ports.policies.load()
  const lanes = await everyLane(ports.ledger)
  const healed: Healed = { buried: 0, started: 0, intended: 0, deleted: 0 }
  const failures: unknown[] = []
  const eachOf = sideBySide((error) => failures.push(error))
  await eachOf(groupsOf(policy.approvals), (group) => readGroup(ports, group))
  await eachOf(lanes, async (row) => {
    if (row.holder !== null && (await buryHolder({ ports, run: { ...row } }, row.holder))) healed.buried++
    if (await startForgotten(ports, policy, row)) healed.started++
  })
  const reactTo = async (event: Intending): Promise<void> => {
    if ((await react(ports, event, { quiet: true })).kind === 'intended') healed.intended++
  }
  await eachOf([...waitingEvents(lanes), ...modelEvents(policy, ports.clock.now())], reactTo)
  await eachOf(Object.entries(policy.datasets), async ([name, dataset]) => {
    const event = await newestManifest(ports, name, dataset)
    if (event !== null) await reactTo(event)
  })
  healed.deleted = await deleteOrphans(ports, policy).catch((error: unknown) => {
    failures.push(error)
    return 0
  })
  await writeDown(ports, healed)
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} could not be looked at, the first: ${String(failures[0])}`)
  return healed
}

const sideBySide =
  (onFailure: (error: unknown) => void) =>
  async <T>(values: T[], work: (value: T) => Promise<void>): Promise<void> => {
    const left = values.values()
    const worker = async (): Promise<void> => {
      for (const value of left) await work(value).catch(onFailure)
    }
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
  }

const writeDown = async ({ ledger, clock }: WorkPorts, healed: Healed): Promise<void> => {
  const { buried, started, intended, deleted } = healed
  const total = buried + started + intended + deleted
  if (total === 0) return
  const text = `reconcile: buried ${buried}, started ${started}, intended ${intended}, deleted ${deleted}`
  await ledger.commit([
    {
      moment: {
        at: clock.now(),
        lane: '-',
        generation: null,
        attempt: null,
        kind: 'note',
        text,
        data: { ...healed },
      },
    },
    { count: 'reconcile:healed', by: total },
  ])
}

/** A wanted run whose execution was never started, or ended without an outcome before it had the lane. */
const startForgotten = async (ports: WorkPorts, policy: Policy, row: LaneRow): Promise<boolean> => {
  if (row.state !== 'wanted' || sameRun(row.holder, row)) return false
  const id = runName(identityOf(policy), row)
  const state = await ports.workflow.describe(id)
  if (state === 'running') return false
  if (state === 'unknown' && (await ports.ledger.read('run', id)) === null) {
    await startRun(ports, policy, { lane: row.lane, generation: row.generation, attempt: row.attempt })
    return true
  }
  const run = { lane: row.lane, generation: row.generation, attempt: row.attempt }
  await beginRun({ ports, run, id })
  const outcome = {
    kind: 'failed' as const,
    reason: 'workflow-died' as const,
    detail: 'its execution ended before it had an outcome',
  }
  await tell({ ports, run, id }, await closing({ ports, run, id }, { outcome, row: finished }))
  return true
}

/** Rows that wait are looked at again, until they are past. */
const waitingEvents = (lanes: LaneRow[]): Intending[] =>
  lanes.flatMap(({ waiting }) => (waiting === null ? [] : [waiting.event as Intending]))

const modelEvents = (policy: Policy, now: number): ModelPromoted[] =>
  Object.entries(policy.models).map(([model, rule]) => ({
    type: 'model-promoted',
    id: `reconcile-${now}`,
    at: now,
    model,
    signal: promotionOf(rule),
    replayed: false,
  }))

/** Unfinished Jobs of ours whose run has an outcome, or that no run knows: what a non-holder created is deleted. */
const deleteOrphans = async (ports: WorkPorts, policy: Policy): Promise<number> => {
  let deleted = 0
  for (const job of await ownJobs(ports, policy)) {
    if (hasEnded(job as KubeObject<'Job'>) || !(await isOrphan(ports, job))) continue
    if ((await ports.cluster.delete(refOf(job), job.metadata.uid ?? '')) === 'deleted') deleted++
  }
  return deleted
}

/** In our namespaces alone: elsewhere another product may work under the same name, and its runs are not in our ledger. */
const ownJobs = async ({ cluster }: WorkPorts, { installation, namespaces }: Policy): Promise<KubeObject[]> => {
  const places = [...new Set([namespaces.training, namespaces.serving])]
  const labels = { [label('installation')]: installation }
  return (await Promise.all(places.map((namespace) => cluster.list('Job', { namespace, labels })))).flat()
}

/** An adopted Job carries the labels of the attempt that made it, so every run that names its uid is asked. */
const isOrphan = async ({ ledger }: Pick<Ports, 'ledger'>, job: KubeObject): Promise<boolean> => {
  const id = job.metadata.labels?.[label('plan')] ?? ''
  const maker = (await ledger.read('run', id))?.value
  if (maker === undefined) return true
  if (maker.outcome === null) return false
  const lane = (await ledger.read('lane', maker.lane))?.value ?? emptyLane(maker.lane)
  return lane.holder === null
}
