import * as z from 'zod/mini'
import type { CapacityWarned, Contract, Parsed } from './contract.ts'
import { envelope, millisecondsOf, NAME, parseWith, refusal, short } from './input.ts'

const INTERRUPTED = 'EC2 Spot Instance Interruption Warning'
const RESERVATION_INTERRUPTED = 'EC2 Capacity Reservation Instance Interruption Warning'
const REBALANCE = 'EC2 Instance Rebalance Recommendation'
/** Its documentation calls it by two names. */
const BLOCK_ENDS = ['Capacity Block Expiration', 'Capacity Block Reservation Expiration'] as const

const shape = z.extend(envelope, {
  detail: z.object({
    'instance-id': z.optional(z.string().check(z.regex(/^i-[0-9a-f]{8,17}$/))),
    'instance-action': z.optional(short(NAME)),
    'capacity-reservation-id': z.optional(z.string().check(z.regex(/^cr-[0-9a-z]{1,40}$/))),
    'end-date': z.optional(short(64)),
  }),
})

/** EC2 takes an instance back, may soon, or ends all of a capacity block. It tells of every instance of the account. */
export const capacityWarned: Contract<CapacityWarned> = {
  name: 'capacity-warned',
  summary: 'EC2 takes an instance back, may soon, or a capacity block ends',
  via: {
    bus: 'default',
    pattern: {
      source: ['aws.ec2'],
      'detail-type': [INTERRUPTED, RESERVATION_INTERRUPTED, REBALANCE, ...BLOCK_ENDS.map((prefix) => ({ prefix }))],
    },
  },
  parse: (input) => {
    const parsed = parseWith(shape, input)
    return parsed.ok ? toEvent(parsed.event) : parsed
  },
}

const warningOf = (type: string): CapacityWarned['warns'] | null => {
  if (type === INTERRUPTED || type === RESERVATION_INTERRUPTED) return 'interruption'
  if (type === REBALANCE) return 'rebalance'
  return BLOCK_ENDS.some((begins) => type.startsWith(begins)) ? 'block-ends' : null
}

const toEvent = (event: z.output<typeof shape>): Parsed<CapacityWarned> => {
  const { source, 'detail-type': type, detail } = event
  const warns = warningOf(type)
  if (source !== 'aws.ec2' || warns === null)
    return refusal('not-this-event', `source ${source}, detail-type ${type}: expected a warning of aws.ec2`)
  const at = millisecondsOf(event.time)
  if (at === null) return refusal('bad-field', `time: ${event.time} is no time`)
  const [instance, reservation] = [detail['instance-id'] ?? null, detail['capacity-reservation-id'] ?? null]
  if (warns === 'block-ends' ? reservation === null : instance === null)
    return refusal(
      'missing-field',
      `detail.${warns === 'block-ends' ? 'capacity-reservation-id' : 'instance-id'}: is missing`,
    )
  const until = millisecondsOf(detail['end-date'] ?? '')
  if (warns === 'block-ends' && until === null)
    return refusal('bad-field', `detail.end-date: ${detail['end-date'] ?? 'nothing'} is no time`)
  return {
    ok: true,
    event: {
      ...{ type: 'capacity-warned', id: event.id, at, warns },
      ...(warns === 'block-ends'
        ? { instance: null, reservation, until }
        : { instance, reservation: null, until: null }),
      replayed: event['replay-name'] !== undefined,
    },
  }
}
