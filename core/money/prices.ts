import type { Range } from '../plan.ts'
import type { PoolPolicy } from '../policy.ts'

/** Dollars for one GPU of the pool for one hour; null when the policy names no price (law 12: then nothing is planned). */
export const pricePerGpuHour = ({ price, gpusPerNode }: PoolPolicy): number | null =>
  price === null ? null : price.perNodeHour / gpusPerNode

/** Where a pool's price is from, for a person: `p5.48xlarge on-demand $55.04/h for 8 GPUs (AWS price list, 2026-11-01)`. */
export const priceSource = (name: string, { price, instanceType, capacityTypes, gpusPerNode }: PoolPolicy): string => {
  if (price === null) return `${name} (${instanceType}) has no price: set pools.${name}.price`
  const gpus = gpusPerNode === 1 ? '1 GPU' : `${gpusPerNode} GPUs`
  return `${instanceType} ${capacityTypes.join('/')} ${usd(price.perNodeHour)}/h for ${gpus} (${price.source}, ${price.date})`
}

/** `$1,234.50`, always to the cent. */
export const usd = (dollars: number): string => {
  if (!Number.isFinite(dollars)) return 'an unknown amount'
  const [whole = '0', fraction = '00'] = Math.abs(cents(dollars)).toFixed(2).split('.')
  return `${cents(dollars) < 0 ? '-' : ''}$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction}`
}

/** Rounded to two decimals, so that equal sums are equal bytes in a plan. */
export const cents = (amount: number): number => Math.round(amount * 100) / 100

/** A range with both ends multiplied. */
export const timesRange = ({ p50, p95 }: Range, factor: number): Range => ({ p50: p50 * factor, p95: p95 * factor })

/** The sum of ranges. Adding bad cases is the cautious reading: they are taken to come together. */
export const addRange = (...ranges: Range[]): Range => ({
  p50: ranges.reduce((sum, { p50 }) => sum + p50, 0),
  p95: ranges.reduce((sum, { p95 }) => sum + p95, 0),
})

/** A range with both ends rounded to two decimals. */
export const centsRange = ({ p50, p95 }: Range): Range => ({ p50: cents(p50), p95: cents(p95) })
