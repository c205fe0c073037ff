import type { RowKind, Rows } from '../core/rows.ts'
import type { Key, Ledger, Stored } from './ledger-port.ts'

/** One row, or null. */
export const readRow = async <K extends RowKind>(
  ledger: Pick<Ledger, 'read'>,
  kind: K,
  id: string,
): Promise<Stored<K> | null> => (await ledger.read([{ kind, id }]))[0] as Stored<K> | null

/** Rows of one batch. */
const BATCH = 100

/** Any number of rows at once, in the order of the keys. */
export const readKeys = async (
  ledger: Pick<Ledger, 'read'>,
  keys: readonly Key[],
): Promise<(Stored<RowKind> | null)[]> => {
  const count = Math.ceil(keys.length / BATCH)
  const batches = Array.from({ length: count }, (_, n) => keys.slice(n * BATCH, (n + 1) * BATCH))
  return (await Promise.all(batches.map((some) => ledger.read(some)))).flat()
}

/** Any number of rows of one kind, those that are there. */
export const readRows = async <K extends RowKind>(
  ledger: Pick<Ledger, 'read'>,
  kind: K,
  ids: readonly string[],
): Promise<Stored<K>[]> => {
  const keys = ids.map((id) => ({ kind, id }))
  return (await readKeys(ledger, keys)).filter((row) => row !== null) as Stored<K>[]
}

/** Rows of one page. */
const PAGE = 1000

/** Every row of one owner, page by page. */
export const everyRow = async <K extends RowKind>(
  ledger: Pick<Ledger, 'list'>,
  kind: K,
  prefix?: string,
): Promise<Stored<K>[]> => {
  const rows: Stored<K>[] = []
  for (let after: string | undefined; ; ) {
    const page = await ledger.list(kind, {
      limit: PAGE,
      ...(prefix === undefined ? {} : { prefix }),
      ...(after === undefined ? {} : { after }),
    })
    rows.push(...page)
    if (page.length < PAGE) return rows
    after = page.at(-1)?.id
  }
}

/** Values of rows. */
export const valuesOf = <K extends RowKind>(rows: readonly Stored<K>[]): Rows[K][] => rows.map(({ value }) => value)
