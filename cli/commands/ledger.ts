import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Ledger } from '../../flows/ledger-port.ts'
import { openLedger } from '../../local/ledger/sqlite-ledger.ts'
import { openStores } from '../../local/stores.ts'
import { EXIT, Explained, type Where } from '../output.ts'
import { withInstallation } from './in-aws.ts'

/** Whether a product ever ran on the folder. */
export const hasLedger = (dataDir: string): boolean => existsSync(join(dataDir, 'ledger.db'))

/** Reads the ledger that the product writes, whether it runs or not: of this folder, or of AWS. */
export const withLedger = <T>({ data, config, aws }: Where, read: (ledger: Ledger) => Promise<T>): Promise<T> =>
  aws === undefined ? withLocalLedger(data, read) : withInstallation({ aws, config }, ({ ledger }) => read(ledger))

const withLocalLedger = async <T>(data: string, read: (ledger: Ledger) => Promise<T>): Promise<T> => {
  if (!hasLedger(data))
    throw new Explained(
      `there is no ledger in ${data}: start the product once, or name its folder with --data`,
      EXIT.notRunning,
    )
  const stores = openStores(data)
  try {
    return await read(openLedger(stores.ledger))
  } finally {
    stores.close()
  }
}
