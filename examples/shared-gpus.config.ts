import { defineConfig } from '../core/policy.ts'

/** Small models that share GPUs: two that take turns, and one with a part of a larger one for itself. */
export default defineConfig({
  cluster: 'ml-prod',
  results: { bucket: 'acme-results' },
  // Brings the program that asks a version before anybody else does. `npm run build:runner` prints what its digests are.
  runner: {
    image: 'amazon/aws-cli:2.31.0',
    sha256: {
      amd64: '0d9c9f8b1f7c3a5e6d2b4a8c7e1f0935d4b6a2c8e7f1053b9d8a6c4e2f7b1058',
      arm64: '7b1c5e2f9a8d4036b5c7e1f2a9d8b4c6e3f5071a2b9c8d4e6f7a0b1c3d5e2f48',
    },
  },
  budget: { name: 'ml-monthly', dollars: 20_000 },
  pools: {
    // Four pods take turns at each of its four GPUs: a node has 16 slices of 11 GiB.
    'gpu-turns': {
      instanceType: 'g6e.12xlarge',
      gpusPerNode: 4,
      sharing: { by: 'time-slicing', replicas: 4 },
      maxNodes: 2,
      price: { perNodeHour: 10.49, source: 'AWS price list', date: '2026-11-01' },
    },
    // Seven parts of its one GPU, each with 10 GB that nobody else reaches.
    'gpu-parts': {
      instanceType: 'p5.4xlarge',
      gpusPerNode: 1,
      sharing: { by: 'mig', profile: '1g.10gb' },
      maxNodes: 1,
      price: { perNodeHour: 6.88, source: 'AWS price list', date: '2026-11-01' },
    },
  },
  services: {
    classifier: {
      alias: 'champion',
      image: 'vllm/vllm-openai:v0.18.0',
      pool: 'gpu-turns',
      gpusPerReplica: 1,
      gpuMemory: 8,
      replicas: 2,
      gate: { checks: [{ metric: 'p95_ms', op: '<=', value: 2000 }] },
    },
    summaries: {
      alias: 'champion',
      image: 'vllm/vllm-openai:v0.18.0',
      pool: 'gpu-turns',
      gpusPerReplica: 1,
      gpuMemory: 10,
      replicas: 1,
      maxUnavailable: 0,
      gate: { checks: [{ metric: 'p95_ms', op: '<=', value: 4000 }] },
    },
    moderation: {
      alias: 'champion',
      image: 'lmsysorg/sglang:v0.5.9',
      engine: 'sglang',
      pool: 'gpu-parts',
      gpusPerReplica: 1,
      gpuMemory: 9,
      replicas: 1,
      maxUnavailable: 0,
      gate: { checks: [{ metric: 'p95_ms', op: '<=', value: 500 }] },
    },
  },
  sources: ['s3://acme-results/models/'],
  approvals: {
    channel: 'C0GPUOPS',
    approvers: [{ id: 'T0SIGNAL/U0APPROVER', name: 'ana' }],
    autoApproveBelow: 0,
  },
})
