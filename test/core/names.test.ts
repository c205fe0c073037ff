import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  generationName,
  generationOf,
  label,
  laneLabel,
  laneLabels,
  laneName,
  runName,
  runOnceName,
} from '../../core/names.ts'

fc.configureGlobal({ seed: 20261124 })

const identity = { installation: 'signalbox', cluster: 'ml-prod' }
const lane = 'train/support-chats'
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/

describe('the name of a lane', () => {
  it('is readable, and unique by its hash', () => {
    expect(laneName(identity, lane)).toMatch(/^train-support-chats-[0-9a-f]{8}$/)
    expect(laneName(identity, 'train/support.chats')).not.toBe(laneName(identity, lane))
  })

  it('never meets that of another installation or another cluster', () => {
    const names = [identity, { ...identity, installation: 'other' }, { ...identity, cluster: 'other' }].map((who) =>
      laneName(who, lane),
    )
    expect(new Set(names).size).toBe(3)
  })

  it('has one name for each lane, whatever it is called', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        fc.pre(a !== b)
        expect(laneName(identity, a)).not.toBe(laneName(identity, b))
      }),
    )
  })
})

describe('every name of ours', () => {
  const anyRun = fc.record({
    lane: fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constant('serve/'),
      fc.constant(`serve/${'x'.repeat(300)}`),
    ),
    generation: fc.integer({ min: 1, max: 99_999 }),
    attempt: fc.integer({ min: 1, max: 999 }),
  })

  it('is a DNS label that Kubernetes accepts, whatever the lane is called', () => {
    fc.assert(
      fc.property(anyRun, fc.constantFrom('train', 'evaluate', 'gate', 'a-step-with-a-very-long-name'), (run, step) => {
        for (const name of [
          laneName(identity, run.lane),
          runName(identity, run),
          runOnceName(identity, run, step),
          generationName(identity, run.lane, run.generation),
        ]) {
          expect(name).toMatch(DNS_LABEL)
          expect(name.length).toBeLessThanOrEqual(63)
        }
      }),
    )
  })

  it('tells generation, attempt and step apart', () => {
    const run = { lane, generation: 3, attempt: 2 }
    expect(runName(identity, run)).toBe(`${laneName(identity, lane)}-g3a2`)
    expect(runOnceName(identity, run, 'train')).toBe(`${laneName(identity, lane)}-g3a2-train`)
    expect(generationName(identity, lane, 3)).toBe(`${laneName(identity, lane)}-g3`)
  })

  it('keeps the short names of our steps whole, so that two Jobs of a run never share a name', () => {
    const longest = { lane: `train/${'x'.repeat(60)}`, generation: 99_999, attempt: 999 }
    expect(runOnceName(identity, longest, 'train')).toMatch(/-g99999a999-train$/)
    expect(runOnceName(identity, longest, 'evaluate')).toMatch(/-g99999a999-evaluate$/)
  })
})

describe('labels', () => {
  it('carry our prefix', () => {
    expect(label('lane')).toBe('signalbox.dev/lane')
  })

  it('find everything of a lane by values that Kubernetes accepts', () => {
    expect(laneLabel(lane)).toBe('train.support-chats')
    expect(laneLabels(identity, lane)).toEqual({
      'signalbox.dev/installation': 'signalbox',
      'signalbox.dev/lane': 'train.support-chats',
    })
  })

  it('say the generation of an object, and 0 when it has none that can be read', () => {
    expect(generationOf({ [label('generation')]: '12' })).toBe(12)
    expect(generationOf({})).toBe(0)
    expect(generationOf({ [label('generation')]: 'twelve' })).toBe(0)
  })
})
