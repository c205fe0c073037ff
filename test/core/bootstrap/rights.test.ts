import { expect, it } from 'vitest'
import { groupOf, type KubernetesRight, rightsIn, rolesOf } from '../../../core/bootstrap/rights.ts'

const identity = { installation: 'signalbox' }
const namespaces = { training: 'training', serving: 'serving' }
const rights: KubernetesRight[] = [
  { group: '', resource: 'nodes', verbs: ['list'], everywhere: true },
  { group: 'batch', resource: 'jobs', verbs: ['get', 'create'] },
]

it('what a door does everywhere is in a cluster role, the rest in a role of each namespace, bound to its group', () => {
  const made = rolesOf(identity, { name: 'carry-out', kubernetes: rights }, ['training', 'serving'])
  expect(made.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
    ['ClusterRole', undefined],
    ['ClusterRoleBinding', undefined],
    ['Role', 'training'],
    ['RoleBinding', 'training'],
    ['Role', 'serving'],
    ['RoleBinding', 'serving'],
  ])
  expect(made[0]).toMatchObject({ rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }] })
  expect(made[2]).toMatchObject({ rules: [{ apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'create'] }] })
  for (const binding of made.filter(({ kind }) => kind.endsWith('Binding')))
    expect(binding).toMatchObject({ subjects: [{ kind: 'Group', name: groupOf(identity, 'carry-out') }] })
})

it('a door without rights gets nothing, and a door without one sort of them no empty role', () => {
  expect(rolesOf(identity, { name: 'slack', kubernetes: [] }, ['training'])).toEqual([])
  const narrow = rolesOf(identity, { name: 'x', kubernetes: rights.slice(1) }, ['training'])
  expect(narrow.map(({ kind }) => kind)).toEqual(['Role', 'RoleBinding'])
})

it('a group’s name is one that an EKS access entry takes', () => {
  expect(groupOf(identity, 'watch')).not.toMatch(/^(system|eks|aws|amazon|iam):/)
})

it('a right of the policy’s pools names them, and is none where there are none: no names would be all', () => {
  const right: KubernetesRight = {
    group: 'karpenter.sh',
    resource: 'nodepools',
    verbs: ['patch'],
    of: 'pools',
    everywhere: true,
  }
  const pools = { 'gpu-train': {}, 'gpu-serve': {} } as never
  expect(rightsIn({ pools, namespaces }, [...rights, right])).toEqual([
    ...rights,
    {
      ...{ group: 'karpenter.sh', resource: 'nodepools', verbs: ['patch'], everywhere: true },
      names: ['gpu-train', 'gpu-serve'],
    },
  ])
  expect(rightsIn({ pools: {}, namespaces }, [...rights, right])).toEqual(rights)
})

it('a right on what Kueue lends is one of the training namespace, and none where Kueue lends nothing', () => {
  const right: KubernetesRight = { group: 'kueue.x-k8s.io', resource: 'workloads', verbs: ['patch'], lent: true }
  const pools = { 'gpu-train': { queue: 'gpu' }, 'gpu-serve': {} } as never
  const lent = rightsIn({ pools, namespaces }, [right])
  expect(lent).toEqual([{ group: 'kueue.x-k8s.io', resource: 'workloads', verbs: ['patch'], namespaces: ['training'] }])
  expect(
    rolesOf(identity, { name: 'reconcile', kubernetes: lent }, ['training', 'serving']).map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace}`,
    ),
  ).toEqual(['Role training', 'RoleBinding training'])
  expect(rightsIn({ pools: { 'gpu-train': {} } as never, namespaces }, [right])).toEqual([])
})
