import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import type { Cluster, Ports } from '../../flows/ports.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { MINUTE, MODEL, replicasOf, SERVE, served, stepIs, TRAIN, trainedUntil } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

describe('nothing is concluded from what a list leaves out (law 2)', () => {
  it('a rollout that is cancelled walks back, also where the cache does not show its Deployment yet', async () => {
    town = await openTown({
      wrap: lagging(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith('-g2')),
    })
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.answered(SERVE)
    await town.until('the first move', stepIs(town, SERVE, 'move-1', 'running'))
    await town.house.command({ kind: 'cancel', lane: SERVE, by: ANA })
    expect((await town.settled(SERVE)).state).toBe('cancelled')
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })
})

describe('a Job whose failure is decided and whose pods still end', () => {
  it('is waited for, kept as evidence, and holds its GPUs meanwhile', async () => {
    const life: Life = { condition: null, deletions: 0 }
    town = await openTown({ wrap: failing(life) })
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 60 } })
    life.condition = 'FailureTarget'
    await town.until('its failure is seen', async () => (await town.lane(TRAIN)).run?.ending?.kind === 'failed')
    await town.advance(9 * MINUTE)
    expect((await town.lane(TRAIN)).rest?.text).toContain('pods are still ending')
    expect((await town.held('pool/gpu-train')).sum).toBe(8)
    life.condition = 'Failed'
    expect((await town.settled(TRAIN)).state).toBe('failed')
    expect((await town.held('pool/gpu-train')).sum).toBe(0)
    expect(life.deletions).toBe(0)
  })
})

/** A cache that does not show these objects yet. */
const lagging = (hidden: (object: KubeObject) => boolean) =>
  withCluster((cluster) => ({
    list: async (kind, where) =>
      (await cluster.list(kind, where)).filter((object) => where?.fresh === true || !hidden(object)),
  }))

interface Life {
  condition: 'FailureTarget' | 'Failed' | null
  deletions: number
}

/** Every Job has failed by its policy: as Kubernetes says it while pods have their grace, and afterwards. */
const failing = (life: Life) =>
  withCluster((cluster) => ({
    get: async (ref) => {
      const found = (await cluster.get(ref)) as KubeObject<'Job'> | null
      if (found === null || ref.kind !== 'Job' || life.condition === null) return found
      const conditions = [{ type: life.condition, status: 'True', reason: 'PodFailurePolicy' }]
      return { ...found, status: { ...found.status, conditions } }
    },
    delete: async (...asked) => {
      life.deletions += 1
      return cluster.delete(...asked)
    },
  }))

const withCluster =
  (change: (cluster: Cluster) => Partial<Cluster>) =>
  (ports: Ports): Ports => ({
    ...ports,
    cluster: new Proxy(ports.cluster, {
      get: (cluster, member) => {
        const changed = change(cluster) as Record<string | symbol, unknown>
        const found = changed[member] ?? (Reflect.get(cluster, member) as unknown)
        return typeof found === 'function' ? found.bind(cluster) : found
      },
    }),
  })
