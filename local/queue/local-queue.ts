import type { Clock, Queue } from '../../flows/ports.ts'

/** Groups that are worked on at the same time. */
const SIDE_BY_SIDE = 64
/** An id is known for this long after it was taken. Milliseconds. */
const KNOWN_FOR = 5 * 60_000
/** What SQS takes as a group or an id. */
const LEGAL = /^[\x21-\x7e]{1,128}$/

export interface LocalQueue extends Queue {
  /** Resolves when nothing is queued and nobody works (also when there never was). */
  idle(): Promise<void>
  /** Resolves when nothing of this group is queued or worked on. */
  settled(group: string): Promise<void>
  /** No wake starts work any more; resolves when what is under way has ended. */
  close(): Promise<void>
  /** Ids that are kept, for tests of what memory holds. */
  remembered(): number
}

export interface QueueOptions {
  clock: Clock
  /** Called for a group that was woken: once for all wakes that come before it starts, once more for those during it. */
  work: (group: string) => Promise<void>
  sideBySide?: number
  /** Told of work that rejects. The group goes on with its next wake: whoever relies on it has written a due row. */
  onError?: (group: string, error: unknown) => void
}

/**
 * SQS FIFO with its consumer, in this process: one worker a group, groups in the order in which they were woken. It sets no
 * timers and waits for nothing but the work, so it runs under any clock. What is queued does not survive the process.
 */
export const openQueue = (options: QueueOptions): LocalQueue => {
  const { clock, work, sideBySide = SIDE_BY_SIDE, onError = () => undefined } = options
  const state: State = { groups: new Map(), line: openLine(), working: 0, closed: false, sideBySide, work, onError }
  const memory = openMemory()
  return {
    wake: async (group, id) => {
      checkLegal('group', group)
      checkLegal('id', id)
      if (!state.closed && memory.isNew(`${group} ${id}`, clock.now())) add(state, group)
    },
    idle: () => idle(state),
    settled: async (group) => state.groups.get(group)?.over.promise,
    close: () => {
      state.closed = true
      for (let next = state.line.take(); next !== undefined; next = state.line.take()) end(state, next)
      return idle(state)
    },
    remembered: () => memory.size(clock.now()),
  }
}

/** A group that was woken. `again`: worked on, and woken since. */
interface Woken {
  group: string
  is: 'queued' | 'working' | 'again'
  /** Resolves when nothing of it is queued or worked on. */
  over: PromiseWithResolvers<void>
}

interface State extends Required<Omit<QueueOptions, 'clock'>> {
  groups: Map<string, Woken>
  /** Those that are queued. */
  line: Line<Woken>
  /** How many are worked on. */
  working: number
  closed: boolean
}

const checkLegal = (what: 'group' | 'id', given: string): void => {
  if (LEGAL.test(given)) return
  const shown = JSON.stringify(given.slice(0, 200))
  throw new RangeError(`the ${what} of a wake has 1 to 128 ASCII letters, digits and punctuation, no spaces: ${shown}`)
}

const add = (state: State, group: string): void => {
  const found = state.groups.get(group)
  if (found?.is === 'working') found.is = 'again'
  if (found !== undefined) return
  const woken: Woken = { group, is: 'queued', over: Promise.withResolvers() }
  state.groups.set(group, woken)
  state.line.add(woken)
  queueMicrotask(() => start(state))
}

const start = (state: State): void => {
  while (state.working < state.sideBySide) {
    const next = state.line.take()
    if (next === undefined) return
    void workOn(state, next)
  }
}

const workOn = async (state: State, woken: Woken): Promise<void> => {
  woken.is = 'working'
  state.working += 1
  try {
    await state.work(woken.group)
  } catch (error) {
    state.onError(woken.group, error)
  }
  state.working -= 1
  leave(state, woken)
  start(state)
}

/** A group that was woken meanwhile goes to the end of the line, so that none starves behind it. */
const leave = (state: State, woken: Woken): void => {
  if (woken.is === 'again' && !state.closed) {
    woken.is = 'queued'
    state.line.add(woken)
  } else end(state, woken)
}

const end = (state: State, { group, over }: Woken): void => {
  state.groups.delete(group)
  over.resolve()
}

const idle = async ({ groups }: State): Promise<void> => {
  while (groups.size > 0) await Promise.all([...groups.values()].map(({ over }) => over.promise))
}

/** Which ids came in the last five minutes, and no others. */
const openMemory = () => {
  const ids = new Set<string>()
  const line = openLine<{ id: string; at: number }>()
  const forget = (now: number): void => {
    for (let oldest = line.first(); oldest !== undefined && oldest.at + KNOWN_FOR <= now; oldest = line.first()) {
      ids.delete(oldest.id)
      line.take()
    }
  }
  return {
    /** A repeat is not new, and does not make the id known for longer. */
    isNew: (id: string, now: number): boolean => {
      forget(now)
      if (ids.has(id)) return false
      ids.add(id)
      line.add({ id, at: now })
      return true
    },
    size: (now: number): number => {
      forget(now)
      return ids.size
    },
  }
}

/** First in, first out. */
interface Line<T> {
  add(item: T): void
  first(): T | undefined
  take(): T | undefined
}

interface Place<T> {
  item: T
  next: Place<T> | undefined
}

/** Chained, since taking the first out of an array, a `Map` or a `Set` takes longer the longer it is. */
const openLine = <T>(): Line<T> => {
  let head: Place<T> | undefined
  let tail: Place<T> | undefined
  return {
    add: (item) => {
      const place = { item, next: undefined }
      if (tail === undefined) head = place
      else tail.next = place
      tail = place
    },
    first: () => head?.item,
    take: () => {
      const taken = head?.item
      head = head?.next
      if (head === undefined) tail = undefined
      return taken
    },
  }
}
