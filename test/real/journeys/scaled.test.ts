import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { type Answer, openRequests, type Requests } from '../../../effects/cluster/requests.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import example from '../../example.ts'
import { installScaledObjects, scaledObjectsIn } from '../keda.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'service/support-llama'
const { replicas: _, ...service } = example.services!['support-llama']!
const name = `town-${randomBytes(4).toString('hex')}`
const policy = parsePolicy(
  ownConfig(name, {
    keda: { prometheus: 'http://prometheus-operated.monitoring.svc:9090' },
    approvals: { ...example.approvals, autoApproveBelow: 1e6 },
    services: { 'support-llama': { ...service, autoscaling: { min: 1, max: 2, on: { requests: 5, cache: 0.8 } } } },
  }),
)
const who: Record<string, Requests> = {}
let town: RealTown

const SCALERS = 'autoscaling/v2'
const autoscalers = `/apis/${SCALERS}/namespaces/${name}/horizontalpodautoscalers`
const admin = (): Requests => who['admin'] as Requests

beforeAll(async () => {
  who['admin'] = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }))
  await installScaledObjects(admin())
  town = await openRealTown({ policy })
  // What Kubernetes gives to who works in a namespace, the autoscaler has by itself, and KEDA by its chart.
  for (const [one, user] of [
    ['editor', 'an-editor'],
    ['keda', 'system:serviceaccount:keda:keda-operator'],
    ['autoscaler', 'system:serviceaccount:kube-system:horizontal-pod-autoscaler'],
  ] as const) {
    const headers = { 'Impersonate-User': user, 'Impersonate-Group': `${name}-${one}` }
    who[one] = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }), { headers })
    await admin().send({
      method: 'POST',
      path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${name}/rolebindings`,
      body: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: `scales-${one}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `${name}-${one}` }],
      },
    })
    if (one === 'autoscaler') continue
    const path = '/apis/rbac.authorization.k8s.io/v1'
    const rules = [{ apiGroups: ['keda.sh'], resources: ['scaledobjects'], verbs: ['*'] }]
    await admin().send({
      method: 'POST',
      path: `${path}/namespaces/${name}/roles`,
      body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: `scaled-${one}` }, rules },
    })
    await admin().send({
      method: 'POST',
      path: `${path}/namespaces/${name}/rolebindings`,
      body: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: `scaled-${one}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: `scaled-${one}` },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `${name}-${one}` }],
      },
    })
  }
})
afterAll(async () => {
  await town.close()
  for (const one of Object.values(who)) await one.close()
})

const scaledObjects = async (): Promise<KubeObject<'ScaledObject'>[]> => {
  const { body } = await admin().send({ method: 'GET', path: scaledObjectsIn(name) })
  return (body as { items: KubeObject<'ScaledObject'>[] }).items
}
const served = async (): Promise<void> => {
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  const { outcome } = await town.settled(LANE)
  expect(outcome?.kind, JSON.stringify(outcome)).toBe('succeeded')
}
/** As an autoscaler does: it reads a Scale and puts it back. */
const scaled = async (one: string, called: string, replicas: number, tries = 20): Promise<Answer> => {
  const path = `/apis/apps/v1/namespaces/${name}/deployments/${called}/scale`
  const there = (await admin().send({ method: 'GET', path })).body as object
  // None of ours puts: the type of our calls has no such method.
  const method = 'PUT' as 'PATCH'
  const answer = await (who[one] as Requests).send({
    ...{ method, path, query: { fieldManager: 'kube-controller-manager' } },
    body: { ...there, spec: { replicas } },
  })
  return answer.status === 409 && tries > 1 ? scaled(one, called, replicas, tries - 1) : answer
}
const autoscalerOf = ({ metadata, spec }: KubeObject<'ScaledObject'>): object => ({
  apiVersion: SCALERS,
  kind: 'HorizontalPodAutoscaler',
  metadata: {
    name: `keda-hpa-${metadata.name}`,
    labels: metadata.labels,
    ownerReferences: [
      {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        name: metadata.name,
        uid: metadata.uid,
        controller: true,
      },
    ],
  },
  spec: {
    minReplicas: 1,
    maxReplicas: spec?.maxReplicaCount,
    scaleTargetRef: spec?.scaleTargetRef,
    metrics: [
      {
        type: 'External',
        external: { metric: { name: 's0-prometheus' }, target: { type: 'AverageValue', averageValue: '5' } },
      },
    ],
  },
})

it('on a real control plane what scales a service is made by its rollout, obeyed by nobody else, and gone before the next', async () => {
  await served()
  const [made] = (await scaledObjects()) as [KubeObject<'ScaledObject'>]
  expect(made.spec).toMatchObject({ minReplicaCount: 1, maxReplicaCount: 2 })
  const { name: called } = made.metadata
  const path = `${scaledObjectsIn(name)}/${called}`
  // KEDA's own definition knows each of its fields.
  const { managedFields: __, ...metadata } = made.metadata
  const again = { ...made, metadata: { name: metadata.name, labels: metadata.labels }, status: undefined }
  const query = { dryRun: 'All', fieldValidation: 'Strict', fieldManager: 'strict', force: 'true' }
  const type = 'application/apply-patch+yaml'
  expect(await admin().send({ method: 'PATCH', path, query, type, body: again })).toMatchObject({ status: 200 })

  // KEDA's first writes, by its own type, in which what nobody has said of one field is an empty struct.
  const put = async (one: string, advanced: object, metadata: object): Promise<Answer> => {
    const live = (await admin().send({ method: 'GET', path })).body as KubeObject<'ScaledObject'>
    const spec = { ...live.spec, advanced: { ...live.spec?.advanced, ...advanced } }
    const body = { ...live, metadata: { ...live.metadata, ...metadata }, spec }
    return await (who[one] as Requests).send({ method: 'PUT' as 'PATCH', path, query: { fieldManager: 'keda' }, body })
  }
  const empty = { scalingModifiers: {} }
  const labels = { ...made.metadata.labels, 'scaledobject.keda.sh/name': called }
  expect(await put('keda', empty, { finalizers: ['finalizer.keda.sh'] })).toMatchObject({ status: 200 })
  expect(await put('keda', empty, { labels })).toMatchObject({ status: 200 })

  const why = 'how many replicas serve is said by `replicas` of the service'
  const merge = { type: 'application/merge-patch+json' }
  const editor = who['editor'] as Requests
  const refused = async (answer: Promise<Answer>): Promise<void> => {
    const { status, body } = await answer
    expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining(why)])
  }
  await refused(editor.send({ method: 'PATCH', path, ...merge, body: { spec: { maxReplicaCount: 9 } } }))
  await refused(put('keda', { scalingModifiers: { formula: '9', target: '1' } }, {}))
  await refused(put('keda', { restoreToOriginalReplicaCount: true }, {}))
  const paused = { metadata: { annotations: { 'autoscaling.keda.sh/paused': 'true' } } }
  await refused(editor.send({ method: 'PATCH', path, ...merge, body: paused }))
  const own = { apiVersion: made.apiVersion, kind: made.kind, metadata: { name: 'own' }, spec: made.spec }
  await refused(editor.send({ method: 'POST', path: scaledObjectsIn(name), body: own }))
  await refused(editor.send({ method: 'POST', path: autoscalers, body: autoscalerOf(made) }))
  await refused(scaled('editor', called, 2))

  // As KEDA does, and Kubernetes for it.
  expect(
    await (who['keda'] as Requests).send({ method: 'POST', path: autoscalers, body: autoscalerOf(made) }),
  ).toMatchObject({ status: 201 })
  expect(await scaled('autoscaler', called, 2)).toMatchObject({ status: 200 })
  await town.until('both are ready', async () => {
    const { body } = await admin().send({
      method: 'GET',
      path: `/apis/apps/v1/namespaces/${name}/deployments/${called}`,
    })
    return (body as KubeObject<'Deployment'>).status?.readyReplicas === 2
  })
  await town.resync()
  expect(await town.lane(LANE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1, run: null })

  // The finalizer goes as it came, once it is deleted.
  const next = served()
  await town.until('it is to be deleted', async () => {
    const { body } = await admin().send({ method: 'GET', path })
    return (body as KubeObject).metadata.deletionTimestamp !== undefined
  })
  expect(await put('keda', empty, { finalizers: [] })).toMatchObject({ status: 200 })
  await next
  expect((await scaledObjects()).map(({ metadata: { name: one } }) => one)).toEqual([called.replace(/g1$/, 'g2')])
  const { body } = await admin().send({ method: 'GET', path: autoscalers })
  expect((body as { items: unknown[] }).items).toEqual([])
  expect(await town.lane(LANE)).toMatchObject({ generation: 2, baseline: { upTo: 2 } })
})
