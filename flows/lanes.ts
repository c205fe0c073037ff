import type { LaneRow } from '../core/rows.ts'
import type { Ledger } from './ports.ts'

/** Rows of one page. */
const PAGE = 1000

/** Every lane that there is, page by page: thousands of models have thousands. */
export const everyLane = async (ledger: Pick<Ledger, 'list'>): Promise<LaneRow[]> => {
  const lanes: LaneRow[] = []
  for (let after: string | undefined; ; ) {
    const page = await ledger.list('lane', { limit: PAGE, ...(after === undefined ? {} : { after }) })
    lanes.push(...page.map(({ value }) => value))
    if (page.length < PAGE) return lanes
    after = page.at(-1)?.id
  }
}
