import type { Range } from '../plan.ts'
import { ownGpus } from '../policy/counted.ts'
import { typesOf } from '../policy/pools.ts'
import type { PoolPolicy } from '../policy.ts'
import { isOfSlices } from '../pools/counts.ts'
import { counted } from '../text.ts'

/** In the order in which Karpenter takes what there is. */
const TAKEN = ['reserved', 'spot', 'on-demand'] as const

type Bought = Pick<PoolPolicy, 'price' | 'capacityTypes'>

/** Dollars an hour of one node that is bought so; what has no price of its own costs as much as on demand. */
const nodeHourOf = (price: NonNullable<PoolPolicy['price']>, type: (typeof TAKEN)[number]): number =>
  (type === 'on-demand' ? undefined : price[type]) ?? price.perNodeHour

/** Dollars an hour of a node that was bought so, as Karpenter calls it; null: the policy names no price, or nobody says how. */
export const hourOf = (price: PoolPolicy['price'], capacityType: string | null): number | null => {
  const type = TAKEN.find((one) => one === capacityType)
  return price === null || type === undefined ? null : nodeHourOf(price, type)
}

/**
 * Dollars of one node for one hour, null when the policy names no price (then nothing is planned): as Karpenter buys it while it can,
 * and in the bad case the dearest of what it may buy. Never what Karpenter itself reckons with: reserved nodes cost it next to nothing.
 */
export const nodeHour = ({ price, capacityTypes }: Bought): Range | null => {
  if (price === null) return null
  const prices = TAKEN.filter((type) => capacityTypes.includes(type)).map((type) => nodeHourOf(price, type))
  const p95 = Math.max(...prices)
  return { p50: prices[0] ?? p95, p95 }
}

/** Where a pool's price is from, for a person: `p5.48xlarge on-demand $55.04/h for 8 GPUs (AWS price list, 2026-11-01)`. */
export const priceSource = (name: string, pool: PoolPolicy): string => {
  const { price } = pool
  const types = typesOf(pool).join(' or ')
  if (price === null) return `${name} (${types}) has no price: set pools.${name}.price`
  return `${types} ${boughtAt(pool, price)} ${eachText(pool)} (${price.source}, ${price.date})`
}

/** `for 8 GPUs`; `a node` of those without; `for 4 GPUs in 16 slices` where they are shared. */
const eachText = (pool: PoolPolicy): string => {
  if (pool.counts === 'nodes') return 'a node'
  const slices = isOfSlices(pool) ? ` in ${pool.gpusPerNode} slices` : ''
  return `for ${counted(ownGpus(pool), 'GPU')}${slices}`
}

/** `on-demand $55.04/h`, `spot $22.00/h or on-demand $55.04/h`: ways of one price are said together. */
const boughtAt = ({ capacityTypes }: PoolPolicy, price: NonNullable<PoolPolicy['price']>): string =>
  [...Map.groupBy(capacityTypes, (type) => nodeHourOf(price, type))]
    .map(([dollars, types]) => `${types.join('/')} ${usd(dollars)}/h`)
    .join(' or ')

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
