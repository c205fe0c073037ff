import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openBus } from '../../../local/bus/local-bus.ts'
import { virtualClock } from '../../../local/clock.ts'
import { type BusTarget, busContract } from '../../ports/bus.contract.ts'

const open = (targets: BusTarget[], database = new DatabaseSync(':memory:')) => {
  const clock = virtualClock(0)
  const bus = openBus({ database, clock, targets })
  const pass = async (seconds: number): Promise<void> => {
    const end = clock.now() + seconds * 1000
    for (let due = await bus.advance(clock.now()); due !== null && due <= end; due = await bus.advance(clock.now()))
      clock.set(due)
    clock.set(end)
  }
  return { bus, pass, close: async () => undefined }
}

busContract('the local one', async (targets) => open(targets))

describe('deliveries that fail', () => {
  const never: BusTarget = {
    name: 'never',
    pattern: { source: ['x'] },
    deliver: async () => {
      throw new Error('no')
    },
  }

  it('are given up after a day, counted, and not lost silently', async () => {
    const { bus, pass } = open([never])
    await bus.publish([{ source: 'x', detailType: 'y', detail: {} }])
    await pass(23 * 3600)
    expect(bus.dead()).toBe(0)
    await pass(2 * 3600)
    expect(bus.dead()).toBe(1)
  })

  it('survive the process', async () => {
    const database = new DatabaseSync(':memory:')
    await open([never], database).bus.publish([{ source: 'x', detailType: 'y', detail: { n: 7 } }])
    const got: unknown[] = []
    const again = open([{ ...never, deliver: async (event) => void got.push(event) }], database)
    await again.pass(1)
    expect(got).toMatchObject([{ detail: { n: 7 } }])
  })

  it('cannot come from a pattern that the bus does not understand: it is refused at the start', () => {
    expect(() => open([{ ...never, pattern: { source: [{ cidr: '10.0.0.0/8' }] } as never }])).toThrow('cidr')
  })
})
