import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hear } from '../../core/episodes.ts'
import { alarmChanged } from '../../events/alarm-changed.ts'
import type { DriftDetected } from '../../events/contract.ts'
import { samplesOf } from './samples.ts'

const samples = samplesOf('alarm-changed')
const eventOf = (name: string): DriftDetected => {
  const parsed = alarmChanged.parse(samples.find((sample) => sample.name === name)?.event)
  if (!parsed.ok) throw new Error(parsed.detail)
  return parsed.event
}

describe('CloudWatch’s alarms', () => {
  it.each(samples)('$name is what its sample says', ({ event, expect: expected }) => {
    const parsed = alarmChanged.parse(event)
    expect(parsed.ok ? 'accepted' : { refused: parsed.reason }).toEqual(expected)
  })

  it('say since when, with an offset that has no colon, and of what by their dimensions', () => {
    expect(eventOf('base')).toMatchObject({
      type: 'drift-detected',
      alert: 'support-llama-drift',
      state: 'firing',
      since: Date.parse('2026-11-24T09:30:40.985Z'),
      labels: { model: 'support-llama' },
      text: expect.stringContaining('2 out of the last 3 datapoints'),
    })
  })

  it('go on through a gap in their data, and are over once they are OK, whatever was before that', () => {
    const first = hear(undefined, eventOf('base'), {})
    if (first.kind !== 'fires') throw new Error(first.kind)
    const { episode } = first
    const later = { ...eventOf('after-a-gap'), since: episode.since + 9, at: episode.since + 9 }
    expect(hear(episode, later, {})).toEqual({ kind: 'fires', episode })
    expect(hear(undefined, later, {})).toMatchObject({ kind: 'fires', episode: { since: later.since } })
    const over = hear(episode, eventOf('ok'), {})
    expect(over).toMatchObject({ kind: 'over', episode: { since: episode.since, over: eventOf('ok').at } })
    // In alarm anew after it was OK is another episode, be that after a gap.
    if (over.kind !== 'over') throw new Error(over.kind)
    expect(hear(over.episode, { ...later, since: eventOf('ok').at + 5 }, {})).toMatchObject({ kind: 'fires' })
  })

  it('any JSON is an event or a refusal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(alarmChanged.parse(value)).toHaveProperty('ok')
      }),
    )
  })
})
