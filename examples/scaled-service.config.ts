import { defineConfig } from '../core/policy.ts'

/** A model that is served by as many replicas as its callers need, within what people have agreed to. */
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
  // Where KEDA, which is installed by you, asks what the engine counts.
  keda: { prometheus: 'http://prometheus-operated.monitoring.svc:9090' },
  budget: {
    name: 'ml-monthly',
    dollars: 20_000,
    ladder: [{ at: 0.9, do: 'ask-always', serving: 'floor' }],
  },
  pools: {
    'gpu-serve': {
      instanceType: 'g6e.12xlarge',
      gpusPerNode: 4,
      maxGpus: 16,
      price: { perNodeHour: 10.49, source: 'AWS price list', date: '2026-11-01' },
    },
  },
  services: {
    'support-llama': {
      alias: 'champion',
      image: 'vllm/vllm-openai:v0.18.0',
      pool: 'gpu-serve',
      gpusPerReplica: 4,
      // One more where a replica has more than 48 requests, or more than 80 % of what it caches is in use.
      autoscaling: { min: 1, max: 3, on: { requests: 48, cache: 0.8 } },
      // While the budget is nearly used up, two at the most.
      floor: 2,
      gate: { checks: [{ metric: 'p95_ms', op: '<=', value: 2000 }] },
    },
  },
  sources: ['s3://acme-results/models/'],
  approvals: {
    channel: 'C0GPUOPS',
    approvers: [{ id: 'T0SIGNAL/U0APPROVER', name: 'ana' }],
    autoApproveBelow: 0,
  },
})
