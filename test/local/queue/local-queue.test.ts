import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { virtualClock } from '../../../local/clock.ts'
import { openQueue, type QueueOptions } from '../../../local/queue/local-queue.ts'
import { queueContract } from '../../ports/queue.contract.ts'

const MINUTES = 60_000

queueContract('the local one', async (work) => {
  const clock = virtualClock(0)
  const queue = openQueue({ clock, work })
  const pass = async (ms: number): Promise<void> => {
    await setImmediate()
    clock.set(clock.now() + ms)
    await setImmediate()
  }
  return { queue, pass, settle: queue.idle, close: queue.close }
})

/** A queue whose work writes down its group and then waits for `gate`, where there is one. */
const open = (given: Partial<QueueOptions> & { gate?: Promise<void> } = {}) => {
  const clock = virtualClock(0)
  const begun: string[] = []
  const work = async (group: string): Promise<void> => {
    begun.push(group)
    await given.gate
  }
  return { clock, begun, queue: openQueue({ clock, work, ...given }) }
}

/** Whether it has resolved by now. */
const resolved = async (promise: Promise<void>): Promise<boolean> => {
  let is = false
  void promise.then(() => {
    is = true
  })
  await setImmediate()
  return is
}

describe('time', () => {
  it('is not needed for work to start, and the wake comes back before it', async () => {
    const { queue, begun } = open()
    const woken = queue.wake('a', '1')
    expect(begun).toEqual([])
    await woken
    await null
    expect(begun).toEqual(['a'])
  })

  it('makes an id new after five minutes to the millisecond', async () => {
    const { queue, begun, clock } = open()
    await queue.wake('a', '1')
    await queue.idle()
    for (const [at, times] of [
      [5 * MINUTES - 1, 1],
      [5 * MINUTES, 2],
      [10 * MINUTES - 1, 2],
      [10 * MINUTES, 3],
    ] as const) {
      clock.set(at)
      await queue.wake('a', '1')
      await queue.idle()
      expect(begun).toHaveLength(times)
    }
  })
})

describe('side by side', () => {
  it.each([
    [undefined, 64],
    [1, 1],
    [3, 3],
  ])('given %s, %d groups are worked on at once, first come first served', async (sideBySide, most) => {
    const gate = Promise.withResolvers<void>()
    const { queue, begun } = open({ gate: gate.promise, ...(sideBySide === undefined ? {} : { sideBySide }) })
    const groups = Array.from({ length: 100 }, (_, n) => `g-${n}`)
    for (const group of groups) await queue.wake(group, '1')
    await setImmediate()
    expect(begun).toEqual(groups.slice(0, most))
    gate.resolve()
    await queue.idle()
    expect(begun).toEqual(groups)
  })

  it('a group that wakes itself goes to the end of the line', async () => {
    const begun: string[] = []
    const work = async (group: string): Promise<void> => {
      begun.push(group)
      if (group === 'busy' && begun.length < 9) await queue.wake('busy', String(begun.length))
    }
    const { queue } = open({ sideBySide: 1, work })
    for (const group of ['busy', 'a', 'b']) await queue.wake(group, 'first')
    await queue.wake('busy', 'second')
    await queue.idle()
    expect(begun.slice(0, 4)).toEqual(['busy', 'a', 'b', 'busy'])
  })

  it('wakes that wait together are one more work', async () => {
    const gate = Promise.withResolvers<void>()
    const { queue, begun } = open({ gate: gate.promise })
    await queue.wake('a', 'first')
    await setImmediate()
    for (let n = 0; n < 1000; n += 1) await queue.wake('a', String(n))
    gate.resolve()
    await queue.idle()
    expect(begun).toEqual(['a', 'a'])
  })

  it('10,000 groups at once are all worked on, once each', async () => {
    let [now, most] = [0, 0]
    const done = new Set<string>()
    const work = async (group: string): Promise<void> => {
      now += 1
      most = Math.max(most, now)
      await null
      now -= 1
      done.add(group)
    }
    const { queue } = open({ work })
    await Promise.all(Array.from({ length: 10_000 }, (_, n) => queue.wake(`g-${n}`, '1')))
    await queue.idle()
    expect([done.size, most, now]).toEqual([10_000, 64, 0])
  })
})

