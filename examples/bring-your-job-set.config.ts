import { defineConfig } from '../core/policy.ts'

/** A JobSet that a team has, of one group of pods: it runs as the Job that it comes to, on clusters without JobSet, too. */
export default defineConfig({
  cluster: 'ml-prod',
  results: { bucket: 'acme-results' },
  // Brings the program that goes before yours. `npm run build:runner` prints what its digests are.
  runner: {
    image: 'amazon/aws-cli:2.31.0',
    sha256: {
      amd64: '0d9c9f8b1f7c3a5e6d2b4a8c7e1f0935d4b6a2c8e7f1053b9d8a6c4e2f7b1058',
      arm64: '7b1c5e2f9a8d4036b5c7e1f2a9d8b4c6e3f5071a2b9c8d4e6f7a0b1c3d5e2f48',
    },
  },
  budget: { name: 'ml-monthly', dollars: 5_000 },
  pools: {
    'gpu-train': {
      instanceType: 'g6e.12xlarge',
      gpusPerNode: 4,
      maxGpus: 8,
      price: { perNodeHour: 10.49, source: 'AWS price list', date: '2026-11-01' },
    },
  },
  pipelines: {
    'my-set': {
      on: { dataset: { bucket: 'acme-datasets', prefix: 'my-set/' } },
      stages: [
        {
          name: 'train',
          manifest: 'manifests/job-set.yaml',
          runner: { inputs: ['dataset'] },
          pool: 'gpu-train',
          hours: { p50: 2, p95: 4 },
          gates: [{ metric: 'eval_loss', op: '<=', value: 1.5 }],
        },
      ],
      register: { model: 'my-set', from: 'train' },
    },
  },
  approvals: {
    channel: 'C0GPUOPS',
    approvers: [{ id: 'T0SIGNAL/U0APPROVER', name: 'ana' }],
    unknownRequester: 'anyone',
  },
})
