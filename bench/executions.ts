import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { virtualClock } from '../local/clock.ts'
import { openWorkflow } from '../local/workflow/sqlite-workflow.ts'
import { ms } from './figures.ts'

const EXECUTIONS = 10_000

/** CPU of an execution with three steps and one sleep, and what is kept of 10,000 that have finished. */
export const executions = async (): Promise<string[]> => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const clock = virtualClock(0)
  const workflow = openWorkflow({
    database: new DatabaseSync(':memory:'),
    clock,
    run: async (context) => {
      await context.step('one', async () => 1)
      await context.sleep('nap', 60, async () => true)
      await context.step('two', async () => 2)
      return context.step('three', async () => 3)
    },
  })
  const batch = async (from: number, count: number): Promise<void> => {
    for (let n = from; n < from + count; n++)
      await workflow.start(`e-${n}`, { lane: 'l', generation: n + 1, attempt: 1 })
    await workflow.advance(clock.now())
    clock.set(clock.now() + 61_000)
    await workflow.advance(clock.now())
  }
  const heap = async (): Promise<number> => {
    // The SDK leaves a 500 ms timer behind each invocation.
    await pause(700)
    collect()
    return process.memoryUsage().heapUsed
  }
  await batch(0, 500)
  const before = await heap()
  const cpu = process.cpuUsage()
  for (let n = 500; n < 500 + EXECUTIONS; n += 500) await batch(n, 500)
  const { user, system } = process.cpuUsage(cpu)
  const after = await heap()
  return [
    `workflow CPU of an execution (3 steps, 1 sleep, 2 invocations): ${ms((user + system) / 1000 / EXECUTIONS)}`,
    `after ${EXECUTIONS} finished executions: heap ${((after - before) / 1024 / 1024).toFixed(1)} MiB more, ${workflow.operations()} operations kept`,
  ]
}
