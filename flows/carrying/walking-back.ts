import type { KubeObject } from '../../core/kube.ts'
import { runOnceName } from '../../core/names.ts'
import { identityOf } from '../../core/planning/plan-for.ts'
import { walkBack } from '../../core/planning/walk-back.ts'
import type { Outcome } from '../../core/reasons.ts'
import { observe } from '../observe.ts'
import { asHolder, type Carrier, momentOf, readRows, type Wait } from './carrier.ts'
import { pending } from './holding.ts'
import { hasEnded } from './steps/launch-job.ts'

/** Writes how the run will end and the steps that lead back to the baseline. Answers their names. */
export const planWayBack = async (
  carrier: Carrier,
  ending: Outcome,
): Promise<{ kind: 'back'; names: string[] } | { kind: 'lost' }> => {
  const { ports, run } = carrier
  const rows = await readRows(carrier)
  if (rows.run.value.ending !== null) return { kind: 'back', names: rows.run.value.back.map(({ name }) => name) }
  const policy = await ports.policies.load()
  const { world } = await observe(ports, policy, run.lane)
  const model = policy.models[run.lane.slice('serve/'.length)]
  const pool = model === undefined ? undefined : world.pools[model.pool]
  const back =
    !run.lane.startsWith('serve/') || world.generations.length === 0
      ? []
      : walkBack({
          identity: identityOf(policy),
          run,
          baseline: rows.lane.value.baseline,
          generations: world.generations,
          wantReplicas: model?.replicas ?? 1,
          freeGpus:
            pool === undefined || pool.ceiling === null ? null : pool.ceiling - pool.heldByOthers - pool.usedByLane,
        })
  const held = await asHolder(carrier, ({ run: own }) => ({
    run: { ...own, stage: 'walking-back', ending, back, steps: [...skipRest(own.steps), ...back.map(pending)] },
    writes: [
      momentOf(carrier, 'step', back.length === 0 ? 'nothing to walk back' : `walks back in ${back.length} moves`, {
        ending: ending.kind,
      }),
    ],
  }))
  return held === 'lost' ? { kind: 'lost' } : { kind: 'back', names: back.map(({ name }) => name) }
}

/** Deletes this run's unfinished Jobs by uid and sees them gone (law 16). */
export const removeJobs = async ({ ports, run, id }: Carrier): Promise<{ kind: 'gone' } | Wait> => {
  const policy = await ports.policies.load()
  const own = (await ports.ledger.read('run', id))?.value
  const plan = (await ports.ledger.read('plan', id))?.value
  for (const row of own?.steps ?? []) {
    const step = plan?.steps.find(({ name }) => name === row.name)
    if (step?.kind !== 'launch-job' || row.state === 'pending') continue
    const { namespace = null } = step.job.metadata
    const ref = row.object?.ref ?? {
      kind: 'Job' as const,
      namespace,
      name: runOnceName(identityOf(policy), run, row.name),
    }
    const found = await ports.cluster.get(ref)
    if (found === null || hasEnded(found as KubeObject<'Job'>)) continue
    if (row.object !== null && found.metadata.uid !== row.object.uid) continue
    await ports.cluster.delete(ref, found.metadata.uid ?? '')
    return { wait: 5 }
  }
  return { kind: 'gone' }
}

const skipRest = <T extends { state: string }>(steps: T[]): T[] =>
  steps.map((step) => (step.state === 'pending' ? { ...step, state: 'skipped' } : step))
