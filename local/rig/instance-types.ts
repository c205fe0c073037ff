import { GPU } from '../../core/kube.ts'

interface InstanceType {
  name: string
  cpu: number
  /** GiB. */
  memory: number
  /** 0: it has none. */
  gpus: number
  gpuName?: string
  /** MiB, of one GPU. */
  gpuMemory?: number
  /** Dollars an hour, on demand. */
  price: number
}

/** AWS instance types, with GPUs and one without: sizes and GPU labels from Karpenter's instance type reference, prices of us-east-1 on demand. */
const TYPES: InstanceType[] = [
  { name: 'p5.48xlarge', cpu: 192, memory: 2048, gpus: 8, gpuName: 'h100', gpuMemory: 81_920, price: 55.04 },
  { name: 'g6e.12xlarge', cpu: 48, memory: 384, gpus: 4, gpuName: 'l40s', gpuMemory: 45_776, price: 10.49 },
  { name: 'g6e.48xlarge', cpu: 192, memory: 1536, gpus: 8, gpuName: 'l40s', gpuMemory: 45_776, price: 30.13 },
  { name: 'm7i.4xlarge', cpu: 16, memory: 64, gpus: 0, price: 0.81 },
]

const ZONES = ['us-east-1a', 'us-east-1b']

/** What a node costs, against on demand: spot ones are what Karpenter takes wherever nobody forbids it. */
const SHARE = { 'on-demand': 1, spot: 0.4 }

/** What Karpenter's kwok provider offers. Keys of offerings become well-known labels, so NodePools may pin a GPU as on AWS. */
export const instanceTypes = (): object[] =>
  TYPES.map(({ name, cpu, memory, gpus, gpuName, gpuMemory, price }) => ({
    name,
    architecture: 'amd64',
    operatingSystems: ['linux'],
    resources: {
      cpu: String(cpu),
      memory: `${memory}Gi`,
      pods: '100',
      'ephemeral-storage': '500Gi',
      ...(gpus === 0 ? {} : { [GPU]: String(gpus) }),
    },
    offerings: ZONES.flatMap((zone) =>
      Object.entries(SHARE).map(([capacityType, share]) => ({
        Price: price * share,
        Available: true,
        Requirements: Object.entries({
          'karpenter.sh/capacity-type': capacityType,
          'topology.kubernetes.io/zone': zone,
          ...(gpuName === undefined
            ? {}
            : {
                'karpenter.k8s.aws/instance-gpu-name': gpuName,
                'karpenter.k8s.aws/instance-gpu-count': String(gpus),
                'karpenter.k8s.aws/instance-gpu-memory': String(gpuMemory),
              }),
        }).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
      })),
    ),
  }))
