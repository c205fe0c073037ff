import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { label } from '../../../core/names.ts'
import { servingClassName } from '../../../core/workloads/priority.ts'
import type { Answer } from '../../../effects/cluster/requests.ts'
import { NODE_CLASS } from '../../../local/rig/contents.ts'
import {
  ASK,
  another,
  by,
  close,
  expectRefused,
  expectTaken,
  make,
  name,
  OURS,
  open,
  PLACES,
  patched,
  policy,
  type Said,
  service,
  serving,
  training,
  untilRefused,
  type Who,
} from './cast.ts'

/** Our builders' selectors say whose the pods are. */
const SELECTED = { selector: { matchLabels: OURS } }
const CLAIMS = [
  { labels: OURS },
  { labels: { [label('lane')]: 'service.support-llama' } },
  { annotations: { [label('digest')]: 'a' } },
]
const scalePath = (called: string): string => `${PLACES.deployments}/namespaces/${serving}/deployments/${called}/scale`
interface Scaled {
  called?: string
  status?: object
  query?: Record<string, string>
}
/** As a HorizontalPodAutoscaler does, which may not patch: it reads a Scale and puts it back, and reads it again where it has changed meanwhile. */
const scale = async (
  one: Who,
  spec: { replicas: number },
  { called = 'scaled', status = {}, query }: Scaled = {},
  tries = 20,
): Promise<Answer> => {
  const path = scalePath(called)
  const there = (await by('admin').send({ method: 'GET', path })).body as { status: object }
  // None of ours puts: the type of our calls has no such method.
  const method = 'PUT' as 'PATCH'
  const body = { ...there, spec, status: { ...there.status, ...status } }
  const answer = await by(one).send({ method, path, query, body })
  return answer.status === 409 && tries > 1
    ? scale(one, spec, { called, status, ...(query && { query }) }, tries - 1)
    : answer
}
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' }
/** As a manager of replicas does, ours or another. */
const applied = (
  one: Who,
  path: string,
  { replicas, ...kind }: { apiVersion: string; kind: string; replicas: number },
) =>
  by(one).send({
    method: 'PATCH',
    path,
    type: 'application/apply-patch+yaml',
    query: { fieldManager: one === 'door' ? 'signalbox-scale' : 'them', force: 'true' },
    body: { ...kind, metadata: { name: /deployments\/([^/]+)/.exec(path)?.[1] }, spec: { replicas } },
  })

const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses'
const PRIORITY_CLASS = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', value: 1 }

