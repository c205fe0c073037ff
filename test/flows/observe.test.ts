import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { label, laneLabels } from '../../core/names.ts'
import { parsePolicy } from '../../core/policy.ts'
import { trafficService } from '../../core/workloads/serving.ts'
import { trafficSeen } from '../../flows/observe.ts'
import type { Cluster } from '../../flows/ports.ts'
import { config, identity, lane } from '../core/planning/serve-fixture.ts'

describe('whom the Service of a lane leads to', () => {
  it('is what the Service of its own name says, whoever gives another one its labels', async () => {
    const own = trafficService({ identity, run: { lane }, namespace: 'serving' }, 2)
    const stranger: KubeObject<'Service'> = {
      ...own,
      metadata: { ...own.metadata, name: 'a-canary', labels: laneLabels(identity, lane) },
      spec: { ...own.spec, selector: { ...own.spec?.selector, [label('generation')]: '1' } },
    }
    const looking = { policy: parsePolicy(config()), identity, doc: { lane } } as Parameters<typeof trafficSeen>[1]
    const seen = (...services: KubeObject[]) =>
      trafficSeen({ cluster: { list: async () => services, get: async () => null } as unknown as Cluster }, looking)
    expect(await seen(stranger, own)).toBe(2)
    expect(await seen(own, stranger)).toBe(2)
    expect(await seen(stranger)).toBe(null)
  })
})
