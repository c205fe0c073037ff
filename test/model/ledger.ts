import type { RowKind } from '../../core/rows.ts'
import type { Stored, Write } from '../../flows/ledger-port.ts'
import { rowKey } from '../../flows/view-rows.ts'
import type { Guards, Ledger } from './state.ts'

/** Rows that nothing is decided from. */
const TOLD: ReadonlySet<string> = new Set(['out', 'shadow', 'name'])

export type Committed = { ok: true; ledger: Ledger } | { ok: false; conflict: string } | { ok: null; wrong: string }

/** One commit, all or nothing, as the port promises it: each row, sum and due row named once, on its revision, within bounds. */
export const committed = (ledger: Ledger, writes: readonly Write[], guards: Guards): Committed => {
  const after: Draft = { rows: { ...ledger.rows }, sums: { ...ledger.sums }, due: { ...ledger.due } }
  const named = new Set<string>()
  let conflict: string | null = null
  let wrong: string | null = null
  for (const write of writes) {
    const name = nameOf(write)
    if (name === null) continue
    if (named.has(name)) return { ok: null, wrong: `a commit names one ${name.split(' ', 1)[0]} twice` }
    named.add(name)
    const said = apply(after, write, { name, guards, ledger })
    if (said === 'wrong') wrong ??= `${name.slice(0, 3)} was not where the writer thought`
    else conflict ??= said
  }
  if (conflict === null && wrong !== null) return { ok: null, wrong }
  return conflict === null ? { ok: true, ledger: after } : { ok: false, conflict }
}

interface Draft {
  rows: Record<string, Stored<RowKind>>
  sums: Record<string, number>
  due: Record<string, number>
}

const nameOf = (write: Write): string | null => {
  if ('put' in write) return rowKey(write.put, write.id)
  if ('remove' in write) return rowKey(write.remove, write.id)
  if ('check' in write) return rowKey(write.check, write.id)
  if ('add' in write) return `sum ${write.add}`
  return 'due' in write ? `due ${write.due.group}#${write.due.by}` : null
}

const apply = (
  { rows, sums, due }: Draft,
  write: Write,
  { name, guards, ledger }: { name: string; guards: Guards; ledger: Ledger },
): string | null => {
  if ('due' in write) return applyDue(due, write, ledger)
  if ('add' in write) {
    const n = (sums[write.add] ?? 0) + write.by
    sums[write.add] = n
    const tooMuch = write.atMost !== null && n > write.atMost && guards.bounds
    return tooMuch || (write.atLeast !== null && n < write.atLeast) ? name : null
  }
  if ('moment' in write || 'count' in write) return null
  const kind = name.slice(0, name.indexOf(' '))
  if (TOLD.has(kind) || name.startsWith('look pool/')) return null
  const stands = rows[name]?.revision ?? 0
  if ('remove' in write) delete rows[name]
  if ('put' in write) rows[name] = { id: write.id, revision: stands + 1, value: write.value }
  return stands === write.revision || (kind === 'lane' && !guards.compares) ? null : name
}

const applyDue = (
  due: Draft['due'],
  { due: { group, by }, at, was }: Extract<Write, { due: unknown }>,
  ledger: Ledger,
): string | null => {
  if (group !== 'lane/a') return null
  if (at === null) delete due[by]
  else due[by] = at
  return (ledger.due[by] ?? null) === was ? null : 'wrong'
}

const held = new WeakMap<object, Record<string, number>>()
/** What of each sum is ours: the rows of its holds. */
export const heldRows = ({ rows }: Ledger): Record<string, number> => {
  const known = held.get(rows)
  if (known !== undefined) return known
  const found: Record<string, number> = {}
  for (const [key, { value }] of Object.entries(rows))
    if (key.startsWith('hold ')) found[key.slice(5, key.indexOf('#'))] = (value as { amount: number }).amount
  held.set(rows, found)
  return found
}
