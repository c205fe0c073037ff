import { describe, expect, it } from 'vitest'
import { type Config, PolicyError, parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

/** What the example's policy is told after a change; null: it is one. */
const told = (change: (config: Config) => void): string | null => {
  const given: Config = structuredClone(config)
  change(given)
  try {
    parsePolicy(given)
    return null
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.message
  }
}
const train = ({ pipelines }: Config) => pipelines?.['support-chats']?.stages[0] ?? {}
const served = ({ services }: Config) => services?.['support-llama'] ?? {}

describe('what a rung may act upon', () => {
  it.each<[string, (config: Config) => void]>([
    ['a stage that may be suspended', (c) => Object.assign(train(c), { preemptible: true })],
    [
      'a stage that may be suspended where Kueue lends',
      (c) => {
        Object.assign(train(c), { preemptible: true })
        Object.assign(c.pools['gpu-train'] ?? {}, { queue: 'gpu' })
      },
    ],
    ['a service with a floor', (c) => Object.assign(served(c), { replicas: 3, floor: 1 })],
    ['a floor that is what it has', (c) => Object.assign(served(c), { replicas: 2, floor: 2 })],
    [
      'rungs that do both',
      (c) => {
        const ladder = [
          { at: 0.95, do: 'suspend-preemptible' as const },
          { at: 1, do: 'cap-pools' as const, serving: 'floor' as const },
        ]
        c.budget = { dollars: 9, ladder }
      },
    ],
  ])('is %s', (_, change) => {
    expect(told(change)).toBeNull()
  })

  it.each<[string, (config: Config) => void, string]>([
    [
      'a floor of nothing, at which nobody would answer',
      (c) => Object.assign(served(c), { floor: 0 }),
      'services.support-llama.floor: ',
    ],
    [
      'a floor above its replicas',
      (c) => Object.assign(served(c), { replicas: 1, floor: 2 }),
      'services.support-llama.floor: write no more than `replicas`, or `autoscaling.max`: a rung only lowers them',
    ],
    [
      'services by a notice',
      (c) => {
        c.budget = { dollars: 9, ladder: [{ at: 0.5, do: 'notify', serving: 'floor' }] }
      },
      'budget.ladder.0.serving: `notify` keeps nobody to anything: say it of another rung',
    ],
  ])('is not %s', (_, change, says) => {
    expect(told(change)).toContain(says)
  })
})
