import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, say, served, stepIs, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

describe('a Deployment that somebody takes away or scales', () => {
  const deploymentOf = async (generation: number): Promise<KubeObject<'Deployment'>> => {
    const all = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
    return all.find(({ metadata }) => metadata.name.endsWith(`-g${generation}`)) as KubeObject<'Deployment'>
  }
  const deleted = async (generation: number): Promise<void> => {
    const { metadata } = await deploymentOf(generation)
    const { namespace = null, name, uid = '' } = metadata
    await town.house.cluster.delete({ kind: 'Deployment', namespace, name }, uid)
  }
  const deletedAlone = async (generation: number): Promise<void> => {
    const { namespace = null, name } = (await deploymentOf(generation)).metadata
    await (town.house.cluster as SimulatedCluster).orphan({ kind: 'Deployment', namespace, name })
  }
  /** As what is said asks for. */
  const strayDeleted = async (): Promise<void> => {
    const { cluster } = town.house
    for (const one of await cluster.list('ReplicaSet')) await cluster.delete(refOf(one), one.metadata.uid ?? '')
  }
  const scaled = async (generation: number, replicas: number): Promise<void> => {
    const { apiVersion, kind, metadata } = await deploymentOf(generation)
    const { name, namespace } = metadata
    await town.house.cluster.apply(
      { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } } as KubeObject,
      'signalbox-scale',
    )
  }
  /** By another manager than ours: what we ask of it from then on is a conflict. */
  const scaledByHand = async (generation: number, replicas: number): Promise<void> => {
    const { metadata } = await deploymentOf(generation)
    const { namespace = null, name, uid = '' } = metadata
    await town.house.cluster.patch({ kind: 'Deployment', namespace, name }, uid, { spec: { replicas } })
  }
  /** The API server still has it: it is deleted, and somebody's finalizer keeps it. */
  const keeping = (object: KubeObject): void => {
    const { cluster } = town.house
    const { list, get, apply } = cluster
    const metadata = {
      ...object.metadata,
      deletionTimestamp: '2026-11-23T12:00:00Z',
      finalizers: ['foregroundDeletion', 'acme.com/audit'],
    }
    const kept = { ...object, metadata, status: {} } as unknown as KubeObject
    const isIt = ({ kind, metadata: { name } }: KubeObject) => kind === kept.kind && name === kept.metadata.name
    cluster.list = async (kind, where) => {
      const found = (await list.call(cluster, kind, where)).filter((one) => !isIt(one))
      return kind === kept.kind ? [...found, kept] : found
    }
    cluster.get = async (ref) =>
      ref.kind === kept.kind && ref.name === kept.metadata.name ? kept : get.call(cluster, ref)
    // What is on its way takes what is applied, and makes nothing of it.
    cluster.apply = async (object, manager) =>
      isIt(object) ? { kind: 'applied', object: kept } : apply.call(cluster, object, manager)
  }
  const rising = async (loadMinutes = 12): Promise<void> => {
    town = await openTown()
    await served(town)
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes }, tags: { second: 'yes' } }),
    )
    await town.answered(SERVE)
  }

  it('while it rises: that is seen within minutes, said, and what stood before stands alone', async () => {
    await rising()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    await town.advance(MINUTE)
    const at = town.house.clock.now()
    await deleted(2)
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'deleted',
      detail: 'the Deployment of generation 2 is gone: somebody has deleted it',
    })
    expect(town.house.clock.now() - at).toBeLessThan(2 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it('while it rises, and a finalizer keeps it without a pod: the same, and it says which', async () => {
    await rising()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    const { cluster } = town.house
    const list = cluster.list.bind(cluster)
    cluster.list = async (kind, where) => {
      const found = await list(kind, where)
      if (kind !== 'Deployment') return found
      const metadata = { deletionTimestamp: '2026-11-23T12:00:00Z', finalizers: ['acme.com/audit'] }
      return found.map((one) =>
        one.metadata.name.endsWith('-g2')
          ? ({ ...one, metadata: { ...one.metadata, ...metadata }, status: {} } as unknown as KubeObject)
          : one,
      )
    }
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'deleted',
      detail: expect.stringContaining('acme.com/audit keeps it'),
    })
  })

  it('what was to leave, while the new one rises: that it has left is true already, and the new one stands alone', async () => {
    await rising()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    await town.advance(MINUTE)
    const at = town.house.clock.now()
    await deleted(1)
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(town.house.clock.now() - at).toBeLessThan(40 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect((await timeline(town, SERVE)).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('the Deployment of generation 1 is gone: somebody has deleted it'),
    )
    expect(await looseEnds(town)).toEqual([])
  })

  it('the baseline, once the new one is judged: what is ready and judged is not taken away (D)', async () => {
    await rising(1)
    await town.until('it is judged', stepIs(town, SERVE, 'judge', 'done'))
    await deleted(1)
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
  })

  it('the baseline, once the new one is judged, and a person cancels: there is nothing to go back to, and the new one stays (D)', async () => {
    await rising(1)
    await town.until('it is judged', stepIs(town, SERVE, 'judge', 'done'))
    await deleted(1)
    await say(town, 'cancel', { lane: SERVE })
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'cancelled' })
    expect(Object.keys(await replicasOf(town))).toEqual(['2'])
  })

  it('the baseline, scaled to none by hand: it has left already, and the new one stands alone (D)', async () => {
    await rising(1)
    await town.until('it is judged', stepIs(town, SERVE, 'judge', 'done'))
    await scaledByHand(1, 0)
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('the baseline, scaled to none by hand, and a person cancels: it does not come back, and the new one stays (D)', async () => {
    await rising(1)
    await town.until('it is judged', stepIs(town, SERVE, 'judge', 'done'))
    await scaledByHand(1, 0)
    await say(town, 'cancel', { lane: SERVE })
    expect((await town.settled(SERVE)).outcome).toMatchObject({
      kind: 'cancelled',
      detail: expect.stringMatching(/the way back failed: .* also sets .spec.replicas of .*: let one of them go/),
    })
    expect(await replicasOf(town)).toEqual({ 2: 1 })
    expect((await deploymentOf(2)).status).toMatchObject({ readyReplicas: 1 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('the baseline, on the way back to it: that is seen and said at once', async () => {
    await rising()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    await town.advance(MINUTE)
    await say(town, 'cancel', { lane: SERVE })
    const back = async () => (await town.lane(SERVE)).run?.steps.some(({ way }) => way === 'back') === true
    await town.until('it goes back', back)
    const at = town.house.clock.now()
    await deleted(1)
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'cancelled' })
    expect(town.house.clock.now() - at).toBeLessThan(3 * MINUTE)
    expect((await town.house.why(SERVE)).text).toMatch(
      /cancelled by .*; the way back failed: the Deployment of generation 1 is gone: somebody has deleted it/,
    )
  })

  it('alone, while it rises: its pods run on, and it says what to delete; once that is done nothing of it is left', async () => {
    await rising()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    await town.advance(MINUTE)
    const at = town.house.clock.now()
    await deletedAlone(2)
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'deleted',
      detail: expect.stringMatching(
        /deleted the Deployment of generation 2 alone, and 1 of its pods run on: delete ReplicaSet \S+-g2-\w+ of serving/,
      ),
    })
    expect(town.house.clock.now() - at).toBeLessThan(2 * MINUTE)
    await town.advance(HOUR)
    expect((await town.house.why(SERVE)).text).toContain('delete ReplicaSet')
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 12 }, sum: 12 })
    await strayDeleted()
    await town.advance(HOUR)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8 }, sum: 8 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('alone, while it rises, and a person says retry: the Deployment that is made again takes its pods back', async () => {
    await rising()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    await town.advance(MINUTE)
    await deletedAlone(2)
    await town.settled(SERVE, 1)
    await say(town, 'retry', { lane: SERVE })
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded', attempt: 2 })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect(await town.house.cluster.list('ReplicaSet')).toEqual([])
  })

  it('alone, between two moves: the same words, though its move had been done', async () => {
    await rising(1)
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    await deletedAlone(2)
    expect((await town.settled(SERVE)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'deleted',
      detail: expect.stringContaining('1 of its pods run on: delete ReplicaSet'),
    })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it('what was to leave, alone: it says what to delete, and goes on once that is done', async () => {
    await rising(1)
    await town.until('it is judged', stepIs(town, SERVE, 'judge', 'done'))
    await deletedAlone(1)
    await town.advance(10 * MINUTE)
    expect(await town.house.why(SERVE)).toMatchObject({
      why: 'working',
      text: expect.stringMatching(
        /generation 1 alone, and \d of its pods run on: delete ReplicaSet \S+-g1-\w+ of serving/,
      ),
    })
    await strayDeleted()
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8 }, sum: 8 })
  })

  it('between two moves: the same, in words that say so', async () => {
    await rising(1)
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    await deleted(2)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'failed', reason: 'deleted' })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    await town.advance(HOUR)
    // What resync finds again says that it stays so, and hides nothing of why.
    expect((await town.house.why(SERVE)).text).toMatch(
      /generation 2 is gone: somebody has deleted it; it stays so until/,
    )
  })

  it('at rest, and a finalizer keeps it without a pod: nothing is held for it, and it is no longer what is wanted', async () => {
    town = await openTown()
    await served(town)
    const kept = (await deploymentOf(1)) as KubeObject
    await deleted(1)
    keeping(kept)
    await town.advance(HOUR)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: {}, sum: 0 })
    // What is asked then would fail too, and says why: nobody is told that it stands.
    await town.answered(SERVE)
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'deleted',
      detail: expect.stringContaining('acme.com/audit keeps it'),
    })
    await town.advance(HOUR)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: {}, sum: 0 })
  })

  it('holds what stands after a run that failed too: neither more for ever, nor less than there is', async () => {
    await rising()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    await town.advance(MINUTE)
    await scaled(2, 0)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'failed' })
    await town.advance(HOUR)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8 }, sum: 8 })
    await scaled(1, 3)
    await town.advance(HOUR)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 12 }, sum: 12 })
    await deleted(1)
    await town.advance(HOUR)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: {}, sum: 0 })
    expect(await looseEnds(town)).toEqual([])
  })
})
