import type { Contract } from '../events/contract.ts'
import { type Became, type Intending, type ReactPorts, react } from '../flows/react.ts'
import { refuseInput } from '../flows/refuse.ts'
import { AWS, type AwsRight } from './rights.ts'

/** What an event from a bus became, also when it was none. */
export type Answer = Became | { kind: 'refused'; lane: null; reason: string; detail: string }

/** Every bus door that intends does this: parse, refuse with a reason, or react. */
export const reacting =
  <E extends Intending>(contract: Contract<E>) =>
  (ports: ReactPorts) =>
  async (input: unknown): Promise<Answer> => {
    const parsed = contract.parse(input)
    if (parsed.ok) return react(ports, parsed.event)
    await refuseInput(ports, { source: contract.name, reason: parsed.reason, detail: parsed.detail })
    return { kind: 'refused', lane: null, reason: parsed.reason, detail: parsed.detail }
  }

/** The ports that reacting needs. */
export const REACT_PORTS = ['ledger', 'objects', 'registry', 'cluster', 'policies', 'workflow', 'clock'] as const

/** What reacting asks of AWS. */
export const REACT_AWS: readonly AwsRight[] = [
  ...AWS.ledger,
  ...AWS.policies,
  ...AWS.datasets,
  ...AWS.registry,
  ...AWS.workflow,
]
