import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { podProblems } from '../../../core/policy/pod-shape.ts'
import { PolicyError, parsePolicy, validatedPolicy } from '../../../core/policy.ts'
import { exampleConfig } from '../training-fixture.ts'

const IMAGE = `fetch@sha256:${'ab'.repeat(32)}`
const configOf = (pod: unknown) => {
  const config = exampleConfig()
  Object.assign(config.pipelines!['support-chats']!.stages[0]!, { pod })
  return config
}
const refused = (pod: unknown): string[] => {
  try {
    parsePolicy(configOf(pod))
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.problems.map((problem) => problem.replace('pipelines.support-chats.stages.0.pod.', ''))
  }
}

describe('a patch that is no part of a pod', () => {
  it.each<[unknown, string]>([
    [{ containers: 5 }, 'containers: must be a list, [ … ]'],
    [{ containers: 'x' }, 'containers: must be a list, [ … ]'],
    [{ containers: [null] }, 'containers.0: must not be null: leave it out'],
    [{ containers: [5] }, 'containers.0: must be a map, { … }'],
    [{ containers: [{ image: IMAGE }] }, 'containers.0.name: is missing: it says which one is meant'],
    [{ containers: [{ name: 7 }] }, "containers.0.name: must be a text, in quotes: '…'"],
    [
      { containers: [{ name: 'train', resources: { limits: 'x' } }] },
      'containers.0.resources.limits: must be a map, { … }',
    ],
    [
      { containers: [{ name: 'train', resources: { requests: { cpu: 4 } } }] },
      "containers.0.resources.requests.cpu: must be a text, in quotes: '…'",
    ],
    [
      { containers: [{ name: 'train', env: [{ name: 'A', value: 1 }] }] },
      "containers.0.env.0.value: must be a text, in quotes: '…'",
    ],
    [{ containers: [{ name: 'train', env: [{ value: '1' }] }] }, 'containers.0.env.0.name: is missing'],
    [{ containers: [{ name: 'train', volumeMounts: [{ name: 'v' }] }] }, 'volumeMounts.0.mountPath: is missing'],
    [{ containers: [{ name: 'train', args: [1] }] }, "containers.0.args.0: must be a text, in quotes: '…'"],
    [{ containers: [{ name: 'train', resource: {} }] }, 'there is no key `resource`: did you mean `resources`?'],
    [{ nodeSelector: [] }, 'nodeSelector: must be a map, { … }'],
    [{ terminationGracePeriodSeconds: '60' }, 'terminationGracePeriodSeconds: must be a whole number, without quotes'],
    [{ enableServiceLinks: 'no' }, 'enableServiceLinks: must be true or false, without quotes'],
    [{ volumes: [{ name: 'v', emptyDir: 'x' }] }, 'volumes.0.emptyDir: must be a map, { … }'],
    [{ tolerations: { key: 'a' } }, 'tolerations: must be a list, [ … ]'],
    [{ node_selector: {} }, 'there is no key `node_selector`: did you mean `nodeSelector`?'],
  ])('%j is refused with what to write', (pod, message) => {
    expect(refused(pod)).toEqual([expect.stringContaining(message)])
  })

  it('says it in services too, and next to what else is wrong', () => {
    const config = configOf({ hostname: 5 })
    Object.assign(config.services!['code-llama']!, { pod: { containers: 5 } })
    Object.assign(config, { cluster: 'ML' })
    expect(() => parsePolicy(config)).toThrow(
      /has 3 problems:.*stages.0.pod.hostname.*services.code-llama.pod.containers/s,
    )
  })
})

it('takes what Kubernetes has, with null for what is taken away', () => {
  const pod = {
    schedulerName: null,
    priorityClassName: 'high',
    topologySpreadConstraints: [
      {
        topologyKey: 'zone',
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { a: 'b' } },
      },
    ],
    tolerations: [{ key: 'other', operator: 'Exists', tolerationSeconds: 60 }],
    initContainers: [{ name: 'fetch', image: IMAGE, command: ['sh'], resources: { limits: { cpu: '1' } } }],
    containers: [
      {
        name: 'train',
        workingDir: '/work',
        env: [{ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hub', key: 'token', optional: true } } }],
        volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }],
        readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
      },
    ],
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
      { name: 'nfs', awsElasticBlockStore: { volumeID: 'v', anything: 1 } },
    ],
  }
  expect(refused(pod)).toEqual([])
})

it('never throws, whatever a config is', () => {
  const pod = fc.record({ containers: fc.anything(), nodeSelector: fc.anything(), tolerations: fc.anything() })
  fc.assert(fc.property(fc.anything(), (config) => void podProblems(config)))
  fc.assert(fc.property(pod, (value) => void refused(value)))
})

it('doors read what was validated as it was written: the same policy', () => {
  const { found: _found, version, ...document } = parsePolicy(exampleConfig())
  expect(validatedPolicy(document).version).toBe(version)
})
