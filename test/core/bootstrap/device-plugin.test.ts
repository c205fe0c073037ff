import type { V1DaemonSet, V1Node } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { imageOf, isPlugin, isShownBy, repelling } from '../../../core/bootstrap/device-plugin.ts'
import { nodePoolObject } from '../../../core/bootstrap/node-pools.ts'

const EC2 = { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass' }
const alias = (...aliases: string[]) => ({ amiSelectorTerms: aliases.map((one) => ({ alias: one })) })

describe('what a node image brings', () => {
  it.each([
    ['bare', EC2, alias('al2023@v20260810')],
    ['bare', EC2, alias('al2@v20260810')],
    ['brings', EC2, alias('bottlerocket@v1.62.0')],
    ['brings', EC2, { amiFamily: 'Bottlerocket', amiSelectorTerms: [{ id: 'ami-1' }] }],
    ['brings', { group: 'eks.amazonaws.com', kind: 'NodeClass' }, undefined],
    // What somebody has built or installs by himself nobody here knows.
    ['unknown', EC2, { amiFamily: 'AL2023', amiSelectorTerms: [{ id: 'ami-1' }] }],
    ['unknown', EC2, { ...alias('al2023@v20260810'), userData: '#!/bin/sh' }],
    ['unknown', EC2, {}],
    ['unknown', EC2, undefined],
    ['unknown', { group: 'karpenter.kwok.sh', kind: 'KWOKNodeClass' }, {}],
  ])('%s: %o %o', (image, ref, spec) => {
    expect(imageOf(ref, spec)).toBe(image)
  })
})

const daemonSet = (name: string, image: string, path: string, tolerations: object[] = []): V1DaemonSet => ({
  metadata: { name },
  spec: {
    selector: {},
    template: {
      spec: {
        containers: [{ name: 'main', image }],
        volumes: [{ name: 'sockets', hostPath: { path } }],
        tolerations: tolerations as never,
      },
    },
  },
})
const SOCKETS = '/var/lib/kubelet/device-plugins'

describe('what may offer GPUs', () => {
  it.each([
    [true, 'nvdp-nvidia-device-plugin', 'nvcr.io/nvidia/k8s-device-plugin:v0.20.0', SOCKETS],
    [
      true,
      'nvidia-device-plugin-daemonset',
      '1234.dkr.ecr.eu-central-1.amazonaws.com/k8s-device-plugin:1',
      `${SOCKETS}/`,
    ],
    [true, 'gpus', 'registry.acme.com:5000/platform/gpu-plugin@sha256:1', SOCKETS],
    [
      false,
      'aws-efa-k8s-device-plugin',
      '602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin:1',
      SOCKETS,
    ],
    [false, 'plugin', 'public.ecr.aws/neuron/neuron-device-plugin:2.30', SOCKETS],
    [false, 'device-plugin', 'rocm/k8s-device-plugin:1.31', SOCKETS],
    [false, 'ebs-csi-node', 'public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.50', '/var/lib/kubelet'],
    [false, 'dcgm-exporter', 'nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0', '/var/lib/kubelet/pod-resources'],
  ])('%s: %s', (is, name, image, path) => {
    expect(isPlugin(daemonSet(name, image, path))).toBe(is)
  })

  it('names the taints of a pool that keep it away', () => {
    const pool = nodePoolObject({
      name: 'gpu',
      instanceType: 'p5.48xlarge',
      gpusPerNode: 8,
      capacityTypes: [],
      maxGpus: 8,
    })
    const with_ = (...tolerations: object[]) => repelling(daemonSet('x', 'nvidia', SOCKETS, tolerations), pool)
    expect(with_()).toEqual(['nvidia.com/gpu=true:NoSchedule'])
    expect(with_({ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' })).toHaveLength(1)
    expect(with_({ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' })).toEqual([])
    expect(with_({ operator: 'Exists' })).toEqual([])
  })
})

describe('what a node shows of a pool', () => {
  const node = (gpus: string, labels: Record<string, string>, osImage = 'Amazon Linux 2023'): V1Node => ({
    metadata: { labels },
    status: { allocatable: { 'nvidia.com/gpu': gpus }, nodeInfo: { osImage } as never },
  })

  it('is what its own nodes offer, or one whose image brings no plugin of its own', () => {
    expect(isShownBy(node('8', { 'karpenter.sh/nodepool': 'gpu' }), 'gpu')).toBe(true)
    expect(isShownBy(node('8', {}), 'gpu')).toBe(true)
    expect(isShownBy(node('0', { 'karpenter.sh/nodepool': 'gpu' }), 'gpu')).toBe(false)
    expect(isShownBy(node('4', { 'karpenter.sh/nodepool': 'other' }, 'Bottlerocket OS 1.62.0'), 'gpu')).toBe(false)
    expect(isShownBy(node('4', { 'eks.amazonaws.com/compute-type': 'auto' }), 'gpu')).toBe(false)
    expect(isShownBy({}, 'gpu')).toBe(false)
  })
})
