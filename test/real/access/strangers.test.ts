import { afterAll, beforeAll, describe, it } from 'vitest'
import { NODE_POOL } from '../../../core/kube.ts'
import { label } from '../../../core/names.ts'
import { BASELINE_SYSCTLS } from '../../../core/policy/baseline.ts'
import { GATE_ACCOUNT, SERVING_ACCOUNT, TRAINING_ACCOUNT } from '../../../core/workloads/accounts.ts'
import { servingClassName } from '../../../core/workloads/priority.ts'
import {
  ASK,
  another,
  by,
  close,
  expectRefused,
  expectTaken,
  IMAGE,
  make,
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

/** What our servers are of. */
const CLASS = servingClassName(policy)

beforeAll(async () => {
  await open()
  await untilRefused(
    () => make('editor', 'jobs', {}, ASK),
    () => make('editor', 'pods', { labels: OURS }, ASK),
    () => make('editor', 'pods', { labels: {}, spec: { priorityClassName: CLASS } }, ASK),
  )
})
afterAll(close)

const ownedBy = (kind: string, uid: string): object => ({
  ownerReferences: [{ apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, name: 'x', uid, controller: true }],
})
const UID = '11111111-2222-4333-8444-555555555555'

describe('who may write in the namespaces, and neither is a door nor may `use` the marker', () => {
  const CONTROLLERS = 'only Kubernetes’ own controllers'
  it.each<[string, Said]>([
    ['names a Job as its owner', { labels: {}, metadata: ownedBy('Job', UID) }],
    ['names a ReplicaSet as its owner', { labels: {}, metadata: ownedBy('ReplicaSet', UID) }],
    ['waits to be adopted by a Job', { labels: { 'batch.kubernetes.io/controller-uid': UID } }],
    ['waits to be adopted by a Job, as before', { labels: { 'controller-uid': UID } }],
    ['waits to be adopted by a ReplicaSet', { labels: { 'pod-template-hash': 'abc' } }],
    ['would stand behind a Service of ours', { labels: OURS }],
    ['runs as a training', { labels: {}, spec: { serviceAccountName: TRAINING_ACCOUNT } }],
    ['runs as a check', { labels: {}, namespace: serving, spec: { serviceAccountName: GATE_ACCOUNT } }],
  ])('makes no pod that %s', async (_what, given) => {
    for (const one of ['editor', 'admin'] as const) await expectRefused(make(one, 'pods', given), CONTROLLERS)
  })

  it('may be Volcano, whose Jobs have pods of their own, and nobody makes one of Kubernetes’ of these', async () => {
    const volcanos = { apiVersion: 'batch.volcano.sh/v1alpha1', kind: 'Job', name: 'x', uid: UID, controller: true }
    const metadata = { ownerReferences: [volcanos] }
    await expectTaken(make('editor', 'pods', { labels: {}, metadata }, { query: { dryRun: 'All' } }))
    const own = { metadata: { ownerReferences: [{ ...volcanos, controller: false }] }, labels: {} }
    await expectTaken(
      make('editor', 'pods', { ...own, called: 'volcanos', spec: { schedulingGates: [{ name: 'a/b' }] } }),
    )
    const path = `/api/v1/namespaces/${training}/pods/volcanos`
    const type = 'application/merge-patch+json'
    const body = { metadata: ownedBy('Job', UID) }
    await expectRefused(by('editor').send({ method: 'PATCH', path, type, body }), CONTROLLERS)
  })

  it('makes no pod that waits for a GPU with the right of our servers, in our namespaces or any other', async () => {
    const spec = { priorityClassName: CLASS }
    for (const [one, namespace] of [
      ['editor', training],
      ['editor', serving],
      ['admin', 'default'],
      // Who makes pods for others makes none of it for what is not a server of ours.
      ['replicaset-controller', 'default'],
    ] as const)
      await expectRefused(make(one, 'pods', { labels: {}, namespace, spec }), 'for what Signalbox serves alone')
    const server = { namespace: serving, metadata: ownedBy('ReplicaSet', UID) }
    const under = { spec: { ...spec, serviceAccountName: SERVING_ACCOUNT } }
    await expectTaken(make('replicaset-controller', 'pods', { ...server, ...under }, ASK))
  })

  it('makes no such pod of one that stands', async () => {
    await expectTaken(make('editor', 'pods', { labels: { mine: 'a' }, called: 'theirs' }))
    const path = `/api/v1/namespaces/${training}/pods/theirs`
    const patch = (metadata: object) =>
      by('editor').send({ method: 'PATCH', path, type: 'application/merge-patch+json', body: { metadata } })
    await expectRefused(patch(ownedBy('Job', UID)), CONTROLLERS)
    await expectTaken(patch(ownedBy('ConfigMap', UID)))
    await expectRefused(patch(ownedBy('Job', UID)), CONTROLLERS)
    for (const labels of [{ 'batch.kubernetes.io/controller-uid': UID }, OURS])
      await expectRefused(patch({ labels }), CONTROLLERS)
    await expectTaken(patch({ labels: { mine: 'b' } }))
  })

  it('makes no Job, Deployment or ReplicaSet under an account or a label of ours', async () => {
    const why = 'the right to `use` the ConfigMap signalbox'
    for (const plural of ['jobs', 'deployments', 'replicasets'] as const) {
      await expectRefused(make('editor', plural), why)
      await expectRefused(make('editor', plural, { labels: {} }), why)
      await expectRefused(make('editor', plural, { spec: { serviceAccountName: undefined } }), why)
      await expectTaken(make('editor', plural, { labels: {}, spec: { serviceAccountName: undefined } }))
    }
  })

  it('makes nothing that would leave a pod behind which a Job of ours then takes for its own', async () => {
    const labels = { 'batch.kubernetes.io/controller-uid': UID }
    const spec = { serviceAccountName: undefined }
    const why = 'the right to `use` the ConfigMap signalbox'
    for (const plural of ['replicasets', 'deployments'] as const)
      await expectRefused(make('editor', plural, { labels, spec }), why)
    const job = {
      manualSelector: true,
      selector: { matchLabels: { app: 'a' } },
      template: {
        metadata: { labels: { app: 'a', ...labels } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: IMAGE }] },
      },
    }
    const body = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'manual' }, spec: job }
    const path = `/apis/batch/v1/namespaces/${training}/jobs`
    await expectRefused(by('editor').send({ method: 'POST', path, body }), why)
  })

  it('puts no other program into what is ours, and may restart it', async () => {
    await expectTaken(make('door', 'deployments', { called: 'served' }))
    const path = `/apis/apps/v1/namespaces/${serving}/deployments/served`
    const patch = (template: object) =>
      by('editor').send({
        method: 'PATCH',
        path,
        type: 'application/strategic-merge-patch+json',
        body: { spec: { template } },
      })
    const why = 'the right to `use` the ConfigMap signalbox'
    const image = `y@sha256:${'b'.repeat(64)}`
    await expectRefused(patch({ spec: { containers: [{ name: 'c', image }] } }), why)
    await expectRefused(patch({ spec: { serviceAccountName: GATE_ACCOUNT } }), why)
    await expectRefused(patch({ spec: { hostAliases: [{ ip: '10.0.0.1', hostnames: ['s3.amazonaws.com'] }] } }), why)
    await expectRefused(patch({ metadata: { labels: { [label('generation')]: '2' } } }), why)
    await expectRefused(patch({ metadata: { annotations: { 'sidecar.istio.io/inject': 'true' } } }), why)
    await expectTaken(patch({ metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } }))
    await expectTaken(patched(path, { spec: { paused: true } }))
  })

  const READS = label('input-model-train')
  const planned: Said = {
    labels: { ...OURS, [label('input-job-train')]: 'trained' },
    annotations: { [READS]: 's3://ours/trained' },
    spec: { nodeSelector: { [NODE_POOL]: 'gpu-train' } },
    container: { resources: { limits: { 'nvidia.com/gpu': '1' } } },
  }

  it('may be Kueue, which lets a Job of ours begin where there is room, and suspends it again', async () => {
    // Kubernetes' own controller keeps off it, so that no pod of it has to end first.
    await expectTaken(
      make('door', 'jobs', { ...planned, called: 'queued' }, { with: { managedBy: 'example.com/nobody' } }),
    )
    const path = `/apis/batch/v1/namespaces/${training}/jobs/queued`
    const key = 'node.kubernetes.io/instance-type'
    const kueues = (value: string | null) => ({ 'kueue.x-k8s.io/podset': value })
    const template = (value: string | null) => ({
      metadata: { labels: kueues(value), annotations: kueues(value) },
      spec: { nodeSelector: { [key]: value, [NODE_POOL]: 'gpu-train' } },
    })
    const tolerations = [{ key: 'spot', operator: 'Exists' }]
    const into = { template: { ...template('a'), spec: { ...template('a').spec, tolerations } } }
    await expectTaken(patched(path, { spec: { suspend: false, ...into } }))
    await expectTaken(patched(path, { spec: { suspend: true } }))
    await expectTaken(patched(path, { spec: { template: template(null) } }))
  })

  it.each<[string, object]>([
    ['which model it reads', { template: { metadata: { annotations: { [READS]: 's3://ours/better' } } } }],
    ['that it reads one', { template: { metadata: { annotations: { [READS]: null } } } }],
    ['whose result it reads', { template: { metadata: { labels: { [label('input-job-train')]: 'other' } } } }],
    ['that it reads a result', { template: { metadata: { labels: { [label('input-job-train')]: null } } } }],
    ['what is put into its pods', { template: { metadata: { annotations: { 'sidecar.istio.io/inject': 'true' } } } }],
    [
      'its GPUs',
      { template: { spec: { containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': '8' } } }] } } },
    ],
    ['its pool', { template: { spec: { nodeSelector: { [NODE_POOL]: 'expensive' } } } }],
    ['that it has a pool', { template: { spec: { nodeSelector: null } } }],
    ['how many pods it has', { parallelism: 8 }],
    ['how long it may take', { activeDeadlineSeconds: null }],
  ])('changes nothing of a suspended Job of ours: not %s', async (_what, spec) => {
    const called = `suspended-${another()}`
    await expectTaken(make('door', 'jobs', { ...planned, called }, { with: { activeDeadlineSeconds: 60 } }))
    const path = `/apis/batch/v1/namespaces/${training}/jobs/${called}`
    await expectRefused(patched(path, { spec }), 'the right to `use` the ConfigMap signalbox')
    await expectTaken(patched(path, { spec }, 'door'))
  })

  it('changes nothing of a pod of ours that stands: not its image, nor what it is told', async () => {
    const metadata = { annotations: planned.annotations }
    const spec = {
      ...planned.spec,
      serviceAccountName: TRAINING_ACCOUNT,
      schedulingGates: [{ name: 'kueue.x-k8s.io/topology' }],
    }
    await expectTaken(make('job-controller', 'pods', { ...planned, metadata, spec, called: 'begins' }))
    const path = `/api/v1/namespaces/${training}/pods/begins`
    const why = 'the right to `use` the ConfigMap signalbox'
    await expectRefused(
      patched(path, { spec: { containers: [{ name: 'c', image: `y@sha256:${'b'.repeat(64)}` }] } }),
      why,
    )
    for (const annotations of [{ [READS]: 's3://ours/better' }, { [READS]: null }, { [label('input-pin-train')]: 'a' }])
      await expectRefused(patched(path, { metadata: { annotations } }), why)
    await expectRefused(patched(path, { metadata: { labels: { [label('input-job-train')]: null } } }), why)
    // Kueue finds the node, and what controllers of others write down there.
    await expectTaken(patched(path, { metadata: { annotations: { 'kueue.x-k8s.io/workload': 'a' } } }))
    await expectTaken(
      patched(path, {
        spec: { nodeSelector: { 'topology.k8s.aws/network-node-layer-1': 'a' }, schedulingGates: null },
      }),
    )
  })

  it('debugs no pod of ours, which a cluster administrator may within the level of its namespace', async () => {
    const spec = { serviceAccountName: TRAINING_ACCOUNT, schedulingGates: [{ name: 'a/b' }] }
    await expectTaken(make('job-controller', 'pods', { spec, called: 'debugged' }))
    const path = `/api/v1/namespaces/${training}/pods/debugged/ephemeralcontainers`
    const debug = (add: string[], one: Who) =>
      patched(
        path,
        { spec: { ephemeralContainers: [{ name: 'd', image: 'x', securityContext: { capabilities: { add } } }] } },
        one,
      )
    await expectRefused(debug([], 'editor'), 'cannot patch resource')
    await expectRefused(debug(['SYS_PTRACE'], 'admin'), 'baseline')
    await expectTaken(debug([], 'admin'))
  })

  it('leads no Service of ours elsewhere', async () => {
    const { body } = await service({})
    const path = `/api/v1/namespaces/${serving}/services/${(body as { metadata: { name: string } }).metadata.name}`
    const type = 'application/merge-patch+json'
    const elsewhere = { method: 'PATCH', path, type, body: { spec: { selector: { app: 'theirs' } } } } as const
    await expectRefused(by('editor').send(elsewhere), 'the right to `use` the ConfigMap signalbox')
    await expectTaken(by('editor').send({ ...elsewhere, body: { metadata: { annotations: { a: 'b' } } } }))
    await expectTaken(by('door').send(elsewhere))
  })

  it('lets no drain take more of ours, and raises no fence there', async () => {
    const all = `/apis/policy/v1/namespaces/${serving}/poddisruptionbudgets`
    const metadata = { name: 'ours', labels: OURS, annotations: { [label('fence-workload')]: '7' } }
    const spec = { maxUnavailable: 0, selector: { matchLabels: OURS } }
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec }
    await expectTaken(by('door').send({ method: 'POST', path: all, body: budget }))
    const path = `${all}/ours`
    for (const change of [
      { spec: { maxUnavailable: 9 } },
      { metadata: { annotations: { [label('fence-workload')]: '999999999999999' } } },
    ])
      await expectRefused(patched(path, change), 'the right to `use` the ConfigMap signalbox')
    await expectTaken(patched(path, { metadata: { annotations: { mine: 'a' } } }))
    await expectTaken(patched(path, { spec: { maxUnavailable: 1 } }, 'door'))
    const bare = { ...budget, metadata: { name: 'theirs' } }
    await expectRefused(by('door').send({ method: 'POST', path: all, body: bare }), 'only what carries its')
  })

  it('takes our label off nothing', async () => {
    // A Job without any label would be given those of its pods.
    await expectTaken(make('door', 'jobs', { called: 'labelled', labels: { ...OURS, another: 'b' } }))
    const path = `/apis/batch/v1/namespaces/${training}/jobs/labelled`
    const body = { metadata: { labels: { [label('installation')]: null } } }
    const asked = { method: 'PATCH', path, type: 'application/merge-patch+json', body } as const
    for (const one of ['editor', 'admin'] as const)
      await expectRefused(by(one).send(asked), 'stays on what Signalbox owns')
  })

  it('raises no fence, and changes nothing else that Signalbox has written on what is ours', async () => {
    const fence = label('fence-workload')
    for (const plural of ['jobs', 'deployments'] as const) {
      const metadata = { annotations: { [fence]: '7' } }
      await expectTaken(make('door', plural, { called: 'marked', metadata }))
      const path = `${PLACES[plural]}/namespaces/${plural === 'jobs' ? training : serving}/${plural}/marked`
      for (const change of [
        { annotations: { [fence]: '999999999999999' } },
        { annotations: { [label('digest')]: 'a' } },
        { labels: { [label('generation')]: '9' } },
      ])
        await expectRefused(patched(path, { metadata: change }), 'the right to `use` the ConfigMap signalbox')
      // Two policies are against this: the API server names whichever it tried first.
      const bare = patched(path, { metadata: { annotations: { [fence]: null } } })
      await expectRefused(bare, /the right to `use` the ConfigMap signalbox|may not go back/)
      await expectTaken(patched(path, { metadata: { annotations: { mine: 'a' }, labels: { mine: 'a' } } }))
      await expectTaken(patched(path, { metadata: { annotations: { [fence]: '8' } } }, 'door'))
    }
  })

  it('lets no Job go that a rung has suspended, and one that a person has suspended', async () => {
    const [whose, fence] = [label('suspended-by'), label('fence-suspend')]
    await expectTaken(make('door', 'jobs', { called: 'rung' }))
    await expectTaken(make('door', 'jobs', { called: 'by-hand' }))
    const at = (called: string) => `${PLACES.jobs}/namespaces/${training}/jobs/${called}`
    const metadata = { annotations: { [whose]: 'ml-monthly#suspend-preemptible', [fence]: '7' } }
    const mine = 'the right to `use` the ConfigMap signalbox'
    await expectRefused(patched(at('rung'), { metadata, spec: { suspend: true } }), mine)
    await expectTaken(patched(at('rung'), { metadata, spec: { suspend: true } }, 'door'))
    await expectRefused(patched(at('rung'), { spec: { suspend: false } }), 'goes on by itself once that is over')
    await expectTaken(patched(at('rung'), { metadata: { annotations: { mine: 'a' } } }))
    const late = { metadata: { annotations: { [whose]: null, [fence]: '6' } }, spec: { suspend: false } }
    await expectRefused(patched(at('rung'), late, 'door'), 'may not go back')
    const now = { metadata: { annotations: { [whose]: null, [fence]: '8' } }, spec: { suspend: false } }
    await expectTaken(patched(at('rung'), now, 'door'))
    await expectTaken(patched(at('by-hand'), { spec: { suspend: true } }))
    await expectTaken(patched(at('by-hand'), { spec: { suspend: false } }))
  })

  it('gives no pod its node', async () => {
    for (const spec of [{ hostPID: true }, { volumes: [{ name: 'v', hostPath: { path: '/' } }] }])
      await expectRefused(make('admin', 'pods', { labels: {}, spec }), 'baseline')
  })

  it('gives a pod what a policy may say of sysctls, and no other', async () => {
    const set = (names: readonly string[]) =>
      make(
        'admin',
        'pods',
        { labels: {}, spec: { securityContext: { sysctls: names.map((sysctl) => ({ name: sysctl, value: '1' })) } } },
        { query: { dryRun: 'All' } },
      )
    await expectTaken(set(BASELINE_SYSCTLS))
    await expectRefused(set(['net.ipv4.tcp_notsent_lowat']), 'baseline')
  })
})

it('Kubernetes’ controllers make the pods of Jobs and ReplicaSets, each by its account or all by one', async () => {
  const of = (kind: string): Said => ({
    metadata: ownedBy(kind, UID),
    spec: { serviceAccountName: TRAINING_ACCOUNT },
    labels: { ...OURS, 'batch.kubernetes.io/controller-uid': UID },
  })
  await expectTaken(make('job-controller', 'pods', of('Job'), { query: { dryRun: 'All' } }))
  await expectTaken(make('replicaset-controller', 'pods', of('ReplicaSet'), { query: { dryRun: 'All' } }))
  await expectTaken(make('kube-controller-manager', 'pods', of('Job'), { query: { dryRun: 'All' } }))
})
