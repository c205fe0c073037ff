import { randomBytes } from 'node:crypto'
import { expect, inject } from 'vitest'
import { groupOf } from '../../../core/bootstrap/rights.ts'
import { label } from '../../../core/names.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { SERVING_ACCOUNT, TRAINING_ACCOUNT } from '../../../core/workloads/accounts.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { type Answer, type Call, openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { clear, furnish, ownConfig } from '../real-town.ts'

/** An installation of its own for each file of trials that asks the API server in others' names. */
export const name = `cast-${randomBytes(4).toString('hex')}`
export const [training, serving] = [`${name}-training`, `${name}-serving`] as const
export const policy = parsePolicy({ ...ownConfig(name), namespaces: { training, serving } })
export const IMAGE = `x@sha256:${'a'.repeat(64)}`
export const OURS = { [label('installation')]: policy.installation }

export type Who =
  | 'admin'
  | 'door'
  | 'editor'
  | 'platform'
  | 'job-controller'
  | 'replicaset-controller'
  | 'kube-controller-manager'
  | 'cronjob-controller'
  | 'horizontal-pod-autoscaler'
const who = new Map<Who, Requests>()
export const by = (one: Who): Requests => who.get(one) as Requests
const impersonated = async (user: string, group: string): Promise<Requests> =>
  openRequests(loadKubeconfig({ file: inject('kubeconfig') }), {
    headers: { 'Impersonate-User': user, 'Impersonate-Group': group },
  })

/** Sets the installation up. */
export const open = async (): Promise<void> => {
  who.set('admin', await openRequests(loadKubeconfig({ file: inject('kubeconfig') })))
  await furnish(by('admin'), policy)
  who.set('door', await impersonated('someone', groupOf(policy, 'reconcile')))
  who.set('editor', await impersonated('an-editor', 'editors'))
  who.set('platform', await impersonated('a-platform-engineer', `${name}-platform`))
  for (const controller of ['job-controller', 'replicaset-controller'] as const)
    who.set(controller, await impersonated(`system:serviceaccount:kube-system:${controller}`, 'system:masters'))
  who.set('kube-controller-manager', await impersonated('system:kube-controller-manager', 'system:masters'))
  // With the rights that Kubernetes itself gives them.
  for (const controller of ['cronjob-controller', 'horizontal-pod-autoscaler'] as const)
    who.set(controller, await impersonated(`system:serviceaccount:kube-system:${controller}`, 'system:authenticated'))
  // All that Kubernetes gives to who works in a namespace.
  for (const namespace of [training, serving])
    await by('admin').send({
      method: 'POST',
      path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
      body: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'editors' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'editors' }],
      },
    })
}
/** Waits until the API server refuses each of these: a policy is in force a moment after it is there, and what it refuses passes until then. */
export const untilRefused = async (...probes: (() => Promise<Answer>)[]): Promise<void> => {
  for (const probe of probes) for (let tries = 0; tries < 400 && (await probe()).status < 300; tries++);
}
export const close = async (): Promise<void> => {
  await clear(by('admin'), policy)
  for (const one of who.values()) await one.close()
}
/** Nothing is made by asking so. */
export const ASK = { query: { dryRun: 'All' } }

export interface Said {
  labels?: object
  annotations?: object
  spec?: object
  container?: object
  metadata?: object
  namespace?: string
  called?: string
}

export const PLACES = {
  jobs: '/apis/batch/v1',
  deployments: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  pods: '/api/v1',
}
const KINDS = { jobs: 'Job', deployments: 'Deployment', replicasets: 'ReplicaSet', pods: 'Pod' }
const ACCOUNTS = { jobs: TRAINING_ACCOUNT, deployments: SERVING_ACCOUNT, replicasets: SERVING_ACCOUNT, pods: undefined }
let made = 0
/** Another number each time, for names. */
export const another = (): number => made++

/** What our builders would make, but for what is said. */
export const make = (
  one: Who,
  plural: keyof typeof PLACES,
  { labels = OURS, annotations = {}, spec = {}, container = {}, metadata = {}, ...at }: Said = {},
  { with: more = {}, ...call }: { query?: Record<string, string>; with?: object } = {},
): Promise<Answer> => {
  const namespace = at.namespace ?? (plural === 'jobs' || plural === 'pods' ? training : serving)
  const pod = {
    ...(plural === 'jobs' || plural === 'pods' ? { restartPolicy: 'Never' } : {}),
    serviceAccountName: ACCOUNTS[plural],
    automountServiceAccountToken: false,
    containers: [{ name: 'c', image: IMAGE, ...container }],
    ...spec,
  }
  const template = { metadata: { labels: { app: 'a', ...labels }, annotations }, spec: pod }
  const specs = {
    jobs: { suspend: true, template, ...more },
    deployments: { replicas: 0, selector: { matchLabels: { app: 'a' } }, template, ...more },
    replicasets: { replicas: 0, selector: { matchLabels: { app: 'a' } }, template },
    pods: pod,
  }
  return by(one).send({
    method: 'POST',
    path: `${PLACES[plural]}/namespaces/${namespace}/${plural}`,
    ...call,
    body: {
      apiVersion: PLACES[plural].replace(/^\/apis?\//, ''),
      kind: KINDS[plural],
      metadata: { name: at.called ?? `a-${another()}`, labels, ...metadata },
      spec: specs[plural],
    },
  })
}
export const service = (
  spec: object,
  labels: object = OURS,
  one: Who = 'door',
  call: { query?: Record<string, string> } = {},
) =>
  by(one).send({
    method: 'POST',
    path: `/api/v1/namespaces/${serving}/services`,
    ...call,
    body: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `s-${another()}`, labels },
      spec: { ports: [{ port: 80 }], selector: { app: 'a' }, ...spec },
    },
  })

export const patched = (path: string, body: object, one: Who = 'editor', call: Pick<Call, 'query' | 'type'> = {}) =>
  by(one).send({ method: 'PATCH', path, type: 'application/strategic-merge-patch+json', body, ...call })
export const said = (answer: Answer): string => `${answer.status} ${JSON.stringify(answer.body)}`
export const expectTaken = async (answer: Promise<Answer>): Promise<void> => {
  const { status, body } = await answer
  expect([200, 201], JSON.stringify(body)).toContain(status)
}
export const expectRefused = async (answer: Promise<Answer>, why: string | RegExp): Promise<void> => {
  const given = await answer
  expect([403, 422], said(given)).toContain(given.status)
  expect(said(given)).toMatch(why)
}
