import { isRecord } from '../record.ts'

/** One price of the AWS price list, as `pools.<name>.price` takes it. */
export interface ListPrice {
  instanceType: string
  perNodeHour: number
  source: string
  /** The day from which it holds. */
  date: string
}

interface Product {
  sku?: string
  attributes?: Record<string, string>
}
interface Term {
  effectiveDate?: string
  priceDimensions?: Record<string, { unit?: string; pricePerUnit?: Record<string, string> }>
}
type Terms = Record<string, Term>

/** What one hour of an instance is: Linux without added software, on shared hardware, used and not reserved. */
const WANTED: Record<string, string> = {
  operatingSystem: 'Linux',
  preInstalledSw: 'NA',
  tenancy: 'Shared',
  capacitystatus: 'Used',
}

/**
 * On-demand prices of instance types in one region, from the AWS price list: either its file for EC2 (`products` and `terms`)
 * or what `aws pricing get-products` prints (`PriceList`, each entry a JSON text). A type that the list prices twice is left
 * out with the reason, as is one that it does not price: a guess would bind approvals. Never throws.
 */
export const pricesFromList = (
  list: unknown,
  { region, instanceTypes }: { region: string; instanceTypes: readonly string[] },
): { prices: ListPrice[]; missing: { instanceType: string; why: string }[] } => {
  const found = new Map<string, ListPrice[]>(instanceTypes.map((type) => [type, []]))
  for (const { product, terms } of entriesOf(list)) {
    const { attributes = {} } = product
    const prices = found.get(attributes['instanceType'] ?? '')
    if (prices === undefined || attributes['regionCode'] !== region) continue
    if (Object.entries(WANTED).every(([name, value]) => attributes[name] === value))
      prices.push(...hourly(attributes['instanceType'] ?? '', region, terms))
  }
  const all = [...found]
  return {
    prices: all.flatMap(([, prices]) => (distinct(prices).length === 1 ? prices.slice(0, 1) : [])),
    missing: all.flatMap(([instanceType, prices]) => {
      const different = distinct(prices)
      if (different.length === 1) return []
      const why =
        different.length === 0 ? `the list has no price of it in ${region}` : `the list says ${different.join(' and ')}`
      return [{ instanceType, why }]
    }),
  }
}

const distinct = (prices: ListPrice[]): number[] => [...new Set(prices.map(({ perNodeHour }) => perNodeHour))]

const hourly = (instanceType: string, region: string, terms: Terms): ListPrice[] =>
  Object.values(terms).flatMap(({ effectiveDate = '', priceDimensions = {} }) =>
    Object.values(priceDimensions).flatMap(({ unit, pricePerUnit }) => {
      const dollars = Number(pricePerUnit?.['USD'])
      const date = /^\d{4}-\d{2}-\d{2}/.exec(effectiveDate)?.[0]
      if (unit !== 'Hrs' || !(dollars > 0) || date === undefined) return []
      return [{ instanceType, perNodeHour: dollars, source: `AWS price list, ${region}, on-demand Linux`, date }]
    }),
  )

/** Products with their on-demand terms, in both shapes. What is neither has none. */
const entriesOf = (list: unknown): { product: Product; terms: Terms }[] => {
  if (!isRecord(list)) return []
  if (Array.isArray(list['PriceList'])) return list['PriceList'].flatMap(entryOf)
  const [products, terms] = [list['products'], list['terms']]
  if (!isRecord(products) || !isRecord(terms) || !isRecord(terms['OnDemand'])) return []
  const onDemand = terms['OnDemand'] as Record<string, Terms>
  return Object.entries(products).map(([sku, product]) => ({ product: product as Product, terms: onDemand[sku] ?? {} }))
}

const entryOf = (text: unknown): { product: Product; terms: Terms }[] => {
  try {
    const entry = (typeof text === 'string' ? JSON.parse(text) : text) as {
      product?: Product
      terms?: { OnDemand?: Terms }
    }
    return entry.product === undefined ? [] : [{ product: entry.product, terms: entry.terms?.OnDemand ?? {} }]
  } catch {
    return []
  }
}
