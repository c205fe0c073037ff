import { expect, it } from 'vitest'
import { pluginFindings } from '../../../cli/commands/doctor-plugin.ts'
import { parsePolicy } from '../../../core/policy.ts'
import type { Answer, Call } from '../../../effects/cluster/requests.ts'
import config from '../../example.ts'

const nodes = (ami: string) => parsePolicy({ ...config, nodes: { ami, role: 'nodes' } })
const list = (...items: object[]): Answer => ({ status: 200, body: { items } })
const plugin = (tolerations: object[], image = 'nvcr.io/nvidia/k8s-device-plugin:v0.20.0') => ({
  metadata: { name: 'nvdp', namespace: 'nvidia' },
  spec: {
    template: {
      spec: {
        containers: [{ name: 'main', image }],
        volumes: [{ name: 'sockets', hostPath: { path: '/var/lib/kubelet/device-plugins' } }],
        tolerations,
      },
    },
  },
})
const EVERYWHERE = [{ key: 'nvidia.com/gpu', operator: 'Exists' }]
const NONE = { '/daemonsets': list(), '/nodes': list() }

const found = async (answers: Record<string, Answer>, policy = nodes('al2023@v20260810')): Promise<string[]> => {
  const send = async ({ method, path }: Call): Promise<Answer> => {
    expect(method).toBe('GET')
    return Object.entries(answers).find(([end]) => path.endsWith(end))?.[1] ?? { status: 404, body: {} }
  }
  return (await pluginFindings({ send }, policy)).map(({ check, ok, detail }) => `${ok} ${check}: ${detail}`)
}

it('says that nothing would offer the GPUs of pools whose image has no plugin, before the first node is paid for', async () => {
  const nothing =
    /^false device plugin: nothing would offer the GPUs of gpu-train, gpu-serve: .*never taken back and billed: install NVIDIA’s, or its GPU operator \(docs\/deploy\.md/
  expect(await found(NONE)).toEqual([expect.stringMatching(nothing)])
  const efa = plugin([], '602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin:1')
  expect(await found({ ...NONE, '/daemonsets': list(efa) })).toEqual([expect.stringMatching(nothing)])
})

it('reads what the cluster has rather than what the policy would make', async () => {
  const pool = (name: string) => ({
    status: 200,
    body: {
      spec: { template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name } } } },
    },
  })
  const there = {
    '/nodepools/gpu-train': pool('a'),
    '/nodepools/gpu-serve': pool('b'),
    '/ec2nodeclasses/a': { status: 200, body: { spec: { amiSelectorTerms: [{ alias: 'bottlerocket@v1.62.0' }] } } },
    '/ec2nodeclasses/b': { status: 200, body: { spec: { amiSelectorTerms: [{ alias: 'al2023@v20260810' }] } } },
  }
  expect(await found({ ...NONE, ...there })).toEqual([
    expect.stringMatching(/^false device plugin: nothing would offer the GPUs of gpu-serve: /),
  ])
})

it('is content with a DaemonSet that may run there, with NVIDIA’s operator, and with nodes that have their GPUs', async () => {
  expect(await found({ ...NONE, '/daemonsets': list(plugin(EVERYWHERE)) })).toEqual([
    'true device plugin: DaemonSet nvdp in nvidia',
  ])
  expect(await found({ ...NONE, '/clusterpolicies': list({}) })).toEqual([
    'true device plugin: NVIDIA’s GPU operator brings it',
  ])
  const node = { metadata: { labels: {} }, status: { allocatable: { 'nvidia.com/gpu': '4' } } }
  expect(await found({ ...NONE, '/nodes': list(node) })).toEqual(['true device plugin: nodes offer their GPUs'])
})

it('names the taint that keeps a DaemonSet away', async () => {
  expect(await found({ ...NONE, '/daemonsets': list(plugin([])) })).toEqual([
    'false device plugin: DaemonSet nvdp in nvidia does not tolerate nvidia.com/gpu=true:NoSchedule of nodes of gpu-train, gpu-serve, and never runs there: give it that toleration',
  ])
  const other = { ...plugin(EVERYWHERE), metadata: { name: 'other', namespace: 'gpus' } }
  const two = { ...NONE, '/daemonsets': list(plugin([]), other) }
  expect(await found(two)).toEqual(['true device plugin: DaemonSet other in gpus'])
})

it('cries no wolf of images that bring one, nor of those of which nothing is known', async () => {
  expect(await found({}, nodes('bottlerocket@v1.62.0'))).toEqual([
    'true device plugin: the images of all pools bring one',
  ])
  expect(await found({}, parsePolicy(config))).toEqual([
    expect.stringMatching(
      /^true device plugin: whether the images of gpu-train, gpu-serve bring one is not known here/,
    ),
  ])
  const auto = { group: 'eks.amazonaws.com', kind: 'NodeClass', name: 'gpu' }
  const pool = { status: 200, body: { spec: { template: { spec: { nodeClassRef: auto } } } } }
  expect(await found({ '/nodepools/gpu-train': pool, '/nodepools/gpu-serve': pool })).toEqual([
    'true device plugin: the images of all pools bring one',
  ])
})

it('says which right is missing to look', async () => {
  const denied = { status: 403, body: {} }
  expect(await found({ ...NONE, '/daemonsets': denied })).toEqual([
    'false device plugin: daemonsets cannot be listed (403): to look, you need the right to',
  ])
  expect(await found({ ...NONE, '/nodes': denied })).toEqual([
    'false device plugin: nodes cannot be listed (403): to look, you need the right to',
  ])
})
