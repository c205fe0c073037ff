import { NODE_POOL } from '../../core/kube.ts'
import { begun, boundedConfig, DEEDS, nodesSeen, overspent, TRAININGS } from './bounded-deeds.ts'
import { HOUR, looseEnds, MINUTE } from './scenes.ts'
import { openTown } from './town.ts'
import { diceOf } from './walk.ts'

/**
 * Uploads, drift, leases, rungs, answers and the end of a month, in an order that the seed says: never are there more GPUs than the pool may
 * have, never more dollars than the budget, or than a run's approval says. Answers what is wrong.
 */
export const boundedWalkOf = async (seed: number, steps: number): Promise<{ wrong: string[]; deeds: string[] }> => {
  const roll = diceOf(seed)
  const at = Date.UTC(2026, 10, 30, roll(24))
  const town = await openTown({ config: boundedConfig([0.05, 0.08, 0.12, 0.25]), at })
  const walk = begun({ town, pool: 'gpu-train', trainings: TRAININGS, roll })
  const [wrong, deeds]: [string[], string[]] = [[], []]
  try {
    const seen = nodesSeen(walk, 10 * MINUTE)
    await town.house.cluster.watch({}, (change) => {
      const { kind, metadata } = change.object
      const problem = kind === 'Node' && metadata.labels?.[NODE_POOL] === walk.pool ? seen(change) : null
      if (problem !== null) wrong.push(problem)
    })
    for (let n = 0; n < steps && wrong.length === 0; n++) {
      deeds.push(`${((town.house.clock.now() - at) / HOUR).toFixed(1)} ${await walk.pick(DEEDS)(walk)}`)
      await town.advance(walk.pick([1000, MINUTE, 10 * MINUTE, HOUR, 3 * HOUR]))
      wrong.push(...(await looseEnds(town)), ...(await overspent(walk)))
    }
    await town.advance(12 * HOUR)
    wrong.push(...(await looseEnds(town)), ...(await overspent(walk)))
  } catch (error) {
    wrong.push(String((error as Error).stack))
  } finally {
    await town.close()
  }
  return { wrong, deeds }
}
