import { memoryLedger } from '../../../local/ledger/memory-ledger.ts'
import { ledgerContract } from '../../ports/ledger.contract.ts'

ledgerContract('Memory', async () => ({ ledger: memoryLedger(), close: async () => {} }))
