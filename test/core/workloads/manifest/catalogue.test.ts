import { V1JobSpec } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { ADAPTERS } from '../../../../core/workloads/manifest/catalogue.ts'

/** Keys of the spec of each kind, as its own types have them at the version that is pinned here. */
const KEYS: Readonly<Record<string, string[]>> = {
  Job: V1JobSpec.getAttributeTypeMap().map(({ baseName }) => baseName),
}

describe.each(ADAPTERS)('$kind of $apiVersion', ({ kind, keys, never, template }) => {
  it('knows every key that Kubernetes has in its spec, and no other: each is its own to say, or ours with a reason', () => {
    expect([...keys, ...Object.keys(never)].sort()).toEqual(KEYS[kind]?.toSorted())
    for (const message of Object.values(never)) expect(message).toMatch(/: leave it out$|^say `/m)
  })

  it('has its pod template where its spec may have it', () => {
    expect(template[0]).toBe('spec')
    expect(keys).toContain(template[1])
  })
})

it('each kind stands once', () => {
  expect(new Set(ADAPTERS.map(({ kind }) => kind)).size).toBe(ADAPTERS.length)
})
