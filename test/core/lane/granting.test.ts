import { describe, expect, it } from 'vitest'
import { emptyDocument } from '../../../core/lane/document.ts'
import { granting, type Head, settleGrant } from '../../../core/lane/granting.ts'
import { next } from '../../../core/lane/next.ts'
import type { View } from '../../../core/lane/view.ts'
import type { LineRow } from '../../../core/rows.ts'
import { emptyPool, emptyWorld } from '../training-fixture.ts'
import { MINUTE, NOW, policy, viewOf } from './fixture.ts'

const ROOM = 'pool/gpu-train'
const rowOf = (name: string, gpus: number, more: Partial<LineRow> = {}): LineRow => ({
  lane: `pipeline/${name}`,
  place: name,
  since: NOW,
  rooms: [ROOM],
  needs: { [ROOM]: gpus, 'budget/ml-monthly': 100 },
  until: null,
  ...more,
})
const head = (row: LineRow, more: Partial<Head> = {}): Head => ({
  row,
  frozenUntil: null,
  had: {},
  behind: [],
  ...more,
})
const poolView = (line: LineRow[], over: Partial<View> = {}, heldByOthers = 0): View =>
  viewOf({
    doc: emptyDocument(policy, ROOM),
    line,
    lines: { [ROOM]: line.length },
    world: emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', { heldByOthers, beyondHolds: 2 }) } }),
    ...over,
  })
const granted = (heads: Head[], over: Partial<View> = {}, heldByOthers = 0) => {
  const change = settleGrant(
    poolView(
      heads.map(({ row }) => row),
      over,
      heldByOthers,
    ),
    heads,
  )
  return { ...change, names: change.grants.map(({ head: { place } }) => place) }
}

