import { type Called, calledBy } from '../../core/lane-kinds/called.ts'
import { parsePolicy } from '../../core/policy.ts'
import { readSimulated } from '../../local/policies/file-policies.ts'
import { runningClient } from '../client.ts'
import type { Where } from '../output.ts'
import { withInstallation } from './in-aws.ts'

/**
 * What the policy calls lanes that were renamed: the one of the product that runs on the folder, or that is deployed; else the
 * config's. Nothing where it cannot be read: lanes then have the names that they always had.
 */
export const calledIn = ({ aws, config, data }: Where): Promise<Called> => {
  const asked = async (): Promise<Called> => {
    if (aws !== undefined)
      return withInstallation({ aws, config }, async ({ policies }) => calledBy(await policies.load()))
    const client = runningClient(data)
    if (client === null) return calledBy(parsePolicy(await readSimulated(config)))
    return ((await client.get('/api/called')) as { called?: Called }).called ?? {}
  }
  return asked().catch(() => ({}))
}

/** What the product calls them that runs on a folder. */
export const calledOn = (data: string): Promise<Called> => calledIn({ data, config: 'signalbox.config.ts' })
