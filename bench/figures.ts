/** The middle and the bad case of some measurements, in the unit that they came in. */
export const quantiles = (values: number[]): { p50: number; p99: number } => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

/** `1.23 ms`. */
export const ms = (value: number): string => `${value.toFixed(2)} ms`

/** Wall time of some work, in ms. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}
