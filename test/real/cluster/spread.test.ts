import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { engineOf } from '../../../core/workloads/engines.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import { pathOf } from '../../../effects/cluster/paths.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

/** Two replicas of half a node each, made at once in this revision of their engine: the nodes that they come to. */
const nodesOfTwo = async (town: RealTown, revision: number): Promise<string[]> => {
  const { policy, requests, house } = town
  const service = policy.services['support-llama']!
  const namespace = policy.namespaces.serving
  const name = `spread-${revision}`
  const { deployment } = servingObjects({
    identity: { installation: policy.installation, ledger: 'feedfacecafe', name },
    run: { lane: `service/${name}`, generation: 1, attempt: 1 },
    desired: { kind: 'serve', model: name, version: '1', source: 's3://a/b/' } as never,
    service,
    engine: engineOf({ engine: { name: 'vllm', revision } }, service),
    namespace,
  })
  const body = { ...deployment, spec: { ...deployment.spec, replicas: 2 } }
  const made = await requests.send({ method: 'POST', path: pathOf('Deployment', namespace), body })
  expect(made, JSON.stringify(made.body)).toMatchObject({ status: 201 })
  const labels = deployment.spec?.selector.matchLabels ?? {}
  const nodes = async () =>
    ((await house.ports.cluster.list('Pod', { namespace, labels })) as KubeObject<'Pod'>[]).flatMap(
      ({ spec }) => spec?.nodeName ?? [],
    )
  await town.until('both have a node', async () => (await nodes()).length === 2)
  return nodes()
}

it('two replicas that come at once stand on a node each, where both would have had room on one', async () => {
  const town = await openRealTown()
  const { gpusPerReplica, pool } = town.policy.services['support-llama']!
  expect(2 * gpusPerReplica).toBeLessThanOrEqual(town.policy.pools[pool]!.gpusPerNode)
  expect(new Set(await nodesOfTwo(town, 2)).size).toBe(2)
  await town.close()
})
