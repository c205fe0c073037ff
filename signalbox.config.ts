import { defineConfig } from './core/policy.ts'

/** The policy of one team on one cluster: plain data. `signalbox doctor` says what does not hold together. */
export default defineConfig({
  installation: 'signalbox',
  cluster: 'ml-prod',
  results: { bucket: 'acme-results' },
  budget: { name: 'ml-monthly', dollars: 20_000 },

  // One GPU size a pool. The ceiling is the NodePool's limit; Karpenter starts nodes below it as pods need them.
  pools: {
    'gpu-train': {
      instanceType: 'p5.48xlarge',
      gpusPerNode: 8,
      maxGpus: 16,
      price: { perNodeHour: 55.04, source: 'AWS price list', date: '2026-11-01' },
    },
    'gpu-serve': {
      instanceType: 'g6e.12xlarge',
      gpusPerNode: 4,
      maxGpus: 16,
      price: { perNodeHour: 10.49, source: 'AWS price list', date: '2026-11-01' },
    },
  },

  // A manifest under the prefix begins it: fine-tune, evaluate, and register when every gate holds.
  // Images stand here by digest; they may stand by tag too, whose digests `npx signalbox pin` keeps beside this file.
  pipelines: {
    'support-chats': {
      on: { dataset: { bucket: 'acme-datasets', prefix: 'support-chats/' } },
      stages: [
        {
          name: 'train',
          use: 'fine-tune',
          model: 'meta-llama/Llama-3.1-8B-Instruct',
          image: 'ghcr.io/acme/lora-trainer@sha256:5f0c3b1d8a9e47265f3be0c94d71a8e2b6c05d93f147ea820b5d6c39f81e724a',
          pool: 'gpu-train',
          gpus: 8,
          hours: { p50: 1.5, p95: 3 },
          // It merges what it has learnt into its base model: what it names `model` is served as it is.
          args: ['--epochs=3', '--lora-rank=16'],
        },
        {
          use: 'evaluate',
          image: 'ghcr.io/acme/evaluator@sha256:c81d2e9f7034ab56d1e8f20947b3c6a5e90f4d18b27c63a59e0d81f4b6a2573c',
          pool: 'gpu-train',
          gpus: 1,
          hours: { p50: 0.25, p95: 0.5 },
          gates: [{ metric: 'score', op: '>=', value: 0.8 }],
        },
      ],
      register: { model: 'support-llama' },
    },
  },

  // The version that the alias names is served. Old replicas go only once the new generation has passed its gate.
  services: {
    'support-llama': {
      alias: 'champion',
      image: 'vllm/vllm-openai@sha256:9b7e14c6d2f5083a61e9c74d0b8f2a35e6d19c07f48b3a52d60e7f91c4b8a3d6',
      pool: 'gpu-serve',
      replicas: 2,
      gpusPerReplica: 4,
      gate: {
        image: 'ghcr.io/acme/endpoint-probe@sha256:27d5f8a1c03e96b4d8721f5e60ca9b34f7e18d205ab6c3947e0f1d82b59c46ea',
        checks: [
          { metric: 'health', op: '>=', value: 1 },
          { metric: 'p95_ms', op: '<=', value: 2000 },
          { metric: 'error_rate', op: '<=', value: 0.01 },
        ],
      },
    },
    'code-llama': {
      alias: 'champion',
      image: 'vllm/vllm-openai@sha256:9b7e14c6d2f5083a61e9c74d0b8f2a35e6d19c07f48b3a52d60e7f91c4b8a3d6',
      pool: 'gpu-serve',
      replicas: 1,
      gpusPerReplica: 4,
      gate: {
        image: 'ghcr.io/acme/endpoint-probe@sha256:27d5f8a1c03e96b4d8721f5e60ca9b34f7e18d205ab6c3947e0f1d82b59c46ea',
        checks: [{ metric: 'health', op: '>=', value: 1 }],
      },
    },
  },

  // Weights come from what pipelines made, and from here: folders of S3, `hf://namespace/`, `hf://namespace/name`.
  sources: ['s3://acme-results/models/'],

  approvals: {
    channel: 'C0GPUOPS',
    // People by their ids, or a Slack user group: { id: 'T0SIGNAL/S0GPUOPS', name: 'GPU ops' }.
    approvers: [
      { id: 'T0SIGNAL/U0APPROVER', name: 'ana' },
      { id: 'T0SIGNAL/U0BEN', name: 'ben' },
    ],
    need: 1,
    unknownRequester: 'anyone',
    expiry: '4h',
    autoApproveBelow: 0,
  },
})
