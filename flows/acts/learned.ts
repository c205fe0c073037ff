import type { Run } from '../../core/lane/document.ts'
import { keepsLearned, type Seen } from '../../core/lane/planning.ts'
import type { View } from '../../core/lane/view.ts'
import { LOOKED_AT } from '../../core/planning/learned.ts'
import type { WorkPorts } from '../ports.ts'
import { valuesOf } from '../rows.ts'

type Asking = Pick<WorkPorts, 'ledger'>

/** What a plan of this learns from the lane's last runs: one query. */
export const learnedOf = async (
  { ledger }: Asking,
  { kind, doc }: Pick<View, 'kind' | 'doc'>,
  desired: Run['desired'] | null,
): Promise<Seen['learned']> => {
  if (kind.learns === undefined || desired === null) return undefined
  const rows = await ledger.list('past', { prefix: `${doc.lane}#`, limit: LOOKED_AT, reverse: true })
  return kind.learns(valuesOf(rows), desired as never)
}

/** The same of what is planned next; nothing is read for what is planned already: that keeps what was learned for it. */
export const learnedNow = async (ports: Asking, view: View): Promise<Seen['learned']> =>
  keepsLearned(view) ? undefined : learnedOf(ports, view, view.doc.run?.desired ?? view.doc.desired)
