import { DatabaseSync } from 'node:sqlite'
import { openLedger } from '../../../local/ledger/sqlite-ledger.ts'
import { ledgerContract } from '../../ports/ledger.contract.ts'

ledgerContract('SQLite', async () => {
  const database = new DatabaseSync(':memory:')
  return { ledger: openLedger(database), close: async () => database.close() }
})
