import { expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import example from '../example.ts'
import { between } from './away.ts'
import { BUDGET, laddered, laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, TRAIN, upload } from './scenes.ts'
import { BEN, openTown } from './town.ts'

const TURN = Date.UTC(2026, 11, 1)
const BOTH = [
  { at: 0.02, do: 'no-new-runs' },
  { at: 0.02, do: 'cap-pools' },
]
const config = laddered(1000, BOTH, { approvals: { ...example.approvals, autoApproveBelow: 1e9 } })
const NODE_POOL = { kind: 'NodePool', namespace: null, name: 'gpu-train' } as const

/** A town in which one run has crossed both rungs and another one waits, four hours before the month turns; dies at that call of a moment. */
const lived = async (moment: 'crossing' | 'turn' | 'lift', calls: number): Promise<boolean> => {
  const far = between()
  const town = await openTown({ at: TURN - 5 * HOUR, config, wrap: far.wrap })
  const limit = async () =>
    ((await town.house.cluster.get(NODE_POOL)) as KubeObject<'NodePool'>).spec?.limits?.['nvidia.com/gpu']
  const { rungs, spent } = laddersOf(town)
  try {
    await upload(town, 'a')
    await town.until('it is nearly crossed', async () => (await spent()) > 15)
    if (moment === 'crossing') {
      far.dies(calls)
      await town.advance(6 * MINUTE).catch(() => undefined)
      const died = far.isDead()
      far.revive()
      if (died) await town.reopen(far.wrap)
      await town.advance(30 * MINUTE)
      expect((await rungs()).toSorted()).toEqual(['cap-pools', 'no-new-runs'])
      expect(await limit()).toBe('8')
      return died
    }
    await town.advance(30 * MINUTE)
    await upload(town, 'b')
    await town.advance(30 * MINUTE)
    expect((await town.lane(TRAIN)).rest?.why).toBe('rung')
    if (moment === 'turn') await town.advance(TURN - town.house.clock.now() - MINUTE)
    if (moment === 'lift') {
      await town.house.command({ kind: 'lift', rung: 'no-new-runs', by: BEN, why: 'a demo' })
      far.dies(calls)
      await town.answered(BUDGET).catch(() => undefined)
    } else far.dies(calls)
    await town.advance(6 * MINUTE).catch(() => undefined)
    const died = far.isDead()
    far.revive()
    if (died) await town.reopen(far.wrap)
    await town.advance(MINUTE)
    // Who died before the answer was written down is asked once more.
    if (moment === 'lift' && (await town.question(BUDGET)) !== null) await town.answered(BUDGET)
    await town.advance(12 * MINUTE)
    expect((await town.lane(TRAIN)).rest?.why).not.toBe('rung')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    if (moment === 'turn') expect([await rungs(), await limit()]).toEqual([[], '16'])
    expect(await looseEnds(town)).toEqual([])
    return died
  } finally {
    await town.close()
  }
}

it.each(['crossing', 'turn', 'lift'] as const)(
  'a process that dies at one call after the other of a %s leaves what the money says, and nobody waits for what is over',
  async (moment) => {
    for (let calls = 0, died = true; died; calls += 5) died = await lived(moment, calls)
  },
  600_000,
)
