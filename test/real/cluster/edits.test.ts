import { setTimeout as pause } from 'node:timers/promises'
import { expect, inject, it } from 'vitest'
import { type KubeObject, refOf } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { editsOf } from '../../../core/workloads/same-content.ts'
import { servingObjects } from '../../../core/workloads/serving.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import { config, identity, lane, serve } from '../../core/planning/serve-fixture.ts'

type Deployment = KubeObject<'Deployment'>

const namespace = `edits-${process.pid}`
const OTHER = `other@sha256:${'e'.repeat(64)}`
const field = (name: string): string => `.spec.template.spec.containers[name="vllm"].${name}`

/** With what a server writes otherwise than it was sent: quantities, and empty values. */
const pod = {
  containers: [
    {
      name: 'vllm',
      env: [{ name: 'CHUNK', value: '' }],
      resources: { requests: { cpu: '1000m' }, limits: { memory: '1024Gi' } },
    },
  ],
}
const made = (generation: number): Deployment =>
  servingObjects({
    identity,
    run: { lane, generation, attempt: 1 },
    desired: serve('7'),
    service: parsePolicy(config({ pod })).services['support-llama']!,
    engine: ENGINES.vllm[0],
    namespace,
  }).deployment

/** Rewrites images and adds a variable, as companies' admissions do. */
const MIRROR = `[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/image", value: "mirror.example/" + object.spec.template.spec.containers[0].image.split("/")[0]},
  JSONPatch{op: "add", path: "/spec/template/spec/containers/0/env/-", value: Object.spec.template.spec.containers.env{name: "OTEL", value: "yes"}}]`
const admission = (kind: 'MutatingAdmissionPolicy' | 'MutatingAdmissionPolicyBinding', spec: object) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: namespace },
  spec,
})

it('of what a real API server, or an admission of its own, makes of what we apply nothing is an edit; of what others set all is', async () => {
  const kubeconfig = loadKubeconfig({ file: inject('kubeconfig') })
  const [requests, cluster] = [await openRequests(kubeconfig), await openKubernetesCluster(kubeconfig)]
  const posted = async (path: string, body: object): Promise<void> =>
    void expect(await requests.send({ method: 'POST', path, body })).toMatchObject({ status: 201 })
  const patched = async ({ metadata: { name } }: Deployment, manager: string, template: object): Promise<void> => {
    const answer = await requests.send({
      method: 'PATCH',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
      query: { fieldManager: manager },
      type: 'application/strategic-merge-patch+json',
      body: { spec: { template } },
    })
    expect(answer.status).toBe(200)
  }
  const container = (change: object) => ({ spec: { containers: [{ name: 'vllm', ...change }] } })
  const edits = async (one: Deployment, known: Deployment | null = one): Promise<string[]> =>
    editsOf((await cluster.get(refOf(one))) as KubeObject, known).map(({ field: at, by }) => `${by} ${at}`)
  await posted('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })

  const one = made(1)
  expect(await cluster.apply(one, 'signalbox-workload')).toMatchObject({ kind: 'applied' })
  expect([await edits(one), await edits(one, null)]).toEqual([[], []])
  await patched(one, 'kubectl-set', container({ image: OTHER }))
  expect(await edits(one)).toEqual([`kubectl-set ${field('image')}`])
  expect(await edits(one, null)).toEqual([`kubectl-set ${field('image')}`])
  await patched(one, 'kubectl-set', container({ image: one.spec?.template.spec?.containers[0]?.image }))
  expect(await edits(one)).toEqual([])
  await patched(one, 'kubectl-rollout', {
    metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-23T12:00:00Z' } },
  })
  expect(await edits(one)).toEqual([])
  await patched(one, 'kubectl-set', container({ env: [{ name: 'FOO', value: 'x' }] }))
  expect(await edits(one)).toContain(`kubectl-set ${field('env')}[name="FOO"].value`)
  await patched(one, 'kubectl-edit', container({ readinessProbe: null }))
  expect(await edits(one)).toContain(`null ${field('readinessProbe')}`)

  const added = made(201)
  await cluster.apply(added, 'signalbox-workload')
  const { nodeSelector } = added.spec?.template.spec ?? {}
  await patched(added, 'kubectl-patch', { spec: { nodeSelector: { zone: 'a' } } })
  expect([await edits(added), await edits(added, null)]).toEqual(
    Array.from({ length: 2 }, () => ['kubectl-patch .spec.template.spec.nodeSelector']),
  )
  await patched(added, 'kubectl-patch', { spec: { nodeSelector: { zone: null } } })
  expect((await cluster.get(refOf(added))) as Deployment).toMatchObject({
    spec: { template: { spec: { nodeSelector } } },
  })
  expect(await edits(added)).toEqual([])
  await patched(added, 'kubectl', container({ resources: { limits: { cpu: '8' } } }))
  expect(await edits(added)).toEqual([`kubectl ${field('resources')}.limits.cpu`])
  await patched(added, 'kubectl', container({ resources: { limits: { cpu: null } } }))
  await patched(added, 'kubectl-edit', { spec: { containers: [{ name: 'proxy', image: OTHER }] } })
  const proxy = 'kubectl-edit .spec.template.spec.containers[name="proxy"]'
  expect(await edits(added)).toEqual([proxy])
  expect(await edits(added, null)).toContain(proxy)

  const registration = '/apis/admissionregistration.k8s.io/v1'
  const matchConstraints = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    resourceRules: [
      { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
    ],
  }
  const mutations = [{ patchType: 'JSONPatch', jsonPatch: { expression: MIRROR } }]
  const policy = { matchConstraints, reinvocationPolicy: 'Never', mutations }
  await posted(`${registration}/mutatingadmissionpolicies`, admission('MutatingAdmissionPolicy', policy))
  await posted(
    `${registration}/mutatingadmissionpolicybindings`,
    admission('MutatingAdmissionPolicyBinding', { policyName: namespace }),
  )
  // It is in force a moment later.
  let two = made(2)
  for (let generation = 2; generation < 200; generation++) {
    two = made(generation)
    const applied = await cluster.apply(two, 'signalbox-workload')
    const object = applied.kind === 'applied' ? (applied.object as Deployment) : null
    if (object?.spec?.template.spec?.containers[0]?.image?.startsWith('mirror.example/')) break
    await pause(100)
  }
  const live = (await cluster.get(refOf(two))) as Deployment
  expect(live.spec?.template.spec?.containers[0]?.image).toContain('mirror.example/')
  expect([await edits(two), await edits(two, null)]).toEqual([[], []])
  await patched(two, 'kubectl-set', container({ image: OTHER }))
  expect(await edits(two)).toEqual([`kubectl-set ${field('image')}`])
  for (const path of ['mutatingadmissionpolicybindings', 'mutatingadmissionpolicies'])
    await requests.send({ method: 'DELETE', path: `${registration}/${path}/${namespace}` })
  await requests.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` })
  await Promise.all([requests.close(), cluster.close()])
})
