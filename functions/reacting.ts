import type { Contract, IntendingEvent } from '../events/contract.ts'
import { type LetterPorts, leaveLook } from '../flows/letters.ts'
import type { Ports } from '../flows/ports.ts'
import { refuseInput } from '../flows/refuse.ts'
import { CATALOGUES } from './door.ts'
import { AWS, type AwsRight, ROWS } from './rights.ts'
import { unique } from './unique.ts'

/** What an event from a bus became at its door: a letter, nothing since no rule is about it, or no event at all. */
export type Answer =
  | { kind: 'left'; lane: string; letter: string }
  | { kind: 'not-configured'; detail: string }
  | { kind: 'refused'; reason: string; detail: string }

/** Every bus door does this: parse, refuse with a reason, or leave a letter. */
export const reacting =
  <E extends IntendingEvent>(contract: Contract<E>) =>
  (ports: LetterPorts & Pick<Ports, 'policies'>) =>
  async (input: unknown): Promise<Answer> => {
    const parsed = contract.parse(input)
    if (parsed.ok)
      return leaveLook(ports, parsed.event, { reactions: CATALOGUES.reactions, unique: unique(), from: 'door' })
    await refuseInput(ports, { source: contract.name, reason: parsed.reason, detail: parsed.detail })
    return { kind: 'refused', reason: parsed.reason, detail: parsed.detail }
  }

/** The ports that reacting needs: no cluster, no registry. */
export const REACT_PORTS = ['ledger', 'queue', 'policies', 'clock'] as const

/** What reacting asks of AWS. */
export const REACT_AWS: readonly AwsRight[] = [...ROWS.looks, ...AWS.queue, ...AWS.policies]
