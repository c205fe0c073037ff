import { describe, expect, it } from 'vitest'
import type { Mark } from '../../../core/lane/document.ts'
import { settleClear, settleEnd } from '../../../core/lane/ending.ts'
import { HOUR, MINUTE, NOW, planRow, running, runOf, viewOf, wanted } from './fixture.ts'

const at = (steps: Mark[]) => viewOf({ doc: wanted({ run: runOf({ phase: 'steps', steps }) }), plan: planRow })
const mark = (change: ReturnType<typeof settleEnd>): Mark => change.doc.run?.steps[0] as Mark
const ran = running({ touched: true, ranFrom: NOW - 2 * HOUR })

describe('a run that ends otherwise', () => {
  it('costs nothing once its pods are gone, whatever still keeps the Job', () => {
    const left = { note: 'held', until: NOW + MINUTE }
    const clear = (how: Parameters<typeof settleClear>[1]) => mark(settleClear(at([ran]), how))
    expect(clear(left).ranFrom).toBe(NOW - 2 * HOUR)
    expect(clear({ ...left, stopped: true })).toMatchObject({ ran: 2 * HOUR, ranFrom: null })
    expect(clear(null)).toMatchObject({ ran: 2 * HOUR, ranFrom: null })
  })

  it('says why, and what runs of it is then taken away', () => {
    const ending = { kind: 'cancelled', reason: null, detail: 'cancelled by carla' } as const
    const change = settleEnd(at([running()]), ending)
    expect(change.doc.run?.ending).toBe(ending)
    expect(change.moments[0]?.text).toBe('ends: cancelled by carla')
  })

  it('rests until that is seen gone', () => {
    const left = settleClear(at([running()]), { note: 'Job j is being deleted', until: NOW + 5000 })
    expect(left.rest).toMatchObject({ why: 'deleting', text: 'Job j is being deleted', until: NOW + 5000 })
    expect(left.doc.run?.cleared).toBe(false)
    expect(settleClear(at([running()]), null).doc.run?.cleared).toBe(true)
  })
})
