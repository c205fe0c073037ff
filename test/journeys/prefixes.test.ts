import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { durableHandler, type StoredOperation, type Update } from '../../effects/workflow/durable-context.ts'
import type { Ports, WorkflowContext } from '../../flows/ports.ts'
import { door } from '../../functions/carry-out.ts'
import { openWorkflow } from '../../local/workflow/sqlite-workflow.ts'
import { type Story, stories } from '../faults/crashing.ts'
import { openTown, type Town } from './town.ts'

/** Plays a story and keeps every operation of each execution, in the order in which they began. */
const record = async ({ lane, generation, prepare, act }: Story): Promise<Map<string, StoredOperation[]>> => {
  const database = new DatabaseSync(':memory:')
  let workflow: ReturnType<typeof openWorkflow> | null = null
  const town = await openTown({
    wrap: (ports) => {
      const { clock } = ports
      const recorded = openWorkflow({ database, clock, run: (context, run) => door.handler(all)({ context, run }) })
      const all: Ports = { ...ports, workflow: recorded }
      workflow = recorded
      return all
    },
  })
  // What has ended is forgotten: a trigger keeps it.
  database.exec(`CREATE TABLE kept (seq INTEGER, execution TEXT, value TEXT);
    CREATE TRIGGER keep BEFORE DELETE ON operations BEGIN
      INSERT INTO kept VALUES (old.seq, old.execution, old.value); END`)
  driveBoth(town, (now) => (workflow as ReturnType<typeof openWorkflow> | null)?.advance(now) ?? Promise.resolve(null))
  await prepare(town)
  await act(town)
  await town.answered(lane)
  const row = await town.settled(lane)
  expect(row.generation).toBe(generation)
  await town.until('everything is told', async () => workflow?.executions() === 0)
  await town.close()
  const histories = new Map<string, StoredOperation[]>()
  for (const { execution, value } of database.prepare('SELECT execution, value FROM kept ORDER BY seq').all()) {
    const name = String(execution)
    histories.set(name, [...(histories.get(name) ?? []), JSON.parse(String(value)) as StoredOperation])
  }
  return histories
}

/** The town's time moves our executions as well. */
const driveBoth = ({ house }: Town, executions: (now: number) => Promise<number | null>): void => {
  const { advance } = house
  house.advance = async () => {
    await executions(house.clock.now())
    const next = await advance()
    const due = await executions(house.clock.now())
    return next === null || due === null ? (next ?? due) : Math.min(next, due)
  }
}

/** Ports that no replay may touch: what is remembered needs no far side. */
const untouched = (touched: string[]): Ports =>
  Object.fromEntries(
    ['ledger', 'cluster', 'bus', 'chat', 'registry', 'objects', 'policies', 'secrets', 'workflow', 'clock'].map(
      (port) => [port, new Proxy({}, { get: (_target, method) => () => touch(touched, `${port}.${String(method)}`) })],
    ),
  ) as unknown as Ports

const touch = (touched: string[], call: string): never => {
  touched.push(call)
  throw new Error(`${call} is not to be touched`)
}

interface Resumed {
  /** What it checkpoints first. */
  first: Pick<Update, 'Id' | 'Name' | 'Type'> | null
  /** Steps whose work was run, and calls of ports outside of any. */
  worked: string[]
  outside: string[]
}

/** Another process goes on with what is remembered so far. */
const resume = async (name: string, payload: string, remembered: StoredOperation[]): Promise<Resumed> => {
  const resumed: Resumed = { first: null, worked: [], outside: [] }
  let inside = 0
  const touched: string[] = []
  /** The work of a step may touch ports: what it touched does not count. */
  const asWork = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    resumed.worked.push(step)
    inside++
    try {
      return await work()
    } finally {
      inside--
      touched.length = 0
    }
  }
  const watching = (context: WorkflowContext): WorkflowContext => ({
    step: (step, work) => context.step(step, () => asWork(step, work)),
    sleep: (sleep, seconds, listen) =>
      context.sleep(sleep, seconds, (bell) => asWork(`${sleep} listen`, () => listen(bell))),
  })
  const handler = durableHandler(
    async (context, run) => {
      try {
        return await door.handler(untouched(touched))({ context: watching(context), run })
      } finally {
        if (inside === 0) resumed.outside.push(...touched)
      }
    },
    {
      client: {
        getExecutionState: async () => ({ Operations: [] }),
        checkpoint: async ({ Updates: [update] = [] }) => {
          resumed.first ??= update === undefined ? null : { Id: update.Id, Name: update.Name, Type: update.Type }
          throw new Error('cut off here')
        },
      },
    },
  )
  const execution = {
    Id: `execution-${name}`,
    Type: 'EXECUTION',
    Status: 'STARTED',
    StartTimestamp: new Date(0).toISOString(),
    ExecutionDetails: { InputPayload: payload },
  } as StoredOperation
  const event = {
    DurableExecutionArn: name,
    CheckpointToken: 't',
    InitialExecutionState: { Operations: [execution, ...remembered] },
  }
  const context = { awsRequestId: name, functionName: 'carry-out', getRemainingTimeInMillis: () => 0 }
  await handler(event, context as unknown as Parameters<typeof handler>[1]).catch(() => undefined)
  return resumed
}

it.each(Object.entries(stories))(
  '%s: resumed after every prefix of its history, it goes on with the same next operation',
  async (_name, story) => {
    const histories = await record(story)
    let prefixes = 0
    for (const [name, history] of histories) {
      const [, generation, attempt] = /-g(\d+)a(\d+)$/.exec(name) ?? []
      const payload = JSON.stringify({ lane: story.lane, generation: Number(generation), attempt: Number(attempt) })
      for (const [k, next] of history.entries()) {
        const resumed = await resume(name, payload, history.slice(0, k))
        const { Id, Name, Type } = next
        expect(resumed, `${name} after ${k} of ${history.length}`).toMatchObject({
          first: { Id, Name, Type },
          outside: [],
        })
        expect(resumed.worked.filter((step) => step !== Name)).toEqual([])
        prefixes++
      }
    }
    expect(prefixes).toBeGreaterThan(20)
  },
)
