import { afterAll, beforeAll, describe, it } from 'vitest'
import { generationName, label, mintName } from '../../../core/names.ts'
import {
  ASK,
  another,
  by,
  close,
  expectRefused,
  expectTaken,
  make,
  OURS,
  open,
  PLACES,
  patched,
  policy,
  service,
  serving,
  training,
  untilRefused,
  type Who,
} from './cast.ts'

const RIGHT = 'the right to `use` the ConfigMap signalbox'
const name = mintName({ installation: policy.installation, cluster: 'gpu', ledger: 'feedfacecafe' }, 'service/llama')
const JOB = `${mintName({ installation: policy.installation, cluster: 'gpu' }, 'pipeline/chats')}-g1a1-train`
const INSTALLATION = label('installation')

const made = (one: Who, { apiVersion, kind, plural }: typeof BUDGET, spec: object, metadata: object = {}) =>
  by(one).send({
    method: 'POST',
    path: `/apis/${apiVersion}/namespaces/${serving}/${plural}`,
    body: { apiVersion, kind, metadata: { name: `x-${another()}`, ...metadata }, spec },
    ...ASK,
  })
const BUDGET = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets' }
const NETWORK = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', plural: 'networkpolicies' }
const INGRESS = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', plural: 'ingresses' }
const AUTOSCALER = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers' }

const asked = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }],
})
const MEETS: [string, object][] = [
  ['all pods of the namespace', {}],
  ['by our label', { matchLabels: OURS }],
  ['by the lane', { matchLabels: { [label('lane')]: 'service.llama' } }],
  ['by our label and another', { matchLabels: { ...OURS, app: 'a' } }],
  ['by a label that ReplicaSets give', { matchLabels: { 'pod-template-hash': '7d4b9' } }],
  ['by the name of a Job of ours', { matchLabels: { 'job-name': JOB } }],
  ['by what Kueue writes', { matchLabels: { 'kueue.x-k8s.io/podset': 'main' } }],
  ['what has our label', asked(INSTALLATION, 'Exists')],
  ['what has one of its values', asked(INSTALLATION, 'In', policy.installation)],
  ['what is a Job’s', asked('batch.kubernetes.io/job-name', 'Exists')],
  ['what is one of these Jobs’', asked('batch.kubernetes.io/job-name', 'In', 'theirs', JOB)],
  ['all but their own', asked('app', 'DoesNotExist')],
  ['all but another installation’s', asked(INSTALLATION, 'NotIn', 'other')],
]
const MISSES: [string, object][] = [
  ['by a label of theirs', { matchLabels: { app: 'a' } }],
  ['by one of theirs and one that ReplicaSets give', { matchLabels: { app: 'a', 'pod-template-hash': '7d4b9' } }],
  ['by the name of a Job of theirs', { matchLabels: { 'job-name': 'theirs' } }],
  ['what has a label of theirs', asked('app', 'Exists')],
  ['all but ours', asked(INSTALLATION, 'DoesNotExist')],
  ['all but ours, by its value', asked(INSTALLATION, 'NotIn', policy.installation)],
]

beforeAll(async () => {
  await open()
  const leads = () => service({ selector: OURS }, {}, 'editor', ASK)
  const scales = () => made('editor', AUTOSCALER, scaling(generationName({ name }, 1)))
  const budgets = () => made('editor', BUDGET, { maxUnavailable: 0, selector: {} })
  const networks = () => made('editor', NETWORK, { podSelector: {} })
  const ingresses = () => made('editor', INGRESS, { defaultBackend: backend(name) })
  await untilRefused(leads, scales, budgets, networks, ingresses)
})
afterAll(close)

const backend = (called: string) => ({ service: { name: called, port: { number: 80 } } })
const scaling = (called: string, apiVersion = 'apps/v1', kind = 'Deployment') => ({
  maxReplicas: 9,
  scaleTargetRef: { apiVersion, kind, name: called },
})

