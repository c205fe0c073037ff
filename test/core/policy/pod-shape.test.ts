import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { podProblems } from '../../../core/policy/pod-shape.ts'
import { parsePolicy, validatedPolicy } from '../../../core/policy.ts'
import { exampleConfig, problemsOf } from '../training-fixture.ts'

const IMAGE = `fetch@sha256:${'ab'.repeat(32)}`
const configOf = (pod: unknown) => {
  const config = exampleConfig()
  Object.assign(config.pipelines!['support-chats']!.stages[0]!, { pod })
  return config
}
const refused = (pod: unknown): string[] =>
  problemsOf(configOf(pod)).map((problem) => problem.replace('pipelines.support-chats.stages.0.pod.', ''))

describe('a patch that is no part of a pod', () => {
  it.each<[unknown, string]>([
    [{ containers: 5 }, 'containers: must be a list, [ … ]; found 5'],
    [{ containers: 'x' }, 'containers: must be a list, [ … ]'],
    [{ containers: [null] }, 'containers.0: must not be null: leave it out'],
    [{ containers: [5] }, 'containers.0: must be a map, { … }'],
    [{ containers: [{ image: IMAGE }] }, 'containers.0.name: is missing: it says which one is meant'],
    [{ containers: [{ name: 7 }] }, "containers.0.name: must be a text, in quotes; found 7: write '7'"],
    [
      { containers: [{ name: 'train', resources: { limits: 'x' } }] },
      'containers.0.resources.limits: must be a map, { … }',
    ],
    [
      { containers: [{ name: 'train', resources: { requests: { cpu: 4 } } }] },
      "containers.0.resources.requests.cpu: must be a text, in quotes; found 4: write '4'",
    ],
    [
      { containers: [{ name: 'train', env: [{ name: 'A', value: 1 }] }] },
      "containers.0.env.0.value: must be a text, in quotes; found 1: write '1'",
    ],
    [{ containers: [{ name: 'train', env: [{ value: '1' }] }] }, 'containers.0.env.0.name: is missing'],
    [{ containers: [{ name: 'train', volumeMounts: [{ name: 'v' }] }] }, 'volumeMounts.0.mountPath: is missing'],
    [
      { initContainers: [{ name: 'fetch', image: IMAGE, args: [1] }] },
      "initContainers.0.args.0: must be a text, in quotes; found 1: write '1'",
    ],
    [{ containers: [{ name: 'train', resource: {} }] }, 'there is no key `resource`: did you mean `resources`?'],
    [{ nodeSelector: [] }, 'nodeSelector: must be a map, { … }'],
    [{ terminationGracePeriodSeconds: '60' }, 'terminationGracePeriodSeconds: must be a whole number, without quotes'],
    [{ enableServiceLinks: 'no' }, 'enableServiceLinks: must be true or false, without quotes'],
    [{ volumes: [{ name: 'v', emptyDir: 'x' }] }, 'volumes.0.emptyDir: must be a map, { … }'],
    [{ tolerations: { key: 'a' } }, 'tolerations: must be a list, [ … ]'],
    [{ spec: {} }, 'there is no key `spec`: this is the spec: write here what is below it'],
    [{ labels: {} }, 'there is no key `labels`: only the spec of a pod is said here'],
    [{ env: [] }, 'there is no key `env`: a container has it: say `containers: [{ name: …, env: … }]`'],
    [{ containers: [{ name: 'train', volumes: [] }] }, 'there is no key `volumes`: the pod has it'],
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

describe('a quantity of Kubernetes', () => {
  const of = (resource: string, value: unknown) =>
    refused({ containers: [{ name: 'train', resources: { requests: { [resource]: value } } }] })

  it.each<[string, unknown, string]>([
    ['cpu', 4, "must be a text, in quotes; found 4: write '4'"],
    ['cpu', 0.5, "must be a text, in quotes; found 0.5: write '0.5'"],
    ['cpu', '4 cores', "must be a quantity of Kubernetes; found \"4 cores\": write '4' or '500m', in quotes"],
    ['cpu', '-1', 'must be a quantity of Kubernetes; found "-1": write \'4\''],
    ['memory', 64, "found 64, which means bytes: write '64Gi' or '…Mi', in quotes"],
    ['memory', '64', "found \"64\", which means bytes: write '64Gi' or '…Mi', in quotes"],
    ['memory', '64m', 'found "64m", which means bytes: write \'64Gi\''],
    ['memory', '64GB', "must be a quantity of Kubernetes; found \"64GB\": write '64Gi' or '500Mi', in quotes"],
    ['memory', 68_719_476_736, "must be a text, in quotes; found 68719476736: write '68719476736'"],
    ['memory', {}, "must be a quantity of Kubernetes; found {}: write '64Gi' or '500Mi', in quotes"],
    ['ephemeral-storage', 100, 'found 100, which means bytes'],
  ])('%s: %j is answered with what was found and what to write', (resource, value, words) => {
    expect(of(resource, value)).toEqual([
      expect.stringContaining(`containers.0.resources.requests.${resource}: ${words}`),
    ])
  })

  it('of a volume too', () => {
    expect(refused({ volumes: [{ name: 'v', emptyDir: { sizeLimit: 10 } }] })).toEqual([
      expect.stringContaining("volumes.0.emptyDir.sizeLimit: found 10, which means bytes: write '10Gi'"),
    ])
  })

  it.each(['4', '500m', '0.5', '1e3'])('cpu %s', (value) => expect(of('cpu', value)).toEqual([]))
  it.each(['64Gi', '1.5Ti', '0', '68719476736', '2G', '64e9'])('memory %s', (value) =>
    expect(of('memory', value)).toEqual([]),
  )
})

describe('what the pod of ours may not say, each with its reason', () => {
  it.each<[string, unknown, string]>([
    ['priority', 1000, 'a pod here takes nobody’s place, .* waits in the pool’s line'],
    ['priorityClassName', 'system-cluster-critical', 'would end what other lanes run'],
    ['preemptionPolicy', 'Never', 'a pod here takes nobody’s place'],
    ['overhead', { cpu: '1' }, 'say `runtimeClassName`'],
    ['schedulingGates', [{ name: 'a' }], 'nobody here would take a gate away'],
    ['schedulingGroup', {}, 'a pod here runs alone'],
    ['ephemeralContainers', [{ name: 'a' }], 'Kubernetes takes none in a template'],
    ['resourceClaims', [{ name: 'gpu' }], 'what is claimed is neither priced nor held'],
    ['nodeName', 'a', 'say `pool`'],
    ['serviceAccount', 'a', 'the account belongs to what the pod is for'],
    ['serviceAccountName', 'a', 'the account belongs to what the pod is for'],
    ['automountServiceAccountToken', true, 'pods of ours never talk to the cluster'],
    ['hostNetwork', true, 'never shares its node’s network'],
    ['hostPID', true, 'never sees its node’s processes'],
    ['hostIPC', true, 'never shares its node’s memory'],
    ['restartPolicy', 'Always', 'a pod is never started again by itself'],
    ['activeDeadlineSeconds', 60, 'say `hours`'],
  ])('%s', (key, value, reason) => {
    expect(refused({ [key]: value })).toEqual([expect.stringMatching(new RegExp(`^${key}: .*${reason}`))])
    // Null would take away what is ours, or what the cluster sets.
    expect(refused({ [key]: null })).toHaveLength(1)
  })

  it('a token of the cluster', () => {
    const sources = [{ serviceAccountToken: { path: 't', audience: 'sts.amazonaws.com' } }]
    expect(refused({ volumes: [{ name: 't', projected: { sources } }] })).toEqual([
      expect.stringMatching(
        /serviceAccountToken: pods of ours never talk to the cluster: .* mount a Secret for others/,
      ),
    ])
  })

  it.each(['nvidia.com/gpu', 'nvidia.com/mig-1g.5gb', 'amd.com/gpu', 'aws.amazon.com/neuron'])('%s', (device) => {
    const container = { name: 'train', resources: { limits: { [device]: '1' } } }
    expect(refused({ containers: [container] })).toEqual([expect.stringContaining('where the pool is named')])
  })

  it('a label of such a name is none of them, and what Kubernetes or a cluster adds may be said', () => {
    expect(refused({ nodeSelector: { priority: 'high', overhead: 'x' } })).toEqual([])
    expect(refused({ schedulerName: 'kai', runtimeClassName: 'nvidia', shareProcessNamespace: true })).toEqual([])
    const efa = { name: 'train', resources: { limits: { 'vpc.amazonaws.com/efa': '1' } } }
    expect(refused({ containers: [efa] })).toEqual([])
  })
})

describe('what Pod Security `baseline` of our namespaces would refuse', () => {
  const container = (said: object) => ({ containers: [{ name: 'train', ...said }] })
  const security = (securityContext: object) => container({ securityContext })

  it.each<[string, object, string]>([
    ['a capability', security({ capabilities: { add: ['IPC_LOCK'] } }), 'it takes AUDIT_WRITE'],
    ['a port of the node', container({ ports: [{ containerPort: 80, hostPort: 80 }] }), 'say `containerPort`'],
    ['all of /proc', security({ procMount: 'Unmasked' }), 'never sees all of /proc'],
    ['no seccomp', security({ seccompProfile: { type: 'Unconfined' } }), '`RuntimeDefault`'],
    ['no AppArmor', { securityContext: { appArmorProfile: { type: 'Unconfined' } } }, '`RuntimeDefault`'],
    [
      'a setting of the kernel',
      { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
      'it takes kernel.',
    ],
    ['a type of SELinux', security({ seLinuxOptions: { type: 'spc_t' } }), 'it takes container_t'],
    ['a user of SELinux', security({ seLinuxOptions: { user: 'root' } }), 'leave it out'],
    ['a probe elsewhere', container({ readinessProbe: { tcpSocket: { port: 80, host: 'a' } } }), 'leave it out'],
  ])('%s', (_what, patch, reason) => {
    expect(refused(patch)).toEqual([expect.stringContaining(reason)])
  })

  it('and nothing that it takes', () => {
    expect(refused(security({ capabilities: { add: ['CHOWN'], drop: ['ALL'] } }))).toEqual([])
    expect(refused(security({ seccompProfile: { type: 'Localhost', localhostProfile: 'a.json' } }))).toEqual([])
    expect(refused({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } })).toEqual([])
    expect(refused(security({ seLinuxOptions: { type: 'container_t', level: 's0' } }))).toEqual([])
  })
})

it('takes what Kubernetes has, with null for what is taken away', () => {
  const pod = {
    schedulerName: null,
    runtimeClassName: 'nvidia',
    topologySpreadConstraints: [
      {
        topologyKey: 'zone',
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { a: 'b' } },
      },
    ],
    tolerations: [{ key: 'other', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }],
    initContainers: [{ name: 'fetch', image: IMAGE, command: ['sh'], resources: { limits: { cpu: '1' } } }],
    containers: [
      {
        name: 'train',
        workingDir: '/work',
        env: [{ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hub', key: 'token', optional: true } } }],
        volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }],
        ports: [{ name: 'http', containerPort: 80 }],
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
