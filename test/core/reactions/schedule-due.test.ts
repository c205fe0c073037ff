import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyDocument, type LaneDocument } from '../../../core/lane/document.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { Decision } from '../../../core/reactions/reaction.ts'
import { onScheduleDue } from '../../../core/reactions/schedule-due.ts'
import { lastSlot } from '../../../core/slots.ts'
import type { ScheduleDue } from '../../../events/occasions.ts'
import example from '../../../signalbox.config.ts'
import { piped } from '../../variants.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 24, 12)
const NIGHT = Date.UTC(2026, 10, 24, 1)
const { on: _, ...rest } = piped()
const policyOf = (cron: string, on: object = {}) =>
  parsePolicy({
    ...example,
    pipelines: { nightly: { ...rest, on: { schedule: { cron, zone: 'Europe/Berlin' }, ...on } } },
  })
const nightly = policyOf('0 2 * * *')
const lane = 'pipeline/nightly'
const empty = emptyDocument(nightly, lane)
const eventOf = (slot: number): ScheduleDue => ({
  ...{ type: 'schedule-due', id: 'slot', at: slot, pipeline: 'nightly', slot, replayed: false },
})
const decide = (slot: number, now: number, doc: LaneDocument, policy = nightly): Decision =>
  onScheduleDue.decide(
    eventOf(slot),
    { kind: 'nowhere' },
    { policy, rule: onScheduleDue.ruleOf(eventOf(slot), policy)!, doc, now },
  )
const taken = (
  { schedule: before, ...doc }: LaneDocument,
  { schedule = before, ...decision }: Decision,
): LaneDocument => ({
  ...doc,
  ...(schedule == null ? {} : { schedule }),
  ...(decision.kind === 'intend' ? { desired: decision.intent.desired } : {}),
})
const endedAt = (kind: string, at: number) => ({ kind, reason: null, detail: '', at }) as LaneDocument['outcome']
const asks = (now: number, doc: LaneDocument | null, policy = nightly) =>
  onScheduleDue
    .resync({ policy, now, docOf: () => doc })
    .map((ask) => (ask as unknown as { event: ScheduleDue }).event.slot)

