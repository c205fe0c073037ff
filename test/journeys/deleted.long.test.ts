import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { between } from './away.ts'
import { looseEnds, MINUTE, say, TRAIN, trainedUntil } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const JOB_NAME = 'batch.kubernetes.io/job-name'
const ROOM = 'pool/gpu-train'

/** What the API server answers instead of the object that is there. */
const answering = (
  kind: 'Job' | 'Pod',
  { get, list }: { get?: (found: KubeObject) => KubeObject | null; list?: (found: KubeObject[]) => KubeObject[] },
): void => {
  const { cluster } = town.house
  const before = { get: cluster.get.bind(cluster), list: cluster.list.bind(cluster) }
  cluster.get = async (ref) => {
    const found = await before.get(ref)
    return found !== null && ref.kind === kind && get !== undefined ? get(found) : found
  }
  cluster.list = async (which, where) => {
    const found = await before.list(which, where)
    return which === kind && list !== undefined && where?.labels !== undefined ? list(found) : found
  }
}

const atWork = async (): Promise<KubeObject<'Job'>> => {
  town = await openTown()
  await trainedUntil(town, 'train', 'running', { simulation: { minutes: 600 } })
  await town.advance(10 * MINUTE)
  const [job] = (await town.house.cluster.list('Job')) as [KubeObject<'Job'>]
  return job
}
const look = async (): Promise<void> => {
  await town.house.ports.queue.wake(TRAIN, `look.${town.house.clock.now()}`)
  await town.advance(MINUTE)
}
const leaving = (finalizers: string[]) => (found: KubeObject) =>
  ({
    ...found,
    metadata: { ...found.metadata, deletionTimestamp: '2026-11-23T12:00:00Z', finalizers },
  }) as unknown as KubeObject

describe('a Job that is deleted while nobody can look', () => {
  it.each<[string, number, number, number]>([
    ['an hour: until it is first seen gone', 60, 65, 82],
    ['a day: what its run may cost at most', 25 * 60, 194.47, 194.48],
  ])('for %s is what is booked', async (_, minutes, least, most) => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await trainedUntil(town, 'train', 'running', { simulation: { minutes: 600 } })
    await town.advance(20 * MINUTE)
    far.fails('cluster', 'away')
    await town.advance(10 * MINUTE)
    const [job] = (await town.house.cluster.list('Job')) as [KubeObject<'Job'>]
    await town.house.cluster.delete(refOf(job), job.metadata.uid ?? '')
    await town.advance(minutes * MINUTE)
    far.answers('cluster')
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'failed', reason: 'deleted' })
    const cost = (await town.past(TRAIN)).at(-1)?.cost
    expect(cost).toBeGreaterThan(least)
    expect(cost).toBeLessThanOrEqual(most)
  })
})

describe('a Job that somebody deletes while it works', () => {
  it('and that a finalizer keeps: once its pods are gone it has failed, and its GPUs go back', async () => {
    await atWork()
    answering('Job', { get: leaving(['acme.com/audit', 'foregroundDeletion']) })
    await look()
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'working',
      text: expect.stringMatching(/running on .*; somebody has deleted the Job, and acme.com\/audit keeps it/),
    })
    expect((await town.held(ROOM)).sum).toBe(8)
    answering('Pod', { list: () => [] })
    await look()
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'deleting',
      text: expect.stringContaining('acme.com/audit holds it'),
    })
    expect(await town.held(ROOM)).toEqual({ lanes: {}, sum: 0 })
    expect((await town.lane(TRAIN)).run?.ending).toMatchObject({ kind: 'failed', reason: 'deleted' })
  })

  it('without its pods: they run on, its GPUs are held until they end, and it says what to do', async () => {
    const job = await atWork()
    const pods = (await town.house.cluster.list('Pod', { labels: { [JOB_NAME]: job.metadata.name } })).map(
      ({ metadata: { ownerReferences: _, ...metadata }, ...pod }) => ({ ...pod, metadata }) as KubeObject,
    )
    let there = pods
    answering('Job', { get: () => null })
    answering('Pod', { list: () => there })
    await town.advance(5 * MINUTE)
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'deleting',
      text: expect.stringMatching(
        /deleted Job .* without its pods, and 1 of them run on by themselves: delete the pods/,
      ),
    })
    expect((await town.held(ROOM)).sum).toBe(8)
    await town.advance(3 * 60 * MINUTE)
    there = []
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'failed', reason: 'deleted' })
    expect(await looseEnds(town)).toEqual([])
    // What was seen to run is booked, also beyond what it was to cost.
    expect((await town.past(TRAIN)).at(-1)?.cost).toBeGreaterThan(3 * 55.04)
  })

  it('and makes again under its name: the pods of the first are its own, and the second is none of its', async () => {
    const job = await atWork()
    const again = { ...job, metadata: { ...job.metadata, uid: 'another' } } as KubeObject
    const [pod] = await town.house.cluster.list('Pod', { labels: { [JOB_NAME]: job.metadata.name } })
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: job.metadata.name, uid: 'another', controller: true }
    const second = { ...pod, metadata: { ...pod?.metadata, name: 'second', ownerReferences: [owner] } } as KubeObject
    let there = [pod as KubeObject, second]
    answering('Job', { get: () => again })
    answering('Pod', { list: () => there })
    await town.advance(5 * MINUTE)
    expect(await town.house.why(TRAIN)).toMatchObject({
      why: 'deleting',
      text: expect.stringContaining('1 pods of Job'),
    })
    expect((await town.held(ROOM)).sum).toBe(8)
    there = [second]
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'failed', reason: 'deleted' })
    expect(await town.held(ROOM)).toEqual({ lanes: {}, sum: 0 })
  })
})

const ofAnotherKind = ({ metadata: { name, uid } }: KubeObject) => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }],
})

const ofAnotherGroup = ({ metadata: { name, uid } }: KubeObject) => ({
  ownerReferences: [{ apiVersion: 'batch.volcano.sh/v1alpha1', kind: 'Job', name, uid, controller: true }],
})

it.each([
  ['that somebody labels as a Job’s', () => ({})],
  ['whose owner of another kind claims the uid of a Job', ofAnotherKind],
  ['whose owner, a Job of another group, claims the uid of a Job', ofAnotherGroup],
])('a pod %s is not the Job’s: what keeps it from running ends nobody’s work', async (_what, owned) => {
  const job = await atWork()
  const stray = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stray', namespace: 'training', labels: { [JOB_NAME]: job.metadata.name }, ...owned(job) },
    spec: { containers: [{ name: 'c', image: 'x' }] },
    status: {
      phase: 'Pending',
      containerStatuses: [{ name: 'c', image: 'x', state: { waiting: { reason: 'InvalidImageName' } } }],
    },
  } as unknown as KubeObject
  answering('Pod', { list: (found) => [stray, ...found] })
  await look()
  expect(await town.lane(TRAIN)).toMatchObject({ run: { ending: null }, rest: { why: 'working' } })
  expect(await say(town, 'cancel')).toMatchObject({ ok: true })
  expect((await town.settled(TRAIN, 1)).state).toBe('cancelled')
})
