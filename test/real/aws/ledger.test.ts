import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { emptyDocument } from '../../../core/lane/document.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import type { Write } from '../../../flows/ledger-port.ts'
import { Unavailable } from '../../../flows/ports.ts'
import { readView } from '../../../flows/view.ts'
import { CATALOGUES } from '../../../functions/door.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import example from '../../example.ts'
import { linesOf, playHolders } from '../../faults/holders.ts'
import { ledgerContract } from '../../ports/ledger.contract.ts'
import { seeded } from '../proxy.ts'
import { type DynamoDb, openDynamoDb, troubledDynamo } from './dynamodb.ts'
import { created, openMetered, resting, served, type Taken, trained, withDatasets } from './metered.ts'

let dynamo: DynamoDb
beforeAll(async () => {
  dynamo = await openDynamoDb()
}, 900_000)
afterAll(() => dynamo.close())

const clock = { now: () => Date.now() }

ledgerContract('DynamoDB', async () => {
  const client = dynamo.client()
  const ledger = openDynamoLedger({ client, table: await dynamo.table(), clock })
  return { ledger, close: async () => client.destroy() }
})

describe('in trouble: transactions that meet, throttles, batches and pages that are cut short, answers that are lost', () => {
  const counts: Record<string, number> = {}
  ledgerContract('DynamoDB', async () => {
    // The SDK tries a call again by itself; here so often that only what we promise can fail.
    const client = troubledDynamo(dynamo.client(20), seeded(7), counts)
    const ledger = openDynamoLedger({ client, table: await dynamo.table(), clock, pause: async () => undefined })
    return { ledger, close: async () => client.destroy() }
  })

  it('there was trouble of each kind', () => {
    console.log('troubles of the ledger:', counts)
    for (const kind of ['exhausted', 'cut', 'partial', 'throttled', 'conflicted', 'starved', 'lost'])
      expect(counts[kind], kind).toBeGreaterThan(5)
  })
})

describe('a commit whose answer is lost for good', () => {
  const clients: { destroy(): void }[] = []
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy()
  })

  it('has happened once: whoever reads again sees it, and writing it again by what was read then conflicts', async () => {
    const table = await dynamo.table()
    const [lossy, client] = [dynamo.client(1), dynamo.client()]
    clients.push(lossy, client)
    lossy.middlewareStack.add(
      (next) => async (args) => {
        await next(args)
        throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    const blind = openDynamoLedger({ client: lossy, table, clock })
    const seeing = openDynamoLedger({ client, table, clock })
    const value = { lane: 'l', by: 'ana', at: 1, until: 2 }
    const writes: Write[] = [
      { put: 'freeze', id: 'a', revision: 0, value },
      { add: 's', by: 2, atMost: 3, atLeast: null },
      { count: 'c', by: 1 },
    ]
    await expect(blind.commit(writes)).rejects.toThrow(Unavailable)
    const keys = [
      { kind: 'freeze', id: 'a' },
      { kind: 'sum', id: 's' },
    ] as const
    expect(await seeing.read(keys)).toMatchObject([{ revision: 1, value }, { value: { n: 2 } }])
    expect(await seeing.commit(writes)).toEqual({ ok: false, conflict: { kind: 'freeze', id: 'a' } })
    expect(await seeing.counts()).toEqual({ c: 1 })
  })
})

describe('many runs on one pool and one budget', () => {
  it('hold, stand in the line and are granted in order, whatever meets, is throttled or cut short', async () => {
    const client = troubledDynamo(dynamo.client(20), seeded(9), {})
    const ledger = openDynamoLedger({ client, table: await dynamo.table(), clock, pause: async () => undefined })
    const counted = await playHolders(ledger, { runs: 60, room: 15, random: seeded(8) })
    client.destroy()
    for (const line of linesOf(counted)) console.log(line)
    expect(counted).toMatchObject({ granted: 45, overtaken: 0 })
    expect(Object.values(counted.left)).toEqual([0, 0, 0, 0, 0])
    expect(Object.keys(counted.lost).filter((kind) => kind !== 'sum')).toEqual([])
  })
})

