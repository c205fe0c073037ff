import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { BEN } from '../../journeys/town.ts'
import { nodesOf, until, wants } from '../cluster/karpenter.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

let town: RealTown
afterEach(() => town.close())

let NAME = ''
let POOL = ''
let opened = 0
/** Each trial has names of its own. */
const policy = () => {
  NAME = `lease-${process.pid}-${opened++}`
  POOL = `${NAME}-gpu-train`
  const own = ownConfig(NAME) as { pools: Record<string, object>; approvals: object }
  const train = { ...own.pools[POOL], maxGpus: 0, leases: { maxGpus: 8, maxHours: 12 } }
  return parsePolicy({
    ...own,
    pools: { ...own.pools, [POOL]: train },
    approvals: { ...own.approvals, autoApproveBelow: 1000 },
  })
}
const limit = async () => {
  const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: POOL })
  return (found as KubeObject<'NodePool'>).spec?.limits?.['nvidia.com/gpu']
}
const said = (more: object) => town.house.command({ kind: 'lease', lane: `pool/${POOL}`, by: BEN, ...more } as never)

describe('a lease, on a real API server with a real Karpenter', () => {
  it('lets Karpenter start a node for a pod that waited, and takes none away when it ends', async () => {
    town = await openRealTown({ policy: policy() })
    const pod = await wants(town.requests, { namespace: NAME, pool: POOL, gpus: 8 })
    const until6h = Date.now() + 6 * 3_600_000
    expect([await limit(), await nodesOf(town.requests, POOL)]).toEqual(['0', []])
    expect(await said({ does: 'take', gpus: 8, until: until6h })).toMatchObject({ ok: true })
    await town.until('the ceiling is raised', async () => (await limit()) === '8')
    await until('a node', async () => (await nodesOf(town.requests, POOL)).length > 0)
    expect(await said({ does: 'end' })).toMatchObject({ ok: true })
    await town.until('the ceiling falls', async () => (await limit()) === '0')
    const runs = async () => {
      const path = `/api/v1/namespaces/${NAME}/pods/${pod}`
      const { body } = await town.requests.send({ method: 'GET', path })
      return (body as KubeObject<'Pod'>).spec?.nodeName
    }
    await until('the pod is bound', runs)
    expect((await nodesOf(town.requests, POOL)).length).toBe(1)
  })

  it('whose limit somebody sets by hand meanwhile is mended', async () => {
    town = await openRealTown({ policy: policy() })
    await said({ does: 'take', gpus: 8, until: Date.now() + 6 * 3_600_000 })
    await town.until('the ceiling is raised', async () => (await limit()) === '8')
    const path = `/apis/karpenter.sh/v1/nodepools/${POOL}`
    const body = { spec: { limits: { 'nvidia.com/gpu': '64' } } }
    const query = { fieldManager: 'kubectl-edit' }
    await town.requests.send({ method: 'PATCH', path, type: 'application/merge-patch+json', query, body })
    await town.resync()
    await town.until('it is mended', async () => (await limit()) === '8')
  })
})
