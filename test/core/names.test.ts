import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  generationName,
  generationOf,
  isPodOfJob,
  label,
  laneLabel,
  laneLabels,
  mintName,
  RUN_NAME,
  runName,
  runOfJob,
  runOfName,
  runOnceName,
  SERVED_NAME,
} from '../../core/names.ts'
import { anyText } from '../any-text.ts'

const place = { installation: 'signalbox', cluster: 'ml-prod' }
/** A lane's name was minted once and is kept. */
const identityOf = (lane: string) => ({
  installation: place.installation,
  ledger: 'feedfacecafe',
  name: mintName(place, lane),
})
const lane = 'pipeline/support-chats'
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/

describe('the name of a lane', () => {
  it('is readable, and unique by its hash', () => {
    expect(mintName(place, lane)).toMatch(/^pipeline-support-chats-[0-9a-f]{8}$/)
    expect(mintName(place, 'pipeline/support.chats')).not.toBe(mintName(place, lane))
  })

  it('never meets that of another ledger, wherever that acts', () => {
    const [one, other] = ['feedfacecafe', 'cafefeedface'].map((ledger) => mintName({ ...place, ledger }, lane))
    expect(one).not.toBe(other)
    expect(mintName({ installation: 'renamed', cluster: 'moved', ledger: 'feedfacecafe' }, lane)).toBe(one)
  })

  it('on paper never meets that of another installation or another cluster', () => {
    const names = [place, { ...place, installation: 'other' }, { ...place, cluster: 'other' }].map((who) =>
      mintName(who, lane),
    )
    expect(new Set(names).size).toBe(3)
  })

  it('has one name for each lane, whatever it is called', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        fc.pre(a !== b)
        expect(mintName(place, a)).not.toBe(mintName(place, b))
      }),
    )
  })
})

