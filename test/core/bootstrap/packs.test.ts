import { expect, it } from 'vitest'
import { crdOf, PACK_NAMES, packManifests } from '../../../core/bootstrap/packs.ts'
import { parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const OPTIONS = { release: 'prometheus', prober: 'blackbox.monitoring.svc:9115' }
const services = Object.fromEntries(
  Object.entries(config.services ?? {}).map(([key, one]) => [key, { ...one, callers: [{ namespace: 'web' }] }]),
)
const policy = parsePolicy({ ...config, services })

it('makes what was named, once, and nothing of what is no pack', () => {
  expect(PACK_NAMES).toEqual(['monitoring', 'sharing', 'access', 'istio'])
  const both = packManifests(policy, ['monitoring', 'access', 'monitoring'], OPTIONS)
  const names = both.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(both.map(({ metadata }) => metadata.labels?.['signalbox.dev/pack']))).toEqual(
    new Set(['monitoring', 'access']),
  )
  expect(packManifests(policy, [], OPTIONS)).toEqual([])
  expect(packManifests(policy, ['constructor'], OPTIONS)).toEqual([])
})

it('names the CRD of each kind that Kubernetes does not bring', () => {
  const made = packManifests(policy, PACK_NAMES, OPTIONS)
  for (const one of made) {
    const isBuiltIn = ['v1', 'rbac.authorization.k8s.io/v1', 'networking.k8s.io/v1'].includes(one.apiVersion)
    const [group] = one.apiVersion.split('/')
    expect(crdOf(one)).toBe(isBuiltIn ? null : `${one.kind.toLowerCase().replace(/y$/, 'ie')}s.${group}`)
  }
})
