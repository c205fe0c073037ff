import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { APART, LONGEST, openPacing } from '../../flows/pacing.ts'

interface Told {
  after: number
  object: number
  news: number
}

const LANES = 2
const laneOf = (object: number): string => `lane-${object % LANES}`

const told = fc.array(
  fc.record({ after: fc.nat({ max: 20_000 }), object: fc.nat({ max: 3 }), news: fc.nat({ max: 5 }) }),
  { maxLength: 60 },
)

interface Rung {
  lane: string
  at: number
  changes: number[]
}

/** Tells all of it in virtual time, with whoever drives it looking exactly when something is due; and ends at the end. */
const played = (all: readonly Told[], { stopsAt = Number.POSITIVE_INFINITY } = {}) => {
  const pacing = openPacing<number>()
  const rung: Rung[] = []
  const heard: { object: number; at: number; index: number }[] = []
  let now = 0
  const ring = (at: number, until = at): void =>
    void rung.push(...pacing.due(until).map(({ lane, changes }) => ({ lane, at, changes })))
  const goTo = (time: number): void => {
    for (let next = pacing.next(); next !== null && next <= time; next = pacing.next()) ring(Math.max(now, next))
    now = time
  }
  for (const [index, { after, object, news }] of all.entries()) {
    if (now + after > stopsAt) break
    goTo(now + after)
    if (pacing.hear({ object: `o-${object}`, lane: laneOf(object), news: `n-${news}` }, index, now))
      heard.push({ object, at: now, index })
    ring(now)
  }
  if (stopsAt === Number.POSITIVE_INFINITY) goTo(now + LONGEST)
  else ring(stopsAt, Number.POSITIVE_INFINITY)
  return { rung, heard, pacing }
}

describe('however changes come', () => {
  it('the last one of each object is woken for, within the longest pause', () => {
    fc.assert(
      fc.property(told, (all) => {
        const { rung, heard, pacing } = played(all)
        expect(pacing.next()).toBeNull()
        for (const { object, at, index } of heard) {
          // Whoever is woken after it sees it, whatever that wake is for.
          const answer = rung.find(
            (ring) =>
              ring.lane === laneOf(object) &&
              ring.at >= at &&
              ring.changes.some((n) => n >= index || laneOf((all[n] as Told).object) === laneOf(object)),
          )
          expect(answer, `${index} of ${object} at ${at}`).toBeDefined()
          expect((answer as Rung).at - at).toBeLessThanOrEqual(LONGEST)
        }
      }),
    )
  })

  it('a lane is woken at most once in two seconds', () => {
    fc.assert(
      fc.property(told, (all) => {
        const { rung } = played(all)
        for (const lane of ['lane-0', 'lane-1']) {
          const times = rung.filter((ring) => ring.lane === lane).map(({ at }) => at)
          for (const [n, at] of times.slice(1).entries())
            expect(at - (times[n] as number)).toBeGreaterThanOrEqual(APART)
        }
      }),
    )
  })

  it('what is held back when a watch ends is woken then', () => {
    fc.assert(
      fc.property(told, fc.nat({ max: 60_000 }), (all, stopsAt) => {
        const { rung, heard, pacing } = played(all, { stopsAt })
        expect(pacing.next()).toBeNull()
        for (const { object, at } of heard)
          expect(rung.some((ring) => ring.lane === laneOf(object) && ring.at >= at)).toBe(true)
      }),
    )
  })

  it('nobody is woken for what has not changed', () => {
    fc.assert(
      fc.property(told, (all) => {
        const { rung, heard } = played(all)
        expect(rung.flatMap(({ changes }) => changes).every((n) => heard.some(({ index }) => index === n))).toBe(true)
      }),
    )
  })
})

describe('one object', () => {
  const flapping = (seconds: number, every: number): Told[] =>
    Array.from({ length: (seconds * 1000) / every }, (_, n) => ({ after: every, object: 0, news: n % 2 }))

  it('that flaps is woken for with pauses that double up to half a minute', () => {
    const { rung } = played(flapping(120, 250))
    const times = rung.map(({ at }) => at)
    const pauses = times.slice(1).map((at, n) => at - (times[n] as number))
    expect(pauses.slice(0, 6)).toEqual([2_000, 2_000, 4_000, 8_000, 16_000, 30_000])
    expect(pauses.slice(6, -1).every((pause) => pause === LONGEST)).toBe(true)
  })

  it('that has flapped is woken for at once when something new happens', () => {
    const { rung } = played([...flapping(60, 250), { after: 0, object: 0, news: 9 }])
    const last = rung.find(({ changes }) => changes.includes(240)) as Rung
    expect(last.at).toBeLessThanOrEqual(60_000 + APART)
  })

  it('that was calm for long is woken for at once again', () => {
    const { rung } = played([...flapping(60, 250), { after: 5 * LONGEST, object: 0, news: 0 }])
    expect(rung.at(-1)?.at).toBe(60_000 + 5 * LONGEST)
  })

  it('that was only compared wakes nobody until it changes', () => {
    const pacing = openPacing<string>()
    pacing.know({ object: 'o', news: 'a' }, 0)
    expect(pacing.hear({ object: 'o', lane: 'l', news: 'a' }, 'same', 5)).toBe(false)
    expect(pacing.hear({ object: 'o', lane: 'l', news: 'b' }, 'other', 6)).toBe(true)
    expect(pacing.due(6)).toEqual([{ lane: 'l', changes: ['other'] }])
  })
})
