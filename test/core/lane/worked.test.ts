import { describe, expect, it } from 'vitest'
import { resting } from '../../../core/lane/change.ts'
import type { Mark, Rest } from '../../../core/lane/document.ts'
import { settleStepped } from '../../../core/lane/stepping.ts'
import { atWork, ended, goesOn, worksOn } from '../../../core/lane/worked.ts'
import { HOUR, MINUTE, NOW, planRow, running, runOf, viewOf, wanted } from './fixture.ts'

const since = (why: Rest['why'], at: number) => resting({ doc: wanted(), now: at }, { why, text: '', side: 'cluster' })
/** It began nine hours ago, and nobody could look for the last eight of them. */
const mark = running({ touched: true, ranFrom: NOW - 9 * HOUR })
const view = viewOf({ doc: wanted({ rest: since('unavailable', NOW - 8 * HOUR) }) })
const pod = { ranFrom: NOW - 9 * HOUR, ranAgain: NOW - MINUTE }
const times = ({ ran, ranTo, ranFrom }: Mark) => [ran, ranTo, ranFrom]

describe('work that began anew while nobody looked', () => {
  it('was over before as its pods say, else since nobody could look, and stood still until then', () => {
    const said = { ...pod, ranBefore: NOW - 7 * HOUR }
    expect(times(atWork(view, mark, said, NOW))).toEqual([2 * HOUR, NOW - 7 * HOUR, NOW - MINUTE])
    expect(times(atWork(view, mark, pod, NOW))).toEqual([HOUR, NOW - 8 * HOUR, NOW - MINUTE])
    const flipped = { ...mark, unseenFrom: NOW - 8.5 * HOUR }
    expect(times(atWork(view, flipped, pod, NOW))[0]).toBe(HOUR / 2)
  })

  it('stood still for no time where nothing says so, nor for less than none', () => {
    const looked = { now: NOW, doc: wanted({ rest: since('working', NOW - 8 * HOUR) }) }
    expect(times(atWork(looked, mark, pod, NOW))).toEqual([9 * HOUR - MINUTE, NOW - MINUTE, NOW - MINUTE])
    expect(times(atWork(view, mark, { ...pod, ranBefore: NOW }, NOW))[1]).toBe(NOW - MINUTE)
    expect(times(atWork(view, mark, { ...pod, ranBefore: NOW - 10 * HOUR }, NOW))[0]).toBe(0)
    expect(atWork(view, mark, { ...pod, ranAgain: NOW - 9 * HOUR }, NOW)).toEqual(mark)
  })

  it('goes on where it is a move of a rollout that waits for nodes again: that is counted beside', () => {
    const move: Mark = { ...mark, kind: 'roll-out-model' }
    expect(times(goesOn(view, move, { running: false }))).toEqual(times(move))
  })

  it('is over, or waits again, with what it ran and no more', () => {
    expect(ended(view, mark, { ...pod, ranUntil: NOW - MINUTE / 2 })).toMatchObject({
      ran: HOUR,
      ranFrom: NOW - MINUTE,
      endedAt: NOW - MINUTE / 2,
    })
    expect(times(worksOn(view, mark, { ...pod, running: false }))).toEqual([HOUR, NOW - 8 * HOUR, NOW - MINUTE])
    const waits = goesOn(view, mark, { ...pod, ranUntil: NOW - MINUTE / 2, running: false })
    expect(times(waits)).toEqual([HOUR + MINUTE / 2, NOW - MINUTE / 2, null])
    const never = running({ touched: true })
    expect(goesOn(view, never, { ...pod, running: false })).toBe(never)
  })

  it('is ended by its bound only for what it ran', () => {
    const doc = wanted({ rest: view.doc.rest, run: runOf({ phase: 'steps', steps: [mark] }) })
    const wait = { kind: 'wait', note: 'running', until: null, running: true } as const
    const seen = (again: number) =>
      settleStepped(viewOf({ doc, plan: planRow }), 'train', { ...wait, ranFrom: NOW - 9 * HOUR, ranAgain: again })
    expect(seen(NOW - MINUTE).doc.run).toMatchObject({ ending: null, steps: [{ ran: HOUR, ranFrom: NOW - MINUTE }] })
    expect(seen(NOW - 9 * HOUR).doc.run?.ending).toMatchObject({ reason: 'bound-reached' })
  })
})