describe('who may write in the namespaces, and neither is a door nor may `use` the marker', () => {
  it.each(MEETS)('holds back no drain of ours, and cuts nothing of ours off: %s', async (_, selector) => {
    await expectRefused(made('editor', BUDGET, { maxUnavailable: 0, selector }), RIGHT)
    await expectRefused(made('editor', NETWORK, { podSelector: selector, policyTypes: ['Ingress', 'Egress'] }), RIGHT)
    await expectTaken(made('admin', BUDGET, { maxUnavailable: 0, selector }))
    await expectTaken(made('admin', NETWORK, { podSelector: selector }))
  })

  it.each(MISSES)('does as they like with their own: %s', async (_, selector) => {
    await expectTaken(made('editor', BUDGET, { maxUnavailable: 0, selector }))
    await expectTaken(made('editor', NETWORK, { podSelector: selector }))
  })

  it.each(
    MEETS.flatMap(([what, { matchLabels }]: [string, { matchLabels?: object }]) =>
      matchLabels ? [[what, matchLabels]] : [],
    ),
  )('leads no Service to what is ours, from inside or outside: %s', async (_, selector) => {
    for (const type of ['LoadBalancer', 'NodePort', 'ClusterIP'])
      await expectRefused(service({ type, selector }, {}, 'editor', ASK), RIGHT)
    await expectTaken(service({ selector }, {}, 'admin', ASK))
  })

  it('leads Services to their own pods, or to none; and none that stands to ours', async () => {
    for (const selector of [{ app: 'theirs' }, { 'job-name': 'theirs' }, undefined])
      await expectTaken(service({ type: 'LoadBalancer', selector }, {}, 'editor', ASK))
    const { body } = await service({ selector: { app: 'theirs' } }, {}, 'editor')
    const path = `/api/v1/namespaces/${serving}/services/${(body as { metadata: { name: string } }).metadata.name}`
    await expectRefused(patched(path, { spec: { selector: { ...OURS, app: null } } }), RIGHT)
    await expectTaken(patched(path, { spec: { sessionAffinity: 'ClientIP' } }))
  })

  it('gives no pod of ours a label by which another Service would lead to it', async () => {
    await expectTaken(
      make('replicaset-controller', 'pods', {
        called: 'served',
        spec: { schedulingGates: [{ name: 'a/b' }], serviceAccountName: 'signalbox-training' },
      }),
    )
    const path = `/api/v1/namespaces/${training}/pods/served`
    await expectRefused(patched(path, { metadata: { labels: { theirs: 'a' } } }), RIGHT)
    await expectTaken(patched(path, { metadata: { labels: { 'kueue.x-k8s.io/a': 'b' }, annotations: { a: 'b' } } }))
  })

  it('leads no Ingress to a Service of ours, by a backend or by what a controller reads', async () => {
    const path = (called: string) => ({ path: '/', pathType: 'Prefix', backend: backend(called) })
    const rules = (called: string) => ({
      rules: [{ host: 'a.example', http: { paths: [path('theirs'), path(called)] } }],
    })
    const action = (called: string) => ({ annotations: { 'a.example/action': `{"serviceName":"${called}"}` } })
    for (const called of [name, generationName({ name }, 12)]) {
      await expectRefused(made('editor', INGRESS, { defaultBackend: backend(called) }), RIGHT)
      await expectRefused(made('editor', INGRESS, rules(called)), RIGHT)
      await expectRefused(made('editor', INGRESS, rules('theirs'), action(called)), RIGHT)
      await expectTaken(made('admin', INGRESS, rules(called)))
    }
    await expectTaken(made('editor', INGRESS, rules('service-of-theirs'), action('service-of-theirs')))
    await expectTaken(made('editor', INGRESS, { defaultBackend: backend(`${name}-of-theirs`) }))
  })

  it('has no autoscaler that names a Deployment of ours, be it there or not', async () => {
    const ours = generationName({ name }, 3)
    const why = 'how many replicas serve is said by `replicas`'
    await expectRefused(made('editor', AUTOSCALER, scaling(ours)), why)
    await expectRefused(made('editor', { ...AUTOSCALER, apiVersion: 'autoscaling/v1' }, scaling(ours)), why)
    await expectTaken(made('editor', AUTOSCALER, scaling('theirs')))
    await expectTaken(made('editor', AUTOSCALER, scaling(ours, 'example.com/v1')))
    await expectTaken(made('admin', AUTOSCALER, scaling(ours)))
  })

  it('says of no Deployment of ours that Argo CD or Flux owns it', async () => {
    await expectTaken(make('door', 'deployments', { called: 'rolled' }))
    const path = `${PLACES.deployments}/namespaces/${serving}/deployments/rolled`
    for (const metadata of [
      { annotations: { 'argocd.argoproj.io/tracking-id': 'a' } },
      { labels: { 'argocd.argoproj.io/instance': 'a' } },
      { labels: { 'kustomize.toolkit.fluxcd.io/name': 'a' } },
      { labels: { 'helm.toolkit.fluxcd.io/name': 'a' } },
    ]) {
      await expectRefused(patched(path, { metadata }), 'Argo CD or Flux')
      await expectTaken(patched(path, { metadata }, 'admin', ASK))
    }
  })
})