/** Whoever sets up namespaces, pools and classes of a cluster, without being its administrator; and one of each of theirs. */
const places = async (method: 'POST' | 'DELETE'): Promise<void> => {
  const rbac = { apiGroup: 'rbac.authorization.k8s.io', apiVersion: 'rbac.authorization.k8s.io/v1' }
  const { apiGroup, apiVersion } = rbac
  const called = `${name}-platform`
  const metadata = { name: called }
  const rights = {
    apiGroups: ['', 'karpenter.sh', 'scheduling.k8s.io'],
    resources: ['namespaces', 'nodepools', 'priorityclasses'],
    verbs: ['*'],
  }
  const subjects = [{ apiGroup, kind: 'Group', name: called }]
  const roleRef = { apiGroup, kind: 'ClusterRole', name: called }
  const standing: [string, { metadata: { name: string }; [key: string]: unknown }][] = [
    [`/apis/${apiVersion}/clusterroles`, { apiVersion, kind: 'ClusterRole', metadata, rules: [rights] }],
    [
      `/apis/${apiVersion}/clusterrolebindings`,
      { apiVersion, kind: 'ClusterRoleBinding', metadata, subjects, roleRef },
    ],
    ['/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${training}-theirs` } }],
    ['/apis/karpenter.sh/v1/nodepools', nodePool({}, `${name}-theirs`)],
    [CLASSES, { ...PRIORITY_CLASS, metadata: { name: `${name}-theirs` } }],
  ]
  for (const [path, body] of standing) {
    const asked = method === 'POST' ? { path, body } : { path: `${path}/${body.metadata.name}` }
    await expectTaken(by('admin').send({ method, ...asked }))
  }
}
const nodePool = (labels: object, called: string) => {
  const [pool] = bootstrapManifests(policy, [], NODE_CLASS).filter(({ kind }) => kind === 'NodePool')
  return { ...pool, metadata: { name: called, labels } }
}

beforeAll(async () => {
  await open()
  await places('POST')
  await make('door', 'deployments', { called: 'scaled' }, { with: SELECTED })
  await untilRefused(
    () => service({}, OURS, 'editor', ASK),
    () => scale('editor', { replicas: 1 }, ASK),
    () => patched(`/api/v1/namespaces/${training}-theirs`, { metadata: { labels: OURS } }, 'platform', ASK),
  )
})
afterAll(async () => {
  await places('DELETE')
  await close()
})

describe('who may write in the namespaces, and neither is a door nor may `use` the marker', () => {
  it.each<[string, 'jobs' | 'deployments']>([
    ['Job', 'jobs'],
    ['Deployment', 'deployments'],
  ])('makes no %s that says it is ours, nor says so of one that stands', async (_what, plural) => {
    const theirs: Said = { labels: {}, spec: { serviceAccountName: undefined } }
    const why = 'who writes labels or annotations signalbox.dev/… says what is Signalbox’s'
    await expectTaken(make('editor', plural, { ...theirs, called: 'of-theirs', metadata: { labels: { mine: 'a' } } }))
    const path = `${PLACES[plural]}/namespaces/${plural === 'jobs' ? training : serving}/${plural}/of-theirs`
    for (const metadata of CLAIMS) {
      await expectRefused(make('editor', plural, { ...theirs, metadata }), why)
      await expectRefused(patched(path, { metadata }), why)
    }
    await expectTaken(patched(path, { metadata: { labels: { mine: 'b' } } }))
    await expectTaken(make('door', plural))
  })

  it('makes no Service and no PodDisruptionBudget that says it is ours, nor says so of one that stands', async () => {
    const policies = '/apis/policy/v1'
    const specs = {
      services: { ports: [{ port: 80 }] },
      poddisruptionbudgets: { maxUnavailable: 1, selector: { matchLabels: { app: 'theirs' } } },
    }
    for (const [plural, spec] of Object.entries(specs)) {
      const [kind, prefix] = plural === 'services' ? ['Service', '/api/v1'] : ['PodDisruptionBudget', policies]
      const path = `${prefix}/namespaces/${serving}/${plural}`
      const create = (metadata: object, one: Who = 'editor') => {
        const apiVersion = prefix.replace(/^\/apis?\//, '')
        const body = { apiVersion, kind, metadata: { name: `b-${another()}`, ...metadata }, spec }
        return by(one).send({ method: 'POST', path, body })
      }
      const own = await create({ labels: { mine: 'a' } })
      await expectTaken(Promise.resolve(own))
      const { metadata: there } = own.body as { metadata: { name: string } }
      const why = 'who writes labels or annotations signalbox.dev/… says what is Signalbox’s'
      for (const metadata of CLAIMS) {
        await expectRefused(create(metadata), why)
        await expectRefused(patched(`${path}/${there.name}`, { metadata }), why)
      }
      await expectTaken(patched(`${path}/${there.name}`, { metadata: { labels: { mine: 'b' } } }))
      await expectTaken(create({ labels: OURS }, 'admin'))
    }
  })

  it('has no CronJob make a Job that says it is ours', async () => {
    const theirs: Said = { labels: {}, spec: { serviceAccountName: undefined } }
    await expectTaken(make('cronjob-controller', 'jobs', theirs))
    await expectRefused(make('cronjob-controller', 'jobs', { ...theirs, metadata: { labels: OURS } }), 'says what is')
  })

  it('scales nothing of ours, whether by a Scale, an autoscaler or the Deployment; what is theirs they do', async () => {
    const why = 'how many replicas serve is said by `replicas` of the service in Signalbox’s policy'
    const path = `${PLACES.deployments}/namespaces/${serving}/deployments/scaled`
    for (const one of ['editor', 'horizontal-pod-autoscaler'] as const) {
      await expectRefused(scale(one, { replicas: 1 }), why)
      await expectRefused(scale(one, { replicas: 1 }, { status: { selector: 'app=theirs' } }), why)
    }
    await expectRefused(patched(scalePath('scaled'), { spec: { replicas: 1 } }), why)
    // One that changes no number would own it from then on.
    const owns = { apiVersion: 'autoscaling/v1', kind: 'Scale', replicas: 0 }
    await expectRefused(applied('editor', scalePath('scaled'), owns), why)
    await expectRefused(patched(path, { spec: { replicas: 1 } }), why)
    await expectRefused(patched(path, { spec: { replicas: 1 }, metadata: { annotations: { a: 'b' } } }), why)
    await expectRefused(applied('editor', path, { ...DEPLOYMENT, replicas: 1 }), why)
    expect(await by('admin').send({ method: 'GET', path })).toMatchObject({ body: { spec: { replicas: 0 } } })
    const own = { labels: {}, spec: { serviceAccountName: undefined }, called: 'scaled-theirs' }
    await expectTaken(make('editor', 'deployments', own))
    for (const one of ['editor', 'horizontal-pod-autoscaler'] as const)
      await expectTaken(scale(one, { replicas: one === 'editor' ? 1 : 0 }, { called: 'scaled-theirs' }))
  })

  it('while our door scales by its apply, and a cluster administrator may in an emergency', async () => {
    const called = 'scaled-by-us'
    await expectTaken(make('door', 'deployments', { called }, { with: SELECTED }))
    const path = `${PLACES.deployments}/namespaces/${serving}/deployments/${called}`
    await expectTaken(applied('door', path, { ...DEPLOYMENT, replicas: 2 }))
    await expectTaken(scale('admin', { replicas: 1 }, { called }))
    // Its role says nothing of Scales: it applies.
    await expectRefused(scale('door', { replicas: 0 }, { called }), 'cannot update resource')
    await expectTaken(by('door').send({ method: 'DELETE', path }))
  })
})

it('who sets up Namespaces and NodePools gives none our label without the right to bootstrap, and none of ours another', async () => {
  const type = 'application/merge-patch+json'
  const why = 'bootstraps Signalbox'
  for (const [path, body] of [
    ['/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace' }],
    ['/apis/karpenter.sh/v1/nodepools', nodePool({}, '')],
    [CLASSES, PRIORITY_CLASS],
  ] as const) {
    const create = (labels: object) => {
      const asked = { ...body, metadata: { name: `${name}-more`, labels } }
      return by('platform').send({ method: 'POST', path, query: { dryRun: 'All' }, body: asked })
    }
    await expectRefused(create(OURS), why)
    await expectTaken(create({ [label('installation')]: 'another' }))
    await expectTaken(create({ mine: 'a' }))
    const standing = `${path}/${path.endsWith('namespaces') ? `${training}-theirs` : `${name}-theirs`}`
    await expectRefused(patched(standing, { metadata: { labels: OURS } }, 'platform', { type }), why)
    await expectTaken(patched(standing, { metadata: { labels: { mine: 'a' } } }, 'platform', { type }))
    await expectTaken(patched(standing, { metadata: { labels: OURS } }, 'admin', { type, query: { dryRun: 'All' } }))
  }
})

it('nor do they make, change or delete the class without which no server of ours is made', async () => {
  const path = `${CLASSES}/${servingClassName(policy)}`
  const ask = { query: { dryRun: 'All' } }
  const why = 'who makes, changes or deletes the PriorityClass of what Signalbox serves'
  const change = { metadata: { annotations: { theirs: 'a' } } }
  await untilRefused(() => by('platform').send({ method: 'DELETE', path, ...ask }))
  for (const [one, expected] of [
    ['platform', (answer: Promise<Answer>) => expectRefused(answer, why)],
    ['admin', expectTaken],
  ] as const) {
    await expected(by(one).send({ method: 'DELETE', path, ...ask }))
    await expected(patched(path, change, one, { type: 'application/merge-patch+json', ...ask }))
  }
})