describe('the line of a pool', () => {
  it('is granted in order, as many as fit, each sum bounded by what others leave', () => {
    const change = granted([head(rowOf('a', 8)), head(rowOf('b', 8)), head(rowOf('c', 1))])
    expect(change.names).toEqual(['a', 'b'])
    expect(change.guard).toEqual({ [ROOM]: 14, 'budget/ml-monthly': 2_000_000 })
    expect(change.rest).toMatchObject({
      why: 'no-room',
      text: `1 wait in its line; the first, pipeline/c, needs 1 more of ${ROOM}, which has 0 free`,
      until: NOW + MINUTE,
    })
    expect(change.wakes).toEqual(['pipeline/c'])
  })

  it('no small one overtakes a large one that does not fit yet', () => {
    expect(granted([head(rowOf('large', 16)), head(rowOf('small', 1))], {}, 8).names).toEqual([])
  })

  it('counts what is held for a lane already, and grants it the rest', () => {
    const had = { [ROOM]: { revision: 3, value: { lane: 'pipeline/a', amount: 8 } } }
    expect(granted([head(rowOf('a', 12), { had })], {}, 12).names).toEqual(['a'])
  })

  it('what others’ pods wait for is free for whoever goes before them, and for nobody else', () => {
    const behind = (heads: Head[]) => {
      const pools = { 'gpu-train': emptyPool('gpu-train', { heldByOthers: 12, beyondHolds: 12, behind: 8 }) }
      return granted(heads, { world: emptyWorld({ pools }) })
    }
    const [ahead, other] = [head(rowOf('serves', 8, { ahead: true })), head(rowOf('trains', 8))]
    expect(behind([ahead, other])).toMatchObject({ names: ['serves'], guard: { [ROOM]: 12 } })
    expect(behind([other, ahead]).names).toEqual([])
    expect(behind([head(rowOf('small', 4))])).toMatchObject({ names: ['small'], guard: { [ROOM]: 4 } })
  })

  it.each([
    ['which is no room any more', 'pool/gone', 8, 0],
    ['that is smaller by now than what it keeps', ROOM, 17, 0],
    ['of which others use more by now than there is', ROOM, 8, 30],
  ])('what it merely keeps keeps nobody waiting: of a pool %s', (_, kept, amount, heldByOthers) => {
    const had = { [kept]: { revision: 3, value: { lane: 'pipeline/a', amount } } }
    const row = rowOf('a', 0, { rooms: ['pool/gpu-serve'], needs: { [kept]: amount, 'pool/gpu-serve': 8 } })
    const pools = {
      'gpu-train': emptyPool('gpu-train', { heldByOthers }),
      'gpu-serve': emptyPool('gpu-serve'),
    }
    const change = granted([head(row, { had })], {
      doc: emptyDocument(policy, 'pool/gpu-serve'),
      world: emptyWorld({ pools }),
    })
    expect(change.names).toEqual(['a'])
  })

  it.each([
    ['is frozen', head(rowOf('a', 8), { frozenUntil: NOW + 1 }), 'frozen'],
    ['has not begun in time', head(rowOf('a', 8, { until: NOW - 1 })), 'time is over'],
    ['never fits', head(rowOf('a', 17)), 'has 16 in all'],
    [
      'waits for what is no room any more',
      head(rowOf('a', 8, { needs: { 'pool/gone': 8 } })),
      'nothing is held of pool/gone',
    ],
    ['lacks dollars', head(rowOf('a', 8, { needs: { 'budget/ml-monthly': 2e9 } })), 'too few dollars'],
  ])('who %s is passed over, visibly, and looks for itself', (_, first, why) => {
    const change = granted([first, head(rowOf('b', 8)), head(rowOf('c', 16))])
    expect(change.names).toEqual(['b'])
    expect(change.rest?.text).toContain('passed over: pipeline/a')
    expect(change.rest?.text).toContain(why)
    expect(change.wakes).toContain('pipeline/a')
  })

  it('who stands in two lines is granted both at once, when it is the first in both', () => {
    const two = rowOf('two', 8, { rooms: [ROOM, 'pool/gpu-serve'], needs: { [ROOM]: 8, 'pool/gpu-serve': 8 } })
    const pools = { 'gpu-train': emptyPool('gpu-train'), 'gpu-serve': emptyPool('gpu-serve') }
    const over = { world: emptyWorld({ pools }) }
    expect(granted([head(two, { behind: ['pool/gpu-serve'] }), head(rowOf('b', 1))], over).names).toEqual([])
    expect(granted([head(two)], over)).toMatchObject({ names: ['two'], guard: { [ROOM]: 16, 'pool/gpu-serve': 16 } })
  })

  it('goes on in the next commit where one has its weight, and reads again once all were granted', () => {
    const many = Array.from({ length: 12 }, (_, n) => head(rowOf(`n${n}`, 1)))
    const full = granted(many)
    expect(full.names.length).toBeLessThan(12)
    expect(full.rest).toBeNull()
    expect(full.wakes).toEqual([])
    const all = granted(many.slice(0, 3))
    expect([all.rest, all.wakes]).toEqual([null, [ROOM]])
  })
})

describe('what a pool’s lane does next', () => {
  it('grants; while it is frozen too, since then who stands in its line is passed over and leaves it', () => {
    expect(next(poolView([rowOf('a', 1)]))).toEqual({ kind: 'grant' })
    expect(next(poolView([rowOf('a', 1)], { frozenUntil: NOW + 5 }))).toEqual({ kind: 'grant' })
    const [empty, over] = [poolView([], { frozenUntil: NOW + 5 }), poolView([], { frozenUntil: NOW })]
    expect(next(empty)).toMatchObject({ rest: { why: 'frozen', until: NOW + 5 } })
    expect(next(over)).toMatchObject({ rest: { why: 'done' } })
    // Who joined meanwhile is looked for as ever.
    expect(next({ ...empty, moved: true })).toMatchObject({ rest: { why: 'frozen', until: NOW + 90_000 } })
  })

  it('looks once more after its line was seen with somebody in it, and then rests for good', () => {
    const rest = { why: 'no-room', text: '', since: NOW, until: NOW, side: null, tries: 1 } as const
    const doc = { ...emptyDocument(policy, ROOM), rest }
    expect(granting(poolView([], { doc }), [])).toMatchObject({ rest: { why: 'done', until: NOW + 90_000 } })
    const done = { ...doc, rest: { ...rest, why: 'done' as const, until: NOW + 50 } }
    expect(granting(poolView([], { doc: done }), [])).toMatchObject({ rest: { until: NOW + 50 } })
    expect(granting(poolView([], { doc: done, now: NOW + 50 }), [])).toMatchObject({ rest: { until: null } })
  })
})
