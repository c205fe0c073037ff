import { afterAll, beforeAll, expect, it } from 'vitest'
import { groupOf } from '../../../core/bootstrap/rights.ts'
import type { KubeObject } from '../../../core/kube.ts'
import { FENCE_SUSPEND, SUSPENDED_BY } from '../../../core/pods/suspended.ts'
import { installWorkloads, makeWorkload, workloadsIn } from '../kueue.ts'
import {
  another,
  by,
  close,
  expectRefused,
  expectTaken,
  make,
  open,
  policy,
  training,
  untilRefused,
  type Who,
} from './cast.ts'

const RBAC = { apiGroup: 'rbac.authorization.k8s.io', apiVersion: 'rbac.authorization.k8s.io/v1' }
/** Whoever works in the namespace may write Kueue's Workloads there; the door as well, whose policy lends nothing here. */
const allowed = async (): Promise<void> => {
  const metadata = { name: 'workloads' }
  const rules = [{ apiGroups: ['kueue.x-k8s.io'], resources: ['workloads'], verbs: ['*'] }]
  const groups = ['editors', groupOf(policy, 'reconcile')]
  const subjects = groups.map((name) => ({ apiGroup: RBAC.apiGroup, kind: 'Group', name }))
  const roleRef = { apiGroup: RBAC.apiGroup, kind: 'Role', name: 'workloads' }
  for (const [plural, body] of [
    ['roles', { apiVersion: RBAC.apiVersion, kind: 'Role', metadata, rules }],
    ['rolebindings', { apiVersion: RBAC.apiVersion, kind: 'RoleBinding', metadata, subjects, roleRef }],
  ] as const) {
    const path = `/apis/${RBAC.apiVersion}/namespaces/${training}/${plural}`
    expect((await by('admin').send({ method: 'POST', path, body })).status).toBe(201)
  }
}
let workload: KubeObject<'Workload'>
const at = (): string => `${workloadsIn(training)}/${workload.metadata.name}`
const patched = (one: Who, body: object, query = {}) =>
  by(one).send({ method: 'PATCH', path: at(), type: 'application/merge-patch+json', query, body })
const ASKS = { dryRun: 'All' }
const ours = (fence: string, rung: string | null) => ({
  metadata: { annotations: { [FENCE_SUSPEND]: fence, [SUSPENDED_BY]: rung } },
})
const DOORS = /a door of Signalbox changes of Kueue’s Workloads whether they are active, and makes and deletes none/
const RUNGS = /whoever else activates its Workload needs the right to `use` the ConfigMap signalbox/

beforeAll(async () => {
  await open()
  await installWorkloads(by('admin'))
  await allowed()
  const job = (await make('door', 'jobs', { called: `lent-${another()}` })).body as KubeObject<'Job'>
  workload = await makeWorkload(by('admin'), job)
  await untilRefused(() => patched('door', { spec: { queueName: 'other' } }, ASKS))
})
afterAll(close)

it('a door says whether one is active, and by whom, and changes, makes and deletes nothing else of it', async () => {
  await expectTaken(patched('door', { ...ours('4', 'b#suspend-preemptible'), spec: { active: false } }, ASKS))
  await expectTaken(patched('door', { ...ours('4', null), spec: { active: true } }, ASKS))
  await expectRefused(patched('door', { spec: { queueName: 'other' } }, ASKS), DOORS)
  await expectRefused(patched('door', { metadata: { labels: { team: 'a' } } }, ASKS), DOORS)
  await expectRefused(patched('door', { metadata: { annotations: { note: 'a' } } }, ASKS), DOORS)
  await expectRefused(by('door').send({ method: 'DELETE', path: at() }), DOORS)
})

it('what a rung has deactivated nobody else activates, nor takes its mark off, without the right to speak for Signalbox; what a person has, anybody may', async () => {
  await expectTaken(patched('editor', { spec: { active: false } }))
  await expectTaken(patched('editor', { spec: { active: true } }))
  await expectTaken(patched('door', { ...ours('4', 'b#suspend-preemptible'), spec: { active: false } }))
  await expectRefused(patched('editor', { spec: { active: true } }), RUNGS)
  await expectRefused(patched('editor', ours('4', null)), RUNGS)
  await expectTaken(patched('editor', { metadata: { annotations: { note: 'a' } } }))
  await expectTaken(patched('door', { ...ours('5', null), spec: { active: true } }))
})
