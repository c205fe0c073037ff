import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Ledger } from '../../flows/ledger-port.ts'
import { openLedger } from '../../local/ledger/sqlite-ledger.ts'
import { openStores } from '../../local/stores.ts'
import { EXIT, Explained, type Where } from '../output.ts'
import { refuseAws } from './in-aws.ts'

/** Whether a product ever ran on the folder. */
export const hasLedger = (dataDir: string): boolean => existsSync(join(dataDir, 'ledger.db'))

/** Reads the ledger that the product on this folder writes, whether it runs or not. */
export const withLedger = async <T>(where: Where, read: (ledger: Ledger) => Promise<T>): Promise<T> => {
  refuseAws(where)
  if (!hasLedger(where.data))
    throw new Explained(
      `there is no ledger in ${where.data}: start the product once, or name its folder with --data`,
      EXIT.notRunning,
    )
  const stores = openStores(where.data)
  try {
    return await read(openLedger(stores.ledger))
  } finally {
    stores.close()
  }
}
