import { LocalDurableTestRunner, WaitingOperationStatus } from '@aws/durable-execution-sdk-js-testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { durableHandler } from '../../effects/workflow/durable-context.ts'
import type { Ports, Workflow, WorkflowContext } from '../../flows/ports.ts'
import { door } from '../../functions/carry-out.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { openTown, type Town } from './town.ts'

const LANE = 'train/support-chats'

beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true }))
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment())

/** The SDK's own local runner behind the port. `idle` resolves when its execution sleeps or has ended. */
const openRunner = () => {
  /** Names of sleeps by their bells; bells that were rung, also before anybody slept; and those that are slept on. */
  const names = new Map<string, string>()
  const [rung, asleep] = [new Set<string>(), new Set<string>()]
  let state: 'none' | 'running' | 'closed' = 'none'
  let rings = 0
  let runner: LocalDurableTestRunner | null = null
  const workflow = (ports: () => Ports): Workflow => ({
    start: async (_name, run) => {
      if (state !== 'none') return
      state = 'running'
      const listening = (context: WorkflowContext): WorkflowContext => ({
        step: context.step,
        sleep: (name, seconds, listen) =>
          context.sleep(name, seconds, async (bell) => {
            names.set(bell, name)
            const sleeps = await listen(bell)
            if (sleeps && !rung.has(bell)) asleep.add(bell)
            return sleeps
          }),
      })
      const handlerFunction = durableHandler((context, key) =>
        door.handler(ports())({ context: listening(context), run: key }),
      )
      runner = new LocalDurableTestRunner({ handlerFunction })
      void runner.run({ payload: run }).finally(() => {
        state = 'closed'
      })
    },
    ring: async (bell) => {
      const name = names.get(bell)
      if (name === undefined || runner === null || rung.has(bell)) return 'closed'
      rung.add(bell)
      asleep.delete(bell)
      rings++
      const callback = runner.getOperation(name)
      await callback.waitForData(WaitingOperationStatus.STARTED)
      await callback.sendCallbackSuccess()
      return 'rung'
    },
    describe: async () => (state === 'none' ? 'unknown' : state),
  })
  const idle = async (): Promise<number> => {
    while (state === 'running' && asleep.size === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    return rings
  }
  return { workflow, idle }
}

const upload = async ({ house }: Town): Promise<void> => {
  await uploadDataset(house, { bucket: 'acme-datasets', folder: 'support-chats/2026-11-23/', rows: ['{"q":1}'] })
  await house.scanUploads()
}

/** What was done and what it came to, without times and ids that differ by nature. */
const play = async (town: Town): Promise<unknown> => {
  await upload(town)
  await town.answered(LANE)
  const lane = await town.settled(LANE)
  const run = await town.run(LANE)
  const jobs = (await town.house.cluster.list('Job')).map(({ metadata }) => metadata.name)
  const cards = (await town.house.cards()).map(({ card }) => card.title)
  const moments = (await town.house.ports.ledger.moments(LANE, { limit: 500 })).map(
    ({ kind, text }) => `${kind}: ${text}`,
  )
  return {
    state: lane.state,
    outcome: run?.outcome,
    steps: run?.steps.map(({ name, state }) => [name, state]),
    jobs,
    cards,
    moments,
  }
}

it('carry-out does the same under the durable SDK’s own runner as under ours', async () => {
  const ours = await openTown()
  const expected = await play(ours)
  await ours.close()

  const runner = openRunner()
  const theirs = await openTown({
    wrap: (ports) => {
      const wrapped: Ports = { ...ports, workflow: runner.workflow(() => wrapped) }
      return wrapped
    },
  })
  const { advance } = theirs.house
  // Virtual time may only pass while the execution sleeps.
  theirs.house.advance = async () => {
    for (;;) {
      const before = await runner.idle()
      const next = await advance()
      if ((await runner.idle()) === before) return next
    }
  }
  expect(await play(theirs)).toEqual(expected)
  await theirs.close()
}, 60_000)
