import { capacityWarned } from '../events/capacity-warned.ts'
import type { LetterPorts } from '../flows/letters.ts'
import { refuseInput } from '../flows/refuse.ts'
import { leaveWarnings } from '../flows/warnings.ts'
import { defineDoor } from './door.ts'
import type { Answer } from './reacting.ts'
import { AWS, ROWS } from './rights.ts'

/** EC2 takes capacity back. It hears of every instance of the account, by rules of its own: Karpenter's queue is Karpenter's. */
export const door = defineDoor({
  name: 'capacity-warned',
  trigger: { kind: 'bus', contract: capacityWarned },
  ports: ['ledger', 'queue', 'clock'],
  kubernetes: [],
  aws: [...ROWS.looks, ...ROWS.warnings, ...AWS.queue],
  handler: (ports) => (input: unknown) => warn(ports, input),
})

const warn = async (ports: LetterPorts, input: unknown): Promise<Answer> => {
  const parsed = capacityWarned.parse(input)
  if (!parsed.ok) {
    await refuseInput(ports, { source: capacityWarned.name, reason: parsed.reason, detail: parsed.detail })
    return { kind: 'refused', reason: parsed.reason, detail: parsed.detail }
  }
  const { event } = parsed
  // What is replayed is over.
  const [first] = event.replayed ? [] : await leaveWarnings(ports, event)
  return first === undefined
    ? { kind: 'not-configured', detail: `nothing of ours is on ${event.instance ?? event.reservation}` }
    : { kind: 'left', ...first }
}
