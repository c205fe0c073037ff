import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { MINUTE, MODEL, replicasOf, SERVE, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const deploymentOf = async (generation: number): Promise<KubeObject<'Deployment'>> => {
  const all = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  return all.find(({ metadata }) => metadata.name.endsWith(`-g${generation}`)) as KubeObject<'Deployment'>
}
/** As anybody makes one who may `edit` there. */
const scaledBy = async (generation: number, apiVersion = 'apps/v1'): Promise<KubeObject> => {
  const { name, namespace = '' } = (await deploymentOf(generation)).metadata
  const made = await town.house.ports.cluster.create({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'by-requests', namespace },
    spec: { maxReplicas: 4, scaleTargetRef: { apiVersion, kind: 'Deployment', name } },
  })
  return (made as { object: KubeObject }).object
}
/** `kubectl label` and `annotate`. */
const marked = async (generation: number, metadata: KubeObject['metadata'] | object): Promise<void> => {
  const cluster = town.house.cluster as SimulatedCluster
  await cluster.edit(refOf(await deploymentOf(generation)), 'kubectl', (live) => {
    const { labels = {}, annotations = {} } = metadata as KubeObject['metadata']
    Object.assign(live.metadata.labels ?? {}, labels)
    Object.assign(live.metadata.annotations ?? {}, annotations)
    return live
  })
}
const FLUX = { labels: { 'helm.toolkit.fluxcd.io/name': 'x' } }
const ARGO = { annotations: { 'argocd.argoproj.io/tracking-id': 'x' } }
const decisions = async (): Promise<string[]> =>
  (await timeline(town, SERVE)).filter(({ kind }) => kind === 'decision').map(({ text }) => text)

describe('what serves as it is wanted, and others would change', () => {
  it.each<[string, RegExp, () => Promise<unknown>]>([
    ['by an autoscaler', /^HorizontalPodAutoscaler by-requests is there to set .*-g1 .*delete it/, () => scaledBy(1)],
    ['marked as of Argo CD', /-g1 is marked as Argo CD’s/, () => marked(1, ARGO)],
    ['marked as of Flux', /-g1 is marked as Flux’s/, () => marked(1, FLUX)],
  ])('%s: goes on as what succeeded, and it is told once', async (_, said, others) => {
    town = await openTown()
    await served(town)
    await others()
    await town.until('it is told', async () => (await town.lane(SERVE)).held?.reason === 'owned-by-others')
    await town.advance(30 * MINUTE)
    const { state, attempt, outcome, held } = await town.lane(SERVE)
    expect([state, attempt, outcome?.kind]).toEqual(['succeeded', 1, 'succeeded'])
    expect(held?.detail).toMatch(said)
    const told = (await decisions()).filter((text) => text.includes(held?.detail ?? '-'))
    expect(told).toHaveLength(1)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it.each([0, 1])(
    'and does not stand as it is wanted any more, with %d of 2: that is told, and nothing hides it',
    async (replicas) => {
      town = await openTown()
      await served(town)
      await marked(1, ARGO)
      await town.until('it is told', async () => (await town.lane(SERVE)).held?.reason === 'owned-by-others')
      const cluster = town.house.cluster as SimulatedCluster
      await cluster.edit(refOf(await deploymentOf(1)), 'kubectl', (live) => {
        Object.assign((live as KubeObject<'Deployment'>).spec ?? {}, { replicas })
        return live
      })
      await town.until('it is told', async () => (await town.lane(SERVE)).outcome?.kind === 'refused', 2)
      expect((await town.lane(SERVE)).outcome).toMatchObject({ reason: 'owned-by-gitops' })
    },
  )

  it('is what it was once that is gone', async () => {
    town = await openTown()
    await served(town)
    const autoscaler = await scaledBy(1)
    await town.until('it is told', async () => (await town.lane(SERVE)).held !== null)
    await town.house.ports.cluster.delete(refOf(autoscaler), autoscaler.metadata.uid ?? '')
    await town.until('it is over', async () => (await town.lane(SERVE)).held === null)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', attempt: 1, rest: { why: 'done' } })
  })

  it.each<[string, () => Promise<unknown>]>([
    ['an autoscaler of what serves no more', () => scaledBy(1)],
    ['one of another kind of Deployment, of the same name', () => scaledBy(2, 'example.com/v1')],
    ['a mark of Argo CD on what serves no more', () => marked(1, ARGO)],
  ])('is not: by %s; the next version follows', async (_, others) => {
    town = await openTown()
    await served(town)
    await served(town)
    await others()
    const told = await decisions()
    await town.advance(30 * MINUTE)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 2, held: null })
    expect(await decisions()).toEqual(told)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3 })
  })
})
