import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Config, defineConfig, milliseconds, PolicyError, parsePolicy } from '../../core/policy.ts'
import { exampleConfig } from './training-fixture.ts'

/** What is wrong with the example after a change, a line for each problem. */
const problems = (change: (config: Config) => void): string[] => {
  const config: Config = exampleConfig()
  change(config)
  try {
    parsePolicy(config)
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.problems
  }
}
const policyOf = (change: (config: Config) => void) => {
  const config: Config = exampleConfig()
  change(config)
  return parsePolicy(config)
}
const support = (config: Config) => config.datasets!['support-chats']!

describe('the example config', () => {
  const policy = parsePolicy(exampleConfig())

  it('holds together and shows both flows', () => {
    expect(Object.keys(policy.datasets)).toEqual(['support-chats'])
    expect(Object.keys(policy.models)).toEqual(['support-llama', 'code-llama'])
    expect(policy.models[policy.datasets['support-chats']!.registerAs]).toBeDefined()
  })

  it('leaves no room to serve both models twice: a rollout must choose its path', () => {
    const gpus = Object.values(policy.models).reduce(
      (sum, { replicas, gpusPerReplica }) => sum + replicas * gpusPerReplica,
      0,
    )
    expect(policy.pools['gpu-serve']!.maxGpus - gpus).toBe(4)
  })

  it('finds the dataset of a prefix in one step', () => {
    expect(policy.datasetByPrefix.get('acme-datasets/support-chats/')).toBe('support-chats')
  })
})

