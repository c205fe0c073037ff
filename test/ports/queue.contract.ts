import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Queue } from '../../flows/ports.ts'

export interface OpenedQueue {
  queue: Queue
  /** Lets that much time go by, and everything happen that can until then; resolves also while work goes on. */
  pass(ms: number): Promise<void>
  /** Resolves when everything that was woken was worked on. Failed work may still be on its way to a repeat. */
  settle(): Promise<void>
  close(): Promise<void>
}

const SECONDS = 1000
/** Longer than any queue takes to come back to a group whose work failed: SQS hides a wake for 6 minutes. */
const AFTER_FAILURE = 10 * 60 * SECONDS
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'
const LONGEST = 'a'.repeat(128)

const ILLEGAL = {
  'of 129 characters': `${LONGEST}a`,
  empty: '',
  'with a space': 'a b',
  'with a tab': 'a\tb',
  'with a newline': 'a\nb',
  'ending in a newline': 'ab\n',
  'with a DEL': 'a\x7f',
  'with a letter that is not ASCII': 'ä',
  'with an emoji': '🚂',
}

/**
 * What every queue promises, by the rules of SQS FIFO that bite:
 * - an id is swallowed for 5 minutes from when it was taken: while queued, during the work, and after it (after the delete);
 * - a repeat does not extend them, and afterwards the id is delivered again;
 * - ids are per group (`DeduplicationScope: messageGroup`);
 * - a group is locked while it is worked on, the others are not, and a group with a backlog hides no other;
 * - group and id have 1 to 128 characters, ASCII letters, digits and punctuation.
 *
 * Left open, since a wake carries no truth: whether wakes that wait together are worked on once or once each, whether failed
 * work is repeated, order, and what is left when the process ends. Five minutes are tried to 15 seconds.
 */
export const queueContract = (
  name: string,
  open: (work: (group: string) => Promise<void>) => Promise<OpenedQueue>,
): void =>
  void describe(`${name} as a queue`, () => {
    let worker: Worker
    let opened: OpenedQueue
    beforeEach(async () => {
      worker = hire()
      opened = await open(worker.work)
    })
    afterEach(async () => {
      worker.releaseAll()
      await opened.close()
    })
    const rooms: Rooms = { worker: () => worker, opened: () => opened }

    it('has a wake worked on, once', async () => {
      await opened.queue.wake('run/support-chats', 'run/support-chats#7:2026-11-28T00:00:00Z')
      await opened.settle()
      expect(worker.begun).toEqual(['run/support-chats'])
    })

    describe('an id within five minutes', () => swallowed(rooms))
    describe('a group', () => alone(rooms))
    describe('group and id', () => legal(rooms))
    describe('work that fails', () => failing(rooms))
  })

interface Rooms {
  worker(): Worker
  opened(): OpenedQueue
}

const swallowed = ({ worker, opened }: Rooms): void => {
  const wake = (id: string, group = 'a') => opened().queue.wake(group, id)

  it('is swallowed while it is queued', async () => {
    await Promise.all([wake('1'), wake('1'), wake('1')])
    await opened().settle()
    expect(worker().times('a')).toBe(1)
  })

  it('is swallowed while it is queued behind another', async () => {
    worker().hold('a')
    await wake('1')
    await worker().reached('a', 1)
    for (const id of ['2', '1', '2']) await wake(id)
    worker().releaseAll()
    await opened().settle()
    expect(worker().times('a')).toBe(2)
  })

  it('is swallowed while it is worked on', async () => {
    worker().hold('a')
    await wake('1')
    await worker().reached('a', 1)
    await wake('1')
    await opened().pass(1 * SECONDS)
    worker().releaseAll()
    await opened().settle()
    expect(worker().times('a')).toBe(1)
  })

  it('is swallowed after it was worked on', async () => {
    await wake('1')
    await opened().settle()
    await wake('1')
    await opened().pass(285 * SECONDS)
    await wake('1')
    await opened().settle()
    expect(worker().times('a')).toBe(1)
  })

  it('is swallowed also when it waited together with others', async () => {
    worker().hold('a')
    await wake('1')
    await worker().reached('a', 1)
    for (const id of ['2', '3', '4']) await wake(id)
    worker().releaseAll()
    await opened().settle()
    const times = worker().times('a')
    for (const id of ['3', '4', '2', '1']) await wake(id)
    await opened().settle()
    expect(worker().times('a')).toBe(times)
  })

  it('is delivered again afterwards: repeats do not extend them', async () => {
    await wake('1')
    for (const seconds of [200, 85]) {
      await opened().pass(seconds * SECONDS)
      await wake('1')
    }
    await opened().settle()
    expect(worker().times('a')).toBe(1)
    await opened().pass(30 * SECONDS)
    await wake('1')
    await opened().settle()
    expect(worker().times('a')).toBe(2)
  })

  it('has five minutes anew when it was delivered again', async () => {
    await wake('1')
    await opened().pass(315 * SECONDS)
    await wake('1')
    await opened().pass(285 * SECONDS)
    await wake('1')
    await opened().settle()
    expect(worker().times('a')).toBe(2)
    await opened().pass(30 * SECONDS)
    await wake('1')
    await opened().settle()
    expect(worker().times('a')).toBe(3)
  })

  it('is delivered to each group that it is sent to', async () => {
    for (const group of ['a', 'b', 'c']) await wake('1', group)
    await wake('1', 'b')
    await wake('23', 'x')
    await wake('3', 'x2')
    await opened().settle()
    expect(['a', 'b', 'c', 'x', 'x2'].map(worker().times)).toEqual([1, 1, 1, 1, 1])
  })
}

