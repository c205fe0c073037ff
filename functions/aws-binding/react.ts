import type { Ports } from '../../flows/ports.ts'
import { objectsOf, policiesOf } from './policy.ts'
import { queueOf } from './queue.ts'
import { settingsOf } from './settings.ts'
import { clock, ledgerOf } from './state.ts'

/** The ports of a door that leaves a letter, and of every other that needs the policy. */
export const reactPorts = (): Pick<Ports, 'ledger' | 'queue' | 'policies' | 'clock'> => {
  const settings = settingsOf()
  return {
    ledger: ledgerOf(settings),
    queue: queueOf(settings),
    policies: policiesOf(settings, objectsOf()),
    clock,
  }
}
