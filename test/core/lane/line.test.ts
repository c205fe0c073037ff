import { describe, expect, it } from 'vitest'
import type { InLine } from '../../../core/lane/hold.ts'
import { besideLine, inLineFor, isGranted, linesAfter, whyWaits } from '../../../core/lane/line.ts'
import type { View } from '../../../core/lane/view.ts'
import { emptyPool, emptyWorld, trainPlan } from '../training-fixture.ts'
import { NOW, runOf, viewOf, wanted } from './fixture.ts'

const ROOM = 'pool/gpu-train'
const plan = trainPlan()
const needs = { [ROOM]: 8, 'budget/ml-monthly': 22_383 }
const line: InLine = { place: 'p', since: NOW - 5, rooms: [ROOM], needs, until: null }
const held = (gpus: number, place?: string): View['holds'] => ({
  [ROOM]: { lane: 'l', amount: gpus, ...(place === undefined ? {} : { place }) },
  'budget/ml-monthly': { lane: 'l', amount: 22_383, ...(place === undefined ? {} : { place }) },
})
const view = (over: Partial<View> = {}, heldByOthers = 0) =>
  viewOf({ world: emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', { heldByOthers }) } }), ...over })

describe('a plan', () => {
  it('is held at once where there is room and no line, and beside no line', () => {
    expect(whyWaits(view(), runOf(), plan)).toBeNull()
    expect(besideLine(view(), runOf(), plan)).toEqual([ROOM])
  })

  it('overtakes nobody: where there is a line it waits though there is room', () => {
    expect(whyWaits(view({ lines: { [ROOM]: 2 } }), runOf(), plan)).toBe(`2 wait before it in the line of ${ROOM}`)
  })

  it('needs no line for what is held for it already', () => {
    const stands = { ...viewOf().doc, stands: { 'gpu-train': 8 } }
    const standing = view({ doc: stands, holds: { [ROOM]: { lane: 'l', amount: 8 } }, lines: { [ROOM]: 2 } })
    expect(whyWaits(standing, runOf(), plan)).toBeNull()
    expect(besideLine(standing, runOf(), plan)).toEqual([])
  })

  it('that stands in the line waits until the pool’s lane has granted it all', () => {
    expect(whyWaits(view(), runOf({ line }), plan)).toBe(`its turn in the line of ${ROOM} has not come`)
    const granted = view({ holds: held(8, 'p') }, 16)
    expect(isGranted(granted, line)).toBe(true)
    expect(whyWaits(granted, runOf({ line }), plan)).toBeNull()
    expect(besideLine(granted, runOf({ line }), plan)).toEqual([])
  })

  it('that needs more by now than it was granted waits again, in its rank', () => {
    const granted = view({ holds: held(4, 'p') })
    expect(whyWaits(granted, runOf({ line }), plan)).toContain('its turn')
    expect(inLineFor(granted, runOf({ line }), { plan, until: null })).toMatchObject({ since: NOW - 5, needs })
  })
})

it('a plan in a pool that Kueue owns stands in no line, though there be one from before', () => {
  const { policy } = viewOf()
  const pools = { ...policy.pools, 'gpu-train': { ...policy.pools['gpu-train']!, queue: 'gpu' } }
  const queued = view({ policy: { ...policy, pools }, lines: { [ROOM]: 2 } }, 16)
  expect(whyWaits(queued, runOf({ line }), plan)).toBeNull()
  expect(besideLine(queued, runOf({ line }), plan)).toEqual([])
})

describe('a place in the line', () => {
  it('says whether its pods go before others’ that wait, and is another once they do', () => {
    const first = inLineFor(view(), runOf(), { plan, until: null })
    const serves = view()
    const ahead = inLineFor(
      { ...serves, revision: 9, kind: { ...serves.kind, ahead: () => true } },
      runOf({ line: first }),
      { plan, until: null },
    )
    expect(ahead).toMatchObject({ since: first.since, ahead: true })
    expect(ahead.place).not.toBe(first.place)
  })

  it('is another where it may begin at any time by now: by its time it would be passed over', () => {
    const first = inLineFor(view(), runOf(), { plan, until: NOW })
    const again = inLineFor(view({ revision: 9 }), runOf({ line: first }), { plan, until: null })
    expect(again).toMatchObject({ since: first.since, until: null })
    expect(again.place).not.toBe(first.place)
  })

  it('has the rank of before for what was refused for want of room', () => {
    const again = view({ doc: wanted({ inLineFrom: NOW - 7 }) })
    expect(inLineFor(again, runOf(), { plan, until: null })).toMatchObject({ since: NOW - 7 })
  })

  it('is kept while the same is needed; it is ranked by when its run first joined, and is never used twice', () => {
    const first = inLineFor(view(), runOf(), { plan, until: NOW })
    expect(first).toEqual({
      place: `0${NOW}.00000003.pipeline/support-chats`,
      since: NOW,
      rooms: [ROOM],
      needs,
      until: NOW,
    })
    expect(inLineFor(view({ revision: 9 }), runOf({ line: first }), { plan, until: NOW + 1 })).toBe(first)
    const more = { ...plan, bounds: { ...plan.bounds, gpus: { 'gpu-train': 16 } } }
    const again = inLineFor(view({ now: NOW + 50, revision: 9 }), runOf({ line: first }), { plan: more, until: null })
    expect(again).toMatchObject({ since: NOW, place: `0${NOW}.00000009.pipeline/support-chats` })
  })

  it('that its own run has left keeps its next one from nothing', () => {
    const lines = { [ROOM]: 2, other: 1 }
    const waiting = view({ doc: wanted({ run: runOf({ line }) }), lines })
    expect(linesAfter(waiting, wanted())).toEqual({ [ROOM]: 1, other: 1 })
    expect(linesAfter(waiting, waiting.doc)).toBe(lines)
    expect(linesAfter({ ...waiting, holds: held(8, 'p') }, wanted())).toBe(lines)
  })
})
