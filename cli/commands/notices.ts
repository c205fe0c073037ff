import { noticeLine, type ShownNotice } from '../../core/money/notice-text.ts'
import { parsePolicy } from '../../core/policy.ts'
import { asCounted } from '../../flows/in-force.ts'
import { noticesOf } from '../../flows/notices.ts'
import { readSimulated } from '../../local/policies/file-policies.ts'
import { runningClient } from '../client.ts'
import type { Where } from '../output.ts'
import { withInstallation } from './in-aws.ts'
import { withLedger } from './ledger.ts'

/** What others have told last of budgets: of the product that runs on the folder, of its ledger, or of what is deployed. */
export const noticesIn = async (where: Where): Promise<ShownNotice[]> => {
  const { aws, config, data } = where
  if (aws !== undefined)
    return withInstallation({ aws, config }, async ({ ledger, policies }) => noticesOf(ledger, await policies.load()))
  const client = runningClient(data)
  if (client !== null) return ((await client.get('/api/notices')) as { notices: ShownNotice[] }).notices
  const policy = parsePolicy(await readSimulated(config))
  return withLedger(where, async (ledger) => noticesOf(ledger, await asCounted(ledger, policy)))
}

/** Below a table; nothing where nobody has told anything. */
export const belowIt = (notices: readonly ShownNotice[]): string =>
  notices.length === 0 ? '' : `\n\nwhat others count:\n${notices.map(noticeLine).join('\n')}`
