import { afterEach, describe, expect, it } from 'vitest'
import { GPU, type KubeObject } from '../../core/kube.ts'
import type { Cluster, Ports } from '../../flows/ports.ts'
import { clockOf, HOUR, jobsOf, MINUTE, TRAIN, trainedUntil } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const why = async (): Promise<string> => (await town.house.why(TRAIN)).text

describe('a Job whose pod has no node', () => {
  it('says that its pool is at its ceiling, without anybody waking it, and begins once that is raised', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    await town.until('its node is on its way', async () => (await why()).includes('a node of gpu-train is coming up'))
    await limit(0)
    const [node] = (await town.house.cluster.list('Node')).filter(({ metadata }) => metadata.name.startsWith('gpu'))
    await town.house.cluster.delete(
      { kind: 'Node', namespace: null, name: `${node?.metadata.name}` },
      `${node?.metadata.uid}`,
    )
    await town.until('it says so', async () =>
      (await why()).includes('gpu-train is at its ceiling (0 of 0 GPUs stand, and'),
    )
    // Seen by what is due: the pod itself has said nothing new since it was made.
    expect((await town.lane(TRAIN)).rest?.until).toBeLessThan(clockOf(town).now() + HOUR)
    await town.advance(3 * HOUR)
    expect((await town.lane(TRAIN)).run?.steps[0]).toMatchObject({ state: 'running', ranFrom: null })
    await limit(8)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })
})

describe('a Job whose node is dead', () => {
  it('says so and what to do, ends after 45 minutes, and is tried again once nothing of it runs any more', async () => {
    const life = { deadSince: 0 }
    town = await openTown({ wrap: onDeadNode(life) })
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 480 } })
    await town.until('it runs', async () => (await why()).includes('running on'))
    life.deadSince = clockOf(town).now()
    await wake()
    await town.until('its pod is told to end', async () => (await why()).includes('its pod is stopping on'))
    await town.advance(5 * MINUTE)
    expect(await why()).toMatch(
      /its node does not answer \(Kubelet stopped posting node status\.\): kubectl delete node gpu/,
    )
    expect((await town.lane(TRAIN)).run?.ending).toBeNull()
    await town.advance(41 * MINUTE)
    expect((await town.lane(TRAIN)).run?.ending).toMatchObject({ kind: 'failed', reason: 'node-lost' })
    // Two programs may not write one checkpoint: its GPUs stay held, and it says which Node to delete.
    await town.advance(3 * HOUR)
    expect((await town.held('pool/gpu-train')).sum).toBe(8)
    expect(await why()).toMatch(/is being deleted; its pod had to end by .*: kubectl delete node gpu/)
    expect(await jobsOf(town)).toHaveLength(1)
    life.deadSince = 0
    await town.until('it is tried again', async () => (await town.lane(TRAIN)).run?.attempt === 2)
    // What the dead node kept was paid: so much more than was approved is asked about.
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  })
})

describe('a Job whose program saves what it has when its node is emptied, and ends with 0', () => {
  it('has lost its node, and is tried again, though its pod is gone before anybody sees the end', async () => {
    const life: Drained = { job: null, over: false }
    town = await openTown({ wrap: onDrainedNode(life) })
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 480 } })
    await town.until('it runs', async () => (await why()).includes('running on'))
    life.job = (await jobsOf(town))[0]?.metadata.name ?? null
    await wake()
    await town.until('its pod is told to end', async () => (await why()).includes('its node was emptied'))
    expect((await town.lane(TRAIN)).run?.steps[0]?.lost).toMatchObject({ failure: 'node-lost' })
    life.over = true
    await wake()
    await town.until('it has lost it', async () => (await town.lane(TRAIN)).outcome !== null)
    expect((await town.lane(TRAIN)).outcome).toMatchObject({
      reason: 'node-lost',
      detail: expect.stringMatching(/it ended with 0 and no s3:.*: its node was emptied/),
    })
    await town.until('it is tried again', async () => (await town.lane(TRAIN)).run?.attempt === 2)
  })
})

