import { V1JobSpec } from '@kubernetes/client-node'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ADAPTERS } from '../../../../core/workloads/manifest/catalogue.ts'
import { JOB_SET_KEYS } from './job-set-keys.ts'

/** Keys of the spec of each kind, as its own types have them at the version that is pinned here. */
const KEYS: Readonly<Record<string, string[]>> = {
  Job: V1JobSpec.getAttributeTypeMap().map(({ baseName }) => baseName),
  // `test/real/cluster/job-sets.test.ts` reads them in its definition.
  JobSet: JOB_SET_KEYS,
}

describe.each(ADAPTERS)('$kind of $apiVersion', ({ kind, keys, never, jobOf }) => {
  it('knows every key that Kubernetes has in its spec, and no other: each is its own to say, or ours with a reason', () => {
    expect([...keys, ...Object.keys(never)].sort()).toEqual(KEYS[kind]?.toSorted())
    for (const message of Object.values(never)) expect(message).toMatch(/: leave it out$|^say `/m)
  })

  it('whatever its spec is, it comes to a Job or says why not', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...keys), fc.jsonValue())), (spec) => {
        const found = jobOf({ spec }, 'train')
        expect(Array.isArray(found) ? found.every(({ message }) => message !== '') : found.spec).toBeTruthy()
      }),
    )
  })
})

it('each kind stands once', () => {
  expect(new Set(ADAPTERS.map(({ kind }) => kind)).size).toBe(ADAPTERS.length)
})
