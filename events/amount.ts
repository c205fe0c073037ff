import type { Amount } from './contract.ts'

/** What signs of money mean; of others the sign itself is the unit. */
const SIGNS: Readonly<Record<string, string>> = { $: 'USD', US$: 'USD', '€': 'EUR', '£': 'GBP', '¥': 'JPY', '₹': 'INR' }

/** Digits with separators of thousands at every third, or without any; `12,50` is neither. */
const NUMBER = /^(-?)([^\d\s.,-]{0,8})\s?(-?)(\d{1,3}(?:,\d{3})+|\d{1,15})(\.\d{1,12})?\s?([^\d]{0,40})$/

/** An amount as AWS writes it: `$183,965,812,157.54`, `12.5 GB`, `-€3.00`. Null: it is none, or says no unit. */
export const amountIn = (text: string): Amount | null => {
  const [, minus = '', sign = '', other = '', whole, fraction = '', after = ''] = NUMBER.exec(text.trim()) ?? []
  const unit = [sign, after.trim()].filter((part) => part !== '')
  if (whole === undefined || unit.length !== 1 || (minus !== '' && other !== '')) return null
  const value = Number(`${whole.replaceAll(',', '')}${fraction}`)
  const [named = ''] = unit
  return {
    value: minus + other === '' ? value : -value,
    unit: Object.hasOwn(SIGNS, named) ? (SIGNS[named] ?? named) : named,
  }
}
