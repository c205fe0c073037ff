import { laterNamed, neverSoNamed } from '../../core/policy/renamed.ts'
import { parsePolicy } from '../../core/policy.ts'
import { SELF } from '../../core/rows.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import { laneNames } from '../../flows/lanes.ts'
import { readRow } from '../../flows/rows.ts'
import { readSimulated } from '../../local/policies/file-policies.ts'
import { hasLedger, withLedger } from './ledger.ts'

/** Names from before that no lane of this folder's ledger has, or had first. Of a policy or a ledger that cannot be read others say so. */
export const renamedFindings = async ({ data, config }: { data: string; config: string }): Promise<Finding[]> => {
  if (!hasLedger(data)) return []
  const policy = await readSimulated(config)
    .then(parsePolicy)
    .catch(() => null)
  if (policy === null) return []
  const [lanes, self] = await withLedger({ data, config }, (ledger) =>
    Promise.all([laneNames(ledger), readRow(ledger, 'identity', SELF)]),
  )
  const later = laterNamed(self?.value.called ?? {}, policy)
  const never = neverSoNamed(policy, lanes).filter(({ path }) => !later.some((one) => one.path === path))
  return [...later, ...never].map(({ path, why }) => ({ check: path, ok: false, detail: why }))
}
