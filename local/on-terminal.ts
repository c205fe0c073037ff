import { inspect } from 'node:util'
import { printable } from '../core/text.ts'

/**
 * Tells who watches the product's terminal that something failed: its message, of a bug all that is known of it. Far sides and strangers
 * write into such texts: a terminal shows them and obeys nothing.
 */
export const onTerminal = (what: string, error: unknown, { isBug = false } = {}): void => {
  const text = isBug ? inspect(error) : error instanceof Error ? error.message : String(error)
  console.error(printable(`signalbox: ${what}: ${text}`))
}
