import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { capacityWarned } from '../../events/capacity-warned.ts'
import { matches } from '../../local/bus/match-pattern.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('capacity-warned')
const read = (name: string) => {
  const parsed = capacityWarned.parse(samples.find((sample) => sample.name === name)?.event)
  return parsed.ok ? parsed.event : parsed
}

describe('what EC2 warns of', () => {
  it.each(samples)('$name is what its sample says', ({ event, expect: expected }) => {
    const parsed = capacityWarned.parse(event)
    expect(parsed.ok ? 'accepted' : { refused: parsed.reason }).toEqual(expected)
  })

  it('is one instance, or a block with its end, by either of its names', () => {
    const one = { instance: 'i-0b662ef9931388ba0', reservation: null, until: null }
    expect(read('base')).toMatchObject({ warns: 'interruption', ...one, replayed: false })
    expect(read('reservation-interrupted')).toMatchObject({ warns: 'interruption', ...one })
    expect(read('rebalance')).toMatchObject({ warns: 'rebalance', ...one })
    const block = { instance: null, reservation: 'cr-56fac701cc1951b03', until: Date.parse('2026-11-24T10:10:00Z') }
    for (const name of ['block-ends', 'block-reservation-ends'])
      expect(read(name)).toMatchObject({ warns: 'block-ends', ...block })
    expect(read('replayed')).toMatchObject({ replayed: true })
  })

  it('wakes our door, and neither what instances do by themselves nor a block that begins does', () => {
    const { via } = capacityWarned
    const selected = (event: unknown) => 'bus' in via && matches(via.pattern, event as object)
    for (const { event, expect: expected } of samples)
      expect(selected(event)).toBe(
        expected === 'accepted' || (typeof expected === 'object' && expected.refused !== 'not-this-event'),
      )
    expect(selected({ source: 'aws.ec2', 'detail-type': 'Capacity Block Delivered', detail: {} })).toBe(false)
  })

  it('any JSON is an event or a refusal', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void expect(capacityWarned.parse(value)).toHaveProperty('ok')))
  })
})
