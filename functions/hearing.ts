import type { BudgetCrossed, Contract } from '../events/contract.ts'
import { type HeardOf, hearNotice } from '../flows/notices.ts'
import type { Ports } from '../flows/ports.ts'
import { refuseInput } from '../flows/refuse.ts'
import { AWS, type AwsRight, ROWS } from './rights.ts'

/** What a notice became at its door. */
export type Hearing = HeardOf | { kind: 'refused'; reason: string; detail: string }

/** Doors of notices do this: parse, refuse with a reason, or write down and tell. No lane is woken, and nothing is wanted of any. */
export const hearing =
  (contract: Contract<BudgetCrossed>) =>
  (ports: Pick<Ports, (typeof HEAR_PORTS)[number]>) =>
  async (input: unknown): Promise<Hearing> => {
    const parsed = contract.parse(input)
    if (parsed.ok) return hearNotice(ports, parsed.event)
    await refuseInput(ports, { source: contract.name, reason: parsed.reason, detail: parsed.detail })
    return { kind: 'refused', reason: parsed.reason, detail: parsed.detail }
  }

/** The ports that hearing needs. */
export const HEAR_PORTS = ['ledger', 'queue', 'policies', 'clock'] as const

/** What hearing asks of AWS. */
export const HEAR_AWS: readonly AwsRight[] = [...ROWS.notices, ...AWS.queue, ...AWS.policies]
