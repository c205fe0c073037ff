import { neverSoNamed } from '../../core/policy/renamed.ts'
import { parsePolicy } from '../../core/policy.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import { laneNames } from '../../flows/lanes.ts'
import { readConfig } from '../../local/policies/file-policies.ts'
import { hasLedger, withLedger } from './ledger.ts'

/** Names from before that no lane of this folder's ledger has. Of a policy or a ledger that cannot be read others say so. */
export const renamedFindings = async ({ data, config }: { data: string; config: string }): Promise<Finding[]> => {
  if (!hasLedger(data)) return []
  const policy = await readConfig(config)
    .then(parsePolicy)
    .catch(() => null)
  if (policy === null) return []
  const lanes = await withLedger({ data, config }, laneNames)
  return neverSoNamed(policy, lanes).map(({ path, why }) => ({ check: path, ok: false, detail: why }))
}
