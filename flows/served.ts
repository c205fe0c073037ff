import { isUnderstood, type Letter, letterRow } from '../core/lane/letters.ts'
import { newerIn } from '../core/lane/newer.ts'
import { kindOf } from '../core/lane-kinds/catalogue.ts'
import type { RowKind, Rows } from '../core/rows.ts'
import { isTellable } from '../core/telling.ts'
import type { Due, Key, Ledger } from './ledger-port.ts'
import { outboxOf } from './outbox.ts'
import { readKeys } from './rows.ts'
import type { Reconciler } from './view.ts'

/** What this release knows of lanes and events. */
export type Catalogues = Pick<Reconciler, 'kinds' | 'reactions'>

/** Due rows, told apart: whom a wake lets go on, and groups of which a newer release has left something that this one does not know. */
export interface Sorted {
  served: Due[]
  newer: string[]
}

/**
 * Tells due rows apart by what they are of. What a newer release has left stays due as it is (law 15), and a wake changes nothing of
 * it: it takes nobody else the time that a minute has. What is not there any more is nobody's, and woken once more.
 */
export const sorted = async (
  ledger: Pick<Ledger, 'read'>,
  catalogues: Catalogues,
  due: readonly Due[],
): Promise<Sorted> => {
  const keys = due.map((one) => keysOf(one, catalogues))
  const flat = keys.flat()
  const found = new Map((await readKeys(ledger, flat)).map((row, n) => [nameOf(flat[n] as Key), row]))
  const at = <K extends RowKind>(key: Key<K>): Rows[K] | null =>
    (found.get(nameOf(key))?.value as Rows[K] | undefined) ?? null
  const isNewer = ({ group }: Due): boolean => {
    const doc = at({ kind: 'lane', id: group })
    return doc !== null && newerIn(doc) !== null
  }
  const isServed = (one: Due, n: number): boolean => {
    const of = keys[n] ?? []
    if (of.length === 0 || isNewer(one)) return false
    const left = of.filter((key) => key.kind !== 'lane' && at(key) !== null)
    return left.length === 0 || left.some((key) => isKnown(key, at(key), catalogues))
  }
  const served = new Set(due.filter(isServed))
  return { served: [...served], newer: [...new Set(due.filter((one) => !served.has(one)).map(({ group }) => group))] }
}

const nameOf = ({ kind, id }: Key): string => `${kind} ${id}`

/** Where what a due row is of lies, and the document of its lane; nowhere when this release has no such lanes. */
const keysOf = ({ group, by }: Due, { kinds }: Catalogues): Key[] => {
  const outbox = outboxOf(group)
  if (outbox !== null) return [{ kind: 'out', id: `${outbox.lane}#${by}` }]
  if (kindOf(kinds, group) === undefined) return []
  const letters = (['look', 'order'] as const).map((kind): Key => ({ kind, id: `${group}#${by}` }))
  return [{ kind: 'lane', id: group }, ...(by === 'lane' ? [] : letters)]
}

/** Whether this release knows how something is told, or what a letter says that counts where it lies. */
const isKnown = ({ kind }: Key, value: Rows[RowKind] | null, { reactions }: Catalogues): boolean => {
  if (kind === 'out') return isTellable((value as Rows['out']).telling)
  const letter = value as Letter
  return letterRow(letter) === kind && isUnderstood(letter, reactions)
}