describe('every name of ours', () => {
  const anyRun = fc.record({
    lane: fc.oneof(fc.string(), anyText(), fc.constant('service/'), fc.constant(`service/${'x'.repeat(300)}`)),
    generation: fc.integer({ min: 1, max: 99_999 }),
    attempt: fc.integer({ min: 1, max: 999 }),
  })

  it('is a DNS label that Kubernetes accepts, whatever the lane is called', () => {
    fc.assert(
      fc.property(anyRun, fc.constantFrom('train', 'evaluate', 'gate', 'a-step-with-a-very-long-name'), (run, step) => {
        const identity = identityOf(run.lane)
        for (const name of [
          identity.name,
          runName(identity, run),
          runOnceName(identity, run, step),
          generationName(identity, run.generation),
        ]) {
          expect(name).toMatch(DNS_LABEL)
          expect(name.length).toBeLessThanOrEqual(63)
        }
      }),
    )
  })

  it('is known by what it looks like: of what serves, and of what a run makes', () => {
    const [served, made] = [new RegExp(`^${SERVED_NAME}$`), new RegExp(`^${RUN_NAME}`)]
    fc.assert(
      fc.property(anyText(), anyRun, fc.string({ minLength: 1 }), (service, run, stage) => {
        const identity = identityOf(`service/${service}`)
        for (const name of [identity.name, generationName(identity, run.generation)]) expect(name).toMatch(served)
        for (const one of [identity, identityOf('pipeline/chats')]) {
          const job = runOnceName(one, run, stage.toLowerCase().replace(/[^a-z0-9]+/g, '-'))
          expect(job).toMatch(made)
          expect(job).not.toMatch(served)
        }
      }),
    )
    for (const theirs of ['service', 'service-a', 'services-0123abcd', 'service-0123abcd-g', 'a-service-0123abcd'])
      expect(theirs).not.toMatch(served)
  })

  it('tells generation, attempt and step apart', () => {
    const run = { lane, generation: 3, attempt: 2 }
    const identity = identityOf(lane)
    expect(runName(identity, run)).toBe(`${mintName(place, lane)}-g3a2`)
    expect(runOnceName(identity, run, 'train')).toBe(`${mintName(place, lane)}-g3a2-train`)
    expect(generationName(identity, 3)).toBe(`${mintName(place, lane)}-g3`)
  })

  it('leads back to the lane’s name and the attempt, whatever the lane is called', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const identity = identityOf(run.lane)
        const { generation, attempt } = run
        expect(runOfName(runName(identity, run))).toEqual({ name: identity.name, generation, attempt })
        expect(runOfName(identity.name)).toBeNull()
      }),
    )
  })

  it('keeps the short names of our steps whole, so that two Jobs of a run never share a name', () => {
    const longest = { lane: `pipeline/${'x'.repeat(60)}`, generation: 99_999, attempt: 999 }
    const identity = identityOf(longest.lane)
    expect(runOnceName(identity, longest, 'train')).toMatch(/-g99999a999-train$/)
    expect(runOnceName(identity, { ...longest, attempt: 9 }, 'evaluate')).toMatch(/-g99999a9-evaluate$/)
    expect(runOnceName(identity, longest, 'evaluate')).toMatch(/^pipeline-x{21}-[0-9a-f]{8}-[0-9a-z]+-[0-9a-f]{8}$/)
  })

  it('names of Jobs leave Kubernetes room for those of their pods, and no two steps of a run share one', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const identity = identityOf(run.lane)
        const steps = ['tokenize-the-english-part-of-it', 'tokenize-the-english-part-of-us', 'train']
        const names = steps.map((step) => runOnceName(identity, run, step))
        expect(new Set(names).size).toBe(3)
        for (const name of names) expect(name.length).toBeLessThanOrEqual(57)
      }),
    )
  })

  it('a pod of a Job has its whole name and five characters more: nothing else is one', () => {
    expect(isPodOfJob('a-g1a1-train-x7k2p', 'a-g1a1-train')).toBe(true)
    // Of several nodes each says which it is.
    expect(isPodOfJob('a-g1a1-train-0-x7k2p', 'a-g1a1-train')).toBe(true)
    expect(isPodOfJob('a-g1a1-train-63-x7k2p', 'a-g1a1-train')).toBe(true)
    expect(isPodOfJob('a-g1a1-train--x7k2p', 'a-g1a1-train')).toBe(false)
    expect(isPodOfJob('a-g1a1-train-x7k2p-x7k2p', 'a-g1a1-train')).toBe(false)
    for (const other of [
      'a-g1a1-train',
      'a-g1a1-train-',
      'a-g1a1-train-x7k2',
      'a-g1a1-train-x7k2pq',
      'a-g1a1-trainx7k2p',
    ])
      expect(isPodOfJob(other, 'a-g1a1-train')).toBe(false)
    for (const other of ['a-g1a1-train-X7K2P', 'a-g1a1-train-x7/2p', 'a-g1a1-train-x7k2p-b2b2b', 'b-g1a1-train-x7k2p'])
      expect(isPodOfJob(other, 'a-g1a1-train')).toBe(false)
  })
})

describe('labels', () => {
  it('carry our prefix', () => {
    expect(label('lane')).toBe('signalbox.dev/lane')
  })

  it('find everything of a lane by values that Kubernetes accepts', () => {
    expect(laneLabel(lane)).toBe('pipeline.support-chats')
    expect(laneLabels(place, lane)).toEqual({
      'signalbox.dev/installation': 'signalbox',
      'signalbox.dev/lane': 'pipeline.support-chats',
    })
  })

  it('say the generation of an object, and 0 when it has none that can be read', () => {
    expect(generationOf({ [label('generation')]: '12' })).toBe(12)
    expect(generationOf({})).toBe(0)
    expect(generationOf({ [label('generation')]: 'twelve' })).toBe(0)
  })
})

it('a Job’s name says which run it is of, whatever its stage is called', () => {
  const run = { generation: 12, attempt: 3 }
  for (const stage of ['train', 'eval-g6a2-b', 'g1a1']) {
    const identity = identityOf(lane)
    expect(runOfJob(runOnceName(identity, run, stage))).toEqual({ name: identity.name, ...run })
  }
  expect(runOfJob('nightly-backup')).toBeNull()
})
