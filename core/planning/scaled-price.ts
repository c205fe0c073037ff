import { usd } from '../money/prices.ts'
import type { Price } from '../plan.ts'
import { replicaCount } from './generations.ts'
import type { ScaledRange } from './scaled-range.ts'
import { type PricedPath, servePrice } from './serve-price.ts'

/** The price of a way at whose end something is scaled: an hour of it costs what as many as it may have cost, which is what is weighed and agreed to. */
export const scaledPrice = (priced: PricedPath, range: ScaledRange | undefined): Price =>
  range === undefined ? servePrice(priced) : { ...servePrice(priced), perHour: perHourAt(priced, range.max) }

/** What it costs at the least and at the most, and which of these is agreed to. */
export const scaledTexts = (priced: PricedPath, range: ScaledRange | undefined): string[] => {
  if (range === undefined) return []
  const [least, most] = [perHourAt(priced, range.min).p50, perHourAt(priced, range.max).p95]
  return [
    `KEDA scales it between ${range.min} and ${replicaCount(range.max)}, from ${usd(least)} to ${usd(most)} an hour: what is held, weighed and agreed to is the most`,
  ]
}

const perHourAt = (priced: PricedPath, replicas: number): Price['perHour'] =>
  servePrice({ ...priced, path: [...priced.path, { old: 0, new: replicas }] }).perHour
