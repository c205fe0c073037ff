import type { ReactPorts } from '../../flows/react.ts'
import { clusterOf } from './cluster.ts'
import { objectsOf, policiesOf } from './policy.ts'
import { registryOf } from './registry.ts'
import { settingsOf } from './settings.ts'
import { clock, ledgerOf, secretsOf } from './state.ts'
import { workflowOf } from './workflow.ts'

/** The ports of a door that reacts. */
export const reactPorts = async (): Promise<ReactPorts> => {
  const settings = settingsOf()
  const objects = objectsOf()
  return {
    ledger: ledgerOf(settings),
    objects,
    registry: registryOf(settings, secretsOf(settings)),
    cluster: await clusterOf(settings),
    policies: policiesOf(settings, objects),
    workflow: workflowOf(settings),
    clock,
  }
}
