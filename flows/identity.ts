import { type IdentityRow, SELF } from '../core/rows.ts'
import type { Ledger } from './ledger-port.ts'
import { readRow } from './rows.ts'

/** Who this ledger is; minted by whoever asks first, once. `mint` gives 12 hex digits that nobody else gives. */
export const identityOf = async (
  ledger: Pick<Ledger, 'read' | 'commit'>,
  { mint, now }: { mint: () => string; now: number },
): Promise<IdentityRow> => {
  const row = await readRow(ledger, 'identity', SELF)
  if (row !== null) return row.value
  const value: IdentityRow = { ledger: mint(), at: now, fenceFrom: 0 }
  const made = await ledger.commit([{ put: 'identity', id: SELF, revision: 0, value }])
  return made.ok ? value : ((await readRow(ledger, 'identity', SELF))?.value ?? value)
}
