const SCALES: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
}
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** More GPUs than any pool has: what cannot be read counts as full (law 10). A sum of many is still a number. */
export const FULL = 1e9

/** What a quantity of Kubernetes comes to: `4`, `500m`, `64Gi`, `1e3`; null: it is none, or less than nothing. */
export const numberIn = (quantity: unknown): number | null => {
  const [, digits, exponent, suffix = ''] =
    /^\+?(\d{1,20}(?:\.\d{0,20})?)(?:[eE]([+-]?\d{1,2})|([a-zA-Z]{1,2}))?$/.exec(String(quantity)) ?? []
  if (digits === undefined) return null
  const binary = BINARY.indexOf(suffix) + 1
  const scale = exponent !== undefined ? 10 ** Number(exponent) : binary > 0 ? 1024 ** binary : SCALES[suffix]
  return scale === undefined ? null : Number(digits) * scale
}

/**
 * GPUs that a quantity means, as the API server writes it: `8`, `8000m`, `1k`, `1e3`, `1Gi`. Whoever may make a pod may write
 * any, and the API server writes a billion as `1G`.
 */
export const gpusIn = (quantity: unknown): number => {
  const gpus = numberIn(quantity)
  return gpus === null ? FULL : Math.min(FULL, Math.ceil(gpus))
}
