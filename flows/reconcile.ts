import { type KubeObject, refOf } from '../core/kube.ts'
import { emptyLane, finished, sameRun } from '../core/lane.ts'
import { label, runName } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
import type { Policy } from '../core/policy.ts'
import { promotionOf } from '../core/promotion.ts'
import type { LaneRow } from '../core/rows.ts'
import type { DatasetUploaded, ModelPromoted } from '../events/contract.ts'
import { closing } from './carrying/closing.ts'
import { hasEnded } from './carrying/steps/launch-job.ts'
import { beginRun, buryHolder } from './carrying/take-lane.ts'
import type { Ports, WorkPorts } from './ports.ts'
import { type Intending, react } from './react.ts'
import { startRun } from './start.ts'

/** Newest manifests of a dataset that are looked at. */
const LISTED = 1000

/** What reconcile found and mended, counted. */
export interface Healed {
  buried: number
  started: number
  intended: number
  deleted: number
}

/**
 * What the sources say ≠ what lanes want ≠ what the cluster runs → the same intents (design.md §2). Harmless to repeat,
 * and harmless beside everything else.
 */
export const reconcile = async (ports: WorkPorts): Promise<Healed> => {
  const policy = await ports.policies.load()
  const lanes = (await ports.ledger.list('lane', { limit: 10_000 })).map(({ value }) => value)
  const healed: Healed = { buried: 0, started: 0, intended: 0, deleted: 0 }
  for (const row of lanes) {
    if (row.holder !== null && (await buryHolder({ ports, run: { ...row } }, row.holder))) healed.buried++
    if (await startForgotten(ports, policy, row)) healed.started++
  }
  for (const event of [
    ...waitingEvents(lanes),
    ...modelEvents(policy, ports.clock.now()),
    ...(await datasetEvents(ports, policy)),
  ]) {
    const became = await react(ports, event, { quiet: true })
    if (became.kind === 'intended') healed.intended++
  }
  healed.deleted = await deleteOrphans(ports, policy)
  const total = Object.values(healed).reduce((sum, count) => sum + count, 0)
  if (total > 0)
    await ports.ledger.commit([
      {
        moment: {
          at: ports.clock.now(),
          lane: '-',
          generation: null,
          attempt: null,
          kind: 'note',
          text: `reconcile: buried ${healed.buried}, started ${healed.started}, intended ${healed.intended}, deleted ${healed.deleted}`,
          data: { ...healed },
        },
      },
      { count: 'reconcile:healed', by: total },
    ])
  return healed
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
  await closing(
    { ports, run, id },
    {
      outcome: { kind: 'failed', reason: 'workflow-died', detail: 'its execution ended before it had an outcome' },
      row: finished,
    },
  )
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

/** The newest manifest under each dataset's prefix: an upload whose event was lost. */
const datasetEvents = async (ports: WorkPorts, policy: Policy): Promise<DatasetUploaded[]> => {
  const events: DatasetUploaded[] = []
  for (const { bucket, prefix, manifest } of Object.values(policy.datasets)) {
    const found = (await ports.objects.list(bucket, prefix, LISTED)).filter(
      ({ key }) => key === `${prefix}${manifest}` || key.endsWith(`/${manifest}`),
    )
    const newest = found.reduce<(typeof found)[number] | null>(
      (best, next) => (best === null || next.head.lastModified > best.head.lastModified ? next : best),
      null,
    )
    if (newest !== null)
      events.push({
        type: 'dataset-uploaded',
        id: `reconcile-${newest.head.etag}`,
        at: newest.head.lastModified,
        bucket,
        key: newest.key,
        versionId: null,
        replayed: false,
      })
  }
  return events
}

/** Unfinished Jobs of ours whose run has an outcome, or that no run knows: what a non-holder created is deleted. */
const deleteOrphans = async (ports: WorkPorts, policy: Policy): Promise<number> => {
  let deleted = 0
  for (const job of await ports.cluster.list('Job', { labels: { [label('installation')]: policy.installation } })) {
    if (hasEnded(job as KubeObject<'Job'>) || !(await isOrphan(ports, job))) continue
    if ((await ports.cluster.delete(refOf(job), job.metadata.uid ?? '')) === 'deleted') deleted++
  }
  return deleted
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