describe('idle and settled', () => {
  it('resolve at once where nothing was ever woken', async () => {
    const { queue } = open()
    expect(await resolved(queue.idle())).toBe(true)
    expect(await resolved(queue.settled('a'))).toBe(true)
  })

  it('wait for what is queued, also right after the wake', async () => {
    const { queue, begun } = open()
    void queue.wake('a', '1')
    void queue.wake('b', '1')
    await queue.settled('b')
    expect(begun).toContain('b')
    await queue.idle()
    expect(begun).toEqual(['a', 'b'])
  })

  it('wait for the work, and for what it was woken for meanwhile', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let works = 0
    const { queue } = open({ work: () => gates[works++]?.promise ?? Promise.resolve() })
    await queue.wake('a', '1')
    await setImmediate()
    await queue.wake('a', '2')
    const [idle, settled] = [queue.idle(), queue.settled('a')]
    gates[0]?.resolve()
    expect([await resolved(idle), await resolved(settled), works]).toEqual([false, false, 2])
    gates[1]?.resolve()
    expect([await resolved(idle), await resolved(settled), works]).toEqual([true, true, 2])
  })

  it('settled does not wait for other groups, idle does, also for those that come later', async () => {
    const gates = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() }
    const { queue } = open({ work: (group) => gates[group as 'a' | 'b'].promise })
    await queue.wake('a', '1')
    const idle = queue.idle()
    await queue.wake('b', '1')
    const settled = queue.settled('a')
    gates.a.resolve()
    expect([await resolved(settled), await resolved(idle), await resolved(queue.settled('b'))]).toEqual([
      true,
      false,
      false,
    ])
    gates.b.resolve()
    expect(await resolved(idle)).toBe(true)
  })

  it('come true again each time', async () => {
    const { queue, begun } = open()
    for (const id of ['1', '2', '3']) {
      await queue.wake('a', id)
      await queue.idle()
      expect(begun).toHaveLength(Number(id))
    }
  })
})

describe('work that fails', () => {
  it.each([
    ['rejects', async () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
  ])('and %s is told with its group, and its place goes to the next', async (_, work) => {
    const told: unknown[] = []
    const onError = (...args: unknown[]) => void told.push(args)
    const { queue } = open({ work, onError, sideBySide: 1 })
    for (const group of ['a', 'b']) await queue.wake(group, '1')
    await queue.idle()
    await queue.wake('a', '2')
    await queue.settled('a')
    expect(told).toEqual(['a', 'b', 'a'].map((group) => [group, new Error('no')]))
  })

  it('need not be listened to', async () => {
    const { queue } = open({ work: () => Promise.reject(new Error('no')) })
    await queue.wake('a', '1')
    expect(await resolved(queue.idle())).toBe(true)
  })
})

describe('closing', () => {
  it('waits for what is under way, and starts nothing more', async () => {
    const gate = Promise.withResolvers<void>()
    const { queue, begun } = open({ gate: gate.promise, sideBySide: 1 })
    await queue.wake('a', '1')
    await setImmediate()
    for (const group of ['a', 'b']) await queue.wake(group, '2')
    const [idle, queued, closed] = [queue.idle(), queue.settled('b'), queue.close()]
    expect([await resolved(queued), await resolved(idle), await resolved(closed)]).toEqual([true, false, false])
    await queue.wake('a', '3')
    gate.resolve()
    expect([await resolved(idle), await resolved(closed), await resolved(queue.close())]).toEqual([true, true, true])
    expect(begun).toEqual(['a'])
  })

  it('drops a wake whose work has not started', async () => {
    const { queue, begun } = open()
    void queue.wake('a', '1')
    await queue.close()
    await setImmediate()
    expect(begun).toEqual([])
  })

  it('makes wakes do nothing, and keeps nothing of them', async () => {
    const { queue, begun } = open()
    await queue.close()
    await queue.wake('a', '1')
    await queue.idle()
    expect(begun).toEqual([])
    expect(queue.remembered()).toBe(0)
  })
})

describe('memory', () => {
  it('holds the ids of the last five minutes after a quarter of a million wakes of many groups over a day', async () => {
    const wakes = 250_000
    const day = 24 * 60 * MINUTES
    const { queue, clock } = open({ work: async () => undefined })
    let most = 0
    for (let n = 0; n < wakes; n += 1) {
      clock.set(Math.floor((n * day) / wakes))
      void queue.wake(`g-${n % 499}`, `id-${n}`)
      if (n % 500 !== 0) continue
      await queue.idle()
      most = Math.max(most, queue.remembered())
    }
    expect(most).toBeGreaterThan(800)
    expect(most).toBeLessThanOrEqual(Math.ceil((wakes * 5 * MINUTES) / day))
    clock.set(day + 5 * MINUTES)
    expect(queue.remembered()).toBe(0)
  })
})
