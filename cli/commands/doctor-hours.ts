import { laneOf } from '../../core/lane-kinds/kind.ts'
import { pipeline } from '../../core/lane-kinds/pipeline.ts'
import { hoursOff } from '../../core/planning/hours.ts'
import { LOOKED_AT } from '../../core/planning/learned.ts'
import { laneNameOf } from '../../core/policy/names.ts'
import { type Policy, parsePolicy } from '../../core/policy.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import { valuesOf } from '../../flows/rows.ts'
import { readSimulated } from '../../local/policies/file-policies.ts'
import type { Where } from '../output.ts'
import { hasLedger, withLedger } from './ledger.ts'

/**
 * Stages whose hours in the policy are far from what their last runs took, each with what to write: what its bound may end is found, what holds back more money than it needs
 * is said. By the ledger of the folder, or of the installation that is named; of a policy or a ledger that cannot be read others say so.
 */
export const hoursFindings = async (where: Where): Promise<Finding[]> => {
  if (where.aws === undefined && !hasLedger(where.data)) return []
  const policy = await readSimulated(where.config)
    .then(parsePolicy)
    .catch(() => null)
  return policy === null ? [] : withLedger(where, (ledger) => findingsIn(ledger, policy)).catch(() => [])
}

const findingsIn = async (ledger: Pick<Ledger, 'list'>, { pipelines }: Policy): Promise<Finding[]> => {
  const each = Object.entries(pipelines).map(async ([name, rule]) => {
    const prefix = `${laneOf(pipeline, laneNameOf(name, rule))}#`
    const rows = valuesOf(await ledger.list('past', { prefix, limit: LOOKED_AT, reverse: true }))
    return hoursOff(rule, rows).map(
      ({ near, text }): Finding => ({ check: `pipelines.${name}`, ok: !near, detail: text }),
    )
  })
  return (await Promise.all(each)).flat()
}
