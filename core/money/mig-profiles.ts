/**
 * Instances of one profile that a GPU divided by MIG has at most, by how Karpenter calls the GPU: from NVIDIA's MIG user guide ("Supported MIG profiles"), 2026-11. Of GPUs that are
 * not here none is known.
 */
const PROFILES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'a100-40': { '1g.5gb': 7, '1g.10gb': 4, '2g.10gb': 3, '3g.20gb': 2 },
  'a100-80': { '1g.10gb': 7, '1g.20gb': 4, '2g.20gb': 3, '3g.40gb': 2 },
  h100: { '1g.10gb': 7, '1g.20gb': 4, '2g.20gb': 3, '3g.40gb': 2 },
  h200: { '1g.18gb': 7, '1g.35gb': 4, '2g.35gb': 3, '3g.71gb': 2 },
  b200: { '1g.23gb': 7, '1g.45gb': 4, '2g.45gb': 3, '3g.90gb': 2 },
}

const GPU_OF_FAMILY: Readonly<Record<string, string>> = {
  p4d: 'a100-40',
  p4de: 'a100-80',
  p5: 'h100',
  p5e: 'h200',
  p5en: 'h200',
  'p6-b200': 'b200',
}

/** Families whose GPUs can be divided by MIG, as far as is known. */
export const MIG_FAMILIES: readonly string[] = Object.keys(GPU_OF_FAMILY)

/** Profiles of an instance type's GPUs, each with how many a GPU has of it; null: none is known. */
export const profilesOf = (type: string): Readonly<Record<string, number>> | null => {
  const [family = ''] = type.split('.')
  const gpu = Object.hasOwn(GPU_OF_FAMILY, family) ? GPU_OF_FAMILY[family] : undefined
  return gpu === undefined ? null : (PROFILES[gpu] ?? null)
}
