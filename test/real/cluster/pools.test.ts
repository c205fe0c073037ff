import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { namedClasses } from '../../../core/bootstrap/node-classes.ts'
import { type Policy, parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { applyManifest, compareManifest, compareNodeClass, manifestPath } from '../../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { moduleDirectory } from '../../../local/rig/binaries.ts'
import { NODE_CLASS } from '../../../local/rig/contents.ts'
import { ownConfig } from '../real-town.ts'

const NAME = `pools-${process.pid}`
const pool = (use: string): string => `${NAME}-gpu-${use}`

/** The example under names of its own, with its pools said otherwise. */
const policyWith = (train: object, others: object = {}): Policy => {
  const own = ownConfig(NAME, others) as { pools: Record<string, Record<string, unknown>> }
  const { instanceType, ...rest } = own.pools[pool('train')] ?? {}
  const types = 'instanceTypes' in train ? {} : { instanceType }
  return parsePolicy({ ...own, pools: { ...own.pools, [pool('train')]: { ...rest, ...types, ...train } } })
}

const nodePoolOf = (policy: Policy, name: string): Manifest => {
  const found = bootstrapManifests(policy, [], NODE_CLASS).find(
    ({ kind, metadata }) => kind === 'NodePool' && metadata.name === name,
  )
  if (found === undefined) throw new Error(`no NodePool ${name}`)
  return found
}

interface Seen {
  metadata: { name: string; labels?: Record<string, string> }
  status?: { conditions?: { type: string; status: string; reason?: string }[] }
}

let admin: Requests
const listed = async (path: string, name: string): Promise<Seen[]> => {
  const { body } = await admin.send({ method: 'GET', path, query: { labelSelector: `karpenter.sh/nodepool=${name}` } })
  return (body as { items: Seen[] }).items
}
const nodesOf = (name: string): Promise<Seen[]> => listed('/api/v1/nodes', name)
const claimsOf = (name: string): Promise<Seen[]> => listed('/apis/karpenter.sh/v1/nodeclaims', name)

/** What is there once it is; fails after 90 s. */
const until = async <T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> => {
  for (let waited = 0; waited < 90_000; waited += 100) {
    const seen = await look()
    if (seen) return seen
    await pause(100)
  }
  throw new Error(`${what}: it never came`)
}

/** A pod that wants all GPUs of one node of a pool. */
const wants = async (name: string, gpus: number): Promise<string> => {
  const resources = { limits: { 'nvidia.com/gpu': String(gpus) }, requests: { 'nvidia.com/gpu': String(gpus) } }
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'whole-', namespace: NAME, annotations: { 'karpenter.sh/do-not-disrupt': 'true' } },
    spec: {
      nodeSelector: { 'karpenter.sh/nodepool': name },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
      containers: [{ name: 'c', image: 'x', resources }],
    },
  }
  // Its account is made a moment after its namespace.
  const made = await until('a pod', async () => {
    const answer = await admin.send({ method: 'POST', path: `/api/v1/namespaces/${NAME}/pods`, body })
    return answer.status === 201 && (answer.body as Seen)
  })
  return made.metadata.name
}

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
  const pod = await wants(name, gpus)
  const [node] = await until('a node', async () => {
    const nodes = await nodesOf(name)
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

it('a NodePool of before: what would change is said, with what becomes of its nodes, and so it becomes', async () => {
  const name = pool('train')
  const now = nodePoolOf(policyWith({ instanceTypes: ['p5.48xlarge', 'g6e.48xlarge'] }), name)
  const { spec, ...rest } = structuredClone(now) as Manifest & {
    spec: { template: { spec: object }; disruption: object }
  }
  const { terminationGracePeriod: _, ...template } = spec.template.spec as { terminationGracePeriod: string }
  const disruption = { consolidationPolicy: 'WhenEmpty', consolidateAfter: '10m' }
  const before = { ...rest, spec: { ...spec, template: { ...spec.template, spec: template }, disruption } }
  await applyManifest(admin, before)
  await wants(name, 8)
  const running = await until('a node that runs', async () => {
    const claims = await claimsOf(name)
    const isUp = claims.some(({ status }) =>
      status?.conditions?.some((one) => one.type === 'Initialized' && one.status === 'True'),
    )
    return isUp && claims
  })
  const compared = await until('Karpenter has counted', async () => {
    const one = await compareManifest(admin, now)
    return /^\d/.test(one.drift ?? '') && one
  })
  expect(compared.detail).toContain('spec.template.spec.terminationGracePeriod')
  expect(compared.drift).toMatch(/of its nodes that run drift: none is replaced while anything runs on it/)
  expect(await applyManifest(admin, now)).toMatchObject({ state: 'changed' })
  const drifted = await until('they drift', async () => {
    const claims = await claimsOf(name)
    return (
      claims.every(({ status }) =>
        status?.conditions?.some((one) => one.type === 'Drifted' && one.status === 'True'),
      ) && claims
    )
  })
  expect(drifted.map(({ metadata }) => metadata.name).sort()).toEqual(
    running.map(({ metadata }) => metadata.name).sort(),
  )
  // Karpenter looks for what to replace every ten seconds.
  await pause(25_000)
  const nodes = await nodesOf(name)
  expect(nodes.length).toBe(running.length)
  expect(await compareManifest(admin, now)).toMatchObject({ state: 'same' })
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
