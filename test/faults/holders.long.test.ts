import { describe, expect, it } from 'vitest'
import { memoryLedger } from '../../local/ledger/memory-ledger.ts'
import { seeded } from '../real/proxy.ts'
import { linesOf, playHolders } from './holders.ts'

const NOTHING = { 'pool/p': 0, 'budget/ml-monthly': 0, 'line/pool/p': 0, hold: 0, line: 0 }

describe('many runs on one pool and one budget, whose transactions meet each other', () => {
  it('with room for all: nobody loses a compare-and-set to another lane’s hold', async () => {
    const counted = await playHolders(memoryLedger(), { runs: 200, room: 200, random: seeded(7) })
    expect(counted).toMatchObject({ lost: {}, reads: 1, granted: 0, left: NOTHING })
    expect(counted.largest.bytes).toBeLessThan(32 * 1024)
  })

  it('with room for a quarter: the others stand in the line and are granted in order, all within 5 tries', async () => {
    const counted = await playHolders(memoryLedger(), { runs: 200, room: 50, random: seeded(8) })
    for (const line of linesOf(counted)) console.log(line)
    expect(counted).toMatchObject({ granted: 150, overtaken: 0, left: NOTHING })
    // What was taken meanwhile is no longer free, which is read again; no row of another lane is in the way.
    expect(Object.keys(counted.lost).filter((kind) => kind !== 'sum')).toEqual([])
    expect(counted.reads).toBeLessThanOrEqual(5)
    expect(counted.largest.bytes).toBeLessThan(32 * 1024)
  })
})
