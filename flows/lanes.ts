import type { LaneRow, RowKind, Rows } from '../core/rows.ts'
import type { Ledger } from './ports.ts'

/** Rows of one page. */
const PAGE = 1000

/** Every row of a kind, page by page: thousands of models have thousands of lanes, and runs are kept. */
export const everyRow = async <K extends RowKind>(ledger: Pick<Ledger, 'list'>, kind: K): Promise<Rows[K][]> => {
  const rows: Rows[K][] = []
  for (let after: string | undefined; ; ) {
    const page = await ledger.list(kind, { limit: PAGE, ...(after === undefined ? {} : { after }) })
    rows.push(...page.map(({ value }) => value))
    if (page.length < PAGE) return rows
    after = page.at(-1)?.id
  }
}

/** Every lane that there is. */
export const everyLane = (ledger: Pick<Ledger, 'list'>): Promise<LaneRow[]> => everyRow(ledger, 'lane')
