import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { virtualClock } from '../../../local/clock.ts'
import { openWorkflow } from '../../../local/workflow/sqlite-workflow.ts'
import { workflowContract } from '../../ports/workflow.contract.ts'

const key = { lane: 'l', generation: 1, attempt: 1 }

workflowContract('the durable SDK on SQLite', async (run) => {
  const database = new DatabaseSync(':memory:')
  const clock = virtualClock(0)
  const start = () => openWorkflow({ database, clock, run })
  let handle = start()
  return {
    workflow: {
      start: (name, payload) => handle.start(name, payload),
      ring: (bell) => handle.ring(bell),
      describe: (name) => handle.describe(name),
    },
    pass: async (seconds) => {
      const end = clock.now() + seconds * 1000
      for (
        let next = await handle.advance(clock.now());
        next !== null && next <= end;
        next = await handle.advance(clock.now())
      )
        clock.set(next)
      clock.set(end)
      await handle.advance(end)
    },
    restart: async () => {
      handle.close()
      handle = start()
    },
    close: async () => handle.close(),
  }
})

describe('what is kept', () => {
  it('nothing of a finished execution but its name, and that not for ever', async () => {
    const clock = virtualClock(0)
    const workflow = openWorkflow({
      database: new DatabaseSync(':memory:'),
      clock,
      retentionMs: 1000,
      run: (context) => context.step('x', async () => 1),
    })
    for (let n = 0; n < 20; n++) await workflow.start(`e-${n}`, key)
    await workflow.advance(0)
    expect([workflow.operations(), workflow.executions(), await workflow.describe('e-3')]).toEqual([0, 0, 'closed'])
    clock.set(2000)
    await workflow.advance(2000)
    expect(await workflow.describe('e-3')).toBe('unknown')
  })

  it('far fewer than 3,000 operations for a month of waiting in growing slices', async () => {
    const clock = virtualClock(0)
    const workflow = openWorkflow({
      database: new DatabaseSync(':memory:'),
      clock,
      run: async (context) => {
        for (let k = 0; k < 130; k++) {
          await context.step(`look ${k}`, async () => k)
          await context.sleep(`sleep ${k}`, Math.min(60 * 2 ** Math.min(k, 9), 21_600), async () => true)
        }
        await context.sleep('last', 3600, async () => true)
      },
    })
    await workflow.start('month', key)
    for (let due = await workflow.advance(0); due !== null && due < 30 * 86_400_000; due = await workflow.advance(due))
      clock.set(due)
    expect(workflow.operations()).toBeLessThan(1000)
  })

  it('another payload under a known name is an error', async () => {
    const workflow = openWorkflow({
      database: new DatabaseSync(':memory:'),
      clock: virtualClock(0),
      run: async () => null,
    })
    await workflow.start('e', key)
    await expect(workflow.start('e', { ...key, attempt: 2 })).rejects.toThrow('another payload')
  })
})
