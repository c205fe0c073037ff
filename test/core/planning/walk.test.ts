import { describe, expect, it } from 'vitest'
import { type Walk, walk } from '../../../core/planning/walk.ts'

const rules = (change: Partial<Walk>): Walk => ({
  leaving: Array.from({ length: 2 }, () => ({ gpus: 4, ready: true })),
  rising: 0,
  target: 2,
  gpus: 4,
  room: 8,
  floor: 1,
  gated: false,
  ...change,
})

describe('a walk', () => {
  it('says that it lacks room where nothing is left that could leave', () => {
    expect(walk(rules({ leaving: [], room: 4 }))).toEqual({
      path: [
        { old: 0, new: 0 },
        { old: 0, new: 1 },
      ],
      stuck: 'room',
    })
  })

  it('says that too few would be ready where one more would have to leave', () => {
    expect(walk(rules({ floor: 2 }))).toEqual({ path: [{ old: 2, new: 0 }], stuck: 'floor' })
  })

  it('brings all that fit at once unless the first is to be judged alone', () => {
    expect(walk(rules({ room: 16 })).path[1]).toEqual({ old: 2, new: 2 })
    expect(walk(rules({ room: 16, gated: true })).path[1]).toEqual({ old: 2, new: 1 })
  })

  it('lets what nobody asks go in a move of its own once something has risen: requests are led to both before any of the rest goes', () => {
    const leaving = [2, 4].map((gpus, index) => ({ gpus, ready: index === 1, asked: index === 1 }))
    expect(walk(rules({ leaving, room: 10, floor: 0, gated: true })).path).toEqual([
      { old: 2, new: 0 },
      { old: 2, new: 1 },
      { old: 1, new: 1 },
      { old: 0, new: 1 },
      { old: 0, new: 2 },
    ])
  })

  it('lets what nobody asks go first where some of what stands are not ready', () => {
    const leaving = [false, true].map((asked) => ({ gpus: 4, ready: true, asked }))
    expect(walk(rules({ leaving, rising: 2, lacking: true })).path.map(({ old }) => old)).toEqual([2, 1, 0])
    expect(walk(rules({ leaving, rising: 2 })).path.map(({ old }) => old)).toEqual([2, 0])
  })

  it('stays where it is when it has arrived', () => {
    expect(walk(rules({ leaving: [], rising: 2 }))).toEqual({ path: [{ old: 0, new: 2 }], stuck: null })
  })

  it('ends also for replicas without GPUs', () => {
    expect(walk(rules({ gpus: 0, room: 0, leaving: [{ gpus: 0, ready: true }] }))).toMatchObject({ stuck: null })
  })
})
