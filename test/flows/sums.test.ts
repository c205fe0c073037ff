import { afterEach, describe, expect, it } from 'vitest'
import { lineSum } from '../../core/lane/room.ts'
import { recountRoom } from '../../flows/sums.ts'
import example from '../../signalbox.config.ts'
import { MINUTE, stepIs, TRAIN, upload } from '../journeys/scenes.ts'
import { openTown, type Town } from '../journeys/town.ts'

let town: Town
afterEach(() => town.close())

const free = { ...example, approvals: { ...example.approvals, autoApproveBelow: 1e9 } }
const ROOM = 'pool/gpu-train'
const drift = (by: number) => town.house.ports.ledger.commit([{ add: ROOM, by, atMost: null, atLeast: null }])

describe('a sum that has drifted from its holds', () => {
  it.each([16, -16])('by %i: resync makes it right, and who waited without a word goes on', async (by) => {
    town = await openTown({ config: free })
    await drift(by)
    await upload(town)
    await town.advance(6 * MINUTE)
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'), 1)
    expect(await town.held(ROOM)).toEqual({ lanes: { [TRAIN]: 8 }, sum: 8 })
  })

  it('of a line counts who stands in it: nobody waits behind nobody', async () => {
    town = await openTown({ config: free })
    await town.house.ports.ledger.commit([{ add: lineSum(ROOM), by: 3, atMost: null, atLeast: null }])
    await upload(town)
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'), 1)
  })

  it('is left alone while it agrees, or changes meanwhile', async () => {
    town = await openTown({ config: free })
    const { ledger } = town.house.ports
    expect(await recountRoom({ ledger }, ROOM)).toBe(false)
    await drift(3)
    const list: typeof ledger.list = async (kind, page) => {
      if (kind === 'hold') await drift(1)
      return ledger.list(kind, page)
    }
    expect(await recountRoom({ ledger: { ...ledger, list } }, ROOM)).toBe(false)
    expect((await town.held(ROOM)).sum).toBe(4)
    expect(await recountRoom({ ledger }, ROOM)).toBe(true)
    expect((await town.held(ROOM)).sum).toBe(0)
  })
})
