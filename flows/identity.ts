import { type IdentityRow, SELF } from '../core/rows.ts'
import type { Ledger } from './ledger-port.ts'
import { readRow } from './rows.ts'

/** Who a ledger is, once everything of it is minted. */
export type Self = IdentityRow & Required<Pick<IdentityRow, 'secret'>>

/** Whether nothing of it is left to be minted. */
export const isWhole = (row: IdentityRow | undefined): row is Self => row?.secret !== undefined

/** Who this ledger is; minted by whoever asks first, once. `mint` gives 12 hex digits that nobody else gives or can tell. */
export const identityOf = async (
  ledger: Pick<Ledger, 'read' | 'commit'>,
  { mint, now }: { mint: () => string; now: number },
): Promise<Self> => {
  const row = await readRow(ledger, 'identity', SELF)
  if (isWhole(row?.value)) return row.value
  const secret = `${mint()}${mint()}`
  const value: Self = row === null ? { ledger: mint(), secret, at: now, fenceFrom: 0 } : { ...row.value, secret }
  const made = await ledger.commit([{ put: 'identity', id: SELF, revision: row?.revision ?? 0, value }])
  return made.ok ? value : identityOf(ledger, { mint, now })
}