describe('the time of a pipeline', () => {
  it('that passed before the policy said so is none; the next one is', () => {
    const first = decide(NIGHT, NOON, empty)
    expect(first).toMatchObject({ kind: 'ignore', reason: 'already-done' })
    const known = taken(empty, first)
    const next = NIGHT + 24 * HOUR
    expect(decide(next, next, known)).toMatchObject({
      kind: 'intend',
      detail: 'as scheduled for 2026-11-25 01:00 UTC',
      intent: { order: null, desired: { requester: null, occasion: { kind: 'schedule', slot: next } } },
    })
    // Another schedule begins anew.
    expect(decide(NIGHT, NOON, known, policyOf('0 2 * * 1-5'))).toMatchObject({ kind: 'ignore' })
  })

  it('that passed while the policy had no schedule is none either, and nothing asks for it twice', () => {
    const known = taken(empty, decide(NIGHT, NOON, empty))
    const without = parsePolicy({ ...example, pipelines: { nightly: { ...rest, on: { hand: true } } } })
    expect(asks(NOON, known, without)).toEqual([NIGHT])
    const forgotten = taken(known, decide(NIGHT, NOON, known, without))
    expect(forgotten.schedule).toBeUndefined()
    expect(asks(NOON, forgotten, without)).toEqual([])
    const missed = NIGHT + 24 * HOUR
    expect(decide(missed, missed + HOUR, forgotten)).toMatchObject({ kind: 'ignore', reason: 'already-done' })
  })

  it('that passed since the policy says so begins at once, and none from before that, whatever was known', () => {
    const since = (at: number) => ({ ...nightly, since: { 'nightly schedule': { of: '0 2 * * * Europe/Berlin', at } } })
    expect(decide(NIGHT, NIGHT + 1, empty, since(NIGHT - 1)).kind).toBe('intend')
    expect(decide(NIGHT, NOON, empty, since(NIGHT))).toMatchObject({ kind: 'ignore', schedule: { last: NIGHT } })
    // It left the policy, and is back.
    const known = { ...empty, schedule: { of: '0 2 * * * Europe/Berlin', last: NIGHT - 48 * HOUR } }
    expect(decide(NIGHT, NOON, known, since(NIGHT + 1)).kind).toBe('ignore')
    expect(decide(NIGHT, NOON, known, since(NIGHT - 72 * HOUR)).kind).toBe('intend')
  })

  it('that passed while the policy had none is none though what the last one began is wanted still; nor is the next lost', () => {
    const known = taken(empty, decide(NIGHT, NOON, empty))
    const [one, two, three] = [1, 2, 3].map((day) => NIGHT + day * 24 * HOUR) as [number, number, number]
    const ended = { ...taken(known, decide(one, one, known)), outcome: endedAt('succeeded', one + HOUR) }
    const without = parsePolicy({ ...example, pipelines: { nightly: { ...rest, on: { hand: true } } } })
    const forgotten = taken(ended, decide(one, two + HOUR, ended, without))
    expect(forgotten.schedule).toBeUndefined()
    expect(decide(two, two + HOUR, forgotten)).toMatchObject({ kind: 'ignore', reason: 'already-done' })
    // Put back, or written otherwise, on the same day: that one is looked at, and the next night is begun.
    for (const policy of [nightly, policyOf('0 2 * * 1-7')]) {
      const back = taken(forgotten, decide(one, one + 2 * HOUR, forgotten, policy))
      expect(back.schedule).toMatchObject({ last: one })
      expect(decide(two, two, back, policy)).toMatchObject({ kind: 'intend' })
    }
    expect(decide(three, three, taken(forgotten, decide(two, two + HOUR, forgotten)))).toMatchObject({ kind: 'intend' })
  })

  describe('that comes while a run on the same is not over', () => {
    const known = taken(empty, decide(NIGHT, NOON, empty))
    const [one, two] = [NIGHT + 24 * HOUR, NIGHT + 48 * HOUR]
    const wanted = { ...taken(known, decide(one, one, known)), generation: 1, attempt: 1 }
    const run = (by: string | null): LaneDocument['run'] =>
      ({ generation: 1, attempt: 1, steps: [{ state: 'running', by }] }) as unknown as LaneDocument['run']
    const set = { train: { env: { SMOKE_STEPS: '10' } } }
    const hand = { kind: 'hand', id: 'r', at: two - HOUR, by: 'ben' } as const
    const toldAs = (doc: LaneDocument, over: object): LaneDocument => ({
      ...doc,
      desired: { ...doc.desired, occasion: { ...hand, ...over } } as unknown as LaneDocument['desired'],
    })

    it('is that one’s once that has begun, and waits until then, used up by nothing', () => {
      expect(decide(two, two, wanted)).toMatchObject({ kind: 'wait', reason: 'run-not-over', schedule: { last: one } })
      expect(decide(two, two, { ...wanted, run: run(null) })).toMatchObject({ kind: 'wait' })
      const begun = decide(two, two, { ...wanted, run: run('somebody') })
      expect(begun).toMatchObject({ kind: 'ignore', reason: 'already-done', schedule: { last: two } })
    })

    it.each([
      ['expired', 'intend'],
      ['rejected', 'intend'],
      ['cancelled', 'intend'],
      ['refused', 'intend'],
      ['succeeded', 'ignore'],
      ['failed', 'ignore'],
    ] as const)('and ends meanwhile leaves it its own run where nothing came of that: %s, %s', (kind, comes) => {
      const doc = { ...wanted, outcome: endedAt(kind, two + 1) }
      expect(decide(two, two + HOUR, doc)).toMatchObject({ kind: comes, schedule: { last: two } })
      // What was over before the time came bears on nothing.
      expect(decide(two, two + HOUR, { ...doc, outcome: endedAt(kind, two - 1) }).kind).toBe('intend')
    })

    it('waits for what is told otherwise than the policy says to its end, and then has its own run whatever that came to', () => {
      const other = { ...toldAs(wanted, { set }), run: run('somebody') }
      expect(decide(two, two, other)).toMatchObject({ kind: 'wait', reason: 'run-not-over', schedule: { last: one } })
      expect(decide(two, two, { ...other, run: null, outcome: endedAt('succeeded', two + 1) }).kind).toBe('intend')
      expect(decide(two, two, { ...toldAs(wanted, {}), run: run('somebody') }).kind).toBe('ignore')
    })
  })

  it.each([
    ['that has not come', NIGHT + 24 * HOUR, NOON],
    ['that a later one followed', NIGHT - 24 * HOUR, NOON],
    ['that no schedule says', NIGHT + 1, NOON],
  ])('%s begins nothing', (_name, slot, now) => {
    const doc = { ...empty, schedule: { of: '0 2 * * * Europe/Berlin', last: 0 } }
    expect(decide(slot, now, doc)).toMatchObject({ kind: 'ignore', reason: 'older-than-current' })
  })

  it('begins nothing by a replay, nor where no schedule is any more', () => {
    const doc = { ...empty, schedule: { of: '0 2 * * * Europe/Berlin', last: 0 } }
    const replayed = { ...eventOf(NIGHT), replayed: true }
    const given = { policy: nightly, rule: onScheduleDue.ruleOf(replayed, nightly)!, doc, now: NOON }
    expect(onScheduleDue.decide(replayed, { kind: 'nowhere' }, given)).toMatchObject({ reason: 'replayed' })
    const without = parsePolicy({ ...example, pipelines: { nightly: { ...rest, on: { hand: true } } } })
    expect(decide(NIGHT, NOON, doc, without)).toMatchObject({ kind: 'ignore' })
  })

  it('runs once, the last one of those that passed alone, however often, late and in whatever order it is told', () => {
    const hours = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.array(fc.nat(5), { maxLength: 4 })), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(hours, (steps) => {
        let [doc, now] = [taken(empty, decide(NIGHT, NOON, empty)), NOON]
        const [begun, due]: [number[], Set<number>] = [[], new Set()]
        for (const [wait, told] of steps) {
          now += wait * HOUR
          const last = lastSlot({ cron: '0 2 * * *', zone: 'Europe/Berlin' }, now) ?? 0
          // Lost ones are found by resync; others come from before, twice, or from ahead.
          const slots = [...told.map((back) => last + (back - 2) * 24 * HOUR), ...asks(now, doc), last]
          for (const slot of slots) {
            const decision = decide(slot, now, doc)
            if (decision.kind === 'intend') begun.push(slot)
            // Something else moves the lane in between: what it knows of its times is all that tells.
            doc = { ...taken(doc, decision), desired: null }
          }
          if (last > NIGHT) due.add(last)
        }
        expect(begun).toEqual([...due])
      }),
      { numRuns: 30 },
    )
  })

  it('is looked for by resync; what was refused or has begun nothing is looked for again besides', () => {
    expect(asks(NOON, null)).toEqual([NIGHT])
    const known = taken(empty, decide(NIGHT, NOON, empty))
    const wanted = taken(known, decide(NIGHT + 24 * HOUR, NIGHT + 24 * HOUR, known))
    const refused = { ...wanted, outcome: { kind: 'refused', reason: null } as LaneDocument['outcome'] }
    expect(asks(NIGHT + 48 * HOUR, refused)).toEqual([NIGHT + 24 * HOUR, NIGHT + 48 * HOUR])
  })

  it('reads no dataset for a time that is known', () => {
    const policy = policyOf('0 2 * * *', piped().on)
    const rule = onScheduleDue.ruleOf(eventOf(NIGHT), policy)!
    const read = (last: number) =>
      onScheduleDue.look(eventOf(NIGHT), {
        ...{ policy, rule },
        doc: {
          ...empty,
          desired: { kind: 'train', key: 'a/manifest.json', bucket: 'b', version: 'v' } as LaneDocument['desired'],
          schedule: { of: '0 2 * * * Europe/Berlin', last },
        },
      }).kind
    expect([read(NIGHT), read(NIGHT - 1)]).toEqual(['nowhere', 'manifest'])
  })

  it('is what the policy itself wants: it is known who asked, and its price alone says whether people are asked', async () => {
    const { whoAsks } = await import('../../../core/planning/pipeline-steps.ts')
    const known = taken(empty, decide(NIGHT, NOON, empty))
    const { desired } = taken(known, decide(NIGHT + 24 * HOUR, NIGHT + 24 * HOUR, known))
    expect(whoAsks(desired as never)).toBe('policy')
  })
})