const alone = ({ worker, opened }: Rooms): void => {
  it('is worked on again when it was woken during the work, and not at the same time', async () => {
    worker().hold('a')
    await opened().queue.wake('a', '1')
    await worker().reached('a', 1)
    await opened().queue.wake('a', '2')
    await opened().pass(1 * SECONDS)
    expect(worker().times('a')).toBe(1)
    worker().releaseAll()
    await opened().settle()
    expect(worker().times('a')).toBe(2)
  })

  it('may wake itself from its own work, at its very end', async () => {
    worker().after('a', (times) => (times < 5 ? opened().queue.wake('a', `again-${times}`) : undefined))
    await opened().queue.wake('a', 'first')
    await opened().settle()
    expect(worker().times('a')).toBe(5)
  })

  it('goes on while another one is blocked', async () => {
    worker().hold('a')
    await opened().queue.wake('a', '1')
    await worker().reached('a', 1)
    for (const id of ['2', '3']) await opened().queue.wake('a', id)
    for (const id of ['1', '2', '3']) {
      await opened().queue.wake('b', id)
      await worker().reached('b', Number(id))
    }
    expect(worker().times('a')).toBe(1)
  })

  it('is worked on promptly while another one floods', async () => {
    const { queue } = opened()
    const flood = Array.from({ length: 10_000 }, (_, n) => queue.wake('flood', String(n)))
    const before = worker().begun.length
    await Promise.all([...flood, queue.wake('other', '1')])
    await worker().reached('other', 1)
    expect(worker().begun.slice(before).indexOf('other')).toBeLessThan(100)
  })

  it('is worked on promptly while another one that floods is blocked', async () => {
    worker().hold('flood')
    const { queue } = opened()
    await Promise.all(Array.from({ length: 10_000 }, (_, n) => queue.wake('flood', String(n))))
    await queue.wake('other', '1')
    await worker().reached('other', 1)
    expect(worker().times('flood')).toBe(1)
  })

  it('is never worked on twice at once, and never rests before the last wake, whatever comes when', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 40 }), async (moves) => {
        run += 1
        await play(moves, { run, worker: worker(), opened: opened() })
      }),
    )
  })
}

type Move = { kind: 'wake'; group: number; id: number } | { kind: 'release'; group: number } | { kind: 'pass' | 'turn' }

const group = fc.nat({ max: 2 })
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wake' as const), group, id: fc.nat({ max: 7 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), group }) },
  fc.record({ kind: fc.constantFrom('pass' as const, 'turn' as const) }),
)

