import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { alertPlace, lastTold } from '../../../core/episodes.ts'
import { emptyDocument, type LaneDocument } from '../../../core/lane/document.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { type DriftFacts, onDriftDetected } from '../../../core/reactions/drift-detected.ts'
import { wantedFor } from '../../../core/reactions/for-occasion.ts'
import type { Decision } from '../../../core/reactions/reaction.ts'
import type { DriftDetected } from '../../../events/contract.ts'
import example from '../../example.ts'
import { piped } from '../../variants.ts'
import { desired, NOW } from '../training-fixture.ts'

const HOUR = 3_600_000
const configOf = (drift: object, on: object = { drift: { service: 'support-llama' } }) => ({
  ...example,
  services: { ...example.services, 'support-llama': { ...example.services?.['support-llama'], drift } },
  pipelines: { 'support-chats': { ...piped(), on: { ...piped().on, ...on } } },
})
const alerts = [{ name: 'Drift', labels: { model: 'm' } }]
const policyOf = (...given: Parameters<typeof configOf>) => parsePolicy(configOf(...given))
const policy = policyOf({ alerts, coolDown: '6h' })

const alertOf = (over: Partial<DriftDetected> = {}): DriftDetected => ({
  ...{ type: 'drift-detected', id: 'i', at: NOW, alert: 'Drift', fingerprint: 'f', state: 'firing', since: NOW },
  ...{ labels: { model: 'm' }, text: 'score 0.62', replayed: false },
  ...over,
})
const facts: Extract<DriftFacts, { kind: 'manifest' }> = {
  ...{ kind: 'manifest', sha256: desired.version, lastModified: NOW - HOUR, etag: 'e', objects: 1, bytes: 3 },
  ...{ requester: null, missing: [], missingCount: 0 },
}
const rule = onDriftDetected.ruleOf(alertOf(), policy)!
const done = (over: Partial<LaneDocument> = {}): LaneDocument => ({
  ...emptyDocument(policy, rule.lane),
  ...{ desired, generation: 1, attempt: 1, since: NOW - 20 * HOUR },
  outcome: {
    kind: 'succeeded',
    reason: null,
    detail: '',
    generation: 1,
    attempt: 1,
    at: NOW - 10 * HOUR,
    against: null,
    stages: [],
  },
  ...over,
})
const decide = (event: Partial<DriftDetected> = {}, doc = done(), told: DriftFacts = facts, now = NOW): Decision =>
  onDriftDetected.decide(alertOf(event), told, { policy, rule, doc, now })

it('what fires since a time that is ahead of ours is believed for minutes, which clocks are apart, and no longer', () => {
  const minutes = (ahead: number) => decide({ since: NOW + ahead * 60_000, at: NOW + ahead * 60_000 })
  expect([minutes(9).kind, minutes(10).kind]).toEqual(['intend', 'intend'])
  expect(minutes(11)).toEqual({
    ...{ kind: 'ignore', reason: 'time-ahead' },
    detail: expect.stringMatching(/^Drift says that it fires since 20.*, and it is 20.* here: a clock is ahead$/),
  })
  // Nothing is written down of it: what is true is heard.
  const year = { since: NOW + 365 * 24 * HOUR }
  for (const state of ['firing', 'resolved'] as const) expect(decide({ ...year, state })).not.toHaveProperty('episodes')
})

describe('an alert of Prometheus, which can be asked whether it still fires', () => {
  const hex = { fingerprint: '3ef44b255f8ecf38' }
  const look = (over: Partial<DriftDetected>) => onDriftDetected.look(alertOf(over), { policy, rule, doc: done() }).kind
  const told = (still: 'fires' | 'over' | 'unknown', doc = done()): Decision =>
    decide(hex, doc, { kind: 'alert', still, dataset: facts })

  it('is asked where Alertmanager has told of it; what Grafana, CloudWatch and reports tell, and an end, is not', () => {
    expect(look(hex)).toBe('alert')
    expect(look({ ...hex, labels: { model: 'm', grafana_folder: 'ml' } })).toBe('manifest')
    expect(look({ fingerprint: 'arn:aws:cloudwatch:eu-central-1:111122223333:alarm:Drift' })).toBe('manifest')
    expect(look({ fingerprint: 'reports' })).toBe('manifest')
    expect(look({ ...hex, state: 'resolved' })).toBe('nowhere')
  })

  it('begins nothing where it is over, for good; begins as it was told where it fires, or nobody knows', () => {
    const over = told('over')
    expect(over).toMatchObject({
      kind: 'ignore',
      reason: 'drift-over',
      detail: expect.stringContaining('as Prometheus says'),
    })
    expect(over.episodes?.[alertPlace(alertOf(hex))]).toMatchObject({ since: NOW, over: NOW })
    expect(told('fires', done({ episodes: over.episodes! }))).toMatchObject({ kind: 'ignore', reason: 'drift-over' })
    for (const still of ['fires', 'unknown'] as const) expect(told(still)).toEqual(decide(hex))
    expect(told('fires').kind).toBe('intend')
  })
})

