import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { namedClasses } from '../../../core/bootstrap/node-classes.ts'
import { type Policy, parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { applyManifest, compareManifest, compareNodeClass, manifestPath } from '../../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { moduleDirectory } from '../../../local/rig/binaries.ts'
import { ownConfig } from '../real-town.ts'
import { nodePoolOf, nodesOf, policyWith as policyOf, until, wants } from './karpenter.ts'

const NAME = `pools-${process.pid}`
const pool = (use: string): string => `${NAME}-gpu-${use}`

const policyWith = (train: object, others: object = {}): Policy => policyOf(NAME, train, others)

let admin: Requests
beforeAll(async () => {
  admin = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } }
  await admin.send({ method: 'POST', path: '/api/v1/namespaces', body })
})
afterAll(async () => {
  await admin.send({ method: 'DELETE', path: `/api/v1/namespaces/${NAME}` })
  for (const use of ['train', 'serve'])
    await admin.send({ method: 'DELETE', path: `/apis/karpenter.sh/v1/nodepools/${pool(use)}` })
  await admin.close()
})

/** The first node that Karpenter starts in a pool for a pod that wants it whole. */
const firstNode = async (policy: Policy, name: string, gpus: number): Promise<Record<string, string>> => {
  expect(await applyManifest(admin, nodePoolOf(policy, name))).not.toMatchObject({ state: 'refused' })
  const pod = await wants(admin, { namespace: NAME, pool: name, gpus })
  const [node] = await until('a node', async () => {
    const nodes = await nodesOf(admin, name)
    return nodes.length > 0 && nodes
  })
  await admin.send({ method: 'DELETE', path: `/api/v1/namespaces/${NAME}/pods/${pod}` })
  return node?.metadata.labels ?? {}
}

const TYPE = 'node.kubernetes.io/instance-type'
const WAY = 'karpenter.sh/capacity-type'

describe('Karpenter starts what the policy says of a pool, though spot nodes are cheaper', () => {
  it('the cheaper of two types, on demand', async () => {
    const policy = policyWith({ instanceTypes: ['p5.48xlarge', 'g6e.48xlarge'] })
    expect(await firstNode(policy, pool('train'), 8)).toMatchObject({ [TYPE]: 'g6e.48xlarge', [WAY]: 'on-demand' })
  })

  it('a spot node where the pool is of those', async () => {
    const own = ownConfig(NAME) as { pools: Record<string, object> }
    const pools = { ...own.pools, [pool('serve')]: { ...own.pools[pool('serve')], capacityTypes: ['spot'] } }
    const policy = parsePolicy({ ...own, pools })
    expect(await firstNode(policy, pool('serve'), 4)).toMatchObject({ [TYPE]: 'g6e.12xlarge', [WAY]: 'spot' })
  })
})

describe('node classes, by Karpenter’s own definition of them', () => {
  const NODES = { ami: 'al2023@v20260810', role: 'KarpenterNodeRole-ml-prod' }
  const reserved = {
    capacityTypes: ['reserved', 'on-demand'],
    reservations: [{ id: 'cr-56fac701cc1951b03' }, { tags: { team: 'llm' }, owner: '123456789012' }],
  }
  const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ec2nodeclasses.karpenter.k8s.aws'
  const classesOf = (policy: Policy): Manifest[] =>
    bootstrapManifests(policy, []).filter(({ kind }) => kind === 'EC2NodeClass')

  beforeAll(async () => {
    const folder = await moduleDirectory('github.com/aws/karpenter-provider-aws', 'sigs.k8s.io/karpenter')
    const body = readFileSync(join(folder, 'pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml'), 'utf8')
    const query = { fieldManager: 'rig', force: 'true' }
    await admin.send({ method: 'PATCH', path: CRD, query, type: 'application/apply-patch+yaml', body })
    await until('it is served', async () => {
      const { status } = await admin.send({ method: 'GET', path: '/apis/karpenter.k8s.aws/v1/ec2nodeclasses' })
      return status === 200
    })
  })
  afterAll(() => admin.send({ method: 'DELETE', path: CRD }))

  it.each([
    ['of one type, with fabric adapters', {}, NODES],
    ['of two types', { instanceTypes: ['p5.48xlarge', 'p5e.48xlarge'], disk: 1000 }, NODES],
    ['with reservations', reserved, { ...NODES, subnets: { tier: 'gpu' }, securityGroups: { Name: '*' } }],
    ['of Bottlerocket', { instanceType: 'p3.16xlarge' }, { ...NODES, ami: 'bottlerocket@v1.62.0' }],
  ])('are made %s, field by field as it is known', async (_, train, nodes) => {
    for (const made of classesOf(policyWith(train, { nodes }))) {
      expect(await applyManifest(admin, made), JSON.stringify(made)).toMatchObject({ state: 'missing' })
      expect(await compareManifest(admin, made)).toMatchObject({ state: 'same' })
      await admin.send({ method: 'DELETE', path: manifestPath(made) })
    }
  })

  it('of a person are compared: one that follows AWS with Karpenter’s disk is not fit, and stays as it is', async () => {
    const found = [{ tags: { 'karpenter.sh/discovery': 'ml-prod' } }]
    const spec = {
      amiSelectorTerms: [{ alias: 'al2023@latest' }],
      role: 'r',
      subnetSelectorTerms: found,
      securityGroupSelectorTerms: found,
    }
    const mine = { apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata: { name: NAME }, spec }
    await admin.send({ method: 'POST', path: '/apis/karpenter.k8s.aws/v1/ec2nodeclasses', body: mine })
    const [named] = namedClasses(policyWith({ nodeClass: NAME }, { nodes: NODES }))
    const compared = named && (await compareNodeClass(admin, named))
    expect(compared).toMatchObject({ state: 'unfit' })
    expect(compared?.detail.join()).toMatch(/its image is not pinned.*it says nothing of its disk/)
    await admin.send({ method: 'DELETE', path: manifestPath(mine) })
    expect(named && (await compareNodeClass(admin, named))).toMatchObject({
      state: 'unfit',
      detail: [expect.stringContaining('not there')],
    })
  })
})
