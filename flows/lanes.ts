import type { LaneDocument } from '../core/lane/document.ts'
import type { Ledger } from './ledger-port.ts'
import { readRows, valuesOf } from './rows.ts'

const PAGE = 1000

/** Names of all lanes that have a document. */
export const laneNames = async (ledger: Pick<Ledger, 'lanes'>): Promise<string[]> => {
  const names: string[] = []
  for (let after: string | undefined; ; ) {
    const page = await ledger.lanes({ limit: PAGE, ...(after === undefined ? {} : { after }) })
    names.push(...page)
    if (page.length < PAGE) return names
    after = page.at(-1)
  }
}

/** Every lane's document. */
export const everyLane = async (ledger: Pick<Ledger, 'lanes' | 'read'>): Promise<LaneDocument[]> =>
  valuesOf(await readRows(ledger, 'lane', await laneNames(ledger)))