describe('which lane an alert is about', () => {
  it('is the pipeline that the drift of the service begins; the service, where none does; nobody’s with other labels', () => {
    expect(rule.lane).toBe('pipeline/support-chats')
    expect(onDriftDetected.ruleOf(alertOf(), policyOf({ alerts }, {}))?.lane).toBe('service/support-llama')
    expect(onDriftDetected.ruleOf(alertOf({ labels: {} }), policy)).toBeNull()
    expect(onDriftDetected.whyNoRule?.(alertOf({ labels: {} }), policy)).toContain('has not the labels')
    expect(onDriftDetected.whyNoRule?.(alertOf({ alert: 'Watchdog' }), policy)).toContain('no service names the alert')
  })

  it.each([
    [
      'a service that there is not',
      configOf({ alerts }, { drift: { service: 'support-lama' } }),
      'did you mean `support-llama`',
    ],
    [
      'a service without alerts',
      configOf({ alerts }, { drift: { service: 'code-llama' } }),
      'give it `drift` with `alerts`',
    ],
    [
      'two pipelines of one service',
      {
        ...configOf({ alerts }),
        pipelines: Object.fromEntries(
          ['a', 'b'].map((name) => [
            name,
            {
              ...piped(),
              on: { dataset: { bucket: 'acme-datasets', prefix: `${name}/` }, drift: { service: 'support-llama' } },
            },
          ]),
        ),
      },
      '`a` begins by the drift of `support-llama` already',
    ],
    [
      'an alert of two services',
      {
        ...configOf({ alerts }),
        services: {
          ...configOf({ alerts }).services,
          'code-llama': { ...example.services?.['code-llama'], drift: { alerts: [{ name: 'Drift' }] } },
        },
      },
      'give both a label in which they differ',
    ],
  ])('is refused on paper of %s', (_, config, why) => {
    expect(() => parsePolicy(config)).toThrow(why)
  })
})

