import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { amountsOf } from '../../core/plan-amounts.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { sharing } from '../sharing.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** One GPU a node, which three pods have in turn. */
const THREE = { instanceType: 'g6e.xlarge', gpusPerNode: 1, sharing: { by: 'time-slicing', replicas: 3 } }
const SLICE = 'nvidia.com/gpu.shared'

const config = (services: Record<string, object>, maxNodes: number) =>
  sharing(services, { turns: { ...THREE, maxNodes } })
const open = async (services: Record<string, object>, maxNodes: number): Promise<void> => {
  town = await openTown({ config: config(services, maxNodes) })
}
const wanted = async (model: string): Promise<void> =>
  promote(town.house, model, await registerVersion(town.house, { model }))
const served = async (model: string) => {
  await wanted(model)
  await town.answered(`service/${model}`)
  return town.settled(`service/${model}`)
}
const nodes = async (): Promise<KubeObject<'Node'>[]> =>
  ((await town.house.cluster.list('Node')) as KubeObject<'Node'>[]).filter(
    ({ metadata }) => metadata.labels?.['karpenter.sh/nodepool'] === 'turns',
  )
/** Pods that have a slice, by the names of their models. */
const sliced = async (): Promise<string[]> =>
  ((await town.house.cluster.list('Pod')) as KubeObject<'Pod'>[])
    .filter(({ spec, status }) => spec?.nodeName !== undefined && !/^(Succeeded|Failed)$/.test(status?.phase ?? ''))
    .filter(({ spec }) => spec?.containers[0]?.resources?.limits?.[SLICE] === '1')
    .map(({ metadata }) => (metadata.labels?.['signalbox.dev/lane'] ?? '').replace('service.', ''))
    .sort()

describe('small models that have one GPU in turn', () => {
  it('are asked about as what they are: a slice, its share of the memory, and the node that is paid', async () => {
    await open({ a: {} }, 1)
    await wanted('a')
    await town.until('it asks', async () => (await town.question('service/a')) !== null)
    const { plan } = (await town.plan('service/a'))!
    expect(plan.bounds).toMatchObject({ gpus: { turns: 1 }, nodes: { turns: { counts: SLICE } } })
    expect(plan.reasons).toContainEqual(expect.stringContaining('for 1 GPU in 3 slices'))
    expect(amountsOf(plan)).toEqual([['Slices', 'turns ≤ 1']])
    const [, deployment] = plan.steps.flatMap((step) => ('objects' in step ? (step.objects ?? []) : []))
    const { containers } = (deployment as KubeObject<'Deployment'>).spec!.template.spec!
    expect(containers[0]!.args).toContain('--gpu-memory-utilization=0.3')
    expect(containers[0]!.resources).toEqual({
      requests: { cpu: '1000m', memory: '4096Mi', 'ephemeral-storage': '4Gi', [SLICE]: '1' },
      limits: { [SLICE]: '1' },
    })
  })

  it('are three on one node; a fourth is refused with what would give it room, and has a second node once there may be one', async () => {
    const four = { a: {}, b: {}, c: {}, d: {} }
    await open(four, 1)
    for (const model of ['a', 'b', 'c']) expect(await served(model)).toMatchObject({ state: 'succeeded' })
    expect(await sliced()).toEqual(['a', 'b', 'c'])
    expect(await nodes()).toHaveLength(1)
    await wanted('d')
    const { outcome } = await town.settled('service/d')
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'would-deadlock' })
    expect(JSON.stringify(outcome)).toContain(
      'needs 1 more slices at its peak; turns has 0 free of 3 (3 used, 0 held): it would wait for ever. To cure it, raise pools.turns.maxNodes by 1',
    )
    town.setPolicy(config(four, 2))
    await town.answered('service/d')
    expect(await town.settled('service/d')).toMatchObject({ state: 'succeeded' })
    expect(await sliced()).toEqual(['a', 'b', 'c', 'd'])
    expect(await nodes()).toHaveLength(2)
  })

  it('are replaced in a full pool where a replica may be away: the slice goes from one to the other, and the node stays', async () => {
    await open({ a: { replicas: 2, maxUnavailable: 1 }, b: {} }, 1)
    for (const model of ['a', 'b']) expect(await served(model)).toMatchObject({ state: 'succeeded' })
    expect(await sliced()).toEqual(['a', 'a', 'b'])
    const [before] = await nodes()
    expect(await served('a')).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await sliced()).toEqual(['a', 'a', 'b'])
    expect((await nodes()).map(({ metadata }) => metadata.name)).toEqual([before?.metadata.name])
    expect(await town.held('pool/turns')).toMatchObject({ lanes: { 'service/a': 2, 'service/b': 1 }, sum: 3 })
  })
})
