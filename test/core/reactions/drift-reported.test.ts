import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { openEpisodes } from '../../../core/episodes.ts'
import { emptyDocument, type LaneDocument } from '../../../core/lane/document.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { DriftFacts } from '../../../core/reactions/drift-detected.ts'
import { onDriftReported, type ReportFacts } from '../../../core/reactions/drift-reported.ts'
import type { DriftReported } from '../../../events/contract.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'
import { desired, NOW } from '../training-fixture.ts'

const HOUR = 3_600_000
const reports = { bucket: 'acme-datasets', prefix: 'monitors/support-llama/' }
const configOf = (drift: object, other?: object) => ({
  ...example,
  services: {
    ...example.services,
    'support-llama': { ...example.services?.['support-llama'], drift },
    ...(other === undefined ? {} : { 'code-llama': { ...example.services?.['code-llama'], drift: other } }),
  },
  pipelines: { 'support-chats': { ...piped(), on: { ...piped().on, drift: { service: 'support-llama' } } } },
})
const policy = parsePolicy(configOf({ reports, windows: 3, coolDown: '1h' }))
const eventAt = (key: string): DriftReported => ({
  ...{ type: 'drift-reported', id: 'i', at: NOW, bucket: 'acme-datasets', key, replayed: false },
})
const event = eventAt('monitors/support-llama/w1/drift.json')
const rule = onDriftReported.ruleOf(event, policy)!
const done: LaneDocument = {
  ...emptyDocument(policy, rule.lane),
  ...{ desired, generation: 1, attempt: 1, since: NOW - 20 * HOUR },
  outcome: {
    ...{ kind: 'succeeded', reason: null, detail: '', generation: 1, attempt: 1, at: NOW - 10 * HOUR },
    ...{ against: null, stages: [] },
  },
}
const dataset: DriftFacts = {
  ...{ kind: 'manifest' as const, sha256: desired.version, lastModified: NOW - HOUR, etag: 'e', objects: 1, bytes: 3 },
  ...{ requester: null, missing: [], missingCount: 0 },
}
const saying = (kind: 'drifts' | 'steady', at: number): ReportFacts => ({
  ...{ kind: 'report', lastModified: at, sha256: `of ${at}`, dataset },
  verdict: { kind, text: 'share 0.6' },
})
/** What reports come to, one after the other: `d` drifts, `s` is steady, at these hours. */
const told = (story: readonly ['d' | 's', number][]) => {
  let doc = done
  return story.map(([says, hour]) => {
    const facts = saying(says === 'd' ? 'drifts' : 'steady', NOW + hour * HOUR)
    const decision = onDriftReported.decide(event, facts, { policy, rule, doc, now: NOW + hour * HOUR })
    doc = { ...doc, ...(decision.episodes === undefined ? {} : { episodes: decision.episodes }) }
    return decision.kind === 'intend' ? 'intend' : decision.kind === 'wait' ? 'wait' : decision.reason
  })
}

it('a window that counts forgets nothing of how often in a row runs for its monitor came to nothing', () => {
  const after = (doc: LaneDocument, kind: 'drifts' | 'steady', hour: number) => {
    const at = NOW + hour * HOUR
    const { episodes = {} } = onDriftReported.decide(event, saying(kind, at), { policy, rule, doc, now: at })
    return { ...doc, episodes }
  }
  const first = after(done, 'drifts', 0)
  const [[place, episode] = ['', undefined]] = Object.entries(first.episodes)
  const back = { times: 2, at: NOW }
  const over = { ...first, episodes: { [place]: { ...episode, back, over: NOW } as never } }
  expect(Object.values(after(over, 'drifts', 1).episodes)).toEqual([expect.objectContaining({ back, windows: 1 })])
})

