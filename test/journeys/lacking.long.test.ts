import { afterEach, expect, it } from 'vitest'
import { type KubeObject, NODE_POOL, type ObjectRef, refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { DAY, looseEnds, MINUTE, replicasOf, SERVE, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

const POOL = 'gpu-serve'
let town: Town
afterEach(() => town.close())

/** `kubectl edit nodepool`: so many GPUs at most. */
const limit = (gpus: number): Promise<unknown> =>
  (town.house.cluster as SimulatedCluster).edit({ kind: 'NodePool', name: POOL } as ObjectRef, 'kubectl', (live) => ({
    ...live,
    spec: { ...(live as KubeObject<'NodePool'>).spec, limits: { 'nvidia.com/gpu': String(gpus) } },
  }))
const loseNodes = async (many = 9): Promise<void> => {
  const nodes = await town.house.cluster.list('Node')
  const ours = nodes.filter(({ metadata }) => metadata.labels?.[NODE_POOL] === POOL)
  for (const node of ours.slice(0, many)) await town.house.cluster.delete(refOf(node), node.metadata.uid ?? '')
}
const notes = async (): Promise<string[]> =>
  (await timeline(town, SERVE))
    .filter(({ kind, text }) => kind === 'note' && text.includes('ready'))
    .map(({ text }) => text)

it('what serves and loses its nodes is said to be not ready, and why, for as long as that is so; it is told once, and begins nothing', async () => {
  town = await openTown()
  await served(town)
  await limit(0)
  await loseNodes()
  await town.advance(10 * MINUTE)
  const says = 'v1 (generation 1): 0 of 2 ready: waiting for a node: gpu-serve is at its ceiling'
  const { text } = await town.house.why(SERVE)
  expect(text.slice(0, says.length)).toBe(says)
  await town.advance(DAY)
  expect((await town.house.why(SERVE)).text.slice(0, says.length)).toBe(says)
  expect(await notes()).toEqual([expect.stringContaining(says)])
  expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1, run: null })
  expect((await town.house.cards()).filter(({ card }) => card.title.startsWith(says))).toHaveLength(1)
  await limit(16)
  await town.advance(30 * MINUTE)
  expect(await notes()).toEqual([
    expect.stringContaining(says),
    expect.stringMatching(/^all that serves is ready again, after \d+ min$/),
  ])
  expect((await town.house.why(SERVE)).text).toMatch(/^serve support-llama v1: /)
  expect(await replicasOf(town)).toEqual({ 1: 2 })
  expect(await looseEnds(town)).toEqual([])
})

it('what a node takes for a moment is told nobody: another is there before that is worth a word', async () => {
  town = await openTown()
  await served(town)
  await loseNodes(1)
  await town.advance(DAY)
  expect(await notes()).toEqual([])
  expect((await town.house.why(SERVE)).text).toMatch(/^serve support-llama v1: /)
})
