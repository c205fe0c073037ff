import { numberIn } from '../quantity.ts'
import { shown } from './shown.ts'

/** Fields of a pod in which quantities stand, by name or alone. */
export const QUANTITIES: ReadonlySet<string> = new Set(['limits', 'requests', 'sizeLimit', 'divisor'])

/** What counts bytes. */
const BYTES = /^(memory|storage|ephemeral-storage|sizeLimit|hugepages-.*)$/

/** Less than this nobody means, who writes of memory or disks. Bytes. */
const LEAST = 2 ** 20

/**
 * Why a quantity of Kubernetes is none, or not what is meant, with what to write; null: it is one. A number alone is one for the API
 * server and none for its types, and of memory it counts bytes.
 */
export const quantityWrong = (key: string, value: unknown): string | null => {
  const amount = typeof value === 'number' || typeof value === 'string' ? numberIn(value) : null
  const isBytes = BYTES.test(key)
  if (amount === null)
    return `must be a quantity of Kubernetes; found ${shown(value)}: write ${isBytes ? "'64Gi' or '500Mi'" : "'4' or '500m'"}, in quotes`
  if (isBytes && amount > 0 && amount < LEAST)
    return `found ${shown(value)}, which means bytes: write '${Number.isInteger(amount) ? amount : 64}Gi' or '…Mi', in quotes`
  return typeof value === 'number' ? `must be a text, in quotes; found ${value}: write '${value}'` : null
}