const limit = async (gpus: number): Promise<void> => {
  const { cluster } = town.house
  const pool = (await cluster.list('NodePool')).find(({ metadata }) => metadata.name === 'gpu-train') as KubeObject
  const ref = { kind: 'NodePool' as const, namespace: null, name: 'gpu-train' }
  await cluster.patch(ref, pool.metadata.uid ?? '', { spec: { limits: { [GPU]: String(gpus) } } })
}

/** Something of its pod changes, as it does when Kubernetes deletes that. */
const wake = async (): Promise<void> => {
  for (const { kind, metadata } of await town.house.cluster.list('Pod')) {
    const ref = { kind, namespace: metadata.namespace ?? null, name: metadata.name }
    await town.house.cluster.patch(ref, metadata.uid ?? '', { metadata: { annotations: { seen: 'yes' } } })
  }
}

/** Every node has stopped answering: Kubernetes has told its pods to end, and nobody ends them; nor does anything that keeps them go. */
const onDeadNode =
  (life: { deadSince: number }) =>
  (ports: Ports): Ports => ({
    ...ports,
    cluster: new Proxy(ports.cluster, {
      get: (cluster, member) => {
        const changed: Partial<Cluster> = {
          list: async (kind, where) => {
            const found = await cluster.list(kind, where)
            return life.deadSince === 0 ? found : found.map((object) => asDead(object, life.deadSince))
          },
          // Its own deletion waits for its pods.
          delete: async (ref, uid) => (life.deadSince > 0 && ref.kind === 'Job' ? 'deleted' : cluster.delete(ref, uid)),
        }
        const found = (changed as Record<string | symbol, unknown>)[member] ?? Reflect.get(cluster, member)
        return typeof found === 'function' ? found.bind(cluster) : found
      },
    }),
  })

const asDead = (object: KubeObject, since: number): KubeObject => {
  if (object.kind === 'Pod')
    return {
      ...object,
      metadata: { ...object.metadata, deletionTimestamp: new Date(since) },
      status: { ...(object as KubeObject<'Pod'>).status, phase: 'Running' },
    } as KubeObject
  const message = 'Kubelet stopped posting node status.'
  const conditions = [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message }]
  return object.kind === 'Node' ? ({ ...object, status: { conditions } } as unknown as KubeObject) : object
}

/** Of which Job the pod is told to end; `over`: it has, and is gone. */
interface Drained {
  job: string | null
  over: boolean
}

/** The node of one Job's pod is emptied: the eviction API marks its pod, and its program ends in its grace with 0. */
const onDrainedNode =
  (life: Drained) =>
  (ports: Ports): Ports => {
    const isOfJob = ({ metadata }: KubeObject): boolean => life.job !== null && metadata.name.startsWith(life.job)
    const asSeen = (object: KubeObject): KubeObject => (isOfJob(object) ? asDrained(object, life) : object)
    return {
      ...ports,
      cluster: new Proxy(ports.cluster, {
        get: (cluster, member) => {
          const changed: Partial<Cluster> = {
            list: async (kind, where) =>
              (await cluster.list(kind, where))
                .filter((object) => !(life.over && kind === 'Pod' && isOfJob(object)))
                .map(asSeen),
            get: async (ref) => {
              const found = await cluster.get(ref)
              return found === null ? null : asSeen(found)
            },
          }
          const found = (changed as Record<string | symbol, unknown>)[member] ?? Reflect.get(cluster, member)
          return typeof found === 'function' ? found.bind(cluster) : found
        },
      }),
    }
  }

const asDrained = (object: KubeObject, { over }: Drained): KubeObject => {
  const { metadata, status } = object as KubeObject<'Pod'>
  if (object.kind === 'Job' && over)
    return { ...object, status: { conditions: [{ type: 'Complete', status: 'True' }] } } as KubeObject
  if (object.kind !== 'Pod') return object
  const target = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }
  return {
    ...object,
    metadata: { ...metadata, deletionTimestamp: new Date(Date.now()), deletionGracePeriodSeconds: 120 },
    status: { ...status, conditions: [...(status?.conditions ?? []), target] },
  } as KubeObject
}
