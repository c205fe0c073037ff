import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { withPlaced } from '../../../core/lane/nodeless.ts'
import type { View } from '../../../core/lane/view.ts'
import { HOUR, markOf } from './fixture.ts'

const step = { kind: 'roll-out-model', name: 'up', perHour: 10, point: { old: 2, new: 1 } }
const plan = { plan: { steps: [step], strategy: { path: [{ old: 2, new: 0 }] } } } as unknown as View['plan']
const up = markOf({ name: 'up', way: 'forth', state: 'running', startedAt: 0, ranFrom: HOUR })
const doc = { run: { steps: [up] } } as unknown as LaneDocument

describe('what of a rollout has no node', () => {
  it('is written down as it changes, and not where nobody has looked', () => {
    expect(withPlaced({ plan, now: 2 * HOUR }, doc, undefined)).toBe(doc)
    expect(withPlaced({ plan, now: 2 * HOUR }, doc, 3)).toBe(doc)
    const lost = withPlaced({ plan, now: 2 * HOUR }, doc, 2)
    expect(lost.run?.nodeless).toEqual({ spared: {}, since: 2 * HOUR, perHour: 10 })
    expect(withPlaced({ plan, now: 3 * HOUR }, lost, 2)).toBe(lost)
    const again = withPlaced({ plan, now: 4 * HOUR }, lost, 3)
    expect(again.run?.nodeless).toEqual({ spared: { '1970-01': 20 }, since: 4 * HOUR, perHour: 0 })
  })
})