it.each(['ends-', '-begins', 'Upper', ''])(
  'an installation named %j is refused: labels of Kubernetes are named after it',
  (name) => {
    const named = problems((config) => {
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
    expect(policy.datasets['support-chats']).toMatchObject({
      mode: 'act',
      onNewer: 'finish',
      manifest: 'manifest.json',
      completeWithin: '1h',
    })
    expect(policy.models['support-llama']).toMatchObject({
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

describe('a config that does not hold together', () => {
  it.each<[string, (config: Config) => void, string]>([
    [
      'an image by tag',
      (c) => {
        support(c).launch.image = 'acme/trainer:latest'
      },
      'datasets.support-chats.launch.image: pin the image by digest',
    ],
    [
      'an image with a space and capitals',
      (c) => {
        support(c).launch.image = `Robust AI@sha256:${'0'.repeat(64)}`
      },
      'datasets.support-chats.launch.image: pin',
    ],
    [
      'an unknown pool',
      (c) => {
        support(c).evaluate.pool = 'gpu-tain'
      },
      'datasets.support-chats.evaluate.pool: there is no pool `gpu-tain`: add it under pools, or did you mean `gpu-train`?',
    ],
    [
      'an unknown pool of a model',
      (c) => {
        c.models!['code-llama']!.pool = 'x'
      },
      'models.code-llama.pool: there is no pool `x`',
    ],
    [
      'a queue that no LocalQueue can be',
      (c) => {
        c.pools['gpu-train']!.queue = 'training/gpu'
      },
      'pools.gpu-train.queue: name a LocalQueue of the training namespace',
    ],
    [
      'a service in a pool that Kueue owns',
      (c) => {
        delete c.models!['code-llama']
        c.pools['gpu-serve']!.queue = 'gpu'
      },
      'models.support-llama.pool: Kueue owns `gpu-serve` and lends it to Jobs, which a service is not: use a pool without queue, or leave out pools.gpu-serve.queue',
    ],
    [
      'a prefix without its slash',
      (c) => {
        support(c).prefix = 'chats'
      },
      'datasets.support-chats.prefix: end the prefix with `/`',
    ],
    [
      'a results prefix without its slash',
      (c) => {
        c.results.prefix = 'r'
      },
      'results.prefix: end the prefix with `/`',
    ],
    [
      'two datasets at one place',
      (c) => {
        c.datasets!['twin'] = structuredClone(support(c))
      },
      'datasets.twin: `support-chats` has the same bucket and prefix (acme-datasets/support-chats/)',
    ],
    [
      'no gate',
      (c) => {
        support(c).evaluate.gates = []
      },
      'datasets.support-chats.evaluate.gates:',
    ],
    [
      'a middle above the bad case',
      (c) => {
        support(c).launch.hours = { p50: 4, p95: 3 }
      },
      'datasets.support-chats.launch.hours: p50 must not be above p95',
    ],
    [
      'hours that are no number',
      (c) => {
        support(c).launch.hours.p95 = Number.NaN
      },
      'datasets.support-chats.launch.hours.p95:',
    ],
    [
      'a free price',
      (c) => {
        c.pools['gpu-train']!.price!.perNodeHour = 0
      },
      'pools.gpu-train.price.perNodeHour: must be more than 0 dollars',
    ],
    [
      'a price without a real date',
      (c) => {
        c.pools['gpu-train']!.price!.date = '2026-02-30'
      },
      'pools.gpu-train.price.date:',
    ],
    [
      'no budget',
      (c) => {
        c.budget.dollars = 0
      },
      'budget.dollars: must be more than 0 dollars',
    ],
    [
      'a person by display name',
      (c) => {
        c.approvals.approvers[0]!.id = 'ana'
      },
      'approvals.approvers.0.id: name a person as `TEAM/USER` ids',
    ],
    [
      'more answers than people',
      (c) => {
        c.approvals.need = 3
      },
      'approvals.need: 3 answers can be needed but only 2 people may give one',
    ],
    [
      'one more answer than people',
      (c) => {
        Object.assign(c.approvals, { need: 2, unknownRequester: 'one-more' })
      },
      'approvals.need: 3 answers can be needed',
    ],
    [
      'an approver twice',
      (c) => {
        c.approvals.approvers[1]!.id = c.approvals.approvers[0]!.id
      },
      'approvals.approvers: name each approver once',
    ],
    [
      'a duration in words',
      (c) => {
        c.approvals.expiry = 'four hours'
      },
      'approvals.expiry: write a duration',
    ],
    [
      'an alias with a slash',
      (c) => {
        c.models!['code-llama']!.serveAlias = 'a/b'
      },
      'models.code-llama.serveAlias: an MLflow alias',
    ],
    [
      'a misspelt setting',
      (c) => {
        Object.assign(c.approvals, { expires: '4h' })
      },
      'approvals: there is no key `expires`: did you mean `expiry`?',
    ],
    [
      'a setting of another notation',
      (c) => {
        Object.assign(c.pools['gpu-train']!, { max_gpus: 8 })
      },
      'pools.gpu-train: there is no key `max_gpus`: did you mean `maxGpus`?',
    ],
    [
      'a setting that is like none',
      (c) => {
        Object.assign(c.results, { compression: 'zstd' })
      },
      'results: there is no key `compression`: it is one of bucket, prefix',
    ],
    [
      'a number in quotes',
      (c) => {
        Object.assign(c.pools['gpu-train']!, { maxGpus: '16' })
      },
      'pools.gpu-train.maxGpus: expected number; found "16": write it without quotes, 16',
    ],
    [
      'yes for true',
      (c) => {
        Object.assign(c.approvals, { requesterMayApprove: 'yes' })
      },
      'approvals.requesterMayApprove: expected boolean; found "yes": write true without quotes',
    ],
    [
      'one capacity type in place of a list',
      (c) => {
        Object.assign(c.pools['gpu-train']!, { capacityTypes: 'spot' })
      },
      'pools.gpu-train.capacityTypes: expected array; found "spot": write a list, [ … ]',
    ],
    [
      'a word that is none of those',
      (c) => {
        Object.assign(support(c), { onNewer: 'stop' })
      },
      'datasets.support-chats.onNewer: expected one of "finish"|"replace"; found "stop"',
    ],
    [
      'null for nothing',
      (c) => {
        Object.assign(support(c), { completeWithin: null })
      },
      'datasets.support-chats.completeWithin: write a duration as a whole number and a unit: `90s`, `30m`, `4h`, `2d`; found null: leave the key out instead',
    ],
    [
      'a duration as a number',
      (c) => {
        Object.assign(c.approvals, { expiry: 14400 })
      },
      'approvals.expiry: write a duration as a whole number and a unit: `90s`, `30m`, `4h`, `2d`; found 14400',
    ],
    [
      'nothing where something must be',
      (c) => {
        Reflect.deleteProperty(support(c).launch, 'baseModel')
      },
      'datasets.support-chats.launch.baseModel: is missing: expected string',
    ],
    [
      'a bucket as an address',
      (c) => {
        support(c).bucket = 's3://acme-datasets'
      },
      'datasets.support-chats.bucket: write the bucket’s name alone, without `s3://`',
    ],
    [
      'a prefix that begins with a slash',
      (c) => {
        support(c).prefix = '/chats/'
      },
      'datasets.support-chats.prefix: end the prefix with `/`, and begin it without one; found "/chats/"',
    ],
    [
      'a manifest that the deployed door never hears of',
      (c) => {
        support(c).manifest = 'index.json'
      },
      'datasets.support-chats.manifest: end the manifest’s name with `manifest.json`',
    ],
    [
      'a registered name that MLflow refuses',
      (c) => {
        support(c).registerAs = 'acme/llama'
      },
      'datasets.support-chats.registerAs: MLflow takes no `/` and no `:`',
    ],
    [
      'a cluster name in capitals',
      (c) => {
        c.cluster = 'ML'
      },
      'cluster: use lower-case letters',
    ],
  ])('with %s is told where and what to write', (_, change, message) => {
    expect(problems(change)).toEqual([expect.stringContaining(message)])
  })

  it('is told everything at once, in one message', () => {
    const all = problems((config) => {
      config.cluster = 'ML'
      support(config).prefix = 'x'
    })
    expect(all).toHaveLength(2)
    expect(new PolicyError(all).message).toBe(`the policy has 2 problems:\n  - ${all[0]}\n  - ${all[1]}`)
  })

  it('never makes anything but a PolicyError, whatever it is', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.record({ pools: fc.anything(), datasets: fc.anything(), approvals: fc.anything() }),
    )
    fc.assert(
      fc.property(anything, (value) => {
        expect(() => parsePolicy(value)).toThrow(PolicyError)
      }),
    )
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

describe('small things', () => {
  it('durations are what they say', () => {
    expect([milliseconds('90s'), milliseconds('30m'), milliseconds('4h'), milliseconds('2d')]).toEqual([
      9e4, 18e5, 144e5, 1728e5,
    ])
  })

  it('defineConfig gives back what it was given', () => {
    const config = exampleConfig()
    expect(defineConfig(config)).toBe(config)
  })
})
