import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { clusterDoors } from '../../../local/doors.ts'
import config from '../../example.ts'

const policy = parsePolicy(config)
const manifests = bootstrapManifests(policy, clusterDoors)
const named = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`

describe('what a cluster needs before Signalbox works on it', () => {
  it('namespaces come before what is in them, and nothing is there twice', () => {
    const names = manifests.map(named)
    expect(new Set(names).size).toBe(names.length)
    const made = new Set<string>()
    for (const { kind, metadata } of manifests) {
      if (kind === 'Namespace') made.add(metadata.name)
      if (metadata.namespace !== undefined) expect(made).toContain(metadata.namespace)
    }
  })

  it('one namespace for both is made once', () => {
    const both = parsePolicy({ ...config, namespaces: { training: 'ml', serving: 'ml' } })
    const names = bootstrapManifests(both, clusterDoors).map(named)
    expect(names.filter((name) => name.startsWith('Namespace'))).toEqual(['Namespace /ml'])
    expect(new Set(names).size).toBe(names.length)
  })

  it('each kind of pod has an account in its namespace, one each where they share one, and no pod gets its token', () => {
    const accountsOf = (namespaces: { training: string; serving: string }) =>
      bootstrapManifests(parsePolicy({ ...config, namespaces }), []).filter(({ kind }) => kind === 'ServiceAccount')
    const accounts = accountsOf({ training: 'a', serving: 'b' })
    expect(accounts.map(named)).toEqual([
      'ServiceAccount a/signalbox-training',
      'ServiceAccount b/signalbox-serving',
      'ServiceAccount b/signalbox-gate',
    ])
    for (const account of accounts) expect(account['automountServiceAccountToken']).toBe(false)
    expect(accountsOf({ training: 'ml', serving: 'ml' }).map(named)).toEqual([
      'ServiceAccount ml/signalbox-training',
      'ServiceAccount ml/signalbox-serving',
      'ServiceAccount ml/signalbox-gate',
    ])
  })

  it('what two installations could both name says whose it is, or lies in what says so', () => {
    const other = bootstrapManifests(parsePolicy({ ...config, installation: 'other' }), clusterDoors).map(named)
    const common = manifests.filter((one) => other.includes(named(one)))
    for (const { metadata } of common.filter(({ metadata }) => metadata.namespace === undefined))
      expect(metadata.labels).toMatchObject({ 'signalbox.dev/installation': 'signalbox' })
    expect(common.map(({ kind }) => kind)).toEqual([
      'Namespace',
      'Namespace',
      'ConfigMap',
      'ConfigMap',
      'ServiceAccount',
      'ServiceAccount',
      'ServiceAccount',
      'NodePool',
      'NodePool',
    ])
  })

  it('what two installations call anything of their own is never the same, however the one is called after the other', () => {
    const namesOf = (installation: string): string[] => {
      const pools = JSON.parse(JSON.stringify(config).replaceAll('"gpu-', `"${installation}-gpu-`)) as typeof config
      const namespaces = { training: `${installation}-t`, serving: `${installation}-s` }
      return bootstrapManifests(parsePolicy({ ...pools, installation, namespaces }), clusterDoors).map(named)
    }
    const mine = namesOf('ml')
    const called = mine.flatMap((name) => name.split('signalbox-ml-')[1] ?? [])
    expect(called).toContain('pods-by-door')
    const middles = called.flatMap((name) => name.split('-').map((_, at, parts) => parts.slice(0, at + 1).join('-')))
    for (const middle of new Set(['door', ...middles]))
      expect(
        namesOf(`ml-${middle}`).filter((name) => mine.includes(name)),
        middle,
      ).toEqual([])
  })

  it('what admission refuses says whose it is', () => {
    const policies = manifests.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'))
    expect(policies.length).toBeGreaterThan(20)
    for (const { metadata } of policies) expect(metadata.labels).toEqual({ 'signalbox.dev/installation': 'signalbox' })
  })

  it('our namespaces give no pod its node', () => {
    for (const { metadata } of manifests.filter(({ kind }) => kind === 'Namespace'))
      expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'baseline' })
  })

  it('who deletes Jobs sees them in our namespaces alone', () => {
    const rules = (kind: string): object[] =>
      manifests
        .filter((one) => one.kind === kind && one.metadata.name === 'signalbox-signalbox-reconcile')
        .flatMap((one) => one['rules'] as object[])
    const jobs = { apiGroups: ['batch'], resources: ['jobs'] }
    expect(rules('Role')).toContainEqual({ ...jobs, verbs: ['get', 'create', 'patch', 'delete'] })
    expect(rules('ClusterRole')).not.toEqual([])
    expect(rules('ClusterRole')).not.toContainEqual(expect.objectContaining({ resources: ['jobs'] }))
  })

  it('every pool of the policy has its NodePool, with its ceiling and the node class that was asked for', () => {
    const nodeClass = { group: 'g', kind: 'K', name: 'n' }
    const pools = bootstrapManifests(policy, [], nodeClass).filter(({ kind }) => kind === 'NodePool')
    expect(pools.map(({ metadata }) => metadata.name)).toEqual(Object.keys(policy.pools))
    for (const pool of pools)
      expect(pool).toMatchObject({
        spec: { limits: { 'nvidia.com/gpu': '16' }, template: { spec: { nodeClassRef: nodeClass } } },
      })
  })
})
