import { contributionsAfter } from '../../../core/lane/contributions.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import { capOf } from '../../../core/money/rungs.ts'
import { ceilingAt } from '../../../core/pools/ceiling.ts'
import type { ContributionRow } from '../../../core/pools/contribution.ts'
import { amountText } from '../../../core/pools/counts.ts'
import type { ResizePoolStep } from '../../../core/pools/step.ts'
import { setCeiling } from '../set-ceiling.ts'
import type { Handler, Task } from './handler.ts'

/**
 * Sets the ceiling that a pool has with the lease, and reads it back; from then on the lease counts. Done twice it is the same: what a lease
 * adds is computed from what there is.
 */
const lend = async ({ ports, view, step, mark }: Task<ResizePoolStep>): Promise<Stepped> => {
  const { pool, lease } = step
  const now = Math.max(view.now, ports.clock.now())
  const rule = view.policy.pools[pool]
  if (rule === undefined) return { kind: 'failed', reason: 'denied', note: `the policy has no pool ${pool} any more` }
  const known = view.contributions.find(({ id }) => id === lease.id)
  const { id, gpus, until, by } = lease
  const row: ContributionRow = { kind: 'lease', lane: view.doc.lane, id, gpus, from: known?.from ?? now, until, by }
  const rows = contributionsAfter(view.contributions, { contributions: [{ row, gone: false }] })
  const ceiling = ceilingAt({ ...rule, cap: capOf(pool, view.policy, { rungs: view.rungs, now }) }, rows, now)
  const resized = await setCeiling(ports, { name: pool, policy: view.policy, gpus: ceiling, fence: mark.fence })
  if (resized.kind === 'not')
    return { kind: 'failed', reason: 'denied', note: `its ceiling was not set: ${resized.why}` }
  const note = `${id}, as its NodePool says: a ceiling of ${amountText(ceiling, rule)}`
  return { kind: 'done', note, values: null, contributes: row }
}

export const resizePool: Handler<ResizePoolStep> = { side: 'cluster', begin: lend, see: lend }
