import { describe, expect, it } from 'vitest'
import { laneLabel } from '../../core/names.ts'
import { firstHolds, heldIn, holdsOf } from '../../flows/held.ts'
import type { Ledger, Write } from '../../flows/ledger-port.ts'
import { memoryLedger } from '../../local/ledger/memory-ledger.ts'

const ROOM = 'pool/gpu'
const laneOf = (n: number): string => `pipeline/d-${String(n).padStart(3, '0')}`

const holding = async (lanes: number): Promise<Ledger> => {
  const ledger = memoryLedger()
  for (let n = 0; n < lanes; n++) {
    const hold: Write = { put: 'hold', id: `${ROOM}#${laneOf(n)}`, revision: 0, value: { lane: laneOf(n), amount: 8 } }
    await ledger.commit([hold, { add: ROOM, by: 8, atMost: null, atLeast: null }])
  }
  return ledger
}

describe('what is held of a room', () => {
  it('is its sum, of which the lane that looks has its own part', async () => {
    const ledger = await holding(3)
    const looking = { lane: laneOf(1), budget: 'ml', now: Date.UTC(2026, 10, 23) }
    await ledger.commit([{ add: 'spent/ml/2026-11', by: 700, atMost: null, atLeast: null }])
    expect(await heldIn(ledger, [ROOM, 'budget/ml'], looking)).toEqual({
      spent: 700,
      held: new Map([
        [ROOM, { total: 24, own: 8 }],
        ['budget/ml', { total: 0, own: 0 }],
      ]),
    })
  })

  it.each([3, 8, 9, 300])('is known of every lane whose pods are there, however many hold: %i', async (lanes) => {
    const ledger = await holding(lanes)
    const first = await firstHolds(ledger, ROOM)
    const last = laneLabel(laneOf(lanes - 1))
    const by = await holdsOf(ledger, ROOM, { first, labels: ['', laneLabel(laneOf(0)), last, 'pipeline.nobody'] })
    expect([by.get(laneLabel(laneOf(0)))?.amount, by.get(last)?.amount]).toEqual([8, 8])
    expect([by.get(''), by.get('pipeline.nobody')]).toEqual([undefined, undefined])
    expect(first.length).toBeLessThanOrEqual(8)
  })
})
