import { AsyncLocalStorage } from 'node:async_hooks'
import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { vi } from 'vitest'
import { emptyDocument } from '../../../core/lane/document.ts'
import type { Config } from '../../../core/policy.ts'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { isAnythingInFlight } from '../../../flows/lanes.ts'
import type { Ledger } from '../../../flows/ledger-port.ts'
import type { Ports } from '../../../flows/ports.ts'
import { pulseOf } from '../../../flows/pulse.ts'
import { door as datasetUploaded } from '../../../functions/dataset-uploaded.ts'
import { door as modelPromoted } from '../../../functions/model-promoted.ts'
import { door as reconcile } from '../../../functions/reconcile.ts'
import { door as registryWebhook } from '../../../functions/registry-webhook.ts'
import { door as resync } from '../../../functions/resync.ts'
import { door as slackInteraction } from '../../../functions/slack-interaction.ts'
import { door as tick } from '../../../functions/tick.ts'
import { door as watch } from '../../../functions/watch.ts'
import type { VirtualClock } from '../../../local/clock.ts'
import { promote, registerVersion, uploadDataset } from '../../../local/scenario.ts'
import example from '../../example.ts'
import { openTown } from '../../journeys/town.ts'
import { piped } from '../../variants.ts'

/** What something took: calls of the door, requests to DynamoDB, units of reads and of writes, wakes that were sent. */
export interface Taken {
  calls: number
  requests: number
  reads: number
  writes: number
  wakes: number
}

type Handler = (ports: never) => (event: never) => Promise<unknown>
const DOORS = [datasetUploaded, modelPromoted, registryWebhook, slackInteraction, reconcile] as unknown as {
  name: string
  handler: Handler
}[]
const MINUTE = 60_000

/** A meter that counts for whoever is at work, by name; what nobody is named for is not counted. */
const openMeter = () => {
  const who = new AsyncLocalStorage<string>()
  let taken: Record<string, Taken> = {}
  const mine = (): Taken => {
    const name = who.getStore() ?? 'nobody'
    taken[name] ??= { calls: 0, requests: 0, reads: 0, writes: 0, wakes: 0 }
    return taken[name]
  }
  const meter = (client: DynamoDBClient): DynamoDBClient => {
    client.middlewareStack.add((next, { commandName = '' }) => async (args) => {
      const answer = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } } as never)
      const { ConsumedCapacity } = answer.output as { ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] }
      const units = [ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)
      const row = mine()
      row.requests++
      if (commandName.startsWith('TransactWrite')) row.writes += units
      else row.reads += units
      return answer
    })
    return client
  }
  return {
    meter,
    wake: (): void => void mine().wakes++,
    as: <T>(name: string, work: () => Promise<T>): Promise<T> =>
      who.run(name, () => {
        mine().calls++
        return work()
      }),
    /** What each took since the last question. */
    since: (): Record<string, Taken> => {
      const { nobody: _, ...named } = taken
      taken = {}
      return named
    },
  }
}

/** A town whose ledger is DynamoDB's effect on dynoxide, with what each door takes of it, as AWS calls them. */
export const openMetered = async (
  dynamo: { client(): DynamoDBClient; table(): Promise<string> },
  config: Config = example,
) => {
  const { meter, wake, as, since } = openMeter()
  const client = meter(dynamo.client())
  const table = await dynamo.table()
  const spied = DOORS.map((door) => {
    const { name, handler } = door
    return vi
      .spyOn(door, 'handler')
      .mockImplementation((ports: never) => (event: never) => as(name, () => handler(ports)(event)))
  })
  let ledger = null as unknown as Ledger
  const wrap = (ports: Ports): Ports => {
    ledger = openDynamoLedger({ client, table, clock: ports.clock })
    const queue = {
      wake: async (group: string, id: string): Promise<void> => {
        wake()
        await ports.queue.wake(group, id)
      },
    }
    return { ...ports, ledger, queue }
  }
  const town = await openTown({ config, wrap })
  const { ports } = town.house
  return {
    town,
    since,
    /** The event of an upload, to its door. */
    upload: (event: unknown) => datasetUploaded.handler(ports)(event),
    tick: () => as('tick', () => tick.handler(ports)({})),
    /** As `functions/aws-binding/doors/watch.ts` does: nothing in flight, nothing more is asked. */
    watch: () =>
      as('watch', async () => {
        if (!(await isAnythingInFlight(ports.ledger))) return
        let now = (ports.clock as VirtualClock).now()
        const pause = async (ms: number): Promise<void> => {
          now += ms
        }
        const until = now + MINUTE - 2_500
        await watch.handler({ ...ports, clock: { now: () => now } })({ until, pause, onError: () => undefined })
      }),
    /** As `functions/aws-binding/doors/resync.ts` does. */
    resync: () =>
      as('resync', async () => {
        await pulseOf(ports)
        await resync.handler(ports)({})
      }),
    close: async (): Promise<void> => {
      for (const spy of spied) spy.mockRestore()
      await town.close()
      client.destroy()
    },
  }
}

/** The event of that upload. */
export const created = {
  ...{ version: '0', id: 'e', source: 'aws.s3', 'detail-type': 'Object Created', time: '2026-11-23T12:00:00Z' },
  detail: { bucket: { name: 'acme-datasets' }, object: { key: 'support-chats/a/manifest.json', size: 9 } },
}

/** An upload until its model is registered and all is told: asked, approved, trained, evaluated. */
export const trained = async ({ town, upload }: Metered): Promise<void> => {
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })
  await upload(created)
  await town.answered('pipeline/support-chats')
  await town.settled('pipeline/support-chats')
  await town.advance(0)
}

/** A promotion until its version is served; the letter of its event is not counted. */
export const served = async ({ town }: Metered): Promise<void> => {
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered('service/support-llama')
  await town.settled('service/support-llama')
  await town.advance(0)
}

export type Metered = Awaited<ReturnType<typeof openMetered>>

/** A policy with so many pipelines. */
export const withDatasets = (count: number): Config => {
  const more = Array.from({ length: count }, (_, n) => [`d-${n}`, piped({ prefix: `d-${n}/` })])
  return { ...example, pipelines: Object.fromEntries(more) }
}

/** Lanes of these datasets that are done, each document as long as one that has succeeded. */
export const resting = async ({ town: { policy, house } }: Metered, count: number, bytes: number): Promise<void> => {
  for (let n = 0; n < count; n++) {
    const lane = `pipeline/d-${n}`
    const rest = { why: 'done' as const, text: 'x'.repeat(bytes), since: 0, until: null, side: null, tries: 1 }
    const value = { ...emptyDocument(policy, lane), rest }
    await house.ports.ledger.commit([{ put: 'lane', id: lane, revision: 0, value }])
  }
}
