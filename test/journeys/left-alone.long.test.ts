import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { HOUR, MINUTE, MODEL, replicasOf, SERVE, say, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const open = async (more: object = {}): Promise<void> => {
  const services = { [MODEL]: { ...example.services?.[MODEL], ...more } }
  town = await openTown({ config: { ...example, services } as typeof example })
  await served(town)
}

const orphaned = async (): Promise<void> => {
  const { name } = await town.lane(SERVE)
  const ref = { kind: 'Deployment' as const, namespace: 'serving', name: `${name}-g1` }
  await (town.house.cluster as SimulatedCluster).orphan(ref)
}

const isServing = ({ metadata }: KubeObject): boolean => metadata.labels?.['signalbox.dev/task'] === 'serving'
const podsOf = async (): Promise<string[]> =>
  (await town.house.cluster.list('Pod'))
    .filter(isServing)
    .map(({ metadata }) => metadata.name)
    .toSorted()
const led = async () => {
  const { name } = await town.lane(SERVE)
  const services = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
  return trafficOf(services.find(({ metadata }) => metadata.name === name))
}

/** Goes on; the same pods are led to all the while. */
const goesOn = async (hours: number, pods: readonly string[]): Promise<void> => {
  for (let at = 0; at < hours * HOUR; at += MINUTE) {
    await town.advance(MINUTE)
    expect([await led(), await podsOf()]).toEqual([1, pods])
  }
}

const isTakenBack = async (): Promise<void> => {
  expect(await replicasOf(town)).toMatchObject({ 1: 2 })
  expect(await town.house.cluster.list('ReplicaSet')).toEqual([])
  const told = (await timeline(town, SERVE)).filter(({ text }) => text?.includes('alone, and ReplicaSet'))
  expect(told.length).toBeGreaterThan(0)
  expect((await town.held('pool/gpu-serve')).sum).toBe(8)
}

const denied = async (): Promise<void> => {
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
}

describe('the Deployment of what serves, deleted alone', () => {
  const rests: [string, () => Promise<void>][] = [
    ['its version is wanted', async () => {}],
    ['what was promoted since was denied', denied],
    ['no version is promoted', () => town.house.registry.deleteAlias(MODEL, 'champion')],
  ]
  it.each(rests)(
    'while %s: it is made again, takes its pods back, and nobody is asked or led away',
    async (_, rest) => {
      await open()
      await rest()
      await town.advance(10 * MINUTE)
      const pods = await podsOf()
      await orphaned()
      await goesOn(1, pods)
      await isTakenBack()
      expect(await town.question(SERVE)).toBeNull()
    },
  )

  it('is scaled as ever from then on', async () => {
    await open()
    await orphaned()
    await town.advance(15 * MINUTE)
    const services = { [MODEL]: { ...example.services?.[MODEL], replicas: 1 } }
    town.setPolicy({ ...example, services } as typeof example)
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
    expect(await replicasOf(town)).toEqual({ 1: 1 })
  })

  it('while the policy asks for other replicas: it is made again first, with those that answer', async () => {
    await open()
    const pods = await podsOf()
    await orphaned()
    const services = { [MODEL]: { ...example.services?.[MODEL], replicas: 1 } }
    town.setPolicy({ ...example, services } as typeof example)
    await town.until('it asks', async () => (await town.question(SERVE)) !== null, 1)
    expect([await led(), await podsOf()]).toEqual([1, pods])
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
    expect(await replicasOf(town)).toEqual({ 1: 1 })
  })

  it('where all that is done by hand is told: it runs on, and retry makes it again', async () => {
    await open({ onEdit: 'tell' })
    const pods = await podsOf()
    await orphaned()
    await goesOn(1, pods)
    expect((await town.house.why(SERVE)).text).toContain('alone, and ReplicaSet')
    await say(town, 'retry', { lane: SERVE })
    await town.advance(15 * MINUTE)
    expect(await podsOf()).toEqual(pods)
    await isTakenBack()
  })

  it('and changed since: nobody is led away, and it is said what ends it', async () => {
    await open()
    const pods = await podsOf()
    await orphaned()
    const [one] = (await town.house.cluster.list('ReplicaSet')) as KubeObject<'ReplicaSet'>[]
    const { name, namespace = null } = one?.metadata ?? { name: '' }
    await (town.house.cluster as SimulatedCluster).edit(
      { kind: 'ReplicaSet', namespace, name },
      'kubectl-edit',
      (live) => {
        const set = structuredClone(live) as KubeObject<'ReplicaSet'>
        const [container] = set.spec?.template?.spec?.containers ?? []
        if (container !== undefined) container.image = 'other:1'
        return set
      },
    )
    await goesOn(1, pods)
    expect((await town.lane(SERVE)).outcome).toMatchObject({
      reason: 'pods-without-deployment',
      detail: expect.stringContaining(`delete replicaset ${name}`),
    })
  })
})
