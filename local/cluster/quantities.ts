import type { Pod } from './wire.ts'

type Spec = NonNullable<Pod['spec']>

/** Powers of ten of the decimal suffixes. */
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
/** Quantities are counted in billionths: finer ones are rounded up. */
const UNIT = 1_000_000_000n

/** A quantity as the server writes it once it has read it: `1000` is `1k`, `0.5` is `500m`, `1024Mi` is `1Gi`. What is none stays as it is. */
export const canonical = (quantity: string): string => {
  const [, whole, fraction = '', exponent, suffix = ''] =
    /^\+?(\d{1,20})(?:\.(\d{0,20}))?(?:[eE]([+-]?\d{1,2})|([a-zA-Z]{1,2}))?$/.exec(quantity.trim()) ?? []
  if (whole === undefined) return quantity
  const power = BINARY.indexOf(suffix || '-')
  const ten = exponent === undefined ? DECIMAL[suffix] : Number(exponent)
  if (power < 0 && ten === undefined) return quantity
  const digits = BigInt(whole + fraction) * UNIT
  const amount =
    power > 0 ? over(digits * 1024n ** BigInt(power), fraction.length) : over(digits, fraction.length - (ten ?? 0))
  if (amount === 0n) return '0'
  if (power > 0 && amount >= 1024n * UNIT && amount % UNIT === 0n) return inPowers(amount / UNIT, BINARY, 1024n)
  return exponent === undefined
    ? inPowers(amount, Object.keys(DECIMAL), 1000n)
    : inPowers(amount, Object.values(DECIMAL).map(exponentOf), 1000n)
}

/** Divided by a power of ten, rounded up. */
const over = (amount: bigint, power: number): bigint =>
  power <= 0 ? amount * 10n ** BigInt(-power) : (amount + 10n ** BigInt(power) - 1n) / 10n ** BigInt(power)

/** The smallest whole number, with the suffix that goes with it. */
const inPowers = (amount: bigint, suffixes: readonly string[], base: bigint): string => {
  const [suffix = '', ...greater] = suffixes
  return amount % base === 0n && greater.length > 0 ? inPowers(amount / base, greater, base) : `${amount}${suffix}`
}

const exponentOf = (power: number): string => (power === 0 ? '' : `e${power}`)

/** Writes each quantity of a pod as the server does. */
export const canonicalQuantities = (spec: Spec): void => {
  for (const { resources } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    if (resources?.limits) resources.limits = canonicalValues(resources.limits)
    if (resources?.requests) resources.requests = canonicalValues(resources.requests)
  }
  for (const { emptyDir } of spec.volumes ?? [])
    if (emptyDir?.sizeLimit !== undefined) emptyDir.sizeLimit = canonical(String(emptyDir.sizeLimit))
}

const canonicalValues = (amounts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, canonical(String(amount))]))
