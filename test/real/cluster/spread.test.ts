import { expect, it } from 'vitest'
import { GPU, type KubeObject, NODE_POOL } from '../../../core/kube.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import { pathOf } from '../../../effects/cluster/paths.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

/** The nodes that this many pods with these labels come to. */
const nodesOf = async (town: RealTown, labels: Record<string, string>, many: number): Promise<string[]> => {
  const where = { namespace: town.policy.namespaces.serving, labels }
  const nodes = async () =>
    ((await town.house.ports.cluster.list('Pod', where)) as KubeObject<'Pod'>[]).flatMap(
      ({ spec }) => spec?.nodeName ?? [],
    )
  await town.until('each has a node', async () => (await nodes()).length === many)
  return nodes()
}

const made = async ({ requests, policy }: RealTown, kind: 'Pod' | 'Deployment', body: object): Promise<void> => {
  const path = pathOf(kind, policy.namespaces.serving)
  const answer = await requests.send({ method: 'POST', path, body })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
}

/** Somebody else's pods, on a node each, which they leave room on: of CPU and memory so much is taken. */
const twoNodes = async (town: RealTown, pool: string): Promise<string[]> => {
  const labels = { app: 'others' }
  const apart = [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } }]
  for (const [name, cpu, memory] of [
    ['one', '1', '1Gi'],
    ['two', '40', '320Gi'],
  ] as const)
    await made(town, 'Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels },
      spec: {
        nodeSelector: { [NODE_POOL]: pool },
        tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }],
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: apart } },
        containers: [{ name: 'a', image: 'a', resources: { requests: { cpu, memory }, limits: { [GPU]: '1' } } }],
      },
    })
  return nodesOf(town, labels, 2)
}

it('of two nodes that have room two replicas take one each, though one has far more of it', async () => {
  const town = await openRealTown()
  const { policy } = town
  const service = { ...policy.services['support-llama']!, gpusPerReplica: 1 }
  const nodes = await twoNodes(town, service.pool)
  expect(new Set(nodes).size).toBe(2)
  const { deployment } = servingObjects({
    identity: { installation: policy.installation, ledger: 'feedfacecafe', name: 'spread' },
    run: { lane: 'service/spread', generation: 1, attempt: 1 },
    desired: { kind: 'serve', model: 'spread', version: '1', source: 's3://a/b/' } as never,
    service,
    engine: engineOf({ engine: { name: 'vllm', revision: 2 } }, service),
    namespace: policy.namespaces.serving,
  })
  await made(town, 'Deployment', { ...deployment, spec: { ...deployment.spec, replicas: 2 } })
  expect((await nodesOf(town, deployment.spec?.selector.matchLabels ?? {}, 2)).sort()).toEqual(nodes.sort())
  await town.close()
})