describe('what it costs', () => {
  const LANE = 'pipeline/support-chats'
  const policy = parsePolicy(example)
  const large = (bytes: number) => 'x'.repeat(bytes - 100)

  /** A ledger with what each of its calls took: actions, and capacity units. */
  const openMetered = async () => {
    const client = dynamo.client()
    const taken: { call: string; actions: number; units: number }[] = []
    client.middlewareStack.add((next, { commandName = '' }) => async (args) => {
      const answer = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } } as never)
      const { ConsumedCapacity } = answer.output as { ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] }
      const units = [ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)
      const { TransactItems = [] } = args.input as { TransactItems?: object[] }
      taken.push({ call: commandName.replace('Command', ''), actions: TransactItems.length, units })
      return answer
    })
    return { ledger: openDynamoLedger({ client, table: await dynamo.table(), clock }), taken, client }
  }

  const doc = (bytes: number) => ({ ...emptyDocument(policy, LANE), passed: [large(bytes - 300)] })
  const put = (kind: string, id: string, revision: number, bytes: number) =>
    ({ put: kind, id, revision, value: { text: large(bytes) } }) as unknown as Write
  const due = (by: string, was: number | null, at: number | null): Write => ({
    due: { group: LANE, by },
    at,
    was,
    side: null,
  })
  const rooms = ['pool/gpu-train', 'budget/ml-monthly']
  const letters = ['1', '2'].map((id) => `${LANE}#${id}`)

  /** A document of 3 KB, a plan of 20 KB, 4 moments, 2 holds, 2 sums, 2 due rows that move, 2 letters of 800 bytes removed. */
  const typical = (revision: number): Write[] => [
    { put: 'lane', id: LANE, revision, value: doc(3000) },
    put('plan', LANE, revision, 20_000),
    ...Array.from({ length: 4 }, (_, n): Write => {
      const moment = { at: n, lane: LANE, generation: 1, attempt: 1, kind: 'decision' as const, text: large(500) }
      return { moment }
    }),
    ...rooms.map((room) => put('hold', `${room}#${LANE}`, revision, 200)),
    ...rooms.map((add): Write => ({ add, by: 8, atMost: 100, atLeast: null })),
    ...['lane', 'out'].map((by) => due(by, 1_764_331_200_000, 1_764_331_260_000)),
    ...letters.map((id): Write => ({ remove: 'look', id, revision: 1 })),
  ]

  it('a typical commit takes 20 actions and 82 write units, and one and two more for each letter’s due row', async () => {
    const { ledger, taken, client } = await openMetered()
    const before = [
      ...typical(0).filter((write) => 'put' in write),
      ...letters.map((id) => put('look', id, 0, 800)),
      ...['lane', 'out', ...letters].map((by) => due(by, null, 1_764_331_200_000)),
    ]
    expect(await ledger.commit(before)).toEqual({ ok: true })
    expect(await ledger.commit([...typical(1), ...letters.map((by) => due(by, 1_764_331_200_000, null))])).toEqual({
      ok: true,
    })
    client.destroy()
    console.log('a typical commit:', taken[1])
    expect(taken[1]).toEqual({ call: 'TransactWriteItems', actions: 22, units: 86 })
  })

  it('a view is one batch and two queries side by side, and a door’s letter one transaction', async () => {
    const { ledger, taken, client } = await openMetered()
    await ledger.commit([{ put: 'lane', id: LANE, revision: 0, value: doc(3000) }, put('plan', LANE, 0, 20_000)])
    taken.length = 0
    const ports = { ledger, clock, policies: { load: async () => policy } }
    expect(await readView(ports, LANE, { ...CATALOGUES, me: 'me', handover: 0 })).not.toBeNull()
    const view = taken.splice(0).sort((a, b) => a.call.localeCompare(b.call))
    console.log('a view:', view)
    expect(view.map(({ call }) => call)).toEqual(['BatchGetItem', 'Query', 'Query'])
    const letter = [put('look', `${LANE}#9`, 0, 800), due('9', null, 1_764_331_200_000), { count: 'c', by: 1 }]
    await ledger.commit(letter)
    client.destroy()
    console.log('a letter:', taken[0])
    expect(taken[0]).toEqual({ call: 'TransactWriteItems', actions: 3, units: 6 })
  })
})

describe('what a life costs', () => {
  const sum = (all: Record<string, Taken>): Taken => {
    const rows = Object.values(all)
    const of = (what: keyof Taken): number => rows.reduce((total, row) => total + row[what], 0)
    return {
      calls: of('calls'),
      requests: of('requests'),
      reads: of('reads'),
      writes: of('writes'),
      wakes: of('wakes'),
    }
  }
  const text = ({ calls, requests, reads, writes, wakes }: Taken): string =>
    `${calls} calls, ${requests} requests, ${reads} read units, ${writes} write units, ${wakes} wakes`
  const print = (what: string, all: Record<string, Taken>): Taken => {
    const together = sum(all)
    console.log(`${what}: ${text(together)}`)
    for (const [door, taken] of Object.entries(all)) console.log(`  ${door}: ${text(taken)}`)
    return together
  }

  it('from an upload to a registered model, and from a promotion to what serves it: requests and units, printed', async () => {
    const metered = await openMetered(dynamo)
    const { town, since, close } = metered
    since()
    await trained(metered)
    const first = print('upload → asked → approved → Jobs → registered and told', since())
    await metered.upload(created)
    await town.advance(0)
    print('the same event once more', since())
    await served(metered)
    print('promotion → asked → approved → served by the first generation', since())
    await town.advance(3_600_000)
    since()
    await served(metered)
    const second = print('promotion → asked → approved → served in place of another', since())
    await close()
    // Whoever makes a life dearer sees it here.
    for (const { reads, writes } of [first, second]) expect([reads < 3000, writes < 3000]).toEqual([true, true])
  })

  it('when nothing happens: the schedules, printed', async () => {
    const { town, since, tick, watch, resync, close } = await openMetered(dynamo)
    for (const [name, once] of Object.entries({ tick, watch, resync })) {
      await once()
      since()
      await once()
      print(`${name}, nothing is known`, since())
    }
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })
    await town.house.scanUploads()
    await town.answered('pipeline/support-chats')
    await town
    await town.until(
      'its Job is made',
      async () => (await town.run('pipeline/support-chats'))?.steps[0]?.touched === true,
    )
    await watch()
    since()
    await watch()
    const watched = print('a minute of watch, one run in flight', since())
    await close()
    expect(watched.writes).toBe(0)
  })

  it('lanes that rest: what they add to each, printed', async () => {
    const LANES = 200
    const metered = await openMetered(dynamo, withDatasets(LANES))
    const { since, tick, watch, resync, close } = metered
    const once = async (): Promise<Record<string, Taken>> => {
      since()
      for (const door of [tick, watch, resync]) await door()
      return since()
    }
    await resync()
    const before = await once()
    await resting(metered, LANES, 1200)
    const after = await once()
    await close()
    for (const [door, taken] of Object.entries(after)) {
      const reads = (taken.reads - (before[door]?.reads ?? 0)) / LANES
      console.log(
        `${door}: ${text(taken)} with ${LANES} datasets and lanes that rest; a lane adds ${reads.toFixed(2)} read units`,
      )
      expect(taken.writes).toBe(0)
    }
  })
})