describe('whose a report is', () => {
  it('is the service’s under whose prefix it lies, the longest first', () => {
    const inner = { bucket: 'acme-datasets', prefix: 'monitors/support-llama/code/' }
    const both = parsePolicy(configOf({ reports }, { reports: inner }))
    const laneOf = (key: string) => onDriftReported.ruleOf(eventAt(key), both)?.lane
    expect(laneOf('monitors/support-llama/w/drift.json')).toBe('pipeline/support-chats')
    expect(laneOf('monitors/support-llama/code/w/drift.json')).toBe('service/code-llama')
    expect(laneOf('elsewhere/drift.json')).toBeUndefined()
  })

  it('is refused on paper where it is two services’, in a bucket that nobody hears of, or nothing says what drift is', () => {
    expect(() => parsePolicy(configOf({ reports }, { reports }))).toThrow('has the same bucket and prefix')
    expect(() => parsePolicy(configOf({ reports: { ...reports, bucket: 'another' } }))).toThrow('use acme-datasets')
    expect(() => parsePolicy(configOf({}))).toThrow('give it `alerts`, or `reports`')
  })
})

describe('windows in a row', () => {
  it('begin something once they are enough, and one that is steady begins anew', () => {
    expect(
      told([
        ['d', 1],
        ['d', 2],
        ['d', 3],
      ]),
    ).toEqual(['drift-counted', 'drift-counted', 'intend'])
    expect(
      told([
        ['d', 1],
        ['d', 2],
        ['s', 3],
        ['d', 4],
        ['d', 5],
      ]),
    ).toEqual([...['drift-counted', 'drift-counted', 'drift-over', 'drift-counted', 'drift-counted']])
  })

  it('count once each, whatever is told again, and not at all where a later one was read', () => {
    expect(
      told([
        ['d', 1],
        ['d', 1],
        ['d', 1],
      ]),
    ).toEqual(['drift-counted', 'drift-counted', 'drift-counted'])
    expect(
      told([
        ['d', 2],
        ['d', 1],
        ['d', 3],
        ['d', 4],
      ]),
    ).toEqual([...['drift-counted', 'older-than-current', 'drift-counted', 'intend']])
  })

  it('of one window count once, however often its report is written, and one from before the last counts for nothing', () => {
    let doc = done
    const reported = (key: string, hour: number, says: 'drifts' | 'steady' = 'drifts', sha256 = 'same') => {
      const of = eventAt(`monitors/support-llama/${key}/drift.json`)
      const facts = { ...saying(says, NOW + hour * HOUR), sha256 } as ReportFacts
      const decision = onDriftReported.decide(of, facts, { policy, rule, doc, now: NOW + hour * HOUR })
      doc = { ...doc, ...(decision.episodes === undefined ? {} : { episodes: decision.episodes }) }
      return decision.kind === 'ignore'
        ? (decision.detail.match(/for (\d) window/)?.[1] ?? decision.reason)
        : decision.kind
    }
    const day = (ago: number) => new Date(NOW - ago * 24 * HOUR).toISOString().slice(0, 10)
    expect([reported(day(2), 1), reported(day(2), 2), reported(day(2), 3, 'drifts', 'anew')]).toEqual(['1', '1', '1'])
    expect([reported(day(30), 4), reported(day(30), 5, 'steady')]).toEqual(['older-than-current', 'older-than-current'])
    expect([reported(day(1), 6), reported(day(0), 7)]).toEqual(['2', 'intend'])
    doc = done
    expect([reported('w', 1), reported('w', 2), reported('w', 3, 'drifts', 'other')]).toEqual(['1', '1', '2'])
    doc = done
    expect([reported(day(1), 1), reported(day(1), 2, 'steady'), reported(day(1), 3)]).toEqual(['1', 'drift-over', '1'])
    // What is written over in a folder that a model is dated by, each day: it is known to be once it is for longer than a window is reported again.
    doc = done
    const model = `llama-${day(20)}`
    const first = [1, 2, 26, 50, 74].map((hour) => reported(model, hour, 'drifts', `of ${hour}`))
    expect(first).toEqual(['1', '1', '1', '1', '1'])
    expect([reported(model, 98, 'drifts', 'a'), reported(model, 99, 'drifts', 'a')]).toEqual(['2', '2'])
    expect(reported(model, 122, 'drifts', 'b')).toBe('intend')
    // Rolled back to a model of before: where the one since is not known to be one yet, its date may be a window's, and that is deaf for so long.
    doc = done
    for (const hour of [1, 122]) reported(model, hour, 'drifts', `of ${hour}`)
    expect(reported(`llama-${day(40)}`, 146, 'drifts', 'c')).toBe('intend')
    doc = done
    expect([reported(model, 1), reported(`llama-${day(40)}`, 49, 'drifts', 'c')]).toEqual(['1', 'older-than-current'])
    expect(reported(`llama-${day(40)}`, 9 * 24, 'drifts', 'c')).toBe('2')
    // A fresh model's date is taken for a window's: what serves after a roll back is deaf for so long, and no longer.
    doc = done
    expect([reported(day(0), 1), reported(day(40), 2, 'drifts', 'd')]).toEqual(['1', 'older-than-current'])
    expect(reported(day(40), 9 * 24, 'drifts', 'e')).toBe('2')
  })

  it.each([
    ['a week', 7],
    ['two weeks', 14],
    ['a month', 30],
  ])('of %s that is dated by its beginning count once each, written again hours and days later', (_, days) => {
    let doc = done
    const reported = (begin: number, hour: number, says: 'drifts' | 'steady' = 'drifts') => {
      const key = new Date(NOW + begin * 24 * HOUR).toISOString().slice(0, 10)
      const facts = saying(says, NOW + hour * HOUR)
      const of = eventAt(`monitors/support-llama/${key}/drift.json`)
      const decision = onDriftReported.decide(of, facts, { policy, rule, doc, now: NOW + hour * HOUR })
      doc = { ...doc, ...(decision.episodes === undefined ? {} : { episodes: decision.episodes }) }
      return decision.kind === 'ignore' ? decision.detail.match(/for (\d) window/)?.[1] : decision.kind
    }
    expect([1, 2, 49, 73].map((hour) => reported(-days, hour))).toEqual(['1', '1', '1', '1'])
    const next = days * 24
    expect([1, 2, 49].map((hour) => reported(0, next + hour))).toEqual(['2', '2', '2'])
    expect(reported(days, 2 * next + 1)).toBe('intend')
    // One from before the last counts for nothing, be that sound or not.
    doc = done
    expect([reported(-days, 1), reported(0, next + 1, 'steady')]).toEqual(['1', undefined])
    expect([reported(-days, next + 25), reported(days, 2 * next + 1)]).toEqual([undefined, '1'])
    doc = done
    expect([reported(-days, 1), reported(-2 * days, 25, 'steady'), reported(0, next + 1)]).toEqual([
      '1',
      undefined,
      '2',
    ])
  })

  it('go on as one episode', () => {
    let doc = done
    const wanted = [1, 2, 3, 4].map((hour) => {
      const facts = saying('drifts', NOW + hour * HOUR)
      const decision = onDriftReported.decide(event, facts, { policy, rule, doc, now: NOW + hour * HOUR })
      expect(openEpisodes(decision.episodes ?? {})).toEqual([])
      doc = {
        ...doc,
        ...(decision.episodes === undefined ? {} : { episodes: decision.episodes }),
        ...(decision.kind === 'intend' ? { desired: decision.intent.desired, outcome: null } : {}),
      }
      return decision.kind === 'intend' ? (decision.intent.desired as TrainDesired).drift : null
    })
    expect(wanted.slice(0, 2)).toEqual([null, null])
    expect(wanted[2]).toMatchObject({ alert: 's3://acme-datasets/monitors/support-llama/', since: NOW + HOUR })
    expect(wanted[3]).toEqual(wanted[2])
  })
})

it.each<[string, ReportFacts, string]>([
  ['is gone', { kind: 'gone' }, 'source-gone'],
  ['is none', { ...saying('drifts', NOW), verdict: { kind: 'bad', detail: 'NaN' } } as ReportFacts, 'bad-report'],
])('a report that %s counts for nothing', (_, facts, reason) => {
  const decision = onDriftReported.decide(event, facts, { policy, rule, doc: done, now: NOW })
  expect(decision).toMatchObject({ kind: 'ignore', reason })
  expect(decision).not.toHaveProperty('episodes')
})
