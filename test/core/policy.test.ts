import { describe, expect, it } from 'vitest'
import { type Config, defineConfig, parsePolicy } from '../../core/policy.ts'
import { exampleConfig, problemsAfter } from './training-fixture.ts'

const policyOf = (change: (config: Config) => void) => {
  const config: Config = exampleConfig()
  change(config)
  return parsePolicy(config)
}

describe('the example config', () => {
  const policy = parsePolicy(exampleConfig())

  it('holds together and shows both flows', () => {
    expect(Object.keys(policy.pipelines)).toEqual(['support-chats'])
    expect(Object.keys(policy.services)).toEqual(['support-llama', 'code-llama'])
    expect(policy.services[policy.pipelines['support-chats']!.register!.model]).toBeDefined()
  })

  it('leaves no room to serve both twice: a rollout must choose its path', () => {
    const gpus = Object.values(policy.services).reduce(
      (sum, { replicas, gpusPerReplica }) => sum + replicas * gpusPerReplica,
      0,
    )
    expect(policy.pools['gpu-serve']!.maxGpus - gpus).toBe(4)
  })

  it('finds the pipeline of a prefix and the service of a promotion in one step', () => {
    expect(policy.found.byPrefix.get('acme-datasets/support-chats/')).toBe('support-chats')
    expect(policy.found.bySignal.get('code-llama@champion')).toBe('code-llama')
  })
})

it.each(['ends-', '-begins', 'Upper', ''])(
  'an installation named %j is refused: labels of Kubernetes are named after it',
  (name) => {
    const named = problemsAfter((config) => {
      config.installation = name
    })
    expect(named.join()).toContain('installation')
  },
)

describe('defaults', () => {
  it('are the careful ones', () => {
    const policy = parsePolicy(exampleConfig())
    expect(policy.approvals).toMatchObject({ need: 1, requesterMayApprove: false, autoApproveBelow: 0 })
    expect(policy.namespaces).toEqual({ training: 'training', serving: 'serving' })
    expect(policy.results.prefix).toBe('results/')
    expect(policy.retries).toBe(2)
    expect(policy.pipelines['support-chats']).toMatchObject({
      mode: 'act',
      onNewer: 'finish',
      on: { dataset: { manifest: 'manifest.json', completeWithin: '1h' } },
    })
    expect(policy.services['support-llama']).toMatchObject({
      mode: 'act',
      maxUnavailable: 1,
      loadMinutes: { p50: 5, p95: 15 },
    })
    expect(policy.pools['gpu-train']!.capacityTypes).toEqual(['on-demand'])
  })

  it('say nothing of a queue: a policy that names none stays the policy that it was', () => {
    expect(policyOf(() => undefined).pools['gpu-train']).not.toHaveProperty('queue')
    expect(policyOf((c) => Object.assign(c.pools['gpu-train']!, { queue: 'gpu' })).pools['gpu-train']!.queue).toBe(
      'gpu',
    )
  })

  it('never invent a price', () => {
    const config = exampleConfig()
    delete config.pools['gpu-train']!.price
    expect(parsePolicy(config).pools['gpu-train']!.price).toBeNull()
  })
})

describe('the version of a policy', () => {
  const version = (change: (config: Config) => void = () => undefined) => {
    const config: Config = exampleConfig()
    change(config)
    return parsePolicy(config).version
  }

  it('changes with any setting, and not with the order of keys or with defaults that are written out', () => {
    expect(version()).toMatch(/^[0-9a-f]{12}$/)
    expect(
      version((config) => {
        config.budget.dollars += 1
      }),
    ).not.toBe(version())
    expect(
      version((config) => {
        config.retries = 2
      }),
    ).toBe(version())
    expect(parsePolicy(Object.fromEntries(Object.entries(exampleConfig()).reverse())).version).toBe(version())
  })
})

it('defineConfig gives back what it was given', () => {
  const config = exampleConfig()
  expect(defineConfig(config)).toBe(config)
})
