import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  alertPlace,
  type Episodes,
  hear,
  knownOf as knownIn,
  lastTold,
  openEpisodes,
  sinceText,
  withEpisode,
} from '../../core/episodes.ts'
import type { DriftDetected } from '../../events/contract.ts'

const alertOf = (over: Partial<DriftDetected> = {}): DriftDetected => ({
  ...{ type: 'drift-detected', id: 'i', at: 1000, alert: 'Drift', fingerprint: 'f', state: 'firing', since: 1000 },
  ...{ labels: {}, text: 'score 0.62', replayed: false },
  ...over,
})
const firing = (since: number) => alertOf({ since, at: since })
const resolved = (since: number, at = since + 50) => alertOf({ since, state: 'resolved', at })

/** Everything that is known once these have been heard, one after the other. */
const knownOf = (events: DriftDetected[]): Episodes =>
  events.reduce<Episodes>((known, event) => {
    const heard = hear(known[alertPlace(event)], event, {})
    return heard.kind === 'late' ? known : withEpisode(known, alertPlace(event), heard.episode)
  }, {})

/** What one alert did: it fired and was resolved some times, the last time perhaps not yet. */
const story = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([gaps, open]) => {
    let at = 0
    return gaps.flatMap((gap, index) => {
      const [since, until] = [at + gap, at + 2 * gap]
      at = until
      return open && index === gaps.length - 1 ? [firing(since)] : [firing(since), resolved(since, until)]
    })
  })

describe('what is known of an alert', () => {
  it('is the same in whatever order, and however often, it is told', () => {
    fc.assert(
      fc.property(
        story.chain((told) =>
          fc.tuple(
            fc.constant(told),
            // Each delivery at least once, some of them more often, in any order.
            fc.array(fc.nat({ max: told.length - 1 }), { maxLength: 6 }).chain((again) =>
              fc.shuffledSubarray([...told, ...again.map((index) => told[index] as DriftDetected)], {
                minLength: told.length + again.length,
              }),
            ),
          ),
        ),
        ([told, heard]) => {
          expect(knownOf(heard)).toEqual(knownOf(told))
        },
      ),
    )
  })

  it('is one run an episode, though it be told for ever: what has begun stays so until another fires', () => {
    const begun = { ...knownOf([firing(10)])['alert Drift f'], begun: true as const } as Episodes[string]
    const known = { 'alert Drift f': begun }
    expect(openEpisodes(known)).toEqual([])
    expect(hear(begun, firing(10), {})).toMatchObject({ kind: 'fires', episode: { begun: true } })
    expect(hear(begun, resolved(10), {})).toMatchObject({ kind: 'over', episode: { begun: true } })
    expect(hear(begun, firing(11), {})).toEqual({
      kind: 'fires',
      episode: { alert: 'Drift', fingerprint: 'f', labels: {}, since: 11, text: 'score 0.62' },
    })
    expect(hear(begun, firing(9), {})).toMatchObject({ kind: 'late' })
  })

  it('is forgotten first of what is over, then of what fires for longest', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, n) => alertOf({ fingerprint: `f${n}`, since: 100 + n, at: 100 + n }))
    const all = knownOf([resolved(999), ...many(12)])
    expect(Object.keys(all)).toHaveLength(12)
    expect(all).not.toHaveProperty(['alert Drift f'])
    expect(knownOf(many(13))).not.toHaveProperty(['alert Drift f0'])
  })

  it('that had its run and goes on is known to have had it, be it forgotten; what fires later is not', () => {
    const many = Array.from({ length: 20 }, (_, n) => alertOf({ fingerprint: `f${n}`, since: 100 + n }))
    const known = many.reduce<Episodes>((all, event) => {
      const heard = hear(knownIn(all, event), event, {})
      return heard.kind === 'late' ? all : withEpisode(all, alertPlace(event), { ...heard.episode, begun: true })
    }, {})
    expect(known).not.toHaveProperty(['alert Drift f7'])
    expect(many.map((event) => knownIn(known, event)?.begun)).toEqual(many.map(() => true))
    expect(knownIn(known, alertOf({ fingerprint: 'new', since: 108 }))).toBeUndefined()
    expect(openEpisodes(known)).toEqual([])
    // What was over, or began nothing, leaves nothing behind.
    const open = many.reduce<Episodes>(
      (all, event) => withEpisode(all, alertPlace(event), { ...event, labels: {} }),
      {},
    )
    expect(Object.keys(open)).toHaveLength(12)
  })

  it('has room in a lane’s document, whatever is told', () => {
    const long = Array.from({ length: 40 }, (_, n) =>
      alertOf({ fingerprint: `${n}`.padEnd(256, 'x'), text: 'x'.repeat(300) }),
    )
    expect(JSON.stringify(knownOf(long)).length).toBeLessThan(14_000)
  })
})

it('of two that are told of one alert the last counts: what began later, and its end', () => {
  const [first, over, second] = [firing(1), resolved(1), firing(2)]
  for (const [a, b, last] of [
    [first, over, over],
    [over, first, over],
    [over, second, second],
    [second, first, second],
  ] as const)
    expect(lastTold(a, b)).toBe(last)
})

it('is said in a sentence', () => {
  const since = Date.parse('2026-11-23T10:00:00Z')
  expect(sinceText({ alert: 'Drift\u001b[31m', since, text: 'score 0.62' })).toBe(
    'Drift fires since 2026-11-23 10:00 UTC (score 0.62)',
  )
})
