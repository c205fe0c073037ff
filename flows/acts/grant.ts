import type { Head } from '../../core/lane/granting.ts'
import type { View } from '../../core/lane/view.ts'
import type { LineRow } from '../../core/rows.ts'
import type { Key, Stored } from '../ledger-port.ts'
import { observe } from '../observe.ts'
import type { WorkPorts } from '../ports.ts'
import { readKeys } from '../rows.ts'
import { headsOf } from '../view-rows.ts'
import type { Performed } from './performed.ts'

/** Looks at the pools, and at what counts beside the rows of those who stand first in the line. */
export const grant = async (ports: WorkPorts, view: View): Promise<Performed> => {
  const line = view.line ?? []
  const [world, beside, elsewhere] = await Promise.all([
    observe(ports, view),
    besideOf(ports, line),
    linesOf(ports, view, line),
  ])
  const heads = line.map((row): Head => ({ row, behind: behindOf(row, elsewhere), ...beside(row) }))
  return { result: { kind: 'lined', heads }, seen: { world } }
}

/** Freezes of lanes that stand in the line, and of the rooms they wait for; and what is held for them. */
const besideOf = async ({ ledger }: WorkPorts, line: readonly LineRow[]) => {
  const keys = [{ kind: 'freeze', id: '*' } as Key, ...line.flatMap(keysOf)]
  const rows = await readKeys(ledger, keys)
  const found = new Map(keys.map((key, index) => [`${key.kind} ${key.id}`, rows[index] ?? null]))
  const frozen = (lane: string): number =>
    (found.get(`freeze ${lane}`) as Stored<'freeze'> | null | undefined)?.value.until ?? 0
  return ({ lane, needs }: LineRow): Pick<Head, 'frozenUntil' | 'had'> => ({
    frozenUntil: Math.max(...[lane, '*', ...Object.keys(needs)].map(frozen)) || null,
    had: Object.fromEntries(
      Object.keys(needs).flatMap((room): [string, Head['had'][string]][] => {
        const row = found.get(`hold ${room}#${lane}`) as Stored<'hold'> | null | undefined
        return row == null ? [] : [[room, row]]
      }),
    ),
  })
}

const keysOf = ({ lane, needs }: LineRow): Key[] => [
  { kind: 'freeze', id: lane },
  ...Object.keys(needs).flatMap((room): Key[] => [
    { kind: 'hold', id: `${room}#${lane}` },
    { kind: 'freeze', id: room },
  ]),
]

/** The first places of the other lines in which somebody of this one stands too. */
const linesOf = async (
  { ledger }: WorkPorts,
  { doc }: View,
  line: readonly LineRow[],
): Promise<Map<string, string[]>> => {
  const rooms = new Set(line.flatMap((row) => row.rooms).filter((room) => room !== doc.lane))
  const read = [...rooms].map(async (room): Promise<[string, string[]]> => {
    const heads = await headsOf(ledger, room)
    return [room, heads.map(({ place }) => place)]
  })
  return new Map(await Promise.all(read))
}

/** In every line places have the same order, so whoever is first of all is first in each of its lines. */
const behindOf = ({ place, rooms }: LineRow, elsewhere: ReadonlyMap<string, string[]>): string[] =>
  rooms.filter((room) => elsewhere.get(room)?.some((other) => other < place) === true)
