import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { rungsOf } from '../../../flows/ladder.ts'
import { meterDoor } from '../../../local/doors.ts'
import { sideBySide } from '../../faults/side-by-side.ts'
import { begun, boundedConfig, DEEDS, nodesSeen, overspent, type Walk } from '../../journeys/bounded-deeds.ts'
import { looseEnds } from '../../journeys/scenes.ts'
import { diceOf } from '../../journeys/walk.ts'
import { nodesOf } from '../cluster/karpenter.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

/** Walks, how many at a time, and deeds of each. */
const [WALKS, BESIDE, STEPS] = [20, 5, 12]
/** A node that was asked for before a ceiling fell comes within so many milliseconds. */
const LATE = 30_000
/** Of an hour: 6 s. The longest outlives its walk. */
const TRAININGS = [{}, { minutes: 20 }, { minutes: 60 }, { minutes: 600 }, { exitCode: 1 }]
/** Rungs from $0.09 on, $0.14, $0.18 and $0.27: what a node costs in 6, 9, 12 and 18 seconds. */
const SHARES = [0.0001, 0.00015, 0.0002, 0.0003] as const

/** What the walks came to: so that walks in which nothing happens prove nothing. */
const reached = { nodes: 0, rungs: new Set<string>(), jobs: 0 }

/** Looks at all nodes of the walk's pool, and lets the meter do the same; what is wrong. */
const lookerOf = (walk: Walk, { requests, policy, house }: RealTown): (() => Promise<string[]>) => {
  const seen = nodesSeen(walk, LATE)
  let there = new Map<string, KubeObject>()
  return async () => {
    const nodes = new Map((await nodesOf(requests, walk.pool)).map((node) => [node.metadata.name, node as KubeObject]))
    for (const [name, object] of there) if (!nodes.has(name)) seen({ type: 'DELETED', object })
    reached.nodes += [...nodes.keys()].filter((name) => !there.has(name)).length
    const wrong = [...nodes.values()].map((object) => seen({ type: 'ADDED', object }))
    there = nodes
    await meterDoor(house.ports)()
    for (const { name } of await rungsOf(house.ports.ledger, policy)) reached.rungs.add(name)
    return [...wrong.filter((what) => what !== null), ...(await overspent(walk))]
  }
}

/** One walk in real time, in a town of its own. Answers what is wrong. */
const walked = async (seed: number): Promise<string[]> => {
  const name = `bounded-${process.pid}-${seed}`
  const town = await openRealTown({ policy: parsePolicy(ownConfig(name, boundedConfig(SHARES))) })
  const walk = begun({ town, pool: `${name}-gpu-train`, trainings: TRAININGS, roll: diceOf(seed) })
  const [wrong, deeds]: [string[], string[]] = [[], []]
  try {
    const look = lookerOf(walk, town)
    for (let n = 0; n < STEPS && wrong.length === 0; n++) {
      deeds.push(await walk.pick(DEEDS)(walk))
      for (let looks = walk.pick([1, 3, 8]); looks > 0; looks--) {
        await pause(500)
        wrong.push(...(await look()))
      }
    }
    reached.jobs += (await town.house.cluster.list('Job', { namespace: name })).length
    // Rows are read one after the other while lanes go on: what is loose stays so.
    const rooms = [`pool/${walk.pool}`, 'budget/ml-monthly']
    await town.until('nothing is loose', async () => (await looseEnds(town, rooms)).length === 0, 30)
  } catch (error) {
    wrong.push(String((error as Error).stack))
  } finally {
    await town.close()
  }
  return wrong.map((what) => `seed ${seed}: ${what}\n  ${deeds.join('\n  ')}`)
}

it('20 walks of uploads, drift, leases, rungs and answers: never more GPUs than a pool may have, never more dollars than was approved', async () => {
  const wrong: string[] = []
  const seeds = Array.from({ length: WALKS }, (_, n) => n + 1)
  await sideBySide(seeds, BESIDE, async (seed) => void wrong.push(...(await walked(seed))))
  console.log(`${reached.nodes} nodes, ${reached.jobs} Jobs, crossed: ${[...reached.rungs].toSorted().join(', ')}`)
  expect(wrong).toEqual([])
  expect(reached.nodes).toBeGreaterThan(WALKS / 4)
  // How far a walk climbs is a matter of how fast the machine is: what each rung does is tried by itself.
  expect(reached.rungs.size).toBeGreaterThan(0)
})