describe('an alert that fires', () => {
  it('wants the newest dataset version once more: after that itself, and before the next one', () => {
    const decision = decide()
    if (decision.kind !== 'intend') throw new Error(decision.detail)
    const { order, desired: wanted } = decision.intent
    expect(wanted).toMatchObject({
      version: desired.version,
      requester: null,
      drift: { alert: 'Drift', fingerprint: 'f', since: NOW, labels: { model: 'm' }, again: 'succeeded' },
    })
    const dataset = `${new Date(NOW - HOUR).toISOString()} ${desired.key}`
    expect((order ?? '') > dataset && (order ?? '') < `${new Date(NOW).toISOString()} a`).toBe(true)
    expect(decision.episodes).toMatchObject({ [alertPlace(alertOf())]: { begun: true } })
  })

  it('on a version that was not run on to the end yet asks nobody for that', () => {
    const failed = done({ outcome: { ...done().outcome!, kind: 'failed', reason: 'exit-code' } })
    const decision = decide({}, failed)
    expect(decision.kind === 'intend' && (decision.intent.desired as TrainDesired).drift).not.toHaveProperty('again')
  })

  it('on a version that was trained on to the end asks, be that before others that did not', () => {
    const outcome = { ...done().outcome!, kind: 'failed', reason: 'exit-code' } as const
    const decision = decide({}, done({ outcome, endedWell: `train:support-chats:${desired.version}` }))
    expect(decision.kind === 'intend' && (decision.intent.desired as TrainDesired).drift?.again).toBe('succeeded')
  })

  it('before a run that ended well, but was told otherwise than the policy says, is no less than any other', () => {
    const hand = { kind: 'hand', id: 'r', at: NOW, by: 'ben', set: { train: { args: ['-x'] } } } as const
    const told = (occasion: object) => done({ desired: { ...desired, occasion } as TrainDesired })
    expect(decide({ since: NOW - 30 * HOUR }, told(hand)).kind).toBe('intend')
    expect(decide({ since: NOW - 30 * HOUR }, told({ ...hand, set: {} }))).toMatchObject({ reason: 'already-done' })
  })

  it.each<[string, Partial<DriftDetected>, LaneDocument, string]>([
    ['before a run that ended well', { since: NOW - 30 * HOUR }, done(), 'already-done'],
    ['where no dataset is known', {}, emptyDocument(policy, rule.lane), 'no-dataset'],
    ['out of an archive', { replayed: true }, done(), 'replayed'],
    ['and is resolved', { state: 'resolved' }, done(), 'drift-over'],
  ])('%s begins nothing', (_, event, doc, reason) => {
    expect(decide(event, doc)).toMatchObject({ kind: 'ignore', reason })
  })

  it.each<[string, DriftFacts]>([
    ['is gone', { kind: 'gone' }],
    ['cannot be read', { kind: 'bad', detail: 'no JSON' }],
    ['is not whole any more', { ...facts, missing: ['part-0'], missingCount: 1 } as DriftFacts],
  ])('begins nothing where the dataset %s, and says what to do', (_, told) => {
    expect(decide({}, done(), told)).toMatchObject({
      reason: 'no-dataset',
      detail: expect.stringContaining('upload a dataset'),
    })
  })

  it('waits for a run that is under way, and until that has cooled down', () => {
    const ended = NOW - HOUR
    const lately = done({ since: ended - HOUR, outcome: { ...done().outcome!, at: ended } })
    expect(decide({}, lately)).toMatchObject({
      kind: 'wait',
      reason: 'cooling-down',
      until: null,
      next: ended + 6 * HOUR,
    })
    expect(decide({}, done({ outcome: null }))).toMatchObject({
      kind: 'wait',
      detail: expect.stringContaining('had a run when that was looked at'),
    })
    // What was taken back before it began, or refused, has changed nothing.
    const untried = done({ since: ended, outcome: { ...done().outcome!, kind: 'superseded', at: ended } })
    expect(decide({}, untried).kind).toBe('intend')
  })

  it('cools down of no run that was never at work, beyond what the one before that left', () => {
    const at = (hours: number) => ({ ...done().outcome!, at: NOW - hours * HOUR })
    const [slot, once] = [
      { kind: 'schedule', slot: NOW, cron: '0 2 * * *', zone: 'UTC' },
      { ...at(1), untried: true },
    ] as const
    const slotOver = (before: LaneDocument, kind: 'expired' | 'rejected' | 'cancelled'): LaneDocument => {
      const decision = wantedFor(slot, { facts, detail: '', requester: null }, { policy, rule, doc: before })
      if (decision.kind !== 'intend') throw new Error(decision.detail)
      return { ...before, desired: decision.intent.desired, since: NOW - 2 * HOUR, outcome: { ...once, kind } }
    }
    for (const kind of ['expired', 'rejected', 'cancelled'] as const) {
      expect(decide({}, slotOver(done({ outcome: at(7) }), kind)).kind).toBe('intend')
      const lately = slotOver(slotOver(done({ outcome: at(4) }), kind), kind)
      expect(decide({}, lately)).toMatchObject({ reason: 'cooling-down', next: NOW + 2 * HOUR })
      // Of what was at work drift cools down, however that ended.
      const { untried: _, ...tried } = { ...once, kind }
      expect(decide({}, { ...lately, outcome: tried })).toMatchObject({ next: NOW + 5 * HOUR })
    }
  })

  it('of two alerts one run is for both once it has begun, and until then the second waits', () => {
    const wanted = { ...desired, drift: { alert: 'Drift', fingerprint: 'g', labels: {}, since: NOW - HOUR, text: '' } }
    const of = (over: Partial<LaneDocument>) =>
      decide({ since: NOW - HOUR }, done({ desired: wanted, since: NOW, ...over }))
    const run = (steps: object[]) => ({ generation: 1, attempt: 1, steps }) as unknown as LaneDocument['run']
    expect(of({ outcome: null, run: run([{ state: 'pending', by: null }]) }).kind).toBe('wait')
    expect(of({ outcome: null, run: run([{ state: 'running', by: 'i' }]) })).toMatchObject({ reason: 'already-done' })
    const ended = (kind: 'refused' | 'expired' | 'rejected' | 'failed', more: object = { untried: true }) =>
      of({ outcome: { ...done().outcome!, kind, ...more } })
    // What is refused may begin yet, and is told otherwise then.
    expect([ended('refused').kind, ended('expired').kind]).toEqual(['wait', 'intend'])
    expect(ended('rejected')).toMatchObject({ reason: 'already-done' })
    expect(ended('failed', {})).toMatchObject({ reason: 'already-done' })
  })

  it('is held up by no run that was told otherwise than the policy says, beyond what the one before that left', () => {
    const small = { kind: 'hand', id: 'r', at: NOW, by: 'ben', set: { train: { args: ['-x'] } } } as const
    const at = (hours: number) => ({ ...done().outcome!, at: NOW - hours * HOUR })
    const ranSmall = (before: LaneDocument, id = 'r'): LaneDocument => {
      const said = { facts, detail: '', requester: null }
      const decision = wantedFor({ ...small, id }, said, { policy, rule, doc: before })
      if (decision.kind !== 'intend') throw new Error(decision.detail)
      return { ...before, desired: decision.intent.desired, since: NOW - 2 * HOUR, outcome: at(1) }
    }
    expect(decide({}, ranSmall(done({ outcome: at(7) }))).kind).toBe('intend')
    const cools = ranSmall(ranSmall(done({ outcome: at(4) })), 's')
    expect(decide({}, cools)).toMatchObject({ reason: 'cooling-down', next: NOW + 2 * HOUR })
    expect(decide({}, { ...cools, outcome: { ...at(0), kind: 'rejected' } })).toMatchObject({ next: NOW + 2 * HOUR })
    expect(decide({}, { ...cools, outcome: null })).toMatchObject({ reason: 'cooling-down', next: NOW + HOUR })
  })
})

