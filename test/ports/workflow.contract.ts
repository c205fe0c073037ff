import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunKey } from '../../core/names.ts'
import { Unavailable, type Workflow, type WorkflowContext } from '../../flows/ports.ts'

type Run = (context: WorkflowContext, run: RunKey) => Promise<unknown>

/** An engine under test: `pass` lets that much time go by, everything due in between included. */
export interface Engine {
  workflow: Workflow
  pass(seconds: number): Promise<void>
  /** The process ends and another one goes on. */
  restart(): Promise<void>
  close(): Promise<void>
}

const key: RunKey = { lane: 'l', generation: 1, attempt: 1 }

/** What every durable workflow promises. */
export const workflowContract = (name: string, open: (run: Run) => Promise<Engine>): void =>
  void describe(`${name} as a workflow`, () => {
    let engine: Engine
    let body: Run = async () => null
    beforeEach(async () => {
      engine = await open((context, run) => body(context, run))
    })
    afterEach(() => engine.close())

    it('runs a named start once, with its payload; the same name again changes nothing, also after its end', async () => {
      const runs: RunKey[] = []
      body = async (context, run) => context.step('only', async () => runs.push(run))
      await engine.workflow.start('a', key)
      await engine.workflow.start('a', key)
      await engine.pass(1)
      await engine.workflow.start('a', key)
      await engine.pass(1)
      expect(runs).toEqual([key])
      expect(await engine.workflow.describe('a')).toBe('closed')
      expect(await engine.workflow.describe('b')).toBe('unknown')
    })

    it('remembers a step’s answer across sleeps and restarts', async () => {
      let did = 0
      const seen: number[] = []
      body = async (context) => {
        seen.push(await context.step('once', async () => ++did))
        await context.sleep('nap', 60, async () => true)
      }
      await engine.workflow.start('a', key)
      await engine.pass(1)
      await engine.restart()
      await engine.pass(120)
      expect(did).toBe(1)
      expect(new Set(seen)).toEqual(new Set([1]))
      expect(await engine.workflow.describe('a')).toBe('closed')
    })

    it('sleeps until the bell is rung, once', async () => {
      let bell = ''
      body = async (context) =>
        context.sleep('nap', 3600, async (id) => {
          bell = id
          return true
        })
      await engine.workflow.start('a', key)
      await engine.pass(60)
      expect(await engine.workflow.describe('a')).toBe('running')
      expect(await engine.workflow.ring(bell)).toBe('rung')
      expect(await engine.workflow.ring(bell)).toBe('closed')
      await engine.pass(1)
      expect(await engine.workflow.describe('a')).toBe('closed')
    })

    it('loses no bell that is rung before it sleeps', async () => {
      body = async (context) =>
        context.sleep('nap', 3600, async (bell) => {
          expect(await engine.workflow.ring(bell)).toBe('rung')
          return true
        })
      await engine.workflow.start('a', key)
      await engine.pass(5)
      expect(await engine.workflow.describe('a')).toBe('closed')
    })

    it('does not sleep when there is no reason to, and wakes when its time is over', async () => {
      body = async (context) => {
        await context.sleep('not', 3600, async () => false)
        await context.sleep('short', 60, async () => true)
      }
      await engine.workflow.start('a', key)
      await engine.pass(59)
      expect(await engine.workflow.describe('a')).toBe('running')
      await engine.pass(2)
      expect(await engine.workflow.describe('a')).toBe('closed')
    })

    it('asks an unavailable far side again, later; any other error ends it', async () => {
      let tries = 0
      body = async (context, { generation }) =>
        context.step('ask', async () => {
          if (generation === 2) throw new Error('a bug')
          if (++tries < 4) throw new Unavailable('503')
        })
      await engine.workflow.start('a', key)
      await engine.workflow.start('b', { ...key, generation: 2 })
      await engine.pass(1)
      expect(await engine.workflow.describe('b')).toBe('closed')
      expect(tries).toBeLessThan(4)
      await engine.pass(60)
      expect([tries, await engine.workflow.describe('a')]).toEqual([4, 'closed'])
    })

    it('carries many side by side', async () => {
      let done = 0
      body = async (context) => {
        await context.sleep('nap', 10, async () => true)
        await context.step('end', async () => ++done)
      }
      for (let n = 0; n < 100; n++) await engine.workflow.start(`a-${n}`, key)
      await engine.pass(11)
      expect(done).toBe(100)
    })
  })
