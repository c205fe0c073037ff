import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { CPU, PREP } from '../../without-gpus.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

let town: RealTown
afterEach(() => town.close())

it('stages without GPUs have a node each by the real scheduler and Karpenter, which starts no more of them than the pool’s limit of nodes', async () => {
  const installation = `town-${randomBytes(4).toString('hex')}`
  const config = ownConfig(installation) as { pools: Record<string, object>; approvals: object }
  const pool = `${installation}-cpu`
  const pipelines = Object.fromEntries(
    ['a', 'b'].map((name) => [
      name,
      { on: { dataset: { bucket: 'acme-datasets', prefix: `${name}/` } }, stages: [{ ...PREP, pool }] },
    ]),
  )
  const pools = { ...config.pools, [pool]: CPU }
  const approvals = { ...config.approvals, autoApproveBelow: 1e9 }
  town = await openRealTown({ policy: parsePolicy({ ...config, pools, pipelines, approvals }), minute: 300 })
  const { cluster } = town.house.ports
  const there = (kind: 'Node' | 'Pod'): Promise<KubeObject[]> =>
    kind === 'Pod'
      ? cluster.list(kind, { namespace: installation, fresh: true })
      : cluster.list(kind, { labels: { 'karpenter.sh/nodepool': pool }, fresh: true })
  const running = async () =>
    ((await there('Pod')) as KubeObject<'Pod'>[]).filter(({ status }) => status?.phase === 'Running')
  const simulation = { tasks: { prep: { minutes: 150 } } }
  for (const name of ['a', 'b'])
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${name}/one/`, rows: ['{"a":1}'], simulation })
  await town.until('both run', async () => (await running()).length === 2, 90)
  expect(new Set((await running()).map(({ spec }) => spec?.nodeName)).size).toBe(2)
  const nodes = (await there('Node')) as KubeObject<'Node'>[]
  expect(nodes.map(({ metadata }) => metadata.labels?.['node.kubernetes.io/instance-type'])).toEqual(
    Array.from({ length: 2 }, () => CPU.instanceType),
  )
  for (const { spec, status } of nodes) {
    expect(spec?.taints).toContainEqual({ key: 'signalbox.dev/whole-node', value: 'true', effect: 'NoSchedule' })
    expect(status?.allocatable).not.toHaveProperty(['nvidia.com/gpu'])
  }
  // Somebody's, which would have a node to itself as well.
  const { affinity, tolerations, nodeSelector } = (await running())[0]!.spec!
  const containers = [{ name: 'c', image: 'x', resources: { requests: { cpu: '1' } } }]
  const body = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'third', namespace: installation } },
    spec: { affinity, tolerations, nodeSelector, containers },
  }
  const path = `/api/v1/namespaces/${installation}`
  expect(await town.requests.send({ method: 'POST', path: `${path}/pods`, body })).toMatchObject({ status: 201 })
  const told = async (): Promise<string> => {
    const query = { fieldSelector: 'involvedObject.name=third' }
    const { body: found } = await town.requests.send({ method: 'GET', path: `${path}/events`, query })
    return (found as { items: { message?: string }[] }).items.map(({ message = '' }) => message).join('\n')
  }
  await town.until('Karpenter says so', async () => /node limits have been exhausted/.test(await told()))
  expect(await there('Node')).toHaveLength(2)
  await town.requests.send({ method: 'DELETE', path: `${path}/pods/third` })
  for (const name of ['a', 'b'])
    expect((await town.settled(`pipeline/${name}`)).outcome).toMatchObject({ kind: 'succeeded' })
})
