import { describe, expect, it } from 'vitest'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { type Config, PolicyError, parsePolicy, validatedPolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const SERVICE = 'support-llama'
const { replicas: _, ...rule } = config.services![SERVICE]!
const RANGE = { min: 1, max: 3, on: { requests: 5 } }
const KEDA = { prometheus: 'http://prometheus-operated.monitoring.svc:9090' }
const scaled = (service: object, more: object = { keda: KEDA }) =>
  ({ ...config, ...more, services: { [SERVICE]: { ...rule, autoscaling: RANGE, ...service } } }) as Config

const told = (given: unknown): string => {
  try {
    parsePolicy(given)
    return ''
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.problems.join('\n')
  }
}

describe('a service that is scaled', () => {
  it('counts as many replicas as it may have, wherever a policy is read that knows nothing of that', () => {
    const policy = parsePolicy(scaled({ floor: 2 }))
    expect(policy.services[SERVICE]).toMatchObject({ replicas: 3, autoscaling: { min: 1, max: 3, calmMinutes: 15 } })
    expect(policy.keda?.account).toBe('keda/keda-operator')
    // What was read is read again as it was written down.
    const { version, found: __, ...document } = policy
    expect(validatedPolicy(JSON.parse(JSON.stringify(document))).version).toBe(version)
  })

  it.each<[string, object, string]>([
    ['a number beside it', { replicas: 2 }, 'replicas: KEDA says how many there are: leave `replicas` out'],
    ['neither', { autoscaling: undefined }, 'replicas: say how many, or `autoscaling: { min, max, on }`'],
    ['more at the least than at the most', { autoscaling: { ...RANGE, min: 4 } }, 'min: write no more than `max`, 3'],
    ['nothing between', { autoscaling: { ...RANGE, min: 3 } }, 'say `replicas: 3`'],
    ['nothing that it is scaled by', { autoscaling: { ...RANGE, on: {} } }, 'on: say what it is scaled by'],
    ['none by what only runs', { autoscaling: { ...RANGE, min: 0 } }, 'on: what does not run counts no requests'],
    [
      'an engine that counts nothing',
      { engine: 'trtllm', args: [] },
      'on.requests: trtllm counts nothing that Prometheus reads',
    ],
    [
      'more of a cache than is ever seen',
      { autoscaling: { ...RANGE, on: { cache: 0.9 } } },
      'write a share, at most 0.85',
    ],
    ['what waits alone', { autoscaling: { ...RANGE, on: { waiting: 5 } } }, 'say `requests` in place of `waiting`'],
    ['a floor above it', { floor: 4 }, 'floor: write no more than `replicas`, or `autoscaling.max`'],
  ])('is refused with %s', (_what, service, why) => {
    expect(told(scaled(service))).toContain(why)
  })

  it('is refused where nothing says what KEDA asks, and where that is no address', () => {
    expect(told(scaled({}, {}))).toContain('autoscaling: nothing says where KEDA asks Prometheus')
    expect(told(scaled({}, { keda: { prometheus: 'http://a:b@c:9090' } }))).toContain('an address without credentials')
  })

  it('may have none by a query of its own, and any engine may be scaled by one', () => {
    const query = { promql: 'sum(gateway_waiting)', perReplica: 5 }
    const autoscaling = { ...RANGE, min: 0, on: { query } }
    expect(told(scaled({ autoscaling }))).toBe('')
    const weights = { runner: { image: `acme/runner@sha256:${'ab'.repeat(32)}` }, keda: KEDA }
    expect(told(scaled({ autoscaling, engine: 'trtllm' }, weights))).toBe('')
  })

  it('is told on paper where its most has no room in its pool', () => {
    const most = (max: number) => onPaper(parsePolicy(scaled({ autoscaling: { ...RANGE, max } })))
    expect(most(4)).toEqual([])
    expect(
      most(5)
        .map(({ path }) => path)
        .join(),
    ).toContain(`services.${SERVICE}`)
  })
})