/** Plays the moves on groups of their own, every work held until a move releases it, and looks at what is promised. */
const play = async (
  moves: Move[],
  { run, worker, opened }: { run: number; worker: Worker; opened: OpenedQueue },
): Promise<void> => {
  const groups = [0, 1, 2].map((n) => `run-${run}/${n}`)
  /** Of each group the ids that it was woken with, and how often work had begun before the newest of them. */
  const woken = groups.map(() => ({ ids: new Set<number>(), before: -1 }))
  for (const name of groups) worker.hold(name)
  for (const made of moves) {
    if (made.kind === 'wake') {
      const of = woken[made.group]!
      if (!of.ids.has(made.id)) of.before = worker.times(groups[made.group]!)
      of.ids.add(made.id)
      await opened.queue.wake(groups[made.group]!, String(made.id))
    } else if (made.kind === 'release') worker.releaseOne(groups[made.group]!)
    else if (made.kind === 'turn') await null
    else {
      await opened.pass(0)
      for (const [n, { before }] of woken.entries())
        expect(worker.times(groups[n]!) > before || worker.works(groups[n]!)).toBe(true)
    }
    expect(worker.twiceAtOnce).toEqual([])
  }
  for (const name of groups) worker.release(name)
  await opened.settle()
  expect(worker.twiceAtOnce).toEqual([])
  for (const [n, { ids, before }] of woken.entries()) {
    expect(worker.times(groups[n]!)).toBeGreaterThan(before)
    expect(worker.times(groups[n]!)).toBeLessThanOrEqual(ids.size)
  }
}

const legal = ({ worker, opened }: Rooms): void => {
  it.each([LONGEST, 'x', PUNCTUATION, 'out/run/support-chats', 'Az09'])('may be %s', async (given) => {
    await opened().queue.wake(given, given)
    await opened().settle()
    expect(worker().begun).toEqual([given])
  })

  it.each(Object.entries(ILLEGAL))('are refused %s', async (_, given) => {
    await expect(opened().queue.wake(given, 'id')).rejects.toThrow(RangeError)
    await expect(opened().queue.wake('group', given)).rejects.toThrow(RangeError)
    await opened().settle()
    expect(worker().begun).toEqual([])
  })
}

const failing = ({ worker, opened }: Rooms): void =>
  it('keeps no one from being worked on, nor its own group from its next wake', async () => {
    const { queue, settle, pass } = opened()
    worker().failOnce('a')
    await queue.wake('a', '1')
    await worker().reached('a', 1)
    await queue.wake('b', '1')
    await worker().reached('b', 1)
    await settle()
    await pass(AFTER_FAILURE)
    await settle()
    const before = worker().times('a')
    await queue.wake('a', '2')
    await settle()
    expect(worker().times('a')).toBe(before + 1)
  })

type Worker = ReturnType<typeof hire>

/** Work that can be held, fails on demand, and writes down what it was called for. */
const hire = () => {
  const begun: string[] = []
  const twiceAtOnce: string[] = []
  const under = new Set<string>()
  const held = new Map<string, PromiseWithResolvers<void>>()
  const failures = new Set<string>()
  const lasts = new Map<string, (times: number) => Promise<void> | undefined>()
  const watchers = new Set<() => void>()
  const counts = new Map<string, number>()
  const times = (group: string): number => counts.get(group) ?? 0
  const release = (group: string): void => {
    held.get(group)?.resolve()
    held.delete(group)
  }
  const work = async (group: string): Promise<void> => {
    if (under.has(group)) twiceAtOnce.push(group)
    under.add(group)
    begun.push(group)
    counts.set(group, times(group) + 1)
    for (const look of watchers) look()
    await held.get(group)?.promise
    await lasts.get(group)?.(times(group))
    under.delete(group)
    if (failures.delete(group)) throw new Error(`the work on ${group} fails`)
  }
  return {
    work,
    /** The group of every work, in the order in which they began. */
    begun,
    /** Groups whose work began while it was under way. */
    twiceAtOnce,
    times,
    works: (group: string): boolean => under.has(group),
    /** Work on this group does not end from now on. */
    hold: (group: string): void => void held.set(group, Promise.withResolvers()),
    release,
    releaseAll: (): void => [...held.keys()].forEach(release),
    /** What is under way ends, the next is held again. */
    releaseOne: (group: string): void => {
      release(group)
      held.set(group, Promise.withResolvers())
    },
    failOnce: (group: string): void => void failures.add(group),
    /** What work on this group does last. */
    after: (group: string, last: (times: number) => Promise<void> | undefined): void => void lasts.set(group, last),
    /** Resolves when work on this group has begun that often. */
    reached: (group: string, often: number): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (times(group) < often) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        look()
      }),
  }
}