/** Something that is told, at a time, and how long after each run goes and how it ends. */
const story = fc.array(
  fc.record({
    gap: fc.integer({ min: 0, max: 5 * HOUR }),
    fingerprint: fc.constantFrom('f', 'g'),
    /** How long ago what is told began: told late, again, and in any order. */
    ago: fc.constantFrom(0, HOUR, 3 * HOUR, 9 * HOUR),
    state: fc.constantFrom('firing' as const, 'resolved' as const),
    hours: fc.integer({ min: 1, max: 8 }),
    ends: fc.constantFrom('succeeded' as const, 'failed' as const, 'rejected' as const),
  }),
  { maxLength: 60 },
)

it('whatever is told in whatever order: one run an episode, never beside another, never before that has cooled down', () => {
  fc.assert(
    fc.property(story, (told) => {
      let [now, doc, over, waits] = [NOW, done(), Number.POSITIVE_INFINITY, [] as DriftDetected[]]
      const begun: { key: string; at: number }[] = []
      for (const { gap, fingerprint, ago, state, hours, ends } of told) {
        now += gap
        // Times of alerts are whole hours, so that the same ones are told of again.
        const since = NOW + Math.floor((now - NOW - ago) / HOUR) * HOUR
        if (doc.outcome === null && now >= over) doc = { ...doc, outcome: { ...done().outcome!, kind: ends, at: over } }
        const event = alertOf({ fingerprint, since, state, at: now })
        const place = alertPlace(event)
        const same = [...waits, event].filter((other) => alertPlace(other) === place)
        const counts = same.reduce((a, b) => lastTold(a, b))
        const decision = onDriftDetected.decide(counts, facts, { policy, rule, doc, now })
        waits = waits.filter((other) => alertPlace(other) !== place)
        doc = { ...doc, ...(decision.episodes === undefined ? {} : { episodes: decision.episodes }) }
        if (decision.kind === 'wait') waits.push(counts)
        if (decision.kind !== 'intend') continue
        const wanted = decision.intent.desired as TrainDesired
        if (JSON.stringify(wanted.drift) === JSON.stringify((doc.desired as TrainDesired).drift)) continue
        expect(counts.state).toBe('firing')
        expect(doc.outcome).not.toBeNull()
        expect(now - (doc.outcome?.at ?? 0)).toBeGreaterThanOrEqual(6 * HOUR)
        begun.push({ key: `${place} ${wanted.drift?.since}`, at: now })
        doc = { ...doc, desired: wanted, since: now, outcome: null }
        over = now + hours * HOUR
      }
      expect(new Set(begun.map(({ key }) => key)).size).toBe(begun.length)
    }),
    { numRuns: 300 },
  )
})
