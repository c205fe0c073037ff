import { DAY, dayBegin, dayOf } from './days.ts'
import { endOf } from './evidence.ts'
import { billed, type InstanceRow, type Price, type Stretch, stretchesOf } from './instance.ts'

const HOUR = 3_600_000

/**
 * GPU time of a node that no pod has, by when: before its first pod, beside pods that do not fill it, between pods, and after its last one
 * so far.
 */
export const IDLE = { boot: '-boot', free: '-free', gap: '-gap', tail: '-tail' } as const

/** Lanes that have too little to be told one by one. */
export const MORE = '-more'

/** What one payer has of the nodes of a pool: a lane, `OTHERS`, or nobody (`IDLE`). */
export interface Cell {
  pool: string
  payer: string
  /** Of whole nodes: half of one for an hour is 1,800. */
  seconds: number
  /** Of those whose price is known. */
  dollars: number
  /** Of the seconds, those whose price nobody knows. */
  unpriced: number
}

/** One price of an instance in a day. */
export interface Part extends Omit<Stretch, 'at'> {
  seconds: number
  /** Null: nobody knows what an hour costs. */
  dollars: number | null
}

/** What one instance cost in one day (UTC): derived from its row, and put anew whenever that says something else. */
export interface BookedRow {
  day: string
  instance: string
  name: string
  gpus: number
  /** Billed from then until then, of this day. */
  from: number
  to: number
  /** What tells of its end; null: it goes on after the day. */
  ended: string | null
  parts: Part[]
  cells: Cell[]
}

/** The id of a line: of one day they lie together. */
export const bookedId = ({ day, instance }: Pick<BookedRow, 'day' | 'instance'>): string => `${day}#${instance}`

/** What an instance costs in a day so far, by who pays. */
export const cellsOf = (row: InstanceRow, day: string, now: number): Cell[] => {
  const { from, to } = within(billed(row, now), day)
  return from < to ? slicesOf(row, from, to).flatMap(cellsOfSlice) : []
}

/** The same with its prices, as it is booked; null: it costs nothing, it was not there. */
export const lineOf = (row: InstanceRow, day: string, now: number): BookedRow | null => {
  const { from, to } = within(billed(row, now), day)
  if (from >= to) return null
  const slices = slicesOf(row, from, to)
  return {
    day,
    instance: row.id,
    name: row.name,
    gpus: row.gpus,
    from,
    to,
    ended: (endOf(row) ?? Number.POSITIVE_INFINITY) <= dayBegin(day, 1) ? (row.end?.by ?? null) : null,
    parts: partsOf(slices),
    cells: addCells(slices.flatMap(cellsOfSlice)),
  }
}

/** The days of a row from a time on, until now. */
export const daysOf = (row: InstanceRow, since: number, now: number): string[] => {
  const { from, to } = billed(row, now)
  const days: string[] = []
  for (let at = dayBegin(dayOf(Math.max(from, since))); at < to; at += DAY) days.push(dayOf(at))
  return days
}

/** What an hour of it costs now, for whom. */
export const rateOfInstance = (row: InstanceRow, now: number): Cell[] =>
  endOf(row) === null ? cellsOfSlice({ ...sliceAt(partsIn(row), now, now), to: now + HOUR }) : []

/** Payer by payer, what all of them have. */
export const addCells = (cells: readonly Cell[]): Cell[] => {
  const sums = new Map<string, Cell>()
  for (const cell of cells) {
    const key = `${cell.pool} ${cell.payer}`
    const { seconds = 0, dollars = 0, unpriced = 0 } = sums.get(key) ?? {}
    sums.set(key, {
      ...cell,
      seconds: seconds + cell.seconds,
      dollars: dollars + cell.dollars,
      unpriced: unpriced + cell.unpriced,
    })
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => cell)
}

/** A time in which neither price nor pods change. */
interface Slice {
  from: number
  to: number
  stretch: Stretch | undefined
  /** GPUs by payer; what is left of the node is nobody's. */
  shares: [string, number][]
}

const within = ({ from, to }: { from: number; to: number }, day: string) => ({
  from: Math.max(from, dayBegin(day)),
  to: Math.min(to, dayBegin(day, 1)),
})

/** A row with its parts in order, and ends as times. */
interface Parts extends Pick<InstanceRow, 'gpus' | 'firstPod'> {
  stretches: Stretch[]
  pods: { lane: string; gpus: number; from: number; to: number }[]
}

const partsIn = (row: InstanceRow): Parts => ({
  gpus: row.gpus,
  firstPod: row.firstPod,
  stretches: stretchesOf(row),
  pods: Object.values(row.pods).map((pod) => ({
    ...pod,
    gpus: Math.min(pod.gpus, row.gpus),
    to: endOf(pod) ?? Number.POSITIVE_INFINITY,
  })),
})

const slicesOf = (row: InstanceRow, from: number, to: number): Slice[] => {
  const parts = partsIn(row)
  const cuts = [
    ...parts.stretches.map(({ at }) => at),
    ...parts.pods.flatMap((pod) => [pod.from, pod.to]),
    ...(row.firstPod === null ? [] : [row.firstPod]),
  ]
  const inside = cuts.filter((at) => at > from && at < to)
  const points = [...new Set([from, ...inside, to])].sort((a, b) => a - b)
  return points.slice(1).map((end, index) => sliceAt(parts, points[index] ?? from, end))
}

const sliceAt = (row: Parts, from: number, to: number): Slice => {
  const there = row.pods.filter((pod) => pod.from <= from && pod.to > from)
  const used = there.reduce((sum, { gpus }) => sum + gpus, 0)
  // More than the node has: one of them is gone already, and nobody has seen it.
  const whole = Math.max(row.gpus, used)
  const idle: [string, number][] = used < whole ? [[idleAt(row, from, used), (whole - used) / whole]] : []
  return {
    from,
    to,
    stretch: row.stretches.findLast(({ at }) => at <= from) ?? row.stretches[0],
    shares: [...there.map(({ lane, gpus }): [string, number] => [lane, gpus / whole]), ...idle],
  }
}

const idleAt = ({ firstPod, pods }: Parts, at: number, used: number): string => {
  if (used > 0) return IDLE.free
  if (firstPod === null || at < firstPod) return IDLE.boot
  return pods.some(({ from }) => from > at) ? IDLE.gap : IDLE.tail
}

const cellsOfSlice = ({ from, to, stretch, shares }: Slice): Cell[] =>
  shares.map(([payer, share]) => {
    const seconds = ((to - from) / 1000) * share
    const price = stretch?.price ?? null
    return {
      pool: stretch?.pool ?? '',
      payer,
      seconds,
      dollars: price === null ? 0 : (seconds * price.perHour) / 3600,
      unpriced: price === null ? seconds : 0,
    }
  })

const partsOf = (slices: readonly Slice[]): Part[] => {
  const parts = new Map<string, Part>()
  for (const { from, to, stretch } of slices) {
    const { at: _, ...what } = stretch ?? { at: 0, pool: '', instanceType: '', capacityType: null, price: null }
    const key = JSON.stringify(what)
    const seconds = (parts.get(key)?.seconds ?? 0) + (to - from) / 1000
    parts.set(key, { ...what, seconds, dollars: dollarsOf(what.price, seconds) })
  }
  return [...parts.values()]
}

const dollarsOf = (price: Price | null, seconds: number): number | null =>
  price === null ? null : (seconds * price.perHour) / 3600
