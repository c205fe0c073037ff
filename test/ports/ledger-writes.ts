import type { FreezeRow, RowKind } from '../../core/rows.ts'
import type { Write } from '../../flows/ledger-port.ts'

export const row = (by: string): FreezeRow => ({ lane: 'l', by, at: 1, until: 2 })
/** The ledger does not look into values: every kind takes this one. */
export const putOf = (kind: RowKind, id: string, revision = 0, by = 'ana') =>
  ({ put: kind, id, revision, value: row(by) }) as Write
export const put = (id: string, revision: number, by = 'ana') => putOf('freeze', id, revision, by)
export const add = (id: string, by: number, atMost: number | null = null, atLeast: number | null = null): Write => ({
  add: id,
  by,
  atMost,
  atLeast,
})
/** A due row that is written. */
interface Move {
  at: number | null
  was?: number | null
  by?: string
  side?: string | null
}
export const due = (group: string, { at, was = null, by = 'lane', side = null }: Move): Write => ({
  due: { group, by },
  at,
  was,
  side,
})
export const moment = (text: string, lane = 'l'): Write => ({
  moment: { at: 1, lane, generation: null, attempt: null, kind: 'note', text, data: { text } },
})
export const many = <T>(length: number, make: (n: number) => T): T[] => Array.from({ length }, (_, n) => make(n))
export const digits = (n: number): string => String(n).padStart(4, '0')
