/** NVIDIA GPUs of each EC2 instance type, by family: from Karpenter's instance type reference and EC2's pages, 2026-11. */
const SIZES: Record<string, Record<number, readonly string[]>> = {
  'p6-b300': { 8: ['48xlarge'] },
  'p6-b200': { 8: ['48xlarge'] },
  p5en: { 8: ['48xlarge'] },
  p5e: { 8: ['48xlarge'] },
  p5: { 1: ['4xlarge'], 8: ['48xlarge'] },
  p4de: { 8: ['24xlarge'] },
  p4d: { 8: ['24xlarge'] },
  p3dn: { 8: ['24xlarge'] },
  p3: { 1: ['2xlarge'], 4: ['8xlarge'], 8: ['16xlarge'] },
  g7e: { 1: ['2xlarge', '4xlarge', '8xlarge'], 2: ['12xlarge'], 4: ['24xlarge'], 8: ['48xlarge'] },
  g6e: {
    1: ['xlarge', '2xlarge', '4xlarge', '8xlarge', '16xlarge'],
    4: ['12xlarge', '24xlarge'],
    8: ['48xlarge'],
  },
  g6: {
    1: ['xlarge', '2xlarge', '4xlarge', '8xlarge', '16xlarge'],
    4: ['12xlarge', '24xlarge'],
    8: ['48xlarge'],
  },
  gr6: { 1: ['4xlarge', '8xlarge'] },
  g5: {
    1: ['xlarge', '2xlarge', '4xlarge', '8xlarge', '16xlarge'],
    4: ['12xlarge', '24xlarge'],
    8: ['48xlarge'],
  },
  g4dn: {
    1: ['xlarge', '2xlarge', '4xlarge', '8xlarge', '16xlarge'],
    4: ['12xlarge'],
    8: ['metal'],
  },
}

/** GPUs of each instance type that is known. */
export const GPUS_OF: ReadonlyMap<string, number> = new Map(
  Object.entries(SIZES).flatMap(([family, counts]) =>
    Object.entries(counts).flatMap(([gpus, sizes]) =>
      sizes.map((size): [string, number] => [`${family}.${size}`, Number(gpus)]),
    ),
  ),
)

/** How Karpenter calls the GPU of an instance family (`karpenter.k8s.aws/instance-gpu-name`), of those whose name is known. */
export const GPU_NAME_OF: Readonly<Record<string, string>> = {
  p5en: 'h200',
  p5e: 'h200',
  p5: 'h100',
  p4de: 'a100',
  p4d: 'a100',
  p3dn: 'v100',
  p3: 'v100',
  g6e: 'l40s',
  g6: 'l4',
  gr6: 'l4',
  g5: 'a10g',
  g4dn: 't4',
}

/** GiB of memory that one GPU of an instance family has for programs, rounded down: as `nvidia-smi` of each says, 2026-11. Of families that are not here it is not known. */
const MEMORY_OF: Readonly<Record<string, number>> = {
  'p6-b200': 179,
  p5en: 140,
  p5e: 140,
  p5: 79,
  p4de: 80,
  p4d: 40,
  p3dn: 31,
  p3: 15,
  g7e: 95,
  g6e: 44,
  g6: 22,
  gr6: 22,
  g5: 22,
  g4dn: 15,
}

/** GiB that one GPU of an instance type has; null: it is not known. */
export const memoryOf = (type: string): number | null => {
  const [family = ''] = type.split('.')
  return Object.hasOwn(MEMORY_OF, family) ? (MEMORY_OF[family] ?? null) : null
}
